"""Hazard ratios by period of follow-up, for when hazards are not proportional."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from spinemets.survival.covariates import read_covariates
from spinemets.survival.cox_fit import NO_EVENTS, CoxFit, fit_cox
from spinemets.survival.sample import Bools, Floats, Integers, Sample, codes, make_sample
from spinemets.survival.tails import chi2_tail


def split_follow_up(sample: Sample, cuts: Sequence[float]) -> tuple[Integers, Sample, Integers]:
    """
    Split the follow-up of every patient at given times.

    Parameters
    ----------
    sample : Sample
        Checked sample.
    cuts : sequence of float
        Increasing times in days, above 0.

    Returns
    -------
    row : ndarray of int
        Patient of every new row.
    sample : Sample
        Rows in counting-process form; an event at a cut belongs to the period that ends there.
    period : ndarray of int
        Period of every new row, 0 before the first cut.

    Raises
    ------
    ValueError
        When the cuts are not increasing and positive.

    Examples
    --------
    >>> split_follow_up(make_sample([5.0], [1]), [2.0])[1].time
    array([2., 5.])
    """
    edges = np.concatenate([[-np.inf], np.asarray(cuts, dtype=np.float64), [np.inf]])
    if np.any(np.diff(edges) <= 0) or (edges.size > 2 and edges[1] <= 0):
        raise ValueError("cuts must be positive and increasing")
    start = np.maximum(sample.entry[:, None], edges[:-1])
    stop = np.minimum(sample.time[:, None], edges[1:])
    row, period = np.nonzero(start < stop)
    ends = stop[row, period] == sample.time[row]
    new = Sample(
        stop[row, period], sample.event[row] & ends, start[row, period], sample.weight[row]
    )
    return row.astype(np.int64), new, period.astype(np.int64)


@dataclass(frozen=True)
class PeriodEffect:
    """
    Hazard ratio of a covariate within one period of follow-up.

    Parameters
    ----------
    name : str
        Covariate.
    start, stop : float
        Period in days; ``stop`` is infinite for the last.
    coef, std_error : float
        Log hazard ratio; NaN with the reason in ``note``.
    n, n_events : int
        Patients under observation in the period, and events in it.
    note : str
        Why there is no estimate.
    """

    name: str
    start: float
    stop: float
    coef: float
    std_error: float
    n: int
    n_events: int
    note: str = ""


def period_effects(
    x: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    cuts: Sequence[float],
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    *,
    names: Sequence[str] | None = None,
) -> tuple[list[PeriodEffect], tuple[float, int, float]]:
    """
    Hazard ratios by period of follow-up, for when hazards are not proportional.

    Estimand: log hazard ratio of every covariate within each period.

    Parameters
    ----------
    x, time, event : array_like
        As in ``fit_cox``.
    cuts : sequence of float
        Times in days at which effects may change.
    entry, strata, names : optional
        As in ``fit_cox``.

    Returns
    -------
    effects : list of PeriodEffect
        By covariate and period. Periods don't share coefficients, so one without events or under
        separation spoils no other.
    test : (float, int, float)
        Likelihood ratio, degrees of freedom and P value against constant effects.
    """
    sample = make_sample(time, event, entry)
    given = read_covariates(x, sample.n)
    label = tuple(names) if names is not None else tuple(f"x{i + 1}" for i in range(given.shape[1]))
    number, _ = codes(strata, sample.n)
    whole = fit_cox(given, sample.time, sample.event, sample.entry, number, names=label)
    row, split, period = split_follow_up(sample, cuts)
    edges = [0.0, *(float(c) for c in cuts), float("inf")]
    out: list[PeriodEffect] = []
    gain, df = 0.0, 0
    for k in range(len(edges) - 1):
        rows: Bools = period == k
        part: dict[str, Any] = {"names": label}
        fit = _fit_rows(given[row[rows]], split.take(rows), number[row[rows]], part)
        gain, df = (gain + fit.lrt, df + fit.df) if not fit.note else (gain, df)
        for j, name in enumerate(label):
            note = fit.note or ("does not vary" if fit.aliased[j] else "")
            out.append(
                PeriodEffect(name, edges[k], edges[k + 1], float(fit.coef[j]),
                             float(fit.std_error[j]), int(rows.sum()), fit.n_events, note)
            )  # fmt: skip
    return sorted(out, key=lambda e: label.index(e.name)), _period_test(whole, gain, df, out)


def _fit_rows(x: Floats, sample: Sample, stratum: Integers, options: dict[str, Any]) -> CoxFit:
    return fit_cox(
        x, sample.time, sample.event, sample.entry, stratum, sample.weight, **options
    )  # fmt: skip


def _period_test(
    whole: CoxFit, gain: float, df: int, effects: list[PeriodEffect]
) -> tuple[float, int, float]:
    broken = any(e.note not in ("", NO_EVENTS, "does not vary") for e in effects)
    extra = df - whole.df
    if whole.note or broken or extra <= 0:
        return float("nan"), max(extra, 0), float("nan")
    lrt = max(0.0, gain - whole.lrt)
    return lrt, extra, chi2_tail(lrt, extra)
