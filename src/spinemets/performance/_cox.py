"""A small Cox model for calibration: Efron's ties in the coefficients and in the baseline.

lifelines fits Efron's likelihood but returns a Breslow baseline and is slow on the many small fits
of resampling; the risks derived here need both to agree.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import BoolArray, FloatArray, IntArray
from spinemets.performance._compile import kernel
from spinemets.performance._km import FollowUp

_STEPS = 40
_HALVINGS = 12
#: Information that has fallen below this share of what it was at zero: the likelihood has no
#: maximum (complete separation).
_FLAT = 1e-7
#: Likewise when linear predictors lie further apart than this.
_WIDEST = 100.0
#: Beyond this squares overflow.
_LARGEST = 1e100
_NO_MAXIMUM = "the likelihood has no maximum (complete separation)"


@dataclass(frozen=True)
class CoxFit:
    """
    Coefficients and the baseline at the mean of the covariates.

    Parameters
    ----------
    coef : FloatArray
        Log hazard ratios per unit of each column.
    covariance : FloatArray
        Inverse of the observed information.
    log_likelihood : float
        Partial log likelihood at the maximum.
    centre : FloatArray
        Column means; the baseline belongs to a patient with these values.
    hazard, variance, drift : FloatArray
        Cumulative baseline hazard at each distinct time, its variance for known coefficients, and
        the integral of the risk-set mean (for the part of the variance due to the coefficients).
    reason : str
        Why the fit failed; empty when it did not.
    """

    coef: FloatArray
    covariance: FloatArray
    log_likelihood: float
    centre: FloatArray
    hazard: FloatArray
    variance: FloatArray
    drift: FloatArray
    reason: str = ""

    def linear(self, table: FloatArray) -> FloatArray:
        """Linear predictor, centred; column by column, so that equal rows are exactly tied."""
        total = np.zeros(table.shape[0])
        for column in range(self.coef.size):
            total += (table[:, column] - self.centre[column]) * self.coef[column]
        return total

    def cumulative(self, last: int) -> tuple[float, float, FloatArray]:
        """Baseline hazard, variance and drift after the first ``last`` distinct times."""
        if last == 0:
            return 0.0, 0.0, np.zeros(self.coef.size)
        return float(self.hazard[last - 1]), float(self.variance[last - 1]), self.drift[last - 1]

    def risk(self, table: FloatArray, last: int) -> FloatArray:
        """Risk ``1 - exp(-H(t))`` after the first ``last`` distinct times."""
        hazard = self.cumulative(last)[0]
        return np.asarray(-np.expm1(-hazard * np.exp(self.linear(table))))

    def log_hazard_error(self, table: FloatArray, last: int) -> FloatArray:
        """Standard error of ``log H(t | x)`` for each row."""
        hazard, variance, drift = self.cumulative(last)
        if hazard <= 0:
            return np.full(table.shape[0], np.nan)
        away = (table - self.centre) - drift / hazard
        spread = np.einsum("ij,jk,ik->i", away, self.covariance, away)
        return np.asarray(np.sqrt(variance / hazard**2 + np.maximum(spread, 0.0)))

    def draw(
        self, last: int, size: int, random: np.random.Generator
    ) -> tuple[FloatArray, FloatArray]:
        """Draws of (log baseline hazard, coefficients) from their normal approximation."""
        hazard, variance, drift = self.cumulative(last)
        p = self.coef.size
        joint = np.empty((p + 1, p + 1))
        joint[1:, 1:] = self.covariance
        joint[0, 1:] = joint[1:, 0] = -(self.covariance @ drift) / hazard
        joint[0, 0] = (variance + drift @ self.covariance @ drift) / hazard**2
        mean = np.concatenate([[np.log(hazard)], self.coef])
        values, vectors = np.linalg.eigh(joint)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        normal = random.standard_normal((size, p + 1))
        sample = mean + normal @ root.T
        return sample[:, 0], sample[:, 1:]


def fit_cox(
    follow_up: FollowUp,
    table: FloatArray,
    weights: npt.ArrayLike | None = None,
) -> CoxFit:
    """
    Maximise Efron's partial likelihood by Newton's method.

    ``table`` has shape (patients, columns) and may have no column, for the likelihood of the null
    model. A model that can't be fitted comes back with NaN coefficients and a reason.
    """
    n, p = table.shape
    if not bool(np.all(np.isfinite(table))):
        return _failed(p, "a covariate isn't finite")
    if not bool(follow_up.event.any()):
        return _failed(p, "no events")
    if bool(np.any(np.abs(table) > _LARGEST)):
        return _failed(p, f"a covariate lies beyond {_LARGEST:g}")
    centre = table.mean(axis=0)
    # Newton runs on orthonormal columns: those of a spline are nearly collinear, and only there
    # does a large coefficient mean a likelihood without a maximum.
    q, r = np.linalg.qr(table - centre)
    scale = np.linalg.norm(table, axis=0) + 1e-300
    if n < p or bool(np.any(np.abs(np.diag(r)) <= 1e-11 * scale)):
        one = "a covariate has one value only" if p == 1 else "the covariates determine each other"
        return _failed(p, one)
    order = np.argsort(follow_up.ranks.rank, kind="stable")
    rank = np.ascontiguousarray(follow_up.ranks.rank[order])
    event = np.ascontiguousarray(follow_up.event[order])
    x = np.ascontiguousarray(q[order] * np.sqrt(n))
    weight = np.ones(n) if weights is None else np.asarray(weights, float)[order]
    beta, value, information, reason = _newton(rank, event, x, weight)
    if reason:
        return _failed(p, reason)
    hazard, variance, drift = _baseline(rank, event, x, weight, beta, follow_up.ranks.values.size)
    back = np.linalg.inv(r) * np.sqrt(n)
    inverse = np.linalg.inv(information) if p else information
    return CoxFit(
        back @ beta,
        back @ inverse @ back.T,
        value,
        centre,
        np.cumsum(hazard),
        np.cumsum(variance),
        np.cumsum(drift, axis=0) @ (r / np.sqrt(n)),
    )


def _failed(p: int, reason: str) -> CoxFit:
    lost = np.full(p, np.nan)
    return CoxFit(
        lost, np.full((p, p), np.nan), np.nan, lost, lost[:0], lost[:0], np.empty((0, p)), reason
    )


def _newton(
    rank: IntArray, event: BoolArray, x: FloatArray, weight: FloatArray
) -> tuple[FloatArray, float, FloatArray, str]:
    beta = np.zeros(x.shape[1])
    value, gradient, information = _efron(rank, event, x, weight, beta)
    if beta.size == 0:
        return beta, value, information, ""
    # Along a direction without a maximum the information fades away as the coefficient grows; where
    # too few are at risk at the events, there is none to begin with.
    least = _FLAT * _smallest(information)
    if not least > 1e-12 * _FLAT * float(np.trace(information)):
        return beta, value, information, "too few patients are at risk at the events"
    done = False
    for _ in range(_STEPS):
        faded = not _smallest(information) > least
        if done or faded or float(np.ptp(x @ beta)) > _WIDEST:
            break
        step = np.asarray(np.linalg.solve(information, gradient), dtype=np.float64)
        done = float(np.max(np.abs(step))) < 1e-13 * (1.0 + float(np.max(np.abs(beta))))
        slack = 1e-13 * (1.0 + abs(value))
        for halving in range(_HALVINGS):
            new = beta + step / 2**halving
            tried, slope, curvature = _efron(rank, event, x, weight, new)
            if np.isfinite(tried + curvature.sum()) and tried >= value - slack:
                beta, value, gradient, information = new, tried, slope, curvature
                break
        else:  # no gain to be had any more: rounding decides
            done = True
    found = done and not faded and float(np.ptp(x @ beta)) <= _WIDEST
    return beta, value, information, "" if found else _NO_MAXIMUM


def _smallest(information: FloatArray) -> float:
    return float(np.linalg.eigvalsh(information)[0])


@kernel
def _add(moments: FloatArray, row: FloatArray, weight: float) -> None:
    """Add ``weight * row row'`` to the lower triangle."""
    for a in range(row.size):
        for b in range(a + 1):
            moments[a, b] += weight * row[a] * row[b]


@kernel
def _terms(
    at_risk: FloatArray,
    dying: FloatArray,
    part: float,
    each: float,
    gradient: FloatArray,
    information: FloatArray,
) -> float:
    """Subtract one tied event's term; ``[0, 0]``, ``[a, 0]``, ``[a, b]`` are the moments."""
    below = at_risk[0, 0] - part * dying[0, 0]
    for a in range(1, at_risk.shape[0]):
        mean = (at_risk[a, 0] - part * dying[a, 0]) / below
        gradient[a - 1] -= each * mean
        for b in range(1, a + 1):
            other = (at_risk[b, 0] - part * dying[b, 0]) / below
            second = (at_risk[a, b] - part * dying[a, b]) / below
            information[a - 1, b - 1] += each * (second - mean * other)
            if a != b:
                information[b - 1, a - 1] = information[a - 1, b - 1]
    return float(each * np.log(below))


@kernel
def _efron(
    rank: IntArray,
    event: BoolArray,
    x: FloatArray,
    weight: FloatArray,
    beta: FloatArray,
) -> tuple[float, FloatArray, FloatArray]:
    """Log likelihood, gradient and information; patients sorted by time."""
    p = beta.size
    value = 0.0
    gradient = np.zeros(p)
    information = np.zeros((p, p))
    at_risk = np.zeros((p + 1, p + 1))
    dying = np.zeros((p + 1, p + 1))
    row = np.ones(p + 1)
    i = rank.size
    while i > 0:
        now = rank[i - 1]
        dead = 0
        mass = 0.0
        dying[:] = 0.0
        while i > 0 and rank[i - 1] == now:
            i -= 1
            row[1:] = x[i]
            eta = np.sum(x[i] * beta)
            hazard = weight[i] * np.exp(eta)
            _add(at_risk, row, hazard)
            if event[i] and weight[i] > 0:
                _add(dying, row, hazard)
                dead += 1
                mass += weight[i]
                value += weight[i] * eta
                gradient += weight[i] * x[i]
        for j in range(dead):
            value -= _terms(at_risk, dying, j / dead, mass / dead, gradient, information)
    return value, gradient, information


@kernel
def _baseline(
    rank: IntArray,
    event: BoolArray,
    x: FloatArray,
    weight: FloatArray,
    beta: FloatArray,
    distinct: int,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Steps of Efron's cumulative hazard, its variance and its drift at each distinct time."""
    p = beta.size
    hazard = np.zeros(distinct)
    variance = np.zeros(distinct)
    drift = np.zeros((distinct, p))
    at_risk = np.zeros(p + 1)
    dying = np.zeros(p + 1)
    i = rank.size
    while i > 0:
        now = rank[i - 1]
        dead = 0
        mass = 0.0
        dying[:] = 0.0
        while i > 0 and rank[i - 1] == now:
            i -= 1
            ratio = weight[i] * np.exp(np.sum(x[i] * beta))
            at_risk[0] += ratio
            at_risk[1:] += ratio * x[i]
            if event[i] and weight[i] > 0:
                dying[0] += ratio
                dying[1:] += ratio * x[i]
                dead += 1
                mass += weight[i]
        for j in range(dead):
            left = at_risk - j / dead * dying
            hazard[now] += mass / dead / left[0]
            variance[now] += mass / dead / left[0] ** 2
            drift[now] += mass / dead * left[1:] / left[0] ** 2
    return hazard, variance, drift
