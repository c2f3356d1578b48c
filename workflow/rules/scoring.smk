# Scores, and what they are worth in this cohort.


rule score:
    """Compute every configured score; a missing item gives bounds, never a zero."""
    input:
        patients=rules.ingest.output.patients,
        cohort=rules.ingest.output.cohort,
        definitions=plan.score_files,
    output:
        scores=f"{PRIVATE}/{{cohort}}/scores.parquet",
        computability=f"{PRIVATE}/{{cohort}}/computability.csv",
        items_missing=f"{PRIVATE}/{{cohort}}/score_items_missing.csv",
        notes=f"{PRIVATE}/{{cohort}}/score_notes.csv",
        coverage=f"{PRIVATE}/{{cohort}}/score_coverage.csv",
    log:
        f"{PRIVATE}/{{cohort}}/logs/score.log",
    benchmark:
        f"{PRIVATE}/{{cohort}}/benchmarks/score.tsv"
    conda:
        "../envs/spinemets.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=fingerprint("spinemets.stages.score"),
        settings=plan.settings_json("scores"),
    message:
        plan.says("Score the patients of {wildcards.cohort}")
    shell:
        "python -m spinemets.stages.score --patients {input.patients}"
        " --cohort-info {input.cohort} --settings {params.settings:q}"
        " --out-scores {output.scores} --out-computability {output.computability}"
        " --out-items-missing {output.items_missing} --out-notes {output.notes}"
        " --out-coverage {output.coverage} 2> {log}"


rule fit:
    """Kaplan-Meier by score band, Cox models of each score, and who is lost to each score."""
    input:
        patients=rules.ingest.output.patients,
        scores=rules.score.output.scores,
        definitions=plan.score_files,
        cohort=rules.ingest.output.cohort,
    output:
        cox=f"{PRIVATE}/{{cohort}}/cox.csv",
        kaplan_meier=f"{PRIVATE}/{{cohort}}/kaplan_meier_bands.csv",
        at_risk=f"{PRIVATE}/{{cohort}}/at_risk_bands.csv",
        summary=f"{PRIVATE}/{{cohort}}/survival_bands.csv",
        distribution=f"{PRIVATE}/{{cohort}}/score_distribution.csv",
        missing_items=f"{PRIVATE}/{{cohort}}/missing_items.csv",
        missing_patterns=f"{PRIVATE}/{{cohort}}/missing_patterns.csv",
        lost=f"{PRIVATE}/{{cohort}}/lost_patients.csv",
        kaplan_meier_scored=f"{PRIVATE}/{{cohort}}/kaplan_meier_scored.csv",
        survival_scored=f"{PRIVATE}/{{cohort}}/survival_scored.csv",
    log:
        f"{PRIVATE}/{{cohort}}/logs/fit.log",
    benchmark:
        f"{PRIVATE}/{{cohort}}/benchmarks/fit.tsv"
    conda:
        "../envs/spinemets.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=fingerprint("spinemets.stages.fit"),
        settings=plan.survival_json,
        scores=plan.settings_json("scores"),
    message:
        plan.says("Fit survival by score band in {wildcards.cohort}")
    shell:
        "python -m spinemets.stages.fit --patients {input.patients} --scores {input.scores}"
        " --cohort-info {input.cohort} --settings {params.settings:q}"
        " --score-settings {params.scores:q} --out-cox {output.cox}"
        " --out-kaplan-meier {output.kaplan_meier} --out-at-risk {output.at_risk}"
        " --out-summary {output.summary} --out-distribution {output.distribution}"
        " --out-missing-items {output.missing_items}"
        " --out-missing-patterns {output.missing_patterns} --out-lost {output.lost}"
        " --out-kaplan-meier-scored {output.kaplan_meier_scored}"
        " --out-survival-scored {output.survival_scored} 2> {log}"


rule model:
    """Models of every score: bends, histology and treatment, absolute risks, eras."""
    input:
        patients=rules.ingest.output.patients,
        scores=rules.score.output.scores,
        definitions=plan.score_files,
        cohort=rules.ingest.output.cohort,
    output:
        models=f"{PRIVATE}/{{cohort}}/models.csv",
    log:
        f"{PRIVATE}/{{cohort}}/logs/model.log",
    benchmark:
        f"{PRIVATE}/{{cohort}}/benchmarks/model.tsv"
    conda:
        "../envs/spinemets.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=fingerprint("spinemets.stages.model"),
        settings=plan.settings_json("models"),
        survival=plan.survival_json,
        scores=plan.settings_json("scores"),
    message:
        plan.says("Fit models of the scores in {wildcards.cohort}")
    shell:
        "python -m spinemets.stages.model --patients {input.patients} --scores {input.scores}"
        " --cohort-info {input.cohort} --settings {params.settings:q}"
        " --survival-settings {params.survival:q} --score-settings {params.scores:q}"
        " --out-models {output.models} 2> {log}"


rule compare_treatments:
    """Treatments compared after weighting, timed, and held against what scores advise."""
    input:
        patients=rules.ingest.output.patients,
        cohort=rules.ingest.output.cohort,
    output:
        treatment=f"{PRIVATE}/{{cohort}}/treatment.csv",
        advice=f"{PRIVATE}/{{cohort}}/advice.csv",
        kaplan_meier=f"{PRIVATE}/{{cohort}}/kaplan_meier_advice.csv",
        at_risk=f"{PRIVATE}/{{cohort}}/at_risk_advice.csv",
        summary=f"{PRIVATE}/{{cohort}}/survival_advice.csv",
        kaplan_meier_timed=f"{PRIVATE}/{{cohort}}/kaplan_meier_timed.csv",
        at_risk_timed=f"{PRIVATE}/{{cohort}}/at_risk_timed.csv",
        summary_timed=f"{PRIVATE}/{{cohort}}/survival_timed.csv",
    log:
        f"{PRIVATE}/{{cohort}}/logs/compare_treatments.log",
    benchmark:
        f"{PRIVATE}/{{cohort}}/benchmarks/compare_treatments.tsv"
    conda:
        "../envs/spinemets.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=fingerprint("spinemets.stages.compare_treatments"),
        settings=plan.treatment_json,
        survival=plan.survival_json,
        scores=plan.settings_json("scores"),
    message:
        plan.says("Compare treatments in {wildcards.cohort}")
    shell:
        "python -m spinemets.stages.compare_treatments --patients {input.patients}"
        " --cohort-info {input.cohort} --settings {params.settings:q}"
        " --survival-settings {params.survival:q} --score-settings {params.scores:q}"
        " --out-treatment {output.treatment} --out-advice {output.advice}"
        " --out-kaplan-meier {output.kaplan_meier} --out-at-risk {output.at_risk}"
        " --out-summary {output.summary}"
        " --out-kaplan-meier-timed {output.kaplan_meier_timed}"
        " --out-at-risk-timed {output.at_risk_timed}"
        " --out-summary-timed {output.summary_timed} 2> {log}"


rule evaluate:
    """Discrimination of every score, on comparison sets and on each score's own patients."""
    input:
        patients=rules.ingest.output.patients,
        scores=rules.score.output.scores,
        definitions=plan.score_files,
        cohort=rules.ingest.output.cohort,
        truth=plan.truth,
        reference=plan.reference,
    output:
        tables=expand(
            f"{PRIVATE}/{{{{cohort}}}}/{{table}}.csv",
            table=EVALUATION,
        ),
    log:
        f"{PRIVATE}/{{cohort}}/logs/evaluate.log",
    benchmark:
        f"{PRIVATE}/{{cohort}}/benchmarks/evaluate.tsv"
    conda:
        "../envs/spinemets.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=fingerprint("spinemets.stages.evaluate"),
        settings=plan.settings_json("evaluation"),
        scores=plan.settings_json("scores"),
        survival=plan.survival_json,
    message:
        plan.says("Evaluate the scores in {wildcards.cohort}")
    shell:
        "python -m spinemets.stages.evaluate --patients {input.patients}"
        " --scores {input.scores} --cohort-info {input.cohort}"
        " --settings {params.settings:q} --score-settings {params.scores:q}"
        " --survival-settings {params.survival:q} --truth {input.truth}"
        " --reference {input.reference}"
        " --out-folder $(dirname {output.tables[0]}) 2> {log}"
