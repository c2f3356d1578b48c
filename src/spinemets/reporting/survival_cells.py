"""Tables of the report on histology and treatment: models, comparisons, advice, other outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from spinemets.reporting import outcome_cells
from spinemets.reporting.cells import Shown, cell, count, estimate, p_value, set_name

if TYPE_CHECKING:
    import pandas as pd

WEIGHTS: Final = {
    "unweighted": "Unweighted",
    "overlap": "Overlap weights",
    "inverse": "Inverse-probability weights",
}


def _p(table: pd.DataFrame, **wanted: str) -> str:
    found = table
    for name, value in wanted.items():
        found = found[found[name].eq(value)]
    return p_value(found.iloc[0]) if len(found) else ""


def beyond_strata(table: pd.DataFrame, names: Mapping[str, str]) -> Shown:
    """
    What a stratified result leaves of each score.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``models``.
    names : mapping of str to str
        Score id to short name.

    Returns
    -------
    Shown
        One line per score and grouping, with the unstratified result beside the stratified one.
    """
    part = table[table["model"].eq("beyond_strata")]
    other = table[table["model"].eq("heterogeneity")]
    rows = []
    for keys, found in part.groupby(["score", "variant", "stratum_set"], sort=False):
        score, variant, grouping = (str(k) for k in keys)
        here = other[
            other["score"].eq(score) & other["variant"].eq(variant)
            & other["stratum_set"].eq(grouping)
        ]  # fmt: skip
        share = found[found["measure"].eq("strata_share")].iloc[0]
        label = names.get(score, score) + (f", {variant}" if variant else "")
        rows.append([
            f"{label} within {set_name(grouping).lower()}",
            cell(found, measure="hazard_ratio", term="unstratified"),
            cell(found, measure="hazard_ratio", term="stratified"),
            _p(here, measure="interaction_p"),
            str(share["note"]),
        ])  # fmt: skip
    head = [
        "Score",
        "HR per point",
        "HR per point within groups",
        "P score × group",
        "What is left",
    ]
    return Shown("Scores within histology and treatment", head, rows)


def added_value(table: pd.DataFrame, names: Mapping[str, str]) -> Shown:
    """
    What each score adds to a grouping, and the grouping to the score.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``models``.
    names : mapping of str to str
        Score id to short name.

    Returns
    -------
    Shown
        C and IPA of score, grouping and both; P of the likelihood ratios.
    """
    part = table[table["model"].eq("added_value")]
    rows = []
    for keys, found in part.groupby(["score", "variant", "stratum_set"], sort=False):
        score, variant, grouping = (str(k) for k in keys)
        label = names.get(score, score) + (f", {variant}" if variant else "")
        row = [f"{label} and {set_name(grouping).lower()}"]
        row += [cell(found, measure="harrell_c", term=t) for t in ("score", "strata", "both")]
        row += [_p(found, measure="lrt_p", term=t) for t in ("score_added", "strata_added")]
        row += [cell(found, measure="ipa", term=t) for t in ("score", "strata", "both")]
        rows.append(row)
    head = ["Score and groups", "C, score", "C, groups", "C, both", "P, score added",
            "P, groups added", "IPA, score", "IPA, groups", "IPA, both"]  # fmt: skip
    notes = ["C and IPA are those of cross-fitted Cox models on the same patients."]
    return Shown("What a score adds", head, rows, notes)


def eras(table: pd.DataFrame, names: Mapping[str, str]) -> Shown:
    """
    Drift of each score over calendar periods.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``models``.
    names : mapping of str to str
        Score id to short name.

    Returns
    -------
    Shown
        C and O:E per period, and the tests for trend.
    """
    part = table[table["model"].eq("era") & table["score"].ne("")]
    rows = []
    for keys, found in part.groupby(["score", "variant", "stratum"], sort=False):
        score, variant, era = (str(k) for k in keys)
        label = names.get(score, score) + (f", {variant}" if variant else "")
        if era == "all":
            c = _p(found, measure="c_trend_p") or cell(found, measure="harrell_c")
            ratio = _p(found, measure="observed_expected_trend_p")
            rows.append([f"{label}: P for trend", "", c, ratio])
            continue
        first = found.iloc[0]
        rows.append([
            f"{label}: {era}", count(first["n"]), cell(found, measure="harrell_c"),
            cell(found, measure="observed_expected"),
        ])  # fmt: skip
    survival = table[table["model"].eq("era") & table["score"].eq("")]
    notes = [
        f"Hazard of death per ten calendar years ({r.stratum_set}): {_line(r)}."
        for r in survival.itertuples()
        if r.measure == "hazard_ratio"
    ]
    return Shown("Drift over calendar time", ["Period", "n", "C", "O:E"], rows, notes)


def _line(row: Any) -> str:
    return estimate(row._asdict())


def comparisons(table: pd.DataFrame) -> Shown:
    """
    Treatment groups compared, unweighted and weighted.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``treatment``.

    Returns
    -------
    Shown
        One line per comparison and kind of weights; warnings below.
    """
    part = table[table["model"].eq("comparison")]
    rows, notes = [], []
    for comparison, found in part.groupby("stratum_set", sort=False):
        name = str(comparison).replace("_", " ")
        for term, words in WEIGHTS.items():
            here = found[found["term"].eq(term)]
            if here.empty:
                continue
            rows.append([
                f"{name}: {words}", cell(here, measure="restricted_mean_difference_months"),
                cell(here, measure="hazard_ratio"), cell(here, measure="e_value"),
                cell(here, measure="effective_share"),
            ])  # fmt: skip
        if not found["term"].isin(list(WEIGHTS)).any():
            rows.append([name, str(found.iloc[0]["note"]), "", "", ""])
        reading = found.loc[found["measure"].eq("hazard_ratio"), "note"]
        notes += [f"{name}: {text}." for text in dict.fromkeys(reading)]
        warned = found[found["measure"].eq("warning")]
        notes += [f"{name}, {WEIGHTS[str(r.term)].lower()}: {r.note}." for r in warned.itertuples()]
    head = ["Comparison", "Restricted mean difference, months", "Hazard ratio", "E-value",
            "Effective share of patients"]  # fmt: skip
    return Shown("Treatments compared", head, rows, notes)


def panel(table: pd.DataFrame) -> Shown:
    """
    Immortal-time panel: the same treatment timed in three ways.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``treatment``.

    Returns
    -------
    Shown
        One line per treatment and analysis.
    """
    part = table[table["model"].eq("immortal_time") & table["measure"].eq("hazard_ratio")]
    rows = [
        [f"{str(r['stratum_set']).replace('_', ' ')}: {r['term'] or 'not analysed'}",
         count(r["n"]), count(r["events"]), estimate(r)]
        for _, r in part.iterrows()
    ]  # fmt: skip
    notes = ["The naive analysis is shown for the size of its bias: who is treated later must have "
             "lived until then."]  # fmt: skip
    head = ["Treatment: analysis", "n", "Deaths", "Hazard ratio, treated against not"]
    return Shown("Treatment that begins after time zero", head, rows, notes)


def advice(table: pd.DataFrame, survival: pd.DataFrame, names: Mapping[str, str]) -> Shown:
    """
    Treatment given against treatment advised.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``treatment``.
    survival : pandas.DataFrame
        Released table ``survival_advice``.
    names : mapping of str to str
        Score id to short name.

    Returns
    -------
    Shown
        One line per score and answer.
    """
    rows = []
    for keys, found in survival.groupby(["stratum_set", "stratum"], sort=False):
        grouping, answer = (str(k) for k in keys)
        if answer == "all":
            continue
        score = grouping.removeprefix("advice:")
        here = table[table["model"].eq("advice") & table["score"].eq(score)]
        first = found.iloc[0]
        ratio = cell(here, measure="hazard_ratio") if answer == "concordant" else ""
        rows.append([
            f"{names.get(score, score)}: {answer.replace('_', ' ')}", count(first["n"]),
            count(first["events"]), cell(found, measure="median_survival_months"),
            cell(here, measure="ambulatory_after", stratum=answer), ratio,
        ])  # fmt: skip
    head = ["Advice of: answer", "n", "Deaths", "Median, months", "Walking after treatment",
            "HR, concordant against discordant"]  # fmt: skip
    notes = ["Reading advice as columns is a decision of this project (vocabulary/advice.yaml)."]
    return Shown("Treatment given and advised", head, rows, notes)


def balance(table: pd.DataFrame) -> Shown:
    """
    Balance of every covariate before and after weighting.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``treatment``.

    Returns
    -------
    Shown
        Standardised differences.
    """
    part = table[table["measure"].eq("standardised_difference")]
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in part.to_dict("records"):
        terms = found.setdefault((str(row["stratum_set"]), str(row["stratum"])), {})
        terms.setdefault(str(row["term"]), estimate(row))
    rows = [
        [f"{name.replace('_', ' ')}: {level}", *(terms.get(term, "") for term in WEIGHTS)]
        for (name, level), terms in found.items()
    ]
    head = ["Covariate", *WEIGHTS.values()]
    return Shown("Balance (standardised differences)", head, rows)


def tables(
    found: Mapping[str, pd.DataFrame], names: Mapping[str, str]
) -> dict[str, Sequence[Shown]]:
    """
    Every table of the section on histology and treatment.

    Parameters
    ----------
    found : mapping of str to pandas.DataFrame
        Released tables.
    names : mapping of str to str
        Score id to short name.

    Returns
    -------
    dict of str to list of Shown
        ``models``, ``treatment`` and ``outcomes``; the first of each is open, the rest folded.
    """
    models, treatment, outcomes = (found[t] for t in ("models", "treatment", "outcomes"))
    return {
        "models": [beyond_strata(models, names), added_value(models, names), eras(models, names)],
        "treatment": [
            comparisons(treatment),
            panel(treatment),
            advice(treatment, found["survival_advice"], names),
            balance(treatment),
        ],
        "outcomes": [
            outcome_cells.incidence(outcomes, found["cumulative_incidence"]),
            outcome_cells.function(outcomes),
        ],
    }
