"""
Evaluating the scores of a cohort: which patients, what is computed, and the tables it fills.

``spinemets.performance`` holds the estimators; here they are asked about a cohort, for the
``evaluate`` stage of the workflow (`design` from the patient table), for ``spinemets evaluate`` and
for notebooks (`table`), all through `run`.
"""
