"""Populations whose true C, AUC(t), O:E, Brier score and mean differences are known exactly.

Scores have few levels and times are whole days, so every probability is a finite sum: no truth here
is itself estimated by the code that it judges.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit

__all__ = ["Cohort", "Scores", "Treated", "hazard_ratio_cohort"]

LEVELS = 8
MEDIAN_DAYS = 200.0


@dataclass(frozen=True)
class Cohort:
    """A sample: whole days of follow-up, deaths, and one column per score."""

    time: np.ndarray
    event: np.ndarray
    scores: np.ndarray


@dataclass
class Scores:
    """
    Two correlated integer scores 0-7 that matter by ``slopes``, and uniform censoring.

    Survival is exponential given both scores, counted in whole days; a patient leaves on a day that
    is uniform between 1 and ``last``, chosen so that ``censored`` of all leave alive.
    """

    slopes: tuple[float, float]
    censored: float = 0.4
    joint: np.ndarray = field(init=False)
    rate: np.ndarray = field(init=False)
    last: int = field(init=False)

    def __post_init__(self) -> None:
        level = np.arange(LEVELS) - (LEVELS - 1) / 2
        near = np.exp(-((level[:, None] - level[None, :]) ** 2) / 6.0)
        self.joint = near / near.sum()
        risk = np.exp(self.slopes[0] * level[:, None] + self.slopes[1] * level[None, :])
        self.rate = np.log(2) / MEDIAN_DAYS * risk
        low, high = 10, 100_000
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._alive(middle) > self.censored else (low, middle)
        self.last = high

    def _alive(self, last: int) -> float:
        """Share that leaves alive when leaving is uniform on 1 .. last."""
        days = np.arange(1, last + 1)
        return float(self.survival(days).mean())

    def survival(self, days: np.ndarray) -> np.ndarray:
        """Share of all patients alive after these days."""
        flat = self.joint.ravel() @ np.exp(-np.outer(self.rate.ravel(), days))
        return np.asarray(flat)

    def draw(self, n: int, rng: np.random.Generator) -> Cohort:
        """Draw n patients."""
        cell = rng.choice(LEVELS * LEVELS, size=n, p=self.joint.ravel())
        death = np.maximum(np.ceil(rng.exponential(1.0, n) / self.rate.ravel()[cell]), 1.0)
        leaving = rng.integers(1, self.last + 1, n).astype(float)
        scores = np.column_stack([cell // LEVELS, cell % LEVELS])
        return Cohort(np.minimum(death, leaving), death <= leaving, scores)

    def _by_level(self, which: int, days: np.ndarray) -> np.ndarray:
        """P(level, alive after the day), of shape (levels, days)."""
        cells = self.joint[:, :, None] * np.exp(-self.rate[:, :, None] * days)
        return np.asarray(cells.sum(axis=1 - which))

    def concordance(self, which: int, *, uno: bool) -> float:
        """Limit of Harrell's C under this censoring, or of Uno's (free of censoring)."""
        days = np.arange(0, self.last + 1)
        alive = self._by_level(which, days)
        dies = alive[:, :-1] - alive[:, 1:]
        later = alive[:, 1:]
        # A death on day d is seen, and the other still watched, when both leave on d or later.
        seen = 1.0 if uno else ((self.last - days[1:] + 1) / self.last) ** 2
        lower = np.cumsum(later, axis=0) - later
        credit = (dies * (lower + later / 2)).sum(axis=0)
        pairs = dies.sum(axis=0) * later.sum(axis=0)
        return float((seen * credit).sum() / (seen * pairs).sum())

    def auc(self, which: int, horizon: float) -> float:
        """Cumulative/dynamic AUC at the horizon."""
        later = self._by_level(which, np.array([horizon]))[:, 0]
        dead = self._by_level(which, np.array([0]))[:, 0] - later
        lower = np.cumsum(later) - later
        return float((dead * (lower + later / 2)).sum() / (dead.sum() * later.sum()))

    def risk(self, which: int, horizon: float, *, factor: float = 1.0) -> np.ndarray:
        """Predicted risk of each level: the true risk, on the hazard scale times a factor."""
        later = self._by_level(which, np.array([horizon]))[:, 0]
        everyone = self._by_level(which, np.array([0]))[:, 0]
        return np.asarray(1 - (later / everyone) ** factor)

    def observed_expected(self, which: int, horizon: float, risk: np.ndarray) -> float:
        """True O:E of predicted risks by level."""
        everyone = self._by_level(which, np.array([0]))[:, 0]
        observed = 1 - float(self.survival(np.array([horizon]))[0])
        return observed / float(everyone @ risk)

    def brier(self, which: int, horizon: float, risk: np.ndarray) -> float:
        """True Brier score of predicted risks by level."""
        later = self._by_level(which, np.array([horizon]))[:, 0]
        dead = self._by_level(which, np.array([0]))[:, 0] - later
        return float(dead @ (1 - risk) ** 2 + later @ risk**2)


@dataclass
class Treated:
    """
    A treatment given by indication, whose effect on the mean days lived is known.

    A covariate with five levels makes treatment likelier and death earlier; treatment multiplies
    the hazard by ``hazard_ratio``.
    """

    hazard_ratio: float = 0.7
    tau: int = 365
    last: int = 760

    def __post_init__(self) -> None:
        self.level = np.arange(5) - 2.0
        self.share = np.array([0.15, 0.2, 0.3, 0.2, 0.15])
        self.treated = expit(0.6 * self.level)
        self.rate = np.log(2) / MEDIAN_DAYS * np.exp(0.5 * self.level)

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Covariate, treatment, time and event of n patients."""
        cell = rng.choice(5, size=n, p=self.share)
        treatment = rng.random(n) < self.treated[cell]
        rate = self.rate[cell] * np.where(treatment, self.hazard_ratio, 1.0)
        death = np.maximum(np.ceil(rng.exponential(1.0, n) / rate), 1.0)
        leaving = rng.integers(self.tau + 1, self.last + 1, n).astype(float)
        leaving = np.where(rng.random(n) < 0.35, rng.integers(1, self.tau + 1, n), leaving)
        return self.level[cell], treatment, np.minimum(death, leaving), death <= leaving

    def difference(self, scheme: str) -> float:
        """Restricted mean, untreated less treated, in the weighted population."""
        days = np.arange(self.tau)
        means = [
            np.exp(-np.outer(self.rate * ratio, days)).sum(axis=1)
            for ratio in (1.0, self.hazard_ratio)
        ]
        overlap = self.treated * (1 - self.treated)
        weight = self.share * (overlap if scheme == "overlap" else 1.0)
        return float(weight @ (means[0] - means[1]) / weight.sum())


#: Log hazard ratios of a yes/no item, of a count 0-3 and of a continuous marker.
LOG_RATIOS = np.log([2.0, 1.3, 0.7])


def hazard_ratio_cohort(
    n: int, rng: np.random.Generator, *, stratified: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
    """
    Patients of a Cox model with `LOG_RATIOS`: covariates, time, event, stratum.

    Stratified, four strata have Weibull baselines of other shape and scale, and the stratum is tied
    to the covariates, so that a model without strata would be wrong.
    """
    stratum = rng.integers(0, 4, n)
    lift = stratum / 4 if stratified else 0.0
    x = np.column_stack(
        [rng.random(n) < 0.35 + lift / 3, rng.integers(0, 4, n), rng.normal(size=n) + lift]
    ).astype(float)
    shape = np.array([0.7, 1.0, 1.4, 0.9])[stratum] if stratified else 0.85
    scale = np.array([400.0, 150.0, 250.0, 60.0])[stratum] if stratified else 300.0
    hazard = np.exp(x @ LOG_RATIOS)
    death = np.maximum(np.ceil(scale * (rng.exponential(1.0, n) / hazard) ** (1 / shape)), 1.0)
    leaving = np.ceil(rng.uniform(0.0, 260.0 if stratified else 420.0, n))
    return x, np.minimum(death, leaving), death <= leaving, stratum if stratified else None
