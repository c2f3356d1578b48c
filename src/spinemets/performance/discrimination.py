"""Discrimination on censored data: Harrell's C, Uno's C and cumulative/dynamic AUC(t).

Definitions, the same for every estimator here:

- A pair is comparable when one patient has an event and the other stays longer. A censoring on
  the day of the event counts as longer; two events on one day are not comparable.
- Tied scores count one half.
- G, the probability of not being censored, is taken just before an event (cases) and at the
  horizon (controls); on one day events come before censorings. Controls at horizon t have T > t.
- What has no value is NaN with a reason; a wrong call raises ``ValueError`` naming the argument.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spinemets.performance import _arrays
from spinemets.performance._arrays import FloatArray
from spinemets.performance._auc import AucResult, auc_t
from spinemets.performance._concordance import (
    TIME_WEIGHTS,
    OneScore,
    count_score,
    time_weights,
    why_undefined,
)
from spinemets.performance._intervals import confidence_interval
from spinemets.performance._late_entry import stack
from spinemets.performance._panel import Panel, prepare
from spinemets.performance._products import cross_products

__all__ = [
    "AucResult",
    "Concordance",
    "auc_t",
    "concordance",
    "confidence_interval",
    "harrell_c",
    "uno_c",
]


@dataclass(frozen=True)
class Concordance:
    """Concordance of one or several scores on the same patients.

    Attributes
    ----------
    estimate, std_error : ndarray, shape (scores,)
        Concordance and its infinitesimal-jackknife standard error.
    covariance : ndarray, shape (scores, scores)
        Covariance of the estimates; its diagonal is ``std_error ** 2``.
    concordant, discordant, tied_score, tied_time, tied_both : ndarray, shape (scores,)
        (Weighted) numbers of pairs: comparable ones by the order of their scores, and pairs of
        events at one time with different and with equal scores.
    n, events : int
        Patients and events.
    reason : tuple of (str or None)
        Why a score has no estimate.
    influence : ndarray, shape (patients, scores), or None
        Infinitesimal-jackknife values; their cross-product is ``covariance``.
    """

    estimate: FloatArray
    std_error: FloatArray
    covariance: FloatArray
    concordant: FloatArray
    discordant: FloatArray
    tied_score: FloatArray
    tied_time: FloatArray
    tied_both: FloatArray
    n: int
    events: int
    reason: tuple[str | None, ...]
    influence: FloatArray | None = None

    @property
    def tie_share(self) -> FloatArray:
        """Share of the comparable pairs whose scores are tied."""
        pairs = self.concordant + self.discordant + self.tied_score
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.tied_score / pairs)

    def interval(self, level: float = 0.95, scale: str = "logit") -> tuple[FloatArray, FloatArray]:
        """Return lower and upper confidence limits of the estimates."""
        return confidence_interval(self.estimate, self.std_error, scale, level=level)


def concordance(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    higher_is_worse: bool | Sequence[bool],
    time_weight: str = "n",
    strata: Any = None,
    weights: npt.ArrayLike | None = None,
    tau: float | None = None,
    entry: npt.ArrayLike | None = None,
    tied_scores: str = "half",
    censored_same_day: str = "comparable",
    std_error: bool = True,
    influence: bool = False,
) -> Concordance:
    """Concordance with any of the usual weightings of pairs by the time of their event.

    Parameters
    ----------
    time : array-like, shape (patients,)
        Follow-up time in any unit; missing, infinite or negative values are refused.
    event : array-like, shape (patients,)
        1 or True for an event, 0 or False for a censoring.
    scores : array-like, shape (patients,) or (patients, scores)
        Scores in any unit; missing values are refused, so choose the patients first.
    higher_is_worse : bool or sequence of bool
        Whether a higher value means an earlier event; one for all scores or one per score.
    time_weight : {"n", "n/G2", "S", "S/G", "I"}
        Weight of the pairs of an event at t: 1 (Harrell), 1/G(t-)^2 (Uno), n S(t-)/Y(t) (Peto and
        Peto), n S(t-)/(G(t-) Y(t)) (Schemper), 1/Y(t), with Y the number at risk.
    strata : array-like, optional
        Pairs are made within strata only; G and S are estimated within strata.
    weights : array-like, optional
        Case weights, not negative.
    tau : float, optional
        Events after tau are left out (comparisons may reach beyond it).
    entry : array-like, shape (patients,), optional
        Time at which observation began (delayed entry), in the unit of ``time``; missing or 0 is
        time zero. A pair is comparable only when the other patient had entered before the event.
        With ``time_weight="n"`` only: G can't be estimated by those who are observed.
    tied_scores : {"half", "exclude"}
        Whether a tied score counts one half or its pair is left out.
    censored_same_day : {"comparable", "not_comparable"}
        Whether a censoring on the day of an event counts as longer.
    std_error, influence : bool
        Whether to compute standard errors, and to return each patient's influence value.

    Returns
    -------
    Concordance
        Estimates, standard errors, covariance and counts; NaN with a reason where undefined.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Agrees with ``survival::concordance(timewt=..., ymax=tau)`` of R, with ``entry`` for
    ``Surv(start, stop, event)``. The jackknife treats G and S as known, as R does.

    References
    ----------
    Therneau TM, Watson DA. The concordance statistic and the Cox model. Mayo Clinic Technical
    Report 85, 2015.

    Examples
    --------
    >>> result = concordance([1, 2, 3], [1, 1, 0], [2, 3, 1], higher_is_worse=True)
    >>> float(result.estimate[0].round(4))
    0.6667
    """
    for name, value, allowed in (
        ("time_weight", time_weight, TIME_WEIGHTS),
        ("tied_scores", tied_scores, ("half", "exclude")),
        ("censored_same_day", censored_same_day, ("comparable", "not_comparable")),
    ):
        if value not in allowed:
            raise ValueError(f"{name}: must be one of {', '.join(allowed)}")
    if tau is not None and not (np.isfinite(tau) and tau >= 0):
        raise ValueError("tau: must be finite and not negative")
    if entry is not None and time_weight != "n":
        raise ValueError("entry: goes with time_weight='n' only")
    panel = prepare(time, event, strata=strata, weights=weights)
    late = None if entry is None else stack(time, event, entry, strata=strata, weights=weights)
    seen = panel if late is None else late.panel
    table = _arrays.check_scores(scores, panel.n)
    directions = _arrays.check_directions(higher_is_worse, table.shape[1])
    ranked = _arrays.levels(table, directions, "scores")
    weight = time_weights(seen, time_weight, tau)
    credit = 0.5 if tied_scores == "half" else 0.0
    spread = std_error and (influence or len(ranked) > 1 or late is not None)
    rows = np.full((len(ranked), seen.n), np.nan) if spread else None
    columns = [
        count_score(
            *(seen, levels if late is None else late.levels(levels), weight),
            same_day=censored_same_day == "comparable",
            tie_credit=credit,
            variance=std_error,
            row=None if rows is None else rows[k],
        )
        for k, levels in enumerate(ranked)
    ]
    if late is not None and rows is not None:
        rows = late.fold(rows)
    reasons = tuple(
        why_undefined(panel, levels, column.counts, credit)
        for levels, column in zip(ranked, columns, strict=True)
    )
    return _assemble(columns, reasons, credit, panel, rows, influence)


def _assemble(
    columns: list[OneScore],
    reasons: tuple[str | None, ...],
    credit: float,
    panel: Panel,
    rows: FloatArray | None,
    influence: bool,
) -> Concordance:
    counts = np.array([column.counts for column in columns]).reshape(-1, 5)
    undefined = np.array([reason is not None for reason in reasons], np.bool_)
    with np.errstate(invalid="ignore", divide="ignore"):
        pairs = counts[:, 0] + counts[:, 1] + 2 * credit * counts[:, 2]
        estimate = (counts[:, 0] + credit * counts[:, 2]) / pairs
    estimate[undefined] = np.nan
    if rows is None or panel.n == 0:
        covariance = np.diag([column.variance for column in columns])
    else:
        rows[undefined] = np.nan
        covariance = cross_products(rows)
    covariance[undefined] = np.nan
    covariance[:, undefined] = np.nan
    return Concordance(
        estimate=estimate,
        std_error=np.sqrt(np.diagonal(covariance)),
        covariance=covariance,
        concordant=counts[:, 0],
        discordant=counts[:, 1],
        tied_score=counts[:, 2],
        tied_time=counts[:, 3],
        tied_both=counts[:, 4],
        n=panel.n,
        events=panel.events,
        reason=reasons,
        influence=rows.T if influence and rows is not None else None,
    )


def harrell_c(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    higher_is_worse: bool | Sequence[bool],
    strata: Any = None,
    weights: npt.ArrayLike | None = None,
    tau: float | None = None,
    **options: Any,
) -> Concordance:
    """Harrell's C: the share of comparable pairs that the score puts in the right order.

    Parameters
    ----------
    time : array-like, shape (patients,)
        Follow-up time in any unit; missing, infinite or negative values are refused.
    event : array-like, shape (patients,)
        1 or True for an event, 0 or False for a censoring.
    scores : array-like, shape (patients,) or (patients, scores)
        Scores in any unit; missing values are refused, so choose the patients first.
    higher_is_worse : bool or sequence of bool
        Whether a higher value means an earlier event; one for all scores or one per score.
    strata : array-like, optional
        Pairs are made within strata only.
    weights : array-like, optional
        Case weights, not negative.
    tau : float, optional
        Events after tau are left out (comparisons may reach beyond it).
    **options
        Further arguments of :func:`concordance`.

    Returns
    -------
    Concordance
        Estimates with infinitesimal-jackknife standard errors.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    References
    ----------
    Harrell FE, Lee KL, Mark DB. Stat Med 1996;15:361-387.
    doi:10.1002/(SICI)1097-0258(19960229)15:4<361::AID-SIM168>3.0.CO;2-4

    Examples
    --------
    >>> result = harrell_c([5, 8, 12, 20], [1, 1, 0, 1], [9, 7, 7, 2], higher_is_worse=True)
    >>> float(result.estimate[0])
    0.9
    """
    return concordance(
        time,
        event,
        scores,
        higher_is_worse=higher_is_worse,
        time_weight="n",
        strata=strata,
        weights=weights,
        tau=tau,
        **options,
    )


def uno_c(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    higher_is_worse: bool | Sequence[bool],
    strata: Any = None,
    weights: npt.ArrayLike | None = None,
    tau: float | None = None,
    **options: Any,
) -> Concordance:
    """Uno's C: concordance with pairs weighted by 1/G(t-)^2, free of the censoring pattern.

    Parameters
    ----------
    time : array-like, shape (patients,)
        Follow-up time in any unit; missing, infinite or negative values are refused.
    event : array-like, shape (patients,)
        1 or True for an event, 0 or False for a censoring.
    scores : array-like, shape (patients,) or (patients, scores)
        Scores in any unit; missing values are refused, so choose the patients first.
    higher_is_worse : bool or sequence of bool
        Whether a higher value means an earlier event; one for all scores or one per score.
    strata : array-like, optional
        Pairs are made within strata only.
    weights : array-like, optional
        Case weights, not negative.
    tau : float, optional
        Events after tau are left out (comparisons may reach beyond it).
    **options
        Further arguments of :func:`concordance`.

    Returns
    -------
    Concordance
        Estimates with infinitesimal-jackknife standard errors, G taken as known.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    scikit-survival takes G(t) where this takes G(t-); with whole-day times that differs in the
    third digit. Without ``tau`` the last events, with small G, can dominate.

    References
    ----------
    Uno H, Cai T, Pencina MJ, D'Agostino RB, Wei LJ. Stat Med 2011;30:1105-1117.
    doi:10.1002/sim.4154

    Examples
    --------
    >>> result = uno_c([5, 8, 12, 20], [1, 0, 1, 1], [9, 7, 7, 2], higher_is_worse=True)
    >>> float(result.estimate[0])
    1.0
    """
    return concordance(
        time,
        event,
        scores,
        higher_is_worse=higher_is_worse,
        time_weight="n/G2",
        strata=strata,
        weights=weights,
        tau=tau,
        **options,
    )
