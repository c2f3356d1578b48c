"""Estimates and Table 1 of a private cohort."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from spinemets.disclosure.counts import (
    Rule,
    complement,
    is_small,
    midpoint,
    protect,
    protect_part,
    significant,
)
from spinemets.disclosure.curves import Grid
from spinemets.disclosure.shares import coarse
from spinemets.survival.shares import wilson
from spinemets.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd

#: Measures that are read off the released curve instead of being passed through.
FROM_CURVE: Final = {
    "survival": "survival",
    "mortality": "survival",
    "median_survival_months": "survival",
    "median_follow_up_months": "reverse",
}
#: Shares of patients: computed again from the counts that are shown.
SHARES: Final = (
    "ambulation_kept",
    "ambulation_regained",
    "ambulatory_after",
    "frankel_improved",
    "frankel_unchanged",
    "frankel_worse",
    "walking_alive",
    "dead_before_seen",
)
#: Shares of the same patients: with what is in none of them they add up to everybody.
PARTS: Final = (("walking_alive", "dead_before_seen"),)
#: Exact steps of these give counts away; the released curve shows them.
CURVE_ONLY: Final = {"cumulative_incidence": "read it off the table cumulative_incidence"}
NUMBERS: Final = ("estimate", "lower", "upper", "std_error")
DIGITS: Final = 4
#: A quartile is shown when this many groups of the minimum size fit below and above it.
QUARTERS: Final = {"q1": 4, "median": 2, "q3": 4}
WITHHELD: Final = "withheld: too few patients or deaths for a minimum cell of {}"
NOT_SHOWN: Final = "not reached where the released curve ends"


def horizon_months(horizon: str) -> float:
    """
    Read a horizon as months.

    Parameters
    ----------
    horizon : str
        ``"6mo"`` or ``"90d"``.

    Returns
    -------
    float
        Months.

    Examples
    --------
    >>> horizon_months("6mo")
    6.0
    """
    if horizon.endswith("mo"):
        return float(horizon.removesuffix("mo"))
    return float(horizon.removesuffix("d")) / DAYS_PER_MONTH


def _from_curve(measure: str, horizon: str, curve: Grid) -> dict[str, float | None]:
    """Estimate and interval as the released curve shows them."""
    if measure == "survival":
        month = horizon_months(horizon)
        names = {"estimate": "survival", "lower": "lower", "upper": "upper"}
        return {k: curve.at(month, what) for k, what in names.items()}
    if measure == "mortality":
        alive = _from_curve("survival", horizon, curve)
        turned = {"estimate": "estimate", "lower": "upper", "upper": "lower"}
        values = {k: alive[v] for k, v in turned.items()}
        return {k: None if v is None else round(1 - v, 4) for k, v in values.items()}
    if measure == "median_follow_up_months":
        return {"estimate": curve.crossing("reverse"), "lower": None, "upper": None}
    return {
        "estimate": curve.crossing("survival"),
        "lower": curve.crossing("lower"),
        "upper": curve.crossing("upper"),
    }


def estimates(
    table: pd.DataFrame,
    rule: Rule,
    curves: dict[tuple[str, str], Grid] | None,
    numbers: Sequence[str] = NUMBERS,
) -> pd.DataFrame:
    """
    Protect a long table of estimates.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns as ``results.COLUMNS``; counts ``Int64``, numbers ``float64``.
    rule : Rule
        Minimum and step.
    curves : dict, optional
        Released curves that survival and medians are read off; without them those are withheld.
    numbers : sequence of str
        Columns of numbers.

    Returns
    -------
    pandas.DataFrame
        Estimates from fewer patients or deaths than the minimum are empty with the reason; model
        coefficients and measures of performance keep four significant digits, and what is a share
        of patients is told no finer than a step of patients (``coarse``).
    """
    rest = _small_rest(table, rule)
    few = is_small(table["n"], rule) | is_small(table["events"], rule) | rest
    reason = WITHHELD.format(rule.minimum)
    out = table.assign(
        n=protect(table["n"], rule).mask(is_small(table["n"], rule)),
        events=protect_part(table["events"], table["n"], rule, everyone=True).mask(rest),
        **{c: significant(table[c], DIGITS).mask(few) for c in numbers},
        note=table["note"].mask(few, reason).map(without_counts),
    )
    out = coarse(out, table["n"], rule, numbers)
    rows = [{str(k): v for k, v in row.items()} for row in out.to_dict("records")]
    for row, hidden in zip(rows, few, strict=True):
        if not hidden and row["measure"] in SHARES:
            row |= _share(row["n"], row["events"])
        if not hidden and row["measure"] in CURVE_ONLY and row["estimate"] == row["estimate"]:
            row |= dict.fromkeys(NUMBERS) | {"note": CURVE_ONLY[row["measure"]]}
        if hidden or row["measure"] not in FROM_CURVE:
            continue
        row["std_error"] = None
        curve = (curves or {}).get((row["stratum_set"], row["stratum"]))
        if curve is None or not curve.months:
            row |= dict.fromkeys(NUMBERS) | {"note": reason}
            continue
        had = row["estimate"] == row["estimate"] and row["estimate"] is not None
        row |= _from_curve(row["measure"], row["horizon"], curve) | {"method": curve.method}
        if row["estimate"] is None and had:
            row["note"] = NOT_SHOWN
    made = type(out)(rows, columns=list(out.columns))
    return made.astype({"n": "Int64", "events": "Int64"} | dict.fromkeys(numbers, "float64"))


def _small_rest(table: pd.DataFrame, rule: Rule) -> pd.Series:
    """Rows of parts of the same patients of which one, or what is left over, is a small count."""
    out = table["measure"].isin(())
    keys = [c for c in ("cohort", "model", "stratum_set", "stratum") if c in table.columns]
    for parts in PARTS:
        rows = table[table["measure"].isin(parts)]
        for _, same in rows.groupby(keys, dropna=False, observed=True):
            left_over = same["n"] - same["events"].sum()
            if is_small(same["events"], rule).any() or is_small(left_over, rule).any():
                out.loc[same.index] = True
    return out


def _share(n: Any, events: Any) -> dict[str, Any]:
    """Share with Wilson's interval from rounded counts; empty when one of them is withheld."""
    if n != n or events != events or n is None or events is None or not n:
        return dict.fromkeys(NUMBERS) | {"note": "withheld: a count is too small"}
    try:
        whole = int(n)
        part = min(int(events), whole)
    except TypeError:  # pandas' NA
        return dict.fromkeys(NUMBERS) | {"note": "withheld: a count is too small"}
    low, high = wilson(part, whole)
    return {"estimate": round(part / whole, 3), "lower": round(low, 3), "upper": round(high, 3),
            "std_error": None}  # fmt: skip


_SHARED: Final = re.compile(r"\d+(?:\.\d+)?(?= % of patients)")
_INTEGER: Final = re.compile(r"(?<![\w.,^/<>=-])(?:\d{1,3}(?:,\d{3})+|\d+)(?![\w^/]|[.,]\d)")
#: What a bare number may stand behind or in front of; every other one may count patients.
_BEFORE: Final = re.compile(
    r"(?:\b(?:than|least|below|level|band|between \d+ and|between|of 0 or|from|"
    r"bootstrap of|cell of|groups of|periods with)"
    r"|\bagainst band \d+-|==) ?$"
)
_AFTER: Final = re.compile(
    r"-fold| ?%|(?: (?:-|or infinity\b|df\b|Gy\b|months?\b|days?\b|years?\b|knots?\b|internal "
    r"knots|folds?\b|centres?\b|groups?\b|bands?\b|(?:ordered |calendar |informative )*(?:groups|"
    r"periods)|bootstrap |resamples|replicates|points?\b|(?:more )?scores?\b|times the))"
)
_YEAR: Final = re.compile(r"(?:19|20)\d\d$")
_BEFORE_YEAR: Final = re.compile(r"(?:\b[A-Z][\w.]+,?|\b(?:in|against|since|until|from)) $")
_AFTER_YEAR: Final = re.compile(r"(?! (?:patient|event|death|case|row|men|women|treated|left))")


def without_counts(text: Any) -> str:
    """
    Take counts of patients out of a sentence.

    Parameters
    ----------
    text : str
        Free text of a result.

    Returns
    -------
    str
        With ``[n]`` in place of every bare number, unless what stands around it says that it is a
        limit ("fewer than 100 events"), a year, or a number of something else than patients.

    Examples
    --------
    >>> without_counts("only 7 events; fewer than 100 events; 4 treated before time zero")
    'only [n] events; fewer than 100 events; [n] treated before time zero'
    """

    def kept(found: re.Match[str]) -> str:
        before, after = found.string[: found.start()], found.string[found.end() :]
        year = _YEAR.match(found.group()) and _BEFORE_YEAR.search(before)
        limit = _BEFORE.search(before) or _AFTER.match(after)
        return found.group() if limit or (year and _AFTER_YEAR.match(after)) else "[n]"

    plain = _SHARED.sub("[share]", "" if text is None else str(text))
    return _INTEGER.sub(kept, plain)


def table_one(table: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """
    Protect Table 1.

    Parameters
    ----------
    table : pandas.DataFrame
        Long table; ``value`` and ``n`` as numbers.
    rule : Rule
        Minimum and step.

    Returns
    -------
    pandas.DataFrame
        Counts rounded or withheld, percentages from rounded counts, quartiles only where enough
        patients lie on either side, no level that everyone shares.
    """
    import pandas as pd

    keys = ["stratum_set", "stratum", "variable"]
    groups = table.groupby(keys, sort=False, observed=True)
    parts = [_variable(rows, rule) for _, rows in groups]
    parts = _across(parts, table) if parts else parts
    out = pd.concat(parts) if parts else table
    return out.assign(n=out["n"].astype("Int64"), value=out["value"].astype("float64"))


def _variable(rows: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Protect the rows of one variable in one group."""
    import numpy as np

    out = rows.copy()
    is_cell = rows["statistic"].isin(["n", "missing_n"])
    cells = rows.loc[is_cell, "value"].round().astype("Int64")
    levels = rows["statistic"].eq("n")
    shown = complement(protect(cells, rule), cells)
    if int(cells[levels[is_cell]].gt(0).sum()) == 1:  # everyone known shares one level
        shown = shown.mask(levels[is_cell])
    out.loc[is_cell, "value"] = shown.astype("Float64").astype("float64")
    whole = midpoint(rows["n"], rule.step)
    out["n"] = protect(rows["n"], rule)
    by_level = out[levels].set_index("level")["value"]
    percent = rows["statistic"].eq("percent")
    # Of all patients with a value: of those alone whose level is shown, shares would be too large.
    known = whole[percent]
    if by_level.notna().all():  # then the rounded counts add up to it
        known = known.mask(known.notna(), by_level.sum())
        out.loc[rows["statistic"].isin(["n", "percent"]), "n"] = int(by_level.sum()) or None
    at = zip(rows.loc[percent, "level"], known, strict=True)
    shares = [_percent(by_level.get(level), n) for level, n in at]
    out.loc[percent, "value"] = np.array(shares, dtype="float64")
    gap = rows["statistic"].eq("standardised_difference")
    hidden = is_small(rows["n"], rule) | bool(out.loc[is_cell, "value"].isna().any())
    out.loc[gap, "value"] = significant(rows.loc[gap, "value"], 2).mask(hidden[gap])
    # Why there is none, patients could be known from: all alike, or none with a value.
    out.loc[gap, "note"] = np.where(out.loc[gap, "value"].isna(), "none, or withheld", "")
    absent = out.loc[rows["statistic"].eq("missing_n"), "value"]
    share = rows["statistic"].eq("missing_percent")
    missing = [_percent(absent.iloc[0] if len(absent) else None, n) for n in whole[share]]
    out.loc[share, "value"] = np.array(missing, dtype="float64")
    for name, parts in QUARTERS.items():
        here = rows["statistic"].eq(name)
        thin = rows["n"].astype("float64") / parts < rule.minimum
        out.loc[here, "value"] = significant(rows.loc[here, "value"], 3).mask(thin[here])
    return out


def _across(parts: list[pd.DataFrame], table: pd.DataFrame) -> list[pd.DataFrame]:
    """
    Withhold a second group where one could be had as everybody less the groups that are shown.

    Its percentage goes with the count.
    """
    import pandas as pd

    out = pd.concat(parts)
    cells = out["statistic"].isin(["n", "missing_n"]) & out["stratum_set"].ne("overall")
    keys = ["stratum_set", "variable", "level", "statistic"]
    original = table["value"].round()
    groups = out[cells].groupby(keys, sort=False, observed=True).groups
    for name, index in groups.items():
        key = [str(part) for part in cast("tuple[str, ...]", name)]
        shown = complement(out.loc[index, "value"], original.loc[index].astype("Int64"))
        lost = shown.isna() & out.loc[index, "value"].notna()
        if not lost.any():
            continue
        out.loc[index[lost], "value"] = float("nan")
        percent = {"n": "percent", "missing_n": "missing_percent"}[key[3]]
        strata = out.loc[index[lost], "stratum"]
        same = (
            out["stratum_set"].eq(key[0]) & out["variable"].eq(key[1]) & out["level"].eq(key[2])
            & out["statistic"].eq(percent) & out["stratum"].isin(strata)
        )  # fmt: skip
        out.loc[same, "value"] = float("nan")
    return [out]


def _percent(part: Any, whole: Any) -> float | None:
    """Share in percent to one decimal; None when a count is withheld."""
    if part is None or part != part or not whole or whole != whole:
        return None
    return round(min(100.0 * float(part) / float(whole), 100.0), 1)
