"""Calibration in groups: quantiles of the predicted risk, or a score's published bands."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from spinemets.performance._arrays import FloatArray
from spinemets.performance._checks import check_horizon, check_risk, prepare
from spinemets.performance._km import FollowUp, Survival, kaplan_meier_at

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class GroupedCalibration:
    """
    Observed against predicted risk per group.

    Parameters
    ----------
    group : list of str
        Names: intervals of risk, or bands.
    n, events : numpy.ndarray of int
        Patients and events by the horizon.
    predicted : numpy.ndarray
        Mean predicted risk; NaN where a band has no published rate.
    observed, std_error, lower, upper : numpy.ndarray
        Kaplan-Meier risk with Greenwood's standard error and log-log 95 % limits.
    reason : list of str
        Why a group has no observed risk.
    breaks : numpy.ndarray
        Limits of the intervals of risk; empty for bands.
    """

    group: list[str]
    n: npt.NDArray[np.int64]
    events: npt.NDArray[np.int64]
    predicted: FloatArray
    observed: FloatArray
    std_error: FloatArray
    lower: FloatArray
    upper: FloatArray
    reason: list[str]
    breaks: FloatArray

    def test(self) -> tuple[float, int, float]:
        """
        Greenwood-Nam-D'Agostino test of all groups together.

        Returns
        -------
        statistic, degrees, p : float, int, float
            Sum of squared standardised differences on (groups - 1) degrees of freedom; NaN when
            a group has no standard error. Groups with fewer than five events should be merged.
        """
        degrees = len(self.group) - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = ((self.observed - self.predicted) / self.std_error) ** 2
        if degrees < 1 or not bool(np.all(np.isfinite(terms))):
            return np.nan, max(degrees, 0), np.nan
        statistic = float(terms.sum())
        return statistic, degrees, float(chdtrc(degrees, statistic))

    def frame(self) -> "pd.DataFrame":
        """
        Groups as a table.

        Returns
        -------
        pandas.DataFrame
            Columns group, n, events, predicted, observed, std_error, lower, upper, reason.
        """
        import pandas as pd

        columns = ("group", "n", "events", "predicted", "observed", "std_error", "lower", "upper")
        return pd.DataFrame({name: getattr(self, name) for name in (*columns, "reason")})


def grouped_calibration(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    risk: npt.ArrayLike,
    horizon: float,
    *,
    groups: int = 5,
) -> GroupedCalibration:
    """
    Observed and mean predicted risk in groups of equal size by predicted risk.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    risk : array_like of float, shape (n,)
        Predicted risk at the horizon.
    horizon : float
        Horizon in the unit of ``time``.
    groups : int
        Number of groups wanted; ties may leave fewer.

    Returns
    -------
    GroupedCalibration
        A group whose follow-up ends before the horizon has NaN and a reason.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Limits are the distinct quantiles (R's type 7); intervals are closed above, the first one below
    as well. The test is that of Demler (2015) without merging.

    References
    ----------
    Demler OV, Paynter NP, Cook NR. Stat Med 2015;34:1659-1680, doi 10.1002/sim.6428.

    Examples
    --------
    >>> found = grouped_calibration([1, 2, 3, 4], [1, 1, 0, 0], [0.1, 0.2, 0.7, 0.8], 2, groups=2)
    >>> found.predicted.round(2).tolist(), found.observed.tolist()
    ([0.15, 0.75], [1.0, 0.0])
    """
    follow_up, checked, limit = prepare(time, event, risk, horizon)
    if int(groups) != groups or groups < 1:
        raise ValueError("groups: must be a whole number from 1 on")
    if follow_up.n == 0:
        return _collect(follow_up, limit, [], [], np.empty(0), np.empty(0))
    breaks = np.unique(np.quantile(checked, np.linspace(0, 1, int(groups) + 1)))
    inner = breaks[1:-1]
    place = np.searchsorted(inner, checked, side="left")
    masks = [place == k for k in range(inner.size + 1)]
    names = _names(breaks)
    kept = [k for k, mask in enumerate(masks) if mask.any()]
    predicted = np.array([checked[masks[k]].mean() for k in kept])
    return _collect(
        follow_up, limit, [names[k] for k in kept], [masks[k] for k in kept], predicted, breaks
    )


def _names(breaks: FloatArray) -> list[str]:
    if breaks.size < 2:
        return [f"{breaks[0]:.3f}"]
    ends = pairwise(breaks)
    return [f"{'[' if k == 0 else '('}{a:.3f}, {b:.3f}]" for k, (a, b) in enumerate(ends)]


def band_calibration(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    band: npt.ArrayLike,
    horizon: float,
    published: Mapping[str, float],
) -> GroupedCalibration:
    """
    Observed risk of each band of a score against the published one (information level 1 or 2).

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    band : array_like of str, shape (n,)
        Band of each patient; missing ones aren't accepted.
    horizon : float
        Horizon in the unit of ``time``; must be the one the rates were published for.
    published : mapping of str to float
        Published *risk* of the event by the horizon per band (one minus survival), in the order
        in which bands are to be listed. Bands without a published rate may be left out.

    Returns
    -------
    GroupedCalibration
        One entry per band that is published or occurs; a band nobody belongs to has a reason.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    The interval belongs to the observed risk only: the published rate has its own uncertainty,
    which is rarely printed.

    Examples
    --------
    >>> found = band_calibration([1, 2, 3], [1, 0, 0], ["low", "high", "high"], 2, {"high": 0.2})
    >>> found.group, found.observed.tolist()
    (['high', 'low'], [0.0, 1.0])
    """
    follow_up = FollowUp.of(time, event)
    limit = check_horizon(horizon)
    labels = np.array([str(value) for value in np.asarray(band, dtype=object)], dtype=object)
    if labels.size != follow_up.n:
        raise ValueError(f"band: has {labels.size} values for {follow_up.n} patients")
    if any(label in {"<NA>", "nan", "None", "NaN"} for label in labels):
        raise ValueError("band: has missing values")
    check_risk(list(published.values()), len(published), "published")
    names = list(dict.fromkeys([*published, *sorted(set(labels))]))
    predicted = np.array([float(published.get(name, np.nan)) for name in names])
    masks = [labels == name for name in names]
    return _collect(follow_up, limit, names, masks, predicted, np.empty(0))


def _collect(
    follow_up: FollowUp,
    horizon: float,
    names: list[str],
    masks: list[npt.NDArray[np.bool_]],
    predicted: FloatArray,
    breaks: FloatArray,
) -> GroupedCalibration:
    curves: list[Survival] = [kaplan_meier_at(follow_up, horizon, mask) for mask in masks]
    return GroupedCalibration(
        group=names,
        n=np.array([c.n for c in curves], dtype=np.int64),
        events=np.array([c.events for c in curves], dtype=np.int64),
        predicted=predicted,
        observed=np.array([1.0 - c.value for c in curves]),
        std_error=np.array([c.std_error for c in curves]),
        lower=np.array([1.0 - c.upper for c in curves]),
        upper=np.array([1.0 - c.lower for c in curves]),
        reason=[c.reason for c in curves],
        breaks=breaks,
    )
