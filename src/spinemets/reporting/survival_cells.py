"""Tables of the report on histology and treatment: models, comparisons, advice, other outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from spinemets import strata
from spinemets.reporting.cells import Shown, count, estimate, group_name, number, set_name

if TYPE_CHECKING:
    import pandas as pd

WEIGHTS: Final = {
    "unweighted": "Unweighted",
    "overlap": "Overlap weights",
    "inverse": "Inverse-probability weights",
}
SHARES: Final = {
    "ambulation_kept": "Walking kept",
    "ambulation_regained": "Walking regained",
    "frankel_improved": "Frankel grade improved",
    "frankel_unchanged": "Frankel grade unchanged",
    "frankel_worse": "Frankel grade worse",
}


def _cell(table: pd.DataFrame, **wanted: str) -> str:
    """The one estimate that fits, as text; empty when there is none."""
    found = table
    for name, value in wanted.items():
        found = found[found[name].eq(value)]
    return estimate(found.iloc[0]) if len(found) else ""


def p_value(row: Any) -> str:
    """
    Print a P value.

    Parameters
    ----------
    row : Series
        Row of a long result table.

    Returns
    -------
    str
        ``"< 0.001"`` below that; the reason where there is none.
    """
    import pandas as pd

    if pd.isna(row["estimate"]):
        return str(row["note"]) or "not released"
    value = float(row["estimate"])
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


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
            _cell(found, measure="hazard_ratio", term="unstratified"),
            _cell(found, measure="hazard_ratio", term="stratified"),
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
        row += [_cell(found, measure="harrell_c", term=t) for t in ("score", "strata", "both")]
        row += [_p(found, measure="lrt_p", term=t) for t in ("score_added", "strata_added")]
        row += [_cell(found, measure="ipa", term=t) for t in ("score", "strata", "both")]
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
            c = _p(found, measure="c_trend_p") or _cell(found, measure="harrell_c")
            ratio = _p(found, measure="observed_expected_trend_p")
            rows.append([f"{label}: P for trend", "", c, ratio])
            continue
        first = found.iloc[0]
        rows.append([
            f"{label}: {era}", count(first["n"]), _cell(found, measure="harrell_c"),
            _cell(found, measure="observed_expected"),
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
                f"{name}: {words}", _cell(here, measure="restricted_mean_difference_months"),
                _cell(here, measure="hazard_ratio"), _cell(here, measure="e_value"),
                _cell(here, measure="effective_share"),
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
        ratio = _cell(here, measure="hazard_ratio") if answer == "concordant" else ""
        rows.append([
            f"{names.get(score, score)}: {answer.replace('_', ' ')}", count(first["n"]),
            count(first["events"]), _cell(found, measure="median_survival_months"),
            _cell(here, measure="ambulatory_after", stratum=answer), ratio,
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
    rows = []
    for keys, found in part.groupby(["stratum_set", "stratum"], sort=False):
        cells = [_cell(found, term=term) for term in WEIGHTS]
        rows.append([f"{str(keys[0]).replace('_', ' ')}: {keys[1]}", *cells])
    head = ["Covariate", *WEIGHTS.values()]
    return Shown("Balance (standardised differences)", head, rows)


def incidence(table: pd.DataFrame, curves: pd.DataFrame) -> Shown:
    """
    Cumulative incidence of other outcomes at a year, with death as competing risk.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``outcomes``.
    curves : pandas.DataFrame
        Released table ``cumulative_incidence``.

    Returns
    -------
    Shown
        One line per outcome and group.
    """
    rows = []
    at = curves[curves["time_months"].eq(12)]
    for keys, found in at.groupby(["outcome", "stratum_set", "stratum"], sort=False):
        outcome, grouping, group = (str(k) for k in keys)
        cells = []
        for cause in ("event", "death"):
            row = found[found["cause"].eq(cause)]
            cells += [_interval(r) for _, r in row.iterrows()] or [""]
        label = outcome.replace("_", " ").capitalize()
        where = f": {set_name(grouping)}: {group_name(grouping, group)}"
        rows.append([label + ("" if grouping == "overall" else where), *cells])
    tests = table[table["measure"].eq("gray_p")]
    notes = [
        f"{str(r['model']).replace('_', ' ').capitalize()} by {strata.title(r['stratum_set'])}: "
        f"Gray's test {p_value(r)}."
        for _, r in tests.iterrows()
    ]
    lacking = table[table["note"].str.startswith("not recorded in this cohort")]
    notes += [f"{text[0].upper()}{text[1:]}." for text in dict.fromkeys(lacking["note"])]
    head = ["Outcome", "Cumulative incidence at 12 months", "Death without it"]
    return Shown("Outcomes beside death", head, rows, notes)


def _interval(row: Any) -> str:
    import pandas as pd

    value = number(row["incidence"], 3)
    if pd.isna(row["lower"]):
        return value
    return f"{value} ({number(row['lower'], 3)} to {number(row['upper'], 3)})"


def function(table: pd.DataFrame) -> Shown:
    """
    Walking and neurology after treatment.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``outcomes``.

    Returns
    -------
    Shown
        One line per group.
    """
    part = table[table["model"].eq("function")]
    rows = []
    for keys, found in part.groupby(["stratum_set", "stratum"], sort=False):
        grouping, group = (str(k) for k in keys)
        label = f"{set_name(grouping)}: {group_name(grouping, group)}"
        label = "All patients" if grouping == "overall" else label
        rows.append([label, *(_cell(found, measure=m) for m in SHARES)])
    return Shown("Walking and neurology after treatment", ["Group", *SHARES.values()], rows)


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
        "outcomes": [incidence(outcomes, found["cumulative_incidence"]), function(outcomes)],
    }
