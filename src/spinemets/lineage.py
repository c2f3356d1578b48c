"""From which rule, code and inputs every file of a cohort comes: what the manifest records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from spinemets.plan import Plan
from spinemets.provenance import fingerprint
from spinemets.released import DESCRIPTION, EVALUATION, FORMATS, SCORING, TABLES_OF


@dataclass(frozen=True)
class Step:
    """
    One job of the workflow, as the manifest records it.

    Parameters
    ----------
    rule : str
        Name of the rule.
    code : str
        Fingerprint of the rule's stage.
    inputs, outputs : tuple of str
        Files, relative to the study folder.
    """

    rule: str
    code: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


#: Rule that releases tables, and which.
_RELEASES: Final = {
    "release_description": DESCRIPTION,
    "release_scoring": SCORING,
    "release_evaluation": EVALUATION,
}
#: Rule, stage, inputs, outputs.
_Row = tuple[str, str, list[str], list[str]]


def _releases(plan: Plan, cohort: str, info: str, public_info: str) -> list[_Row]:
    """The jobs that let tables out of the private room."""
    made = f"{plan.private}/{cohort}"
    rows: list[_Row] = []
    for rule, names in _RELEASES.items():
        inputs = [info, *(f"{made}/{name}.csv" for name in names)]
        first = [public_info] if rule == "release_description" else []
        rows.append((rule, "disclose", inputs, [*first, *plan.tables(cohort, names)]))
    return rows


def steps(plan: Plan, cohort: str) -> list[Step]:
    """
    Every job that leads to the release of a cohort.

    Parameters
    ----------
    plan : Plan
        Answers of the workflow.
    cohort : str
        Cohort id.

    Returns
    -------
    list of Step
        In the order in which they run.
    """
    where = type("Wildcards", (), {"cohort": cohort})()
    private, release = f"{plan.private}/{cohort}", f"{plan.release}/{cohort}"
    patients, scores = f"{private}/patients.parquet", f"{private}/scores.parquet"
    info, public_info = f"{private}/cohort.json", f"{release}/cohort.json"
    inclusion = f"{private}/inclusion.parquet"
    definitions = plan.score_files()
    raw = [plan.raw_table(where), *plan.mapping(where), *plan.beside(where)]

    def made(names: Iterable[str]) -> list[str]:
        return [f"{private}/{name}.csv" for name in names]

    tables = {stage: made(names) for stage, names in TABLES_OF.items()}
    ingested = [patients, inclusion, info, *tables["ingest"]]
    rows: list[_Row] = [
        ("ingest", "ingest", raw, ingested),
        ("describe", "describe", [patients, inclusion, info], tables["describe"]),
        ("score", "score", [patients, info, *definitions], [scores, *tables["score"]]),
        ("fit", "fit", [patients, scores, info, *definitions], tables["fit"]),
        ("model", "model", [patients, scores, info, *definitions], tables["model"]),
        (
            "compare_treatments",
            "compare_treatments",
            [patients, info],
            tables["compare_treatments"],
        ),
        (
            "evaluate",
            "evaluate",
            [patients, scores, info, *definitions, *plan.truth(where), *plan.reference(where)],
            made(EVALUATION),
        ),
    ]
    rows += _releases(plan, cohort, info, public_info)
    if truth := plan.truth(where):
        rows.insert(0, ("simulate", "simulate", [], [plan.raw_table(where), *truth]))
    for batch in plan.batches():
        if batch.cohort == cohort:
            files = [path for ext in FORMATS for path in batch.files(ext)]
            rows.append((batch.rule, "draw", [public_info, *batch.tables], files))
    shown = [public_info, *plan.report_inputs(where)]
    rows.append(("report", "report", shown, [f"{release}/report.html"]))
    return [
        Step(rule, fingerprint(f"spinemets.stages.{stage}"), tuple(inputs), tuple(outputs))
        for rule, stage, inputs, outputs in rows
    ]
