"""Smoothers behind the calibration curve; each gives a curve, a pointwise band and draws."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from spinemets.performance._arrays import FloatArray
from spinemets.performance._checks import cloglog
from spinemets.performance._cox import CoxFit, fit_cox
from spinemets.performance._estimate import Z95
from spinemets.performance._km import FollowUp, kaplan_meier_at, pseudo_values
from spinemets.performance.loess import operators
from spinemets.performance.splines import place_knots, spline_basis

#: Local regression is computed at the distinct risks, or at about this many points among more.
_NODES = 200
_SPAN = 0.75
LOG_OF_ZERO = "a risk of 0 or 1 has no log hazard: use loess or levels"


def _none() -> FloatArray:
    return np.empty(0)


class Smoother(Protocol):
    """What `calibration_curve` asks of a smoother; ``at`` are predicted risks."""

    knots: FloatArray
    coef: FloatArray

    def curve(self, at: FloatArray) -> FloatArray:
        """Observed risk."""

    def band(self, at: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Pointwise 95 % limits."""

    def draw(self, at: FloatArray, size: int, random: np.random.Generator) -> FloatArray:
        """Curves drawn from the estimated distribution, shape (size, at)."""


@dataclass
class CoxSmoother:
    """Cox model with a spline of the complementary log-log risk."""

    fit: CoxFit
    last: int
    knots: FloatArray
    coef: FloatArray

    def _basis(self, at: FloatArray) -> FloatArray:
        return spline_basis(cloglog(at), self.knots)

    def curve(self, at: FloatArray) -> FloatArray:
        """Observed risk."""
        return self.fit.risk(self._basis(at), self.last)

    def band(self, at: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Limits on the log hazard scale."""
        table = self._basis(at)
        centre = np.log(self.fit.cumulative(self.last)[0]) + self.fit.linear(table)
        half = Z95 * self.fit.log_hazard_error(table, self.last)
        low, high = (np.exp(np.minimum(centre + sign * half, 700.0)) for sign in (-1.0, 1.0))
        return -np.expm1(-low), -np.expm1(-high)

    def draw(self, at: FloatArray, size: int, random: np.random.Generator) -> FloatArray:
        """Baseline and coefficients drawn together."""
        base, coef = self.fit.draw(self.last, size, random)
        eta = coef @ (self._basis(at) - self.fit.centre).T + base[:, np.newaxis]
        return np.asarray(-np.expm1(-np.exp(np.minimum(eta, 700.0))))


def cox_smoother(
    follow_up: FollowUp, risk: FloatArray, horizon: float, knots_wanted: int, truncate: bool
) -> CoxSmoother | str:
    """Fit, or say why it can't be done; no knots wanted means one straight line."""
    x = cloglog(risk)
    if not bool(np.all(np.isfinite(x))):
        return LOG_OF_ZERO
    knots = place_knots(x, knots_wanted) if knots_wanted else _none()
    used = follow_up.truncate(horizon) if truncate else follow_up
    fit = fit_cox(used, spline_basis(x, knots))
    return fit.reason or CoxSmoother(fit, used.until(horizon), knots, fit.coef)


@dataclass
class LoessSmoother:
    """Local regression of pseudo-values, exact at the nodes and straight between them."""

    nodes: FloatArray
    fitted: FloatArray
    noise: FloatArray  # node x distinct risk: weight times spread of the mean pseudo-value
    knots: FloatArray = field(default_factory=_none)
    coef: FloatArray = field(default_factory=_none)

    def curve(self, at: FloatArray) -> FloatArray:
        """Observed risk; may leave the range 0 to 1."""
        return np.asarray(np.interp(at, self.nodes, self.fitted))

    def band(self, at: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Sandwich limits, kept between 0 and 1."""
        error = np.interp(at, self.nodes, np.sqrt((self.noise**2).sum(axis=1)))
        fitted = self.curve(at)
        return np.clip(fitted - Z95 * error, 0, 1), np.clip(fitted + Z95 * error, 0, 1)

    def draw(self, at: FloatArray, size: int, random: np.random.Generator) -> FloatArray:
        """Residuals multiplied by normal numbers move the whole curve (wild bootstrap)."""
        normal = random.standard_normal((size, self.noise.shape[1]))
        at_nodes = self.fitted + normal @ self.noise.T
        return np.stack([np.interp(at, self.nodes, row) for row in at_nodes])


def loess_smoother(
    follow_up: FollowUp, risk: FloatArray, horizon: float, degree: int
) -> LoessSmoother | str:
    """Fit, or say why it can't be done."""
    if follow_up.n < degree + 2:
        return "too few patients for local regression"
    pseudo = pseudo_values(follow_up, horizon)
    values, place, counts = np.unique(risk, return_inverse=True, return_counts=True)
    nodes = values
    if values.size > _NODES:
        spread = np.quantile(values, np.linspace(0, 1, _NODES // 2))
        nodes = np.union1d(spread, np.linspace(values[0], values[-1], _NODES // 2))
    weights = np.stack(list(operators(values, counts, nodes, _SPAN, degree)))
    fitted = weights @ (np.bincount(place, weights=pseudo) / counts)
    residual = pseudo - np.interp(risk, nodes, fitted)
    spread = np.sqrt(np.bincount(place, weights=residual**2)) / counts
    return LoessSmoother(nodes, fitted, weights * spread)


@dataclass
class LevelSmoother:
    """Kaplan-Meier within each distinct risk."""

    values: FloatArray
    observed: FloatArray
    error: FloatArray
    lower: FloatArray
    upper: FloatArray
    knots: FloatArray = field(default_factory=_none)
    coef: FloatArray = field(default_factory=_none)

    def curve(self, at: FloatArray) -> FloatArray:
        """Observed risk."""
        return self.observed[np.searchsorted(self.values, at)]

    def band(self, at: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Log-log limits of Kaplan-Meier."""
        place = np.searchsorted(self.values, at)
        return self.lower[place], self.upper[place]

    def draw(self, at: FloatArray, size: int, random: np.random.Generator) -> FloatArray:
        """Independent levels."""
        sample = self.observed + self.error * random.standard_normal((size, self.values.size))
        return np.asarray(sample[:, np.searchsorted(self.values, at)])


def level_smoother(follow_up: FollowUp, risk: FloatArray, horizon: float) -> LevelSmoother | str:
    """Estimate every level, or say why it can't be done."""
    values = np.unique(risk)
    groups = [kaplan_meier_at(follow_up, horizon, risk == value) for value in values]
    if any(group.reason for group in groups):
        return "follow-up of the patients with one of the risks ends before the horizon"
    return LevelSmoother(
        values,
        np.array([1.0 - group.value for group in groups]),
        np.array([group.std_error for group in groups]),
        np.array([1.0 - group.upper for group in groups]),
        np.array([1.0 - group.lower for group in groups]),
    )
