"""From counts to concordances: which path counts, how pairs are weighted, what has no answer."""

from dataclasses import dataclass

import numpy as np

from spinemets.performance import _counts, _fenwick
from spinemets.performance._arrays import TIME_TOLERANCE, FloatArray, Ranks
from spinemets.performance._panel import Panel

# A table of times x levels beats a tree while it has few levels and isn't nearly empty.
_TABLE_LEVELS = 64
_CELLS_PER_PATIENT = 4

TIME_WEIGHTS = ("n", "n/G2", "S", "S/G", "I")


@dataclass(frozen=True)
class OneScore:
    """Counts of one score and its variance (NaN where not computed)."""

    counts: FloatArray
    variance: float


def time_weights(panel: Panel, kind: str, tau: float | None) -> FloatArray:
    """Return the weight of pairs by the time of their event, as R's ``timewt`` does."""
    weight = np.ones(panel.size)
    if kind != "n":
        at_risk, survival, staying = panel.risk_sets
        deaths = panel.by_time[0]
        stratum = panel.stratum_of_rank()
        total = np.bincount(stratum, np.where(panel.first, at_risk, 0.0))[stratum]
        with np.errstate(divide="ignore", invalid="ignore"):
            weight = {
                "n/G2": 1.0 / staying**2,
                "S": total * survival / at_risk,
                "S/G": total * survival / (staying * at_risk),
                "I": 1.0 / at_risk,
            }[kind]
        # R leaves a stratum with a single event unweighted.
        patients = np.bincount(panel.rank, panel.event, minlength=panel.size)
        alone = np.bincount(stratum, patients)[stratum] < 2
        weight = np.where(alone, 1.0, weight)
        weight = np.where((deaths > 0) & np.isfinite(weight), weight, 0.0)
    if tau is not None:
        weight = np.where(panel.times > tau + TIME_TOLERANCE * max(1.0, tau), 0.0, weight)
    return weight


def count_score(
    panel: Panel,
    levels: Ranks,
    weight: FloatArray,
    *,
    same_day: bool,
    tie_credit: float,
    variance: bool,
    row: FloatArray | None,
) -> OneScore:
    """Count the pairs of one score, with its variance or every patient's influence value.

    Influence values go into ``row``, and the variance is left to their cross-product.
    """
    cells = levels.size * panel.size
    few = levels.size <= _TABLE_LEVELS and cells <= _CELLS_PER_PATIENT * panel.n
    path = _by_table if few else _by_tree
    return path(panel, levels, weight, same_day, tie_credit, variance, row)


def _by_table(
    panel: Panel,
    levels: Ranks,
    weight: FloatArray,
    same_day: bool,
    tie_credit: float,
    variance: bool,
    row: FloatArray | None,
) -> OneScore:
    where = (panel.rank, panel.event, levels.rank, panel.weights)
    table = _counts.count_table(*where, panel.size, levels.size, 1)
    squares = table
    if panel.weights.size:
        squares = _counts.count_table(*where, panel.size, levels.size, 2)
    counts = _counts.count_pairs(table, squares[:, 1], panel.first, weight, same_day)
    if not variance or _comparable(counts, tie_credit) <= 0:
        return OneScore(counts, np.nan)
    influence = _counts.cell_influence(table, panel.first, weight, same_day, counts, tie_credit)
    if row is None:
        return OneScore(counts, _counts.cell_variance(squares, influence))
    _counts.spread_influence(influence, *where, row)
    return OneScore(counts, np.nan)


def _by_tree(
    panel: Panel,
    levels: Ranks,
    weight: FloatArray,
    same_day: bool,
    tie_credit: float,
    variance: bool,
    row: FloatArray | None,
) -> OneScore:
    order, start = _fenwick.order_by_time(panel.rank, panel.event, panel.size)
    share = np.zeros((panel.n if variance else 0, 3))
    arguments = (
        *(order, start, panel.first, levels.rank, levels.size),
        *(panel.weights, weight, same_day, share),
    )
    counts = _fenwick.sorted_pairs(*arguments)
    pairs = _comparable(counts, tie_credit)
    if not variance or pairs <= 0:
        return OneScore(counts, np.nan)
    _fenwick.sorted_shares(*arguments)
    centre = (counts[0] + tie_credit * counts[2]) / pairs
    good = share[:, 0] + tie_credit * share[:, 2]
    values = (good - centre * (share[:, 0] + share[:, 1] + 2 * tie_credit * share[:, 2])) / pairs
    if panel.weights.size:
        values *= panel.weights
    if row is None:
        return OneScore(counts, float(np.sum(values**2)))
    row[:] = values
    return OneScore(counts, np.nan)


def _comparable(counts: FloatArray, tie_credit: float) -> float:
    return float(counts[0] + counts[1] + 2 * tie_credit * counts[2])


def why_undefined(panel: Panel, levels: Ranks, counts: FloatArray, tie_credit: float) -> str | None:
    """Say why a score has no concordance, or None when it has one."""
    if panel.n == 0:
        return "no patients"
    if panel.total == 0:
        return "all weights are zero"
    if panel.events == 0:
        return "no events"
    if levels.size < 2:
        return "the score has one level only"
    if _comparable(counts, tie_credit) <= 0:
        return "no comparable pairs"
    return None
