"""Evaluate every score of a cohort: discrimination on comparison sets and on its own patients."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spinemets.results import Row, frame, write_csv
from spinemets.settings import EvaluationSettings, ScoreSettings, SurvivalSettings
from spinemets.stages._common import exit_with, parser, run

if TYPE_CHECKING:
    import pandas as pd

    from spinemets.performance.cohort_rows import Outcome
    from spinemets.performance.score_table import ComparisonSet

#: Case mix of a comparison set against those left out of it.
CASE_MIX = ("sex", "kps", "age_years", "visceral_metastases", "primary_group", "treatment")


def outcome_of(patients: pd.DataFrame, settings: EvaluationSettings, resolution: str) -> Outcome:
    """
    Follow-up of the patients with the horizons that this cohort can answer.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.
    settings : EvaluationSettings
        Horizons.
    resolution : {"day", "month"}
        Time resolution of the source: whole months can't answer a horizon between two months.

    Returns
    -------
    Outcome
        Days, deaths, horizons in days and the refused ones with the reason.
    """
    from spinemets.performance.cohort_rows import Outcome
    from spinemets.survival import grid

    asked = [grid.month_horizon(m) for m in settings.horizons_months]
    asked += [grid.day_horizon(d) for d in settings.horizons_days]
    asked.sort(key=lambda horizon: horizon.days)
    refused = {
        h.label: "between the whole months in which this cohort's times were recorded"
        for h in asked
        if grid.off_grid(h, resolution)
    }
    return Outcome(
        days=patients["survival_days"].to_numpy(dtype="float64"),
        event=patients["died"].to_numpy(dtype=bool),
        horizons={h.label: h.days for h in asked if h.label not in refused},
        refused=refused,
    )


def case_mix(patients: pd.DataFrame, group: ComparisonSet) -> list[dict[str, Any]]:
    """
    Compare the patients of a set with those left out of it.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.
    group : ComparisonSet
        The set.

    Returns
    -------
    list of dict
        Counts (``n`` of a level, ``events``) and medians, inside the set and left out.
    """
    from spinemets import contract, strata

    inside, outside = patients[group.members], patients[~group.members]
    rows: list[dict[str, Any]] = []

    def add(quantity: str, level: str, statistic: str, values: Sequence[Any]) -> None:
        keys = ("quantity", "level", "statistic", "in_set", "left_out")
        rows.append(dict(zip(keys, (quantity, level, statistic, *values), strict=True)))

    add("patients", "", "n", [len(inside), len(outside)])
    add("died", "", "n", [int(part["died"].sum()) for part in (inside, outside)])
    for one in group.scores:
        add("score in the set", one.key, "n", [len(inside), None])
    for key, reason in group.moved_out.items():
        add("score moved out", f"{key}: {reason}", "n", [None, None])
    for name in CASE_MIX:
        column = contract.columns().get(name)
        if column is not None and name not in patients:
            continue
        if column is not None and column.is_numeric:
            medians = [part[name].astype("Float64").median() for part in (inside, outside)]
            add(name, "", "median", medians)
            continue
        parts = [strata.group(part, name).value_counts() for part in (inside, outside)]
        order = strata.labels(name) or sorted(set(parts[0].index) | set(parts[1].index))
        for level in order:
            counts = [int(part.get(level, 0)) for part in parts]
            if any(counts):
                add(name, level, "n", counts)
    return [{"set": group.id, **row} for row in rows]


def evaluate(
    patients: pd.DataFrame,
    scores: pd.DataFrame,
    info: dict[str, Any],
    settings: EvaluationSettings,
    score_settings: ScoreSettings,
    survival_settings: SurvivalSettings,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Evaluate the scores of a cohort.

    Parameters
    ----------
    patients, scores : pandas.DataFrame
        Patient table and long score table.
    info : dict
        Content of ``cohort.json``.
    settings, score_settings, survival_settings : Settings sections
        Horizons and sets; score ids and folders; strata and smallest group.

    Returns
    -------
    performance, sets : pandas.DataFrame
        Long result table, and size and case mix of the comparison sets.
    """
    import pandas as pd

    from spinemets import strata
    from spinemets.performance.cohort_rows import rows_of_cohort
    from spinemets.performance.score_table import comparison_set, read_scores
    from spinemets.scores import registry

    outcome = outcome_of(patients, settings, info["resolution"])
    definitions = registry.load_definitions(score_settings.ids, score_settings.folders)
    known = read_scores(scores, patients["patient_id"], definitions)
    sets = [comparison_set(s.id, s.scores, known, outcome.event) for s in settings.comparison_sets]
    groups = {s: strata.group(patients, s).to_numpy(dtype=object) for s in survival_settings.strata}
    rows: list[Row] = list(
        rows_of_cohort(outcome, known, sets, groups, survival_settings.minimum_group)
    )
    performance = frame(rows)
    performance["cohort"] = info["id"]
    mix = [row for group in sets for row in case_mix(patients, group)]
    columns = ["set", "quantity", "level", "statistic", "in_set", "left_out"]
    table = pd.DataFrame(mix, columns=columns)
    table.insert(0, "cohort", info["id"])
    return performance, table


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
    options.add_argument("--out-performance", required=True, help="CSV to write")
    options.add_argument("--out-comparison-sets", required=True, help="CSV to write")
    args = options.parse_args(argv)

    def work() -> None:
        import pandas as pd

        info = json.loads(args.cohort_info.read_text(encoding="utf-8"))
        performance, sets = evaluate(
            pd.read_parquet(args.patients),
            pd.read_parquet(args.scores),
            info,
            args.settings,
            args.score_settings,
            args.survival_settings,
        )
        write_csv(performance, args.out_performance)
        write_csv(sets, args.out_comparison_sets)

    return run("evaluate", work)


if __name__ == "__main__":
    exit_with(main)
