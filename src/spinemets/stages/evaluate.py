"""Evaluate every score of a cohort: discrimination, calibration, error, utility, ranking."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spinemets.errors import Fault, InputError
from spinemets.results import stack
from spinemets.settings import EvaluationSettings, ScoreSettings, SurvivalSettings
from spinemets.stages._common import exit_with, log, parser, run
from spinemets.writing import write_csv

if TYPE_CHECKING:
    import pandas as pd


def evaluate(
    patients: pd.DataFrame,
    scores: pd.DataFrame,
    info: dict[str, Any],
    settings: EvaluationSettings,
    score_settings: ScoreSettings,
    survival_settings: SurvivalSettings,
    truth: pd.DataFrame | None = None,
    reference: tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]] | None = None,
) -> dict[str, pd.DataFrame]:
    """
    Evaluate the scores of a cohort.

    Parameters
    ----------
    patients, scores : pandas.DataFrame
        Patient table and long score table.
    info : dict
        Content of ``cohort.json``.
    settings, score_settings, survival_settings : Settings sections
        Horizons, sets, thresholds; score ids and folders; strata and smallest group.
    truth : pandas.DataFrame, optional
        What a simulated cohort was drawn from.
    reference : (pandas.DataFrame, pandas.DataFrame, dict), optional
        Patients, scores and description of the cohort that C is compared with.

    Returns
    -------
    dict of str to pandas.DataFrame
        The tables of `spinemets.evaluation.run.run`, ``comparison_sets`` and ``other_outcomes``.

    Raises
    ------
    InputError
        Under ``strict``, when a cohort contradicts the direction that a score declares.
    """
    from spinemets.evaluation.cohort import design_of, groupings_of, reference_of
    from spinemets.evaluation.oracle import oracle_table
    from spinemets.evaluation.other_outcomes import other_outcomes
    from spinemets.evaluation.run import run as carry_out
    from spinemets.evaluation.sets import set_table
    from spinemets.scores import registry

    definitions = registry.load_definitions(score_settings.ids, score_settings.folders)
    design, wanted = design_of(patients, scores, definitions, info, settings, survival_settings)
    if reference is not None:
        design = replace(design, reference=reference_of(*reference, definitions))
    found = carry_out(design, info["id"], wanted)
    for key, why in found.suspect.items():
        log.warning("%s: %s", key, why)
    if settings.strict and found.suspect:
        repair = "correct the definition or the mapping, or set `evaluation.strict: false`"
        raise InputError(Fault(key, why, repair) for key, why in found.suspect.items())
    groupings = groupings_of(patients)
    mix = set_table(design.sets, design.outcome.event, groupings, info["id"])
    beside = other_outcomes(patients, design, info["id"])
    tables = {**found.tables, "comparison_sets": mix, "other_outcomes": beside}
    # The true risk has no C either where patients entered late.
    if truth is not None and not design.outcome.delayed:
        best = oracle_table(patients, truth, info["id"])
        tables["performance"] = stack([tables["performance"], best])
    return tables


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run the stage.

    Parameters
    ----------
    argv : sequence of str, optional
        Command-line arguments.

    Returns
    -------
    int
        Exit code.
    """
    options = parser(__doc__)
    options.add_argument("--patients", required=True, help="patient table (parquet)")
    options.add_argument("--scores", required=True, help="long score table (parquet)")
    options.add_argument("--cohort-info", type=Path, required=True, help="cohort.json")
    options.add_argument(
        "--settings", type=EvaluationSettings.model_validate_json, required=True, help="JSON"
    )
    options.add_argument(
        "--score-settings", type=ScoreSettings.model_validate_json, required=True, help="JSON"
    )
    options.add_argument(
        "--survival-settings", type=SurvivalSettings.model_validate_json, required=True, help="JSON"
    )
    options.add_argument("--truth", nargs="*", default=[], help="truth of a simulated cohort")
    options.add_argument(
        "--reference", nargs="*", default=[], help="patients, scores, cohort.json of the reference"
    )
    options.add_argument("--out-folder", type=Path, required=True, help="folder of the tables")
    args = options.parse_args(argv)

    def work() -> None:
        import pandas as pd

        info = _read(args.cohort_info)
        reference = None
        if args.reference:
            patients, scores, about = args.reference
            reference = pd.read_parquet(patients), pd.read_parquet(scores), _read(Path(about))
        tables = evaluate(
            pd.read_parquet(args.patients),
            pd.read_parquet(args.scores),
            info,
            args.settings,
            args.score_settings,
            args.survival_settings,
            pd.read_parquet(args.truth[0]) if args.truth else None,
            reference,
        )
        for name, table in tables.items():
            write_csv(table, args.out_folder / f"{name}.csv")

    return run("evaluate", work)


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    exit_with(main)
