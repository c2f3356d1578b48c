"""Risk sets of a subdistribution hazard: who is still at risk of a cause, and with what weight."""

from __future__ import annotations

import numpy as np

from spinemets.survival.kaplan_meier import fit as fit_kaplan_meier
from spinemets.survival.sample import Bools, Floats, Integers, Sample

CENSORING = ("cmprsk", "survival")


class SubdistributionSets:
    """
    Patients under observation, and those lost to another cause with a weight.

    A patient with another cause at T stays at risk at t > T with weight W(t) / W(T). W is G(t-),
    the Kaplan-Meier estimate of not being censored, times H(t-), that of having entered, when
    entry is delayed (Geskus).

    Parameters
    ----------
    sample : Sample
        Times; one stratum.
    cause : ndarray of int of shape (n,)
        Cause, 0 for censored.
    of : int
        Cause that is modelled.
    x : ndarray of shape (n, p)
        Covariates, best centred and scaled.
    censoring : {"cmprsk", "survival"}
        Whether those with an event count as at risk of a censoring on the same day (``cmprsk``)
        or are gone by then (``survival::finegray``).
    """

    def __init__(
        self, sample: Sample, cause: Integers, of: int, x: Floats, censoring: str = "cmprsk"
    ) -> None:
        order = np.argsort(sample.time, kind="stable")
        self.order = order
        self.time, self.entry, self.x = sample.time[order], sample.entry[order], x[order]
        self.mine: Bools = cause[order] == of
        self.other: Bools = (cause[order] > 0) & ~self.mine
        self.censored: Bools = cause[order] == 0
        self.weights_estimated = censoring == "cmprsk"
        self.when, tied = np.unique(self.time[self.mine], return_counts=True)
        self.tied = tied.astype(np.float64)
        at = np.concatenate([self.when, self.time])
        w = _not_censored(sample, cause == 0, at, gone=not self.weights_estimated)
        if sample.delayed:
            w = w * _entered(sample, at)
        self.g_event, own = w[: self.when.size], w[self.when.size :]
        self.g_own = np.where(self.other, own, 1.0)
        self.first = np.searchsorted(self.time, self.when, side="left")
        self.late = np.argsort(self.entry, kind="stable")
        entries = self.entry[self.late]
        self.not_yet = np.searchsorted(entries, self.when, side="left")

    def sums(self, values: Floats) -> Floats:
        """
        Weighted sum over the risk set of every event time.

        Parameters
        ----------
        values : ndarray of shape (n, q)
            Quantity of every patient, in the order of ``time``.

        Returns
        -------
        ndarray of shape (m, q)
            Sums.
        """
        zero = np.zeros((1, values.shape[1]))
        after = np.concatenate([np.cumsum(values[::-1], axis=0)[::-1], zero])
        lost = np.where(self.other, 1.0 / self.g_own, 0.0)
        before = np.concatenate([zero, np.cumsum(values * lost[:, None], axis=0)])
        out = after[self.first] + self.g_event[:, None] * before[self.first]
        if np.isfinite(self.entry).any():
            coming = np.concatenate([np.cumsum(values[self.late][::-1], axis=0)[::-1], zero])
            out = out - coming[self.not_yet]
        return np.asarray(out)

    def moments(self, beta: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """
        Relative risks, and denominator, mean and covariance at every event time.

        Parameters
        ----------
        beta : ndarray of shape (p,)
            Coefficients.

        Returns
        -------
        risk, size, mean, covariance : ndarray
            Of shapes (n,), (m,), (m, p) and (m, p, p).
        """
        p = self.x.shape[1]
        risk = np.exp(self.x @ beta)
        rows, cols = np.triu_indices(p)
        stack = np.column_stack([np.ones(risk.size), self.x, self.x[:, rows] * self.x[:, cols]])
        total = self.sums(risk[:, None] * stack)
        # Far out a risk set can sum to 0; what follows is NaN and the step is shortened.
        with np.errstate(divide="ignore", invalid="ignore"):
            size = total[:, 0]
            mean = total[:, 1 : p + 1] / size[:, None]
            second = np.empty((size.size, p, p))
            second[:, rows, cols] = total[:, p + 1 :] / size[:, None]
        second[:, cols, rows] = second[:, rows, cols]
        return risk, size, mean, second - mean[:, :, None] * mean[:, None, :]

    def derivatives(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """
        Log pseudo-likelihood (Breslow), gradient and information.

        Parameters
        ----------
        beta : ndarray of shape (p,)
            Coefficients.

        Returns
        -------
        value : float
            Log pseudo-likelihood.
        gradient, information : ndarray
            Of shapes (p,) and (p, p).
        """
        _, size, mean, covariance = self.moments(beta)
        x = self.x[self.mine]
        with np.errstate(divide="ignore", invalid="ignore"):
            value = float((x @ beta).sum() - self.tied @ np.log(size))
        gradient = x.sum(axis=0) - self.tied @ mean
        return value, gradient, np.einsum("m,mij->ij", self.tied, covariance)

    def influence(self, beta: Floats) -> Floats:
        """
        Score contribution of every patient, with that of the estimated censoring weights.

        Parameters
        ----------
        beta : ndarray of shape (p,)
            Coefficients.

        Returns
        -------
        ndarray of shape (n, p)
            Contributions in the order of ``time``; their sum is the gradient. With
            ``survival`` the weights are taken as known, as its robust variance does.
        """
        risk, size, mean, _ = self.moments(beta)
        p = self.x.shape[1]
        jump = self.tied / size
        h = np.concatenate([[0.0], np.cumsum(jump)])
        xh = np.concatenate([np.zeros((1, p)), np.cumsum(jump[:, None] * mean, axis=0)])
        gh = np.concatenate([[0.0], np.cumsum(self.g_event * jump)])
        gxh = np.concatenate(
            [np.zeros((1, p)), np.cumsum((self.g_event * jump)[:, None] * mean, axis=0)]
        )
        seen = np.searchsorted(self.when, self.time, side="right")
        begin = np.searchsorted(self.when, self.entry, side="right")
        eta = -risk[:, None] * (self.x * (h[seen] - h[begin])[:, None] - xh[seen] + xh[begin])
        later, later_x = gh[-1] - gh[seen], gxh[-1] - gxh[seen]
        lost = np.where(self.other, risk / self.g_own, 0.0)
        eta -= lost[:, None] * (self.x * later[:, None] - later_x)
        eta[self.mine] += (self.x - mean[np.maximum(seen - 1, 0)])[self.mine]
        if self.weights_estimated:
            eta = eta + self._of_weights(lost, (gh, gxh))
        return np.asarray(eta)

    def _of_weights(self, lost: Floats, later: tuple[Floats, Floats]) -> Floats:
        """Martingale of censoring, integrated against the effect of G on the score."""
        n, p = self.x.shape
        gone, place = np.unique(self.time[self.censored], return_inverse=True)
        if not gone.size:
            return np.zeros((n, p))
        before = np.searchsorted(self.time, gone, side="left")
        zero = np.zeros((1, p))
        p0 = np.concatenate([[0.0], np.cumsum(lost)])[before]
        p1 = np.concatenate([zero, np.cumsum(lost[:, None] * self.x, axis=0)])[before]
        start = np.searchsorted(self.when, gone, side="left")
        gh, gxh = later
        q = p1 * (gh[-1] - gh[start])[:, None] - p0[:, None] * (gxh[-1] - gxh[start])
        at_risk = (n - before).astype(np.float64)
        number = np.bincount(place, minlength=gone.size)
        drift = np.cumsum(q * (number / at_risk**2)[:, None], axis=0)
        total = np.concatenate([zero, drift])
        psi = -total[np.searchsorted(gone, self.time, side="right")]
        psi[self.censored] += (q / at_risk[:, None])[place]
        return psi


def _not_censored(sample: Sample, censored: Bools, at: Floats, *, gone: bool) -> Floats:
    """Kaplan-Meier of not being censored, just before each time."""
    km = fit_kaplan_meier(Sample(sample.time, censored, sample.entry, sample.weight))
    # In ``km`` the events of interest are what is "censored".
    risk = km.at_risk - km.censored if gone else km.at_risk
    step = 1.0 - np.divide(km.events, risk, out=np.zeros_like(risk), where=risk > 0)
    steps = np.concatenate([[1.0], np.cumprod(step)])
    return np.asarray(steps[np.searchsorted(km.time, at, side="left")])


def _entered(sample: Sample, at: Floats) -> Floats:
    """Probability of having entered before each time: a Kaplan-Meier in reversed time."""
    late = np.isfinite(sample.entry)
    when, many = np.unique(sample.entry[late], return_counts=True)
    inside = np.array([((sample.entry <= e) & (sample.time > e)).sum() for e in when])
    steps = np.concatenate([np.cumprod((1.0 - many / inside)[::-1])[::-1], [1.0]])
    return np.asarray(steps[np.searchsorted(when, at, side="left")])
