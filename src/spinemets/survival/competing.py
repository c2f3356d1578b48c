"""Cumulative incidence with competing events: Aalen-Johansen, exact in ties, with its error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from spinemets.survival.kaplan_meier import Estimate, limits
from spinemets.survival.sample import Floats, Integers, Sample, at_risk, floats, make_sample


@dataclass(frozen=True)
class CompetingSample:
    """
    Times with a cause: 0 censored, 1, 2, ... the declared causes.

    Parameters
    ----------
    sample : Sample
        Times; ``event`` is any cause.
    cause : ndarray of int of shape (n,)
        Number of the cause, 0 for censored.
    causes : tuple of str
        Names of the causes 1, 2, ...
    """

    sample: Sample
    cause: Integers
    causes: tuple[str, ...]


def make_competing(
    time: ArrayLike,
    cause: ArrayLike,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    causes: Sequence[str] | None = None,
) -> CompetingSample:
    """
    Check times and causes.

    Parameters
    ----------
    time : array_like of shape (n,)
        Days to the first event or end of observation.
    cause : array_like of shape (n,)
        0 for censored, 1, 2, ... for the causes.
    entry, weights : array_like of shape (n,), optional
        As in ``make_sample``.
    causes : sequence of str, optional
        Names of the declared causes 1, 2, ...; the causes that occur when left out.

    Returns
    -------
    CompetingSample
        Checked sample.

    Raises
    ------
    ValueError
        When a cause is missing, not a whole number or not declared, or the sample is impossible.

    Examples
    --------
    >>> make_competing([1, 2], [1, 3], causes=["local failure", "death"])
    Traceback (most recent call last):
        ...
    ValueError: 1 row(s) with a competing event that is not declared
    """
    code = floats(cause)
    bad = ~np.isfinite(code) | (code != np.floor(code)) | (code < 0)
    if bad.any():
        raise ValueError(f"{int(bad.sum())} row(s) without a cause of 0, 1, 2, ...")
    number = code.astype(np.int64)
    top = int(number.max()) if number.size else 0
    names = tuple(causes) if causes is not None else tuple(str(i + 1) for i in range(top))
    if top > len(names):
        many = int((number > len(names)).sum())
        raise ValueError(f"{many} row(s) with a competing event that is not declared")
    sample = make_sample(time, number > 0, entry, weights)
    return CompetingSample(sample, number, names)


@dataclass(frozen=True)
class CumulativeIncidence:
    """
    Aalen-Johansen estimate at the distinct times of a sample.

    Parameters
    ----------
    time : ndarray of shape (m,)
        Distinct event and censoring times in days.
    survival, survival_error : ndarray of shape (m,)
        Probability of no event of any cause, and its standard error.
    incidence, std_error, lower, upper : ndarray of shape (m, k)
        Cumulative incidence of every cause, standard error (infinitesimal jackknife) and 95 %
        interval on the logarithmic scale as R prints it; NaN before the first event of the cause.
    at_risk : ndarray of shape (m,)
        Number at risk just before the time.
    events : ndarray of shape (m, k)
        Events of every cause at the time.
    causes : tuple of str
        Names of the causes.
    n : int
        Patients.
    """

    time: Floats
    survival: Floats
    survival_error: Floats
    incidence: Floats
    std_error: Floats
    lower: Floats
    upper: Floats
    at_risk: Floats
    events: Floats
    causes: tuple[str, ...]
    n: int

    def at(self, days: float, cause: int = 1) -> Estimate:
        """
        Cumulative incidence of a cause by a time.

        Parameters
        ----------
        days : float
            Time in days.
        cause : int
            Number of the cause, from 1.

        Returns
        -------
        Estimate
            Probability with a 95 % interval on the log(-log) scale, which stays within 0 and 1;
            NaN with the reason past the end of observation, unless everybody had had an event.

        Examples
        --------
        >>> aalen_johansen([1, 2, 3, 4], [1, 2, 0, 1]).at(2).value
        0.25
        """
        if self.n == 0:
            return Estimate(np.nan, note="no patients")
        if days > self.time[-1] and self.survival[-1] > 0:
            return Estimate(np.nan, note="follow-up ends before this time")
        i = int(np.searchsorted(self.time, days, side="right")) - 1
        value = 0.0 if i < 0 else float(self.incidence[i, cause - 1])
        error = 0.0 if i < 0 else float(self.std_error[i, cause - 1])
        # A sum of steps that ends a rounding below 1 would get an interval of width zero.
        value = 1.0 if value > 1.0 - 1e-12 else value
        if not 0.0 < value < 1.0:
            note = "no events by this time: no interval" if value == 0 else "no interval at 1"
            return Estimate(value, std_error=error, note=note)
        low, high = limits(np.array([value]), np.array([error / value]), "log-log")
        return Estimate(value, float(low[0]), float(high[0]), error)


def aalen_johansen(
    time: ArrayLike,
    cause: ArrayLike,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    causes: Sequence[str] | None = None,
) -> CumulativeIncidence:
    """
    Cumulative incidence of every cause.

    Estimand: the probability of having had the cause by t, the other causes acting as they do.

    Parameters
    ----------
    time, cause, entry, weights, causes
        As in ``make_competing``; delayed entry is handled.

    Returns
    -------
    CumulativeIncidence
        Estimates at every distinct time.

    Raises
    ------
    ValueError
        When the sample is impossible or a cause not declared.

    Notes
    -----
    ``lifelines.AalenJohansenFitter`` moves tied times by random amounts; this one doesn't.

    References
    ----------
    Aalen, Johansen 1978, Scand J Stat 5:141-150.

    Examples
    --------
    >>> aalen_johansen([1, 2, 3, 4], [1, 2, 0, 1]).incidence[:, 0]
    array([0.25, 0.25, 0.25, 0.75])
    """
    given = make_competing(time, cause, entry, weights, causes=causes)
    sample, k = given.sample, len(given.causes)
    when, place = np.unique(sample.time, return_inverse=True)
    events = np.zeros((when.size, k + 1))
    np.add.at(events, (place, given.cause), sample.weight)
    n, d = at_risk(sample, when), events[:, 1:].sum(axis=1)
    left = n - d
    left[left < 1e-12 * np.maximum(n, 1.0)] = 0.0
    share = np.divide(left, n, out=np.ones_like(n), where=n > 0)
    survival = np.cumprod(share)
    before = np.concatenate([[1.0], survival[:-1]])
    jump = np.divide(events[:, 1:], n[:, None], out=np.zeros((n.size, k)), where=n[:, None] > 0)
    incidence = np.cumsum(before[:, None] * jump, axis=0)
    influence = _Influence(sample, when, place, n, d, left)
    error = np.zeros_like(incidence)
    for j in range(k):
        error[:, j] = influence.error(before, jump[:, j], given.cause == j + 1)
    # The influence on "no event" is minus the influence on "any event".
    survival_error = influence.error(before, jump.sum(axis=1), given.cause > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(incidence > 0, error / incidence, np.nan)
    lower, upper = limits(incidence, relative, "log")
    return CumulativeIncidence(
        when, survival, survival_error, incidence, error, lower, upper, n, events[:, 1:],
        given.causes, sample.n,
    )  # fmt: skip


class _Influence:
    """
    Influence of every patient on a cumulative incidence F, squared and summed at all times.

    Up to the exit T of a patient who entered at e, the influence is
    C(t) - C(e) - (B(t) - B(e)) - A(e) (F(t) - F(e)), with A the sum of d / (n (n - d)), B the sum
    of dF / n and C the sum of A(s-) dF(s). After T it grows by c (F(t) - F(T)) with
    c = A(T) - A(e) - [event] / (n - d) at T. Squares are expanded in F(t), so that running sums
    over patients by exit and by entry give all times at once.
    """

    def __init__(
        self, sample: Sample, when: Floats, place: Integers, n: Floats, d: Floats, left: Floats
    ) -> None:
        self.sample, self.place, self.n = sample, place, n
        hazard = np.divide(d, n * left, out=np.zeros_like(n), where=left > 0)
        self.a = np.cumsum(hazard)
        self.inverse_left = np.divide(1.0, left, out=np.zeros_like(n), where=left > 0)
        # Last distinct time not after the entry; -1 for those observed from time zero.
        self.begin = np.searchsorted(when, sample.entry, side="right") - 1

    def error(
        self, before: Floats, jump: Floats, own: np.ndarray[tuple[int], np.dtype[np.bool_]]
    ) -> Floats:
        """Standard error of the cumulative incidence with the given jumps, at all times."""
        place, begin, w = self.place, self.begin, self.sample.weight
        step = before * jump
        f, b = (
            np.cumsum(step),
            np.cumsum(np.divide(step, self.n, out=np.zeros_like(step), where=self.n > 0)),
        )
        c = np.cumsum(np.concatenate([[0.0], self.a[:-1]]) * step)

        def at(values: Floats, index: Integers) -> Floats:
            return np.where(index >= 0, values[np.maximum(index, 0)], 0.0)

        a_e, f_e = at(self.a, begin), at(f, begin)
        offset = at(b, begin) - at(c, begin) + a_e * f_e
        q = c - b
        at_exit = q[place] + offset - a_e * f[place]
        at_exit = at_exit + own * before[place] / np.where(self.n[place] > 0, self.n[place], 1.0)
        grow = self.a[place] - a_e - self.sample.event * self.inverse_left[place]
        fixed = at_exit - grow * f[place]

        def running(values: Floats, index: Integers) -> Floats:
            return np.cumsum(np.bincount(index, values, minlength=f.size))

        w2 = w**2
        out = running(w2 * fixed**2, place) + 2 * f * running(w2 * fixed * grow, place)
        out += f**2 * running(w2 * grow**2, place)
        # Still at risk: q(t) + offset - A(e) F(t); entered by t and not yet gone.
        index = np.maximum(begin + 1, 0)
        moments = [np.ones_like(w), offset, a_e, offset**2, offset * a_e, a_e**2]
        inside = []
        for m in moments:
            entered = np.cumsum(np.bincount(index, w2 * m, minlength=f.size + 1))[: f.size]
            inside.append(entered - running(w2 * m, place))
        one, o, a, oo, oa, aa = inside
        out += one * q**2 + 2 * q * o + oo - 2 * f * (q * a + oa) + f**2 * aa
        return np.sqrt(np.maximum(out, 0.0))
