"""
Clinical utility: net benefit of acting on a predicted risk of death, under censoring.

A patient is *test-positive* at a threshold when his predicted risk reaches it. The threshold is
the risk of death at which one would just change the decision (withhold an operation, give one
fraction instead of ten); it says how many wrongly changed decisions one right one is worth. Every
curve names its decision, see `decisions`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from spinemets.performance import _horizon
from spinemets.performance._arrays import FloatArray
from spinemets.performance._checks import check_horizon, check_risk
from spinemets.performance._estimate import Estimate, undefined, wald
from spinemets.performance._km import NO_EVENTS, FollowUp, kaplan_meier_at
from spinemets.performance._net_benefit import KaplanMeierParts, Parts, WeightedParts

if TYPE_CHECKING:
    import pandas as pd

ESTIMATORS: Final = ("kaplan_meier", "ipcw", "ipcw_together")
TREAT_ALL: Final = "treat_all"
TREAT_NONE: Final = "treat_none"
#: Thresholds of the field's decisions where no preset is named.
DEFAULT_THRESHOLDS: Final = tuple(round(0.2 + 0.05 * k, 2) for k in range(13))
#: Risks this near below a threshold count as having reached it: 0.3 is written 0.1 + 0.2 as well.
_ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class DecisionCurve:
    """
    Net benefit of several predictions on the same patients.

    Parameters
    ----------
    names : tuple of str
        Predictions in the order given, then ``treat_all`` and ``treat_none``.
    thresholds : numpy.ndarray, shape (m,)
        Threshold probabilities of the event.
    net_benefit : numpy.ndarray, shape (m, s)
        True positives less weighted false positives, per patient; NaN where undefined.
    covariance : numpy.ndarray, shape (m, s, s)
        Covariance of the predictions' net benefits at each threshold.
    standardised, standardised_error : numpy.ndarray, shape (m, s)
        Net benefit divided by the risk in the cohort (its largest possible value), and its
        standard error.
    positive : numpy.ndarray, shape (m, s)
        Share of patients who reach the threshold.
    reasons : tuple of tuple of str
        Why a net benefit is undefined, or a caveat, per threshold and prediction.
    prevalence : float
        Risk of the event by the horizon in the cohort.
    n, events : int
        Patients, events by the horizon.
    method : str
        Estimator.
    """

    names: tuple[str, ...]
    thresholds: FloatArray
    net_benefit: FloatArray
    covariance: FloatArray
    standardised: FloatArray
    standardised_error: FloatArray
    positive: FloatArray
    reasons: tuple[tuple[str, ...], ...]
    prevalence: float
    n: int
    events: int
    method: str

    def estimate(self, name: str, threshold: float) -> Estimate:
        """
        Net benefit of one prediction at one threshold.

        Parameters
        ----------
        name : str
            One of ``names``.
        threshold : float
            One of ``thresholds``.

        Returns
        -------
        Estimate
            With Wald interval.
        """
        k, j = self._at(threshold), self._of(name)
        return self._wald(
            float(self.net_benefit[k, j]), float(self.covariance[k, j, j]), self.reasons[k][j]
        )

    def standardised_estimate(self, name: str, threshold: float) -> Estimate:
        """
        Net benefit as a share of the largest possible one.

        Parameters
        ----------
        name : str
            One of ``names``.
        threshold : float
            One of ``thresholds``.

        Returns
        -------
        Estimate
            With Wald interval.
        """
        k, j = self._at(threshold), self._of(name)
        variance = float(self.standardised_error[k, j]) ** 2
        return self._wald(float(self.standardised[k, j]), variance, self.reasons[k][j])

    def difference(self, name: str, other: str, threshold: float) -> Estimate:
        """
        Net benefit of one prediction less that of another on the same patients.

        Parameters
        ----------
        name, other : str
            Two of ``names``; ``treat_all`` and ``treat_none`` are allowed.
        threshold : float
            One of ``thresholds``.

        Returns
        -------
        Estimate
            Paired difference with Wald interval. No p-value: the question is which strategy does
            better, not whether the better one is significantly so (Vickers).
        """
        k, i, j = self._at(threshold), self._of(name), self._of(other)
        c = self.covariance[k]
        parts = (self.reasons[k][i], self.reasons[k][j])
        return self._wald(
            float(self.net_benefit[k, i] - self.net_benefit[k, j]),
            float(c[i, i] + c[j, j] - 2 * c[i, j]),
            "; ".join(dict.fromkeys(part for part in parts if part)),
        )

    def share_positive(self, name: str, threshold: float) -> float:
        """
        Share of patients whose risk by one prediction reaches a threshold.

        Parameters
        ----------
        name : str
            One of ``names``.
        threshold : float
            One of ``thresholds``.

        Returns
        -------
        float
            Number of them divided by the number of all patients.
        """
        return float(self.positive[self._at(threshold), self._of(name)])

    def avoided(self, name: str, threshold: float) -> Estimate:
        """
        Decisions changed needlessly under treat-all that the prediction avoids, per 100 patients.

        Parameters
        ----------
        name : str
            One of ``names``.
        threshold : float
            One of ``thresholds``.

        Returns
        -------
        Estimate
            Net reduction, at equal true positives, with Wald interval.
        """
        gain = self.difference(name, TREAT_ALL, threshold)
        unit = 100.0 * (1.0 - threshold) / threshold
        return self._wald(gain.value * unit, (gain.std_error * unit) ** 2, gain.reason)

    def frame(self) -> "pd.DataFrame":
        """
        Curves as a long table.

        Returns
        -------
        pandas.DataFrame
            Columns score, threshold, net_benefit, lower, upper, std_error, standardised,
            standardised_lower, standardised_upper, positive, reason.
        """
        import pandas as pd

        rows = []
        for j, name in enumerate(self.names):
            for k, threshold in enumerate(self.thresholds):
                plain = self.estimate(name, float(threshold))
                scaled = self.standardised_estimate(name, float(threshold))
                rows.append(
                    {
                        "score": name,
                        "threshold": float(threshold),
                        "net_benefit": plain.value,
                        "lower": plain.lower,
                        "upper": plain.upper,
                        "std_error": plain.std_error,
                        "standardised": scaled.value,
                        "standardised_lower": scaled.lower,
                        "standardised_upper": scaled.upper,
                        "positive": float(self.positive[k, j]),
                        "reason": plain.reason,
                    }
                )
        return pd.DataFrame(rows)

    def _wald(self, value: float, variance: float, reason: str) -> Estimate:
        if not np.isfinite(value):
            return undefined(reason, self.n, self.events, self.method)
        error = float(np.sqrt(max(variance, 0.0)))
        return wald(value, error, self.n, self.events, self.method, reason)

    @cached_property
    def _places(self) -> dict[float, int]:
        return {float(threshold): k for k, threshold in enumerate(self.thresholds)}

    def _at(self, threshold: float) -> int:
        place = self._places.get(threshold)
        if place is not None:
            return place
        found = np.flatnonzero(np.abs(self.thresholds - threshold) < _ROUNDING)
        if found.size == 0:
            raise ValueError("threshold: isn't one of the curve's thresholds")
        return int(found[0])

    def _of(self, name: str) -> int:
        if name not in self.names:
            raise ValueError(f"name: must be one of {', '.join(self.names)}")
        return self.names.index(name)


def decision_curve(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    risks: Mapping[str, npt.ArrayLike],
    horizon: float,
    *,
    thresholds: Sequence[float] = DEFAULT_THRESHOLDS,
    estimator: str = "kaplan_meier",
    beyond: str = "undefined",
) -> DecisionCurve:
    """
    Net benefit of predictions, of treating all and of treating none, over threshold probabilities.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    risks : mapping of str to array_like of float, shape (n,)
        Predicted risks at the horizon, per prediction, of the same patients.
    horizon : float
        Horizon in the unit of ``time``.
    thresholds : sequence of float
        Threshold probabilities, between 0 and 1.
    estimator : {"kaplan_meier", "ipcw", "ipcw_together"}
        Kaplan-Meier within the test-positive, or weights 1/G(T-) for events and 1/G(t) for those
        followed beyond the horizon. With ``ipcw`` the dead of a day are no longer at risk of being
        censored on it, as elsewhere here, and treat-all equals Kaplan-Meier; with
        ``ipcw_together`` they are, as in ``survfit(Surv(time, status == 0))`` of R (differences up
        to 2e-4 on whole-day times).

    beyond : {"undefined", "carry"}
        What Kaplan-Meier gives where follow-up of the test-positive ends before the horizon:
        nothing, or the last survival carried forward, as ``dcurves`` does and ``stdca`` doesn't.

    Returns
    -------
    DecisionCurve
        NaN with a reason where follow-up of the test-positive ends before the horizon.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    With pi the share of test-positive patients, S their survival at t and w the odds of the
    threshold, net benefit is ``pi (1 - S) - pi S w``. Positive means risk >= threshold. Agrees with
    ``dcurves`` and ``stdca`` of R. Kaplan-Meier allows censoring that depends on who is
    test-positive; the weights assume that it doesn't.

    Standard errors come from influence functions, estimation of S or G included; the interval
    covers sampling of patients, not of the published rates.

    References
    ----------
    Vickers AJ, Cronin AM, Elkin EB, Gonen M. BMC Med Inform Decis Mak 2008;8:53,
    doi 10.1186/1472-6947-8-53.

    Examples
    --------
    >>> curve = decision_curve([1, 2, 3, 4], [1, 1, 0, 0], {"a": [0.8, 0.3, 0.3, 0.1]}, 2.5,
    ...                        thresholds=[0.5])
    >>> curve.net_benefit.round(3).tolist()
    [[0.25, 0.0, 0.0]]
    """
    limit = check_horizon(horizon)
    follow_up = FollowUp.of(time, event)
    table = [check_risk(risk, follow_up.n, f"risks[{name!r}]") for name, risk in risks.items()]
    cuts = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
    if cuts.size == 0 or not bool(np.all((cuts > 0) & (cuts < 1))):
        raise ValueError("thresholds: must lie between 0 and 1, and there must be one")
    if estimator not in ESTIMATORS:
        raise ValueError(f"estimator: must be one of {', '.join(ESTIMATORS)}")
    if beyond not in ("undefined", "carry"):
        raise ValueError("beyond: must be 'undefined' or 'carry'")
    taken = {TREAT_ALL, TREAT_NONE} & set(risks)
    if taken:
        raise ValueError(f"risks: the name {taken.pop()} is reserved")
    table += [np.ones(follow_up.n), np.full(follow_up.n, -1.0)]
    names = (*risks, TREAT_ALL, TREAT_NONE)
    parts: Parts
    if estimator == "kaplan_meier":
        parts = KaplanMeierParts(follow_up, limit, beyond == "carry")
    else:
        parts = WeightedParts(
            follow_up, limit, "events_first" if estimator == "ipcw" else "together"
        )
    return _assemble(follow_up, table, names, cuts, limit, parts, estimator)


def _assemble(
    follow_up: FollowUp,
    table: list[FloatArray],
    names: tuple[str, ...],
    cuts: FloatArray,
    horizon: float,
    parts: Parts,
    estimator: str,
) -> DecisionCurve:
    n, s = follow_up.n, len(table)
    shape = (cuts.size, s)
    value, scaled, error, share = (np.full(shape, np.nan) for _ in range(4))
    covariance = np.full((*shape, s), np.nan)
    reasons = []
    overall = kaplan_meier_at(follow_up, horizon)
    prevalence = 1.0 - overall.value
    why_not = overall.reason or (NO_EVENTS if overall.events == 0 else "")
    for k, cut in enumerate(cuts):
        columns = np.zeros((s, n))
        notes = []
        for j, risk in enumerate(table):
            positive = risk >= cut - _ROUNDING
            share[k, j] = positive.mean() if n else np.nan
            found, influence, reason = parts.of(positive, float(cut / (1.0 - cut)))
            if why_not:
                found, influence, reason = np.nan, None, why_not
            if j == s - 1 and not why_not:
                reason = ""  # treating none needs no caveat
            value[k, j] = found
            columns[j] = np.nan if not np.isfinite(found) else 0.0
            if influence is not None:
                columns[j] = influence
            notes.append(reason)
        reasons.append(tuple(notes))
        if n > 1:
            covariance[k] = _horizon.covariance(np.ascontiguousarray(columns))
        if not why_not:
            scaled[k] = value[k] / prevalence
            moved = columns / prevalence + np.outer(
                value[k] / prevalence**2, overall.influence
            )  # the derivative of the prevalence is that of -S
            error[k] = np.sqrt((moved**2).sum(axis=1))
    method = "Kaplan-Meier in the test-positive" if estimator == "kaplan_meier" else "IPCW"
    return DecisionCurve(
        *(names, cuts, value, covariance, scaled, error, share, tuple(reasons)),
        *(prevalence, n, overall.events, method),
    )
