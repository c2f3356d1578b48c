"""Tables of the scores as a reader sees them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from spinemets.reporting.cells import Shown, estimate, group_name, number, set_name

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
        sizes = part[part["n"].notna()]
        size = [number(sizes.iloc[0][c]) for c in ("n", "events")] if len(sizes) else ["", ""]
        where = "own patients" if group == "own" else f"set “{group}”"
        label = names.get(str(score), str(score)) + (f", {variant}" if variant else "")
        moved = cells.get("", "")
        points = cells.get("points", moved)
        rows.append([label, where, *([str(horizon)] if measure == "auc" else []), *size, points,
                     cells.get("band", "")])  # fmt: skip
    when = ["Horizon"] if measure == "auc" else []
    events = "Deaths by the horizon" if measure == "auc" else "Deaths"
    head = ["Score", "On", *when, "n", events, "Points", "Bands"]
    return Shown(title, head, rows, caveats(kept))


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
        rows.append([label, within, number(first["n"]), number(first["events"]), estimate(first),
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
                label = (
                    f"{set_name(str(r.quantity))}: {group_or_level(str(r.quantity), str(r.level))}"
                )
            rows.append([label, number(r.in_set), number(r.left_out)])
        yield Shown(f"Comparison set “{name}” against those left out", ["", "In", "Left out"], rows)


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
        sums = part.groupby("status")["n"].sum()
        lost = part[part["status"].eq("missing")].sort_values("n", ascending=False, kind="stable")
        label = names.get(str(score), str(score)) + (f", {variant}" if variant else "")
        reason = str(lost.iloc[0]["reason"]) if len(lost) else ""
        rows.append([label, *(number(sums.get(s, 0)) for s in states), reason])
    head = ["Score", "Determined", "Bounded", "Missing", "Not applicable", "Commonest reason"]
    return Shown("Which scores can be computed", head, rows)
