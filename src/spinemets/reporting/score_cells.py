"""Tables of the scores as a reader sees them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from spinemets import contract, vocabulary
from spinemets.reporting.cells import Shown, count, estimate, group_name, number, set_name

if TYPE_CHECKING:
    import pandas as pd


def performance(table: pd.DataFrame, names: dict[str, str], measure: str, title: str) -> Shown:
    """
    One measure of every score, overall.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``performance``.
    names : dict of str to str
        Score id to short name.
    measure : {"harrell_c", "auc"}
        What is printed.
    title : str
        Caption.

    Returns
    -------
    Shown
        One line per comparison set, score and horizon; points and bands side by side.
    """
    kept = table[table["measure"].eq(measure) & table["stratum_set"].eq("overall")]
    rows = []
    for (group, score, variant, horizon), part in kept.groupby(
        ["set", "score", "variant", "horizon"], sort=False
    ):
        cells = {row["form"]: estimate(row) for _, row in part.iterrows()}
        sizes = {form: _size(rows_of) for form, rows_of in part.groupby("form", sort=False)}
        size = sizes.get("points", ["", ""])
        where = "own patients" if group == "own" else f"set “{group}”"
        label = names.get(str(score), str(score)) + (f", {variant}" if variant else "")
        moved = cells.get("", "")
        points = cells.get("points", moved)
        rows.append([label, where, *([str(horizon)] if measure == "auc" else []), points, *size,
                     cells.get("band", ""), *sizes.get("band", ["", ""])])  # fmt: skip
    when = ["Horizon"] if measure == "auc" else []
    events = "Deaths by the horizon" if measure == "auc" else "Deaths"
    head = ["Score", "On", *when, "Points", "n", events, "Bands", "n", events]
    return Shown(title, head, rows, caveats(kept))


def _size(rows: pd.DataFrame) -> list[str]:
    """Patients and deaths behind an estimate; empty where none could be made."""
    known = rows[rows["n"].notna()]
    return [count(known.iloc[0][c]) for c in ("n", "events")] if len(known) else ["", ""]


def risks(errors: pd.DataFrame, calibration: pd.DataFrame, names: dict[str, str]) -> Shown:
    """
    Error and calibration of the risks, each score on its own patients.

    Parameters
    ----------
    errors, calibration : pandas.DataFrame
        Released tables ``prediction_error`` and ``calibration``.
    names : dict of str to str
        Score id to short name.

    Returns
    -------
    Shown
        One line per score, horizon and source of the risk.
    """
    import pandas as pd

    columns = {"brier": "Brier", "ipa": "IPA", "oe_ratio": "O:E", "cloglog_slope": "Slope",
               "ici": "ICI"}  # fmt: skip
    both = pd.concat([errors[errors["set"].eq("own")], calibration], ignore_index=True)
    kept = both[both["measure"].isin(list(columns)) & both["stratum_set"].eq("overall")]
    rows = []
    keys = ["score", "variant", "horizon", "source"]
    for (score, variant, horizon, source), part in kept.groupby(keys, sort=False):
        label = names.get(str(score), str(score)) + (f", {variant}" if variant else "")
        cells = {str(row["measure"]): estimate(row) for _, row in part.iterrows()}
        first = part.iloc[0]
        rows.append([label, str(horizon), str(source).replace("_", "-"), count(first["n"]),
                     count(first["events"]), *(cells.get(m, "") for m in columns)])  # fmt: skip
    head = ["Score", "Horizon", "Risk", "n", "Deaths by the horizon", *columns.values()]
    return Shown("Error and calibration of the risks", head, rows, caveats(kept))


def comparisons(table: pd.DataFrame, names: dict[str, str]) -> Shown:
    """
    Paired differences of Harrell's C between the scores of every set.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``comparisons``.
    names : dict of str to str
        Score id to short name.

    Returns
    -------
    Shown
        One line per pair; points and bands side by side.
    """
    kept = table[table["measure"].eq("harrell_c") & table["stratum_set"].eq("overall")]
    kept = kept[kept["form"].ne("")]  # no form: no patient has both scores
    keys = ["set", "score", "variant", "other_score", "other_variant"]
    rows = []
    for (group, score, variant, other, other_variant), part in kept.groupby(keys, sort=False):
        cells = {}
        for _, row in part.iterrows():
            holm = number(row["p_holm"], 3)
            cells[str(row["form"])] = estimate(row) + (f", P {holm}" if holm else "").replace(
                "P 0.000", "P <0.001"
            )
        pair = [names.get(str(s), str(s)) + (f", {v}" if v else "")
                for s, v in ((score, variant), (other, other_variant))]  # fmt: skip
        rows.append([f"{pair[0]} less {pair[1]}", f"set “{group}”", count(part.iloc[0]["n"]),
                     cells.get("points", ""), cells.get("band", "")])  # fmt: skip
    head = ["Difference of Harrell’s C", "On", "n", "Points (P by Holm)", "Bands (P by Holm)"]
    return Shown("Paired comparison of the scores", head, rows, caveats(kept))


def caveats(rows: pd.DataFrame) -> list[str]:
    """
    Say once below a table what holds for some of its estimates.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows that are printed.

    Returns
    -------
    list of str
        One sentence per caveat, naming how many estimates it concerns.
    """
    noted = rows[rows["estimate"].notna() & rows["note"].ne("")]
    counts = noted["note"].value_counts(sort=False)
    return [f"{note} ({count} of {len(rows)} estimates)." for note, count in counts.items()]


def cox(table: pd.DataFrame, names: dict[str, str]) -> Shown:
    """
    Hazard ratio per point of every score, unstratified and within strata.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``cox``.
    names : dict of str to str
        Score id to short name.

    Returns
    -------
    Shown
        One line per model, with the test of proportional hazards.
    """
    points = table[table["form"].eq("points")]
    rows = []
    for (score, variant, grouping), part in points.groupby(
        ["score", "variant", "stratum_set"], sort=False
    ):
        ratio = part[part["measure"].eq("hazard_ratio")]
        if ratio.empty:
            continue
        first = ratio.iloc[0]
        test = part.loc[part["measure"].eq("ph_p")]
        p = number(test.iloc[0]["estimate"], 3) if len(test) else ""
        label = names.get(str(score), str(score)) + (f", {variant}" if variant else "")
        within = "unstratified" if grouping == "overall" else _joined(str(grouping))
        rows.append([label, within, count(first["n"]), count(first["events"]), estimate(first),
                     f"<{10**-3}" if p == number(0, 3) else p])  # fmt: skip
    head = ["Score", "Model", "n", "Deaths", "Hazard ratio per point", "P, proportional hazards"]
    ratios = points[points["measure"].eq("hazard_ratio")]
    return Shown("Cox models of the scores", head, rows, caveats(ratios))


def _joined(grouping: str) -> str:
    parts = [set_name(p).lower() for p in grouping.split("+")]
    return f"stratified by {' and '.join(parts)}"


def case_mix(table: pd.DataFrame) -> Iterable[Shown]:
    """
    Case mix of every comparison set against those left out.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``comparison_sets``.

    Yields
    ------
    Shown
        One table per set.
    """
    for name, part in table.groupby("set", sort=False):
        rows = []
        for r in part.itertuples():
            if r.quantity in ("patients", "deaths"):
                label = str(r.quantity).capitalize()
            else:
                level = group_or_level(str(r.quantity), str(r.level))
                label = f"{quantity_name(str(r.quantity))}: {level}"
            rows.append([label, count(r.in_set), count(r.left_out)])
        head = ["Characteristic", "In", "Left out"]
        yield Shown(f"Comparison set “{name}” against those left out", head, rows)


def quantity_name(quantity: str) -> str:
    """
    Name a quantity of the case mix.

    Parameters
    ----------
    quantity : str
        Grouping or column of the contract.

    Returns
    -------
    str
        What the column means, or the name of the grouping.
    """
    column = contract.columns().get(quantity)
    if column is None:
        return set_name(quantity)
    return column.meaning[0].upper() + column.meaning[1:]


def group_or_level(quantity: str, level: str) -> str:
    """
    Name a level of a quantity of the case mix.

    Parameters
    ----------
    quantity, level : str
        As released.

    Returns
    -------
    str
        Label of the vocabulary where there is one.
    """
    return group_name(quantity, level) if quantity not in ("age_years", "kps") else level


def computability(table: pd.DataFrame, names: dict[str, str]) -> Shown:
    """
    For how many patients each score can be computed.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``computability``.
    names : dict of str to str
        Score id to short name.

    Returns
    -------
    Shown
        Patients per status, and the commonest reason of a missing score.
    """
    states = ["determined", "bounded", "missing", "not_applicable"]
    rows = []
    for (score, variant), part in table.groupby(["score", "variant"], sort=False):
        lost = part[part["status"].eq("missing")].sort_values("n", ascending=False, kind="stable")
        label = names.get(str(score), str(score)) + (f", {variant}" if variant else "")
        reason = str(lost.iloc[0]["reason"]) if len(lost) else ""
        rows.append([label, *(_sum(part.loc[part["status"].eq(s), "n"]) for s in states), reason])
    head = ["Score", "Determined", "Bounded", "Missing", "Not applicable", "Commonest reason"]
    return Shown("Which scores can be computed", head, rows)


def _sum(counts: pd.Series) -> str:
    """Add counts up; where some of them are withheld, the sum is a lower limit."""
    known = counts.dropna()
    if len(known) == len(counts):
        return number(counts.sum())
    return f"at least {number(known.sum())}" if len(known) else count(None)


def items(table: pd.DataFrame, names: dict[str, str]) -> Shown:
    """
    How often each item of each score is missing or undecided.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``score_items_missing``.
    names : dict of str to str
        Score id to short name.

    Returns
    -------
    Shown
        One line per item.
    """
    rows = [
        [names.get(str(r.score), str(r.score)), str(r.item).replace("_", " "), count(r.n_missing),
         count(r.n)]
        for r in table.itertuples()
    ]  # fmt: skip
    return Shown("Missing or undecided items", ["Score", "Item", "Missing", "Of"], rows)


def coverage(table: pd.DataFrame, names: dict[str, str]) -> Shown:
    """
    Which score knows which primary.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``score_coverage``.
    names : dict of str to str
        Score id to short name.

    Returns
    -------
    Shown
        One line per primary, one column per score that reads it.
    """
    labels = {p.id: p.label for p in vocabulary.primaries().values()}
    scores = list(dict.fromkeys(table["score"]))
    found = {
        (row["primary"], row["score"]): " ".join(x for x in (row["coverage"], row["points"]) if x)
        for _, row in table.iterrows()
    }
    rows = [
        [labels.get(primary, primary), *(found.get((primary, score), "") for score in scores)]
        for primary in dict.fromkeys(table["primary"])
    ]
    notes = [
        "named: in the score's own list; by rule: under its rule for others; ambiguous: the score, "
        "or the recorded term, leaves open where it belongs; unlisted: no points for it. Numbers "
        "are points of the item."
    ]
    head = ["Primary", *(names.get(score, score) for score in scores)]
    return Shown("Which score knows which primary", head, rows, notes)
