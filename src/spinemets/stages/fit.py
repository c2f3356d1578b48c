"""
Kaplan-Meier by published band, Cox models of each score, and who is lost to each score.

The missing values of what the scores read are counted, alone and together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spinemets.results import Row, frame, stack
from spinemets.settings import ScoreSettings, SurvivalSettings
from spinemets.stages._common import exit_with, parser, run
from spinemets.units import DAYS_PER_MONTH
from spinemets.writing import write_csv

if TYPE_CHECKING:
    import pandas as pd

    from spinemets.survival.describe import Description
    from spinemets.survival.scored import Scored

#: Horizon at which scores are shown by outcome, in months.
OUTCOME_MONTHS: Final = 6
DISTRIBUTION: Final = ("cohort", "score", "variant", "form", "value", "outcome_6mo", "n")


def cox_rows(
    one: Scored, patients: pd.DataFrame, settings: SurvivalSettings, cohort: str
) -> list[Row]:
    """
    Cox models of a score, unstratified and within every grouping.

    Parameters
    ----------
    one : Scored
        The score.
    patients : pandas.DataFrame
        Patient table.
    settings : SurvivalSettings
        Groupings.
    cohort : str
        Cohort id.

    Returns
    -------
    list of Row
        Hazard ratios per point and per band, tests, and reasons for what can't be estimated.
    """
    from spinemets import strata
    from spinemets.survival.cox import cox_score

    groups = {name: strata.group(patients, name, settings) for name in settings.strata}
    alone = {name: str(g.iloc[0]) for name, g in groups.items() if len(set(g)) == 1}
    rows = cox_score(
        patients["survival_days"],
        patients["died"],
        patients.get("entry_days"),
        points=one.table["points"],
        band=one.table["band"],
        bands=one.bands,
        strata={name: g for name, g in groups.items() if name not in alone},
        score=one.score,
        variant=one.variant,
        cohort=cohort,
        # Same estimates as lifelines (tested), which spends seconds per stratified model on
        # descriptions of the data that nobody reads here.
        engine="newton",
    )
    known = {form: one.table[form].notna().to_numpy(dtype=bool) for form in ("points", "band")}
    return rows + [
        Row(
            "hazard_ratio",
            n=int(members.sum()),
            events=int(patients["died"][members].sum()),
            note=f"one group only ({group}): nothing to stratify by",
            cohort=cohort,
            set="own",
            stratum_set=name,
            score=one.score,
            variant=one.variant,
            form=form,
        )
        for name, group in alone.items()
        for form, members in known.items()
    ]


def band_survival(
    one: Scored, patients: pd.DataFrame, info: dict[str, Any], settings: SurvivalSettings
) -> Description:
    """
    Kaplan-Meier by the published bands of a score.

    Parameters
    ----------
    one : Scored
        The score.
    patients : pandas.DataFrame
        Patient table.
    info : dict
        Content of ``cohort.json``.
    settings : SurvivalSettings
        Times and smallest group.

    Returns
    -------
    Description
        Patients whose band isn't known are no group here; computability counts them.
    """
    from spinemets.survival.describe import describe_survival

    known = one.table["band"].notna().to_numpy(dtype=bool)
    found = describe_survival(
        patients[known],
        one.stratum_set,
        one.table["band"][known],
        settings.times_months,
        levels=one.bands,
        cohort=info["id"],
        resolution=info["resolution"],
        risk_months=settings.risk_table_months,
        minimum_group=settings.minimum_group,
    )
    summary = found.summary.assign(score=one.score, variant=one.variant, form="band", set="own")
    return found._replace(summary=summary)


def distribution(one: Scored, patients: pd.DataFrame, cohort: str) -> pd.DataFrame:
    """
    Count the values of a score by what had happened at six months.

    Parameters
    ----------
    one : Scored
        The score.
    patients : pandas.DataFrame
        Patient table.
    cohort : str
        Cohort id.

    Returns
    -------
    pandas.DataFrame
        ``outcome_6mo`` is dead, alive, or censored (lost before six months).
    """
    import pandas as pd

    limit = OUTCOME_MONTHS * DAYS_PER_MONTH
    days = patients["survival_days"].to_numpy(dtype="float64")
    died = patients["died"].to_numpy(dtype=bool)
    # Censored on the day of the horizon was seen alive until then.
    outcome = pd.Series("alive", index=range(len(patients)))
    outcome[died & (days <= limit)] = "dead"
    outcome[~died & (days < limit)] = "censored"
    parts = []
    for form, name in (("points", "points"), ("band", "band")):
        values = one.table[name].reset_index(drop=True)
        known = values.notna()
        labels = values[known]
        if form == "points":
            labels = labels.astype("float64").map("{:g}".format)
        counts = (
            pd.DataFrame({"value": labels.astype(str), "outcome_6mo": outcome[known]})
            .value_counts(sort=False)
            .reset_index(name="n")
        )
        key: Callable[[str], float] = float if form == "points" else one.bands.index
        counts = counts.sort_values("value", key=partial(_places, place=key), kind="stable")
        parts.append(counts.assign(form=form))
    table = stack(parts).assign(cohort=cohort, score=one.score, variant=one.variant)
    return table[list(DISTRIBUTION)]


def _places(values: pd.Series, place: Callable[[str], float]) -> pd.Series:
    return values.map(place)


def missing_tables(
    patients: pd.DataFrame, scores: pd.DataFrame, info: dict[str, Any], args: Any
) -> None:
    """
    Write what is missing for the scores, and how those without a score differ.

    Parameters
    ----------
    patients, scores : pandas.DataFrame
        Patient table and long score table.
    info : dict
        Content of ``cohort.json``.
    args : argparse.Namespace
        Settings and paths of the stage.
    """
    from spinemets.missing import lost
    from spinemets.scores import registry

    cohort, settings = str(info["id"]), args.score_settings
    definitions = registry.load_definitions(settings.ids, settings.folders)
    gaps = lost.absent(patients, lost.columns_used(definitions.values()))
    labels = lost.groups(scores, patients)
    write_csv(lost.items(gaps, cohort), args.out_missing_items)
    write_csv(lost.patterns(gaps, cohort), args.out_missing_patterns)
    write_csv(frame(lost.differences(labels, patients, args.settings, cohort)), args.out_lost)
    told = lost.survival(labels, patients, info, args.settings)
    write_csv(told.kaplan_meier, args.out_kaplan_meier_scored)
    write_csv(told.summary, args.out_survival_scored)


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
        "--settings", type=SurvivalSettings.model_validate_json, required=True, help="JSON"
    )
    options.add_argument(
        "--score-settings", type=ScoreSettings.model_validate_json, required=True, help="JSON"
    )
    for name in ("cox", "kaplan-meier", "at-risk", "summary", "distribution", "missing-items",
                 "missing-patterns", "lost", "kaplan-meier-scored", "survival-scored"):  # fmt: skip
        options.add_argument(f"--out-{name}", required=True, help="CSV to write")
    args = options.parse_args(argv)

    def work() -> None:
        import pandas as pd

        from spinemets.survival.scored import scored

        info = json.loads(args.cohort_info.read_text(encoding="utf-8"))
        cohort = info["id"]
        patients = pd.read_parquet(args.patients)
        scores = pd.read_parquet(args.scores)
        every = list(scored(scores, patients, args.score_settings))
        bands = [band_survival(one, patients, info, args.settings) for one in every]
        rows = [r for one in every for r in cox_rows(one, patients, args.settings, cohort)]
        counts = [pd.DataFrame(columns=list(DISTRIBUTION))]
        counts += [distribution(one, patients, cohort) for one in every]
        write_csv(frame(rows), args.out_cox)
        write_csv(stack(d.kaplan_meier for d in bands), args.out_kaplan_meier)
        write_csv(stack(d.at_risk for d in bands), args.out_at_risk)
        write_csv(stack(d.summary for d in bands), args.out_summary)
        write_csv(stack(counts), args.out_distribution)
        missing_tables(patients, scores, info, args)

    return run("fit", work)


if __name__ == "__main__":
    exit_with(main)
