"""Describe a cohort: Table 1, and Kaplan-Meier overall, by primary histology and by treatment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spinemets.results import ModelRow, Row, frame, stack
from spinemets.settings import SurvivalSettings
from spinemets.stages._common import exit_with, parser, run
from spinemets.writing import write_csv

if TYPE_CHECKING:
    import pandas as pd

    from spinemets.survival.describe import Description

#: Last month of curves of cumulative incidence.
LAST_MONTH: Final = 36


def describe_cohort(
    patients: pd.DataFrame,
    inclusion: pd.DataFrame,
    info: dict[str, Any],
    settings: SurvivalSettings,
) -> list[Description]:
    """
    Describe survival overall, by every grouping, and of those the inclusion rule left out.

    Parameters
    ----------
    patients : pandas.DataFrame
        Analysed patients.
    inclusion : pandas.DataFrame
        ``survival_days``, ``died`` and ``included`` of everybody; empty without inclusion rule.
    info : dict
        Content of ``cohort.json``.
    settings : SurvivalSettings
        Groupings and times.

    Returns
    -------
    list of Description
        One per grouping: ``overall``, the configured ones, ``inclusion``.
    """
    from spinemets import strata
    from spinemets.survival.describe import describe_survival

    def one(table: pd.DataFrame, name: str, **grouping: Any) -> Description:
        return describe_survival(
            table,
            name,
            horizons_months=settings.times_months,
            risk_months=settings.risk_table_months,
            minimum_group=settings.minimum_group,
            restricted_months=settings.restricted_mean_months,
            cohort=info["id"],
            resolution=info["resolution"],
            **grouping,
        )

    groups = {name: strata.group(patients, name, settings) for name in settings.strata}
    parts = [one(patients, "overall")]
    for name in dict.fromkeys([*settings.strata, *settings.described]):
        if why := strata.recorded(patients, name, settings):
            parts.append(_not_grouped(name, why, len(patients), info["id"]))
            continue
        found = groups[name] if name in groups else strata.group(patients, name, settings)
        parts.append(
            one(
                patients,
                name,
                labels=found,
                levels=strata.levels(name, found, settings.groupings),
                ordered=strata.ordered(name, settings.groupings),
                within={k: v for k, v in groups.items() if k not in strata.parts(name)},
            )
        )
    if len(inclusion):
        words = inclusion["included"].map({True: "included", False: "left_out"})
        parts.append(one(inclusion, "inclusion", labels=words, levels=["included", "left_out"]))
    return parts


def _not_grouped(name: str, why: str, n: int, cohort: str) -> Description:
    """A grouping that this cohort can't form is a row with the reason."""
    import pandas as pd

    from spinemets.survival.describe import CURVE_COLUMNS, RISK_COLUMNS, Description

    row = Row("survival", cohort=cohort, stratum_set=name, n=n, note=why)
    curves, risks = (pd.DataFrame(columns=list(c)) for c in (CURVE_COLUMNS, RISK_COLUMNS))
    return Description(curves, risks, frame([row]))


def table_one_of_cohort(
    patients: pd.DataFrame, cohort: str, settings: SurvivalSettings
) -> pd.DataFrame:
    """
    Table 1 of everybody and of every group of the cohort's groupings.

    Parameters
    ----------
    patients : pandas.DataFrame
        Analysed patients.
    cohort : str
        Cohort id.
    settings : SurvivalSettings
        Groupings.

    Returns
    -------
    pandas.DataFrame
        Long table.
    """
    from spinemets import strata
    from spinemets.table_one import by_stratum, table_one

    parts = [table_one(patients, cohort)]
    for name in settings.strata:
        if strata.recorded(patients, name, settings):
            continue
        groups = strata.group(patients, name, settings)
        levels = strata.levels(name, groups, settings.groupings)
        parts.append(by_stratum(patients, cohort, name, groups, levels, settings.minimum_group))
    return stack(parts)


def other_outcomes(
    patients: pd.DataFrame, cohort: str, settings: SurvivalSettings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Outcomes beside death, with death as competing risk.

    Parameters
    ----------
    patients : pandas.DataFrame
        Analysed patients.
    cohort : str
        Cohort id.
    settings : SurvivalSettings
        Groupings and times.

    Returns
    -------
    outcomes, incidence : pandas.DataFrame
        Long table of estimates, and curves of cumulative incidence.
    """
    from spinemets import strata
    from spinemets.survival.outcomes import outcome_tables

    groups = {}
    for name in settings.strata:
        if not strata.recorded(patients, name, settings):
            found = strata.group(patients, name, settings)
            levels = strata.levels(name, found, settings.groupings)
            groups[name] = (found.to_numpy(dtype=object), levels)
    rows, curves = outcome_tables(
        patients, groups, cohort, list(settings.times_months), LAST_MONTH, settings.minimum_group
    )
    return frame(rows, ModelRow), curves


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
    options.add_argument("--inclusion", required=True, help="included and left out (parquet)")
    options.add_argument("--cohort-info", type=Path, required=True, help="cohort.json")
    options.add_argument(
        "--settings", type=SurvivalSettings.model_validate_json, required=True, help="JSON"
    )
    for name in ("table1", "kaplan-meier", "at-risk", "summary", "outcomes", "incidence"):
        options.add_argument(f"--out-{name}", required=True, help="CSV to write")
    args = options.parse_args(argv)

    def work() -> None:
        import pandas as pd

        info = json.loads(args.cohort_info.read_text(encoding="utf-8"))
        patients = pd.read_parquet(args.patients)
        parts = describe_cohort(patients, pd.read_parquet(args.inclusion), info, args.settings)
        write_csv(table_one_of_cohort(patients, info["id"], args.settings), args.out_table1)
        write_csv(stack(p.kaplan_meier for p in parts), args.out_kaplan_meier)
        write_csv(stack(p.at_risk for p in parts), args.out_at_risk)
        write_csv(stack(p.summary for p in parts), args.out_summary)
        outcomes, incidence = other_outcomes(patients, info["id"], args.settings)
        write_csv(outcomes, args.out_outcomes)
        write_csv(incidence, args.out_incidence)

    return run("describe", work)


if __name__ == "__main__":
    exit_with(main)
