"""Describe a cohort: Table 1, and Kaplan-Meier overall, by primary histology and by treatment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spinemets.results import stack, write_csv
from spinemets.settings import SurvivalSettings
from spinemets.stages._common import exit_with, parser, run

if TYPE_CHECKING:
    import pandas as pd

    from spinemets.survival.describe import Description


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
            cohort=info["id"],
            resolution=info["resolution"],
            **grouping,
        )

    parts = [one(patients, "overall")]
    for name in settings.strata:
        groups = strata.group(patients, name)
        found = set(groups)
        levels = [g for g in strata.labels(name) if g in found]
        parts.append(one(patients, name, labels=groups, levels=levels))
    if len(inclusion):
        words = inclusion["included"].map({True: "included", False: "left_out"})
        parts.append(one(inclusion, "inclusion", labels=words, levels=["included", "left_out"]))
    return parts


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
    for name in ("table1", "kaplan-meier", "at-risk", "summary"):
        options.add_argument(f"--out-{name}", required=True, help="CSV to write")
    args = options.parse_args(argv)

    def work() -> None:
        import pandas as pd

        from spinemets.table_one import table_one

        info = json.loads(args.cohort_info.read_text(encoding="utf-8"))
        patients = pd.read_parquet(args.patients)
        parts = describe_cohort(patients, pd.read_parquet(args.inclusion), info, args.settings)
        write_csv(table_one(patients, info["id"]), args.out_table1)
        write_csv(stack(p.kaplan_meier for p in parts), args.out_kaplan_meier)
        write_csv(stack(p.at_risk for p in parts), args.out_at_risk)
        write_csv(stack(p.summary for p in parts), args.out_summary)

    return run("describe", work)


if __name__ == "__main__":
    exit_with(main)
