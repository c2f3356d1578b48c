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
    from spinemets.performance.score_table import BoolArray, ComparisonSet

#: Case mix of a comparison set against those left out of it, beside age.
CASE_MIX = ("sex", "visceral_metastases", "ambulatory_before", "primary_group", "treatment")
AGE_EDGES = (0, 50, 60, 70, 80, 200)


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
    refused = {h.label: why for h in asked if (why := grid.off_grid(h.days, resolution))}
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
        Counts in the set and left out of it: patients, deaths, and each level of age, performance,
        sex, visceral metastases, ambulation, primary group and treatment. Counts only, so that
        disclosure control can round them.
    """
    from spinemets import contract, strata

    rows = [
        _counts(group, "patients", "", group.members | True),
        _counts(group, "deaths", "", patients["died"].to_numpy(dtype=bool)),
    ]
    groupings = {"age_years": _age_groups(patients), "kps": _kps_groups(patients)}
    for name in CASE_MIX:
        if name in patients or name not in contract.columns():
            groupings[name] = strata.group(patients, name)
    for name, values in groupings.items():
        order = list(values.cat.categories) if name in ("age_years", "kps") else strata.labels(name)
        for level in order:
            found = _counts(group, name, str(level), (values == level).to_numpy(dtype=bool))
            if found["in_set"] or found["left_out"]:
                rows.append(found)
    return rows


def _counts(group: ComparisonSet, quantity: str, level: str, have: BoolArray) -> dict[str, Any]:
    return {
        "set": group.id,
        "quantity": quantity,
        "level": level,
        "in_set": int((have & group.members).sum()),
        "left_out": int((have & ~group.members).sum()),
    }


def _age_groups(patients: pd.DataFrame) -> pd.Series:
    import pandas as pd

    names = ["under 50", "50-59", "60-69", "70-79", "80 and over", "not recorded"]
    if "age_years" not in patients:
        return pd.Series(pd.Categorical(["not recorded"] * len(patients), names))
    age = patients["age_years"].astype("Float64").to_numpy(dtype="float64", na_value=float("nan"))
    cut = pd.Series(pd.cut(age, AGE_EDGES, right=False, labels=names[:-1]))
    return cut.cat.add_categories(names[-1:]).fillna(names[-1])


def _kps_groups(patients: pd.DataFrame) -> pd.Series:
    import pandas as pd

    names = ["10-40", "50-70", "80-100", "not recorded"]
    if "kps" not in patients:
        return pd.Series(pd.Categorical(["not recorded"] * len(patients), names))
    kps = patients["kps"].astype("Float64").to_numpy(dtype="float64", na_value=float("nan"))
    cut = pd.Series(pd.cut(kps, [0, 40, 70, 100], labels=names[:-1]))
    return cut.cat.add_categories(names[-1:]).fillna(names[-1])


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
    columns = ["set", "quantity", "level", "in_set", "left_out"]
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
