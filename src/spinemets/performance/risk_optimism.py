"""
Optimism of risks that were fitted to the patients they are judged on: Brier(t) and IPA.

A risk per value of a score, read off this cohort's own curves, looks better here than it will
elsewhere. Its fit is repeated in bootstrap resamples and in folds, and the loss there is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from spinemets.performance import _ipcw
from spinemets.performance._arrays import FloatArray
from spinemets.performance._groups import refit_losses
from spinemets.performance._km import FollowUp
from spinemets.performance._panel import prepare
from spinemets.performance.brier import BrierResult, brier_t
from spinemets.performance.fitted_risks import MODELS, SMALLEST_LEVEL, fit_risk, fitted_risk

_SEED: Final = 20240103


@dataclass(frozen=True)
class RiskOptimism:
    """
    Brier score of a fitted risk at one horizon, as it looks and as it can be expected to be.

    Parameters
    ----------
    horizon : float
        Horizon in the unit of time.
    apparent, apparent_error : float
        Brier score on the patients the risk was fitted to, and its standard error.
    optimism : float
        Mean over resamples of the score of the resample's fit in all patients less that in the
        resample (Harrell); positive when the apparent score is too low.
    out_of_bag : float
        Mean over patients of their loss under fits of resamples without them (Efron's
        leave-one-out bootstrap).
    no_information : float
        Expected score if risk and outcome had nothing to do with each other.
    overfitting, weight : float
        Relative overfitting rate, 0 to 1, and weight of the out-of-bag score in .632+.
    cross_validated, cross_validated_error : float
        Brier score of the cross-fitted risk, and its standard error.
    null : float
        Brier score of giving everybody the cohort's own risk: what IPA relates all of them to.
    resamples, failed : int
        Resamples used, and those in which the risk couldn't be fitted.
    n, events : int
        Patients, and events by the horizon.
    reason : str
        Why there is nothing, or a caveat.

    References
    ----------
    Efron B, Tibshirani R. J Am Stat Assoc 1997;92:548-560, doi 10.1080/01621459.1997.10474007.
    Gerds TA, Schumacher M. Biometrics 2007;63:1283-1287, doi 10.1111/j.1541-0420.2007.00832.x.
    """

    horizon: float
    apparent: float = np.nan
    apparent_error: float = np.nan
    optimism: float = np.nan
    out_of_bag: float = np.nan
    no_information: float = np.nan
    overfitting: float = np.nan
    weight: float = np.nan
    cross_validated: float = np.nan
    cross_validated_error: float = np.nan
    null: float = np.nan
    resamples: int = 0
    failed: int = 0
    n: int = 0
    events: int = 0
    reason: str = ""

    @property
    def corrected(self) -> float:
        """Apparent score plus optimism (Harrell)."""
        return self.apparent + self.optimism

    @property
    def e632(self) -> float:
        """Efron's .632 estimate."""
        return 0.368 * self.apparent + 0.632 * self.out_of_bag

    @property
    def e632_plus(self) -> float:
        """Efron and Tibshirani's .632+ estimate."""
        outside = min(self.out_of_bag, self.no_information)
        return (1 - self.weight) * self.apparent + self.weight * outside

    def ipa(self, score: float) -> float:
        """
        Turn a Brier score into the index of prediction accuracy.

        Parameters
        ----------
        score : float
            One of the scores above.

        Returns
        -------
        float
            1 - score / null; NaN when the null model makes no error.
        """
        return 1 - score / self.null if self.null > 0 else np.nan


def risk_optimism(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    score: npt.ArrayLike,
    horizons: Sequence[float],
    *,
    model: str = "kaplan_meier",
    resamples: int = 100,
    folds: int = 10,
    seed: int = _SEED,
    indices: npt.ArrayLike | None = None,
) -> list[RiskOptimism]:
    """
    Say how much too good a risk fitted to a cohort looks in that cohort.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    score : array_like of float, shape (n,)
        Points, or position of the band.
    horizons : sequence of float
        Horizons in the unit of ``time``.
    model : {"kaplan_meier", "cox"}
        How the risk is fitted, as `fitted_risk`: the whole of it is repeated in every resample.
    resamples : int
        Bootstrap resamples; ignored with ``indices``.
    folds : int
        Folds of the cross-validated score.
    seed : int
        Seed of resamples and folds. Patients are sorted before resampling, so that the order of
        the rows doesn't matter.
    indices : array_like of int, shape (resamples, n), optional
        Rows (from 0) of each resample, for reproducing others' numbers.

    Returns
    -------
    list of RiskOptimism
        One per horizon; NaN with a reason where the risk can't be fitted.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Censoring weights are estimated once, in all patients, as pec does: resamples differ in the fit,
    not in the yardstick. The null model's score isn't corrected; it has one parameter.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> noise = rng.integers(0, 8, 200)
    >>> found = risk_optimism(rng.exponential(size=200), np.ones(200), noise, [1.0], resamples=20)
    >>> found[0].apparent < found[0].corrected
    True
    """
    follow_up = FollowUp.of(time, event)
    values = np.asarray(score, dtype=np.float64)
    if values.shape != (follow_up.n,) or not bool(np.all(np.isfinite(values))):
        raise ValueError(f"score: must have one finite value for each of {follow_up.n} patients")
    if model not in MODELS:
        raise ValueError(f"model: must be one of {', '.join(MODELS)}")
    rows = _rows(follow_up, values, resamples, seed, indices)
    panel = prepare(time, event)
    at = np.asarray(horizons, dtype=np.float64)
    setting = _ipcw.setting(panel, panel.event.astype(np.int8), at)
    return [
        _one(follow_up, values, setting, h, float(horizon), rows, model, folds, seed)
        for h, horizon in enumerate(at)
    ]


def _rows(
    follow_up: FollowUp,
    values: FloatArray,
    resamples: int,
    seed: int,
    indices: npt.ArrayLike | None,
) -> npt.NDArray[np.int64]:
    n = follow_up.n
    if indices is not None:
        rows = np.asarray(indices)
        fits = rows.ndim == 2 and rows.dtype.kind in "iu"
        if not fits or (rows.size and not (int(rows.min()) >= 0 and int(rows.max()) < n)):
            raise ValueError("indices: must be a table of row numbers, one resample per row")
        return rows.astype(np.int64)
    if resamples < 1:
        raise ValueError("resamples: must be at least 1")
    order = np.lexsort((values, follow_up.ranks.rank, follow_up.event))
    drawn = np.random.default_rng(seed).integers(0, max(n, 1), (resamples, n))
    return order[drawn] if n else drawn


def _one(
    follow_up: FollowUp,
    values: FloatArray,
    setting: _ipcw.Setting,
    place: int,
    horizon: float,
    rows: npt.NDArray[np.int64],
    model: str,
    folds: int,
    seed: int,
) -> RiskOptimism:
    events = follow_up.events(horizon)
    size = {"horizon": horizon, "n": follow_up.n, "events": events}
    data = (follow_up.time, follow_up.event, values, horizon)
    here = fitted_risk(*data, model=model, folds=None)
    why = here.reason or setting.reason[place] or ""
    if why:
        return RiskOptimism(**size, reason=why)  # type: ignore[arg-type]
    crossed = fitted_risk(*data, model=model, folds=folds, seed=seed)
    pair = [here.probability] if crossed.reason else [here.probability, crossed.probability]
    scores = brier_t(
        follow_up.time, follow_up.event, np.column_stack(pair)[:, :, np.newaxis], [horizon]
    )
    losses = _losses(follow_up, values, setting, place, horizon, rows, model)
    return _summary(size, scores, here.probability, losses, setting, place, crossed.reason)


@dataclass(frozen=True)
class _Losses:
    """What the fits of the resamples cost: inside, in everybody, and per patient left out."""

    inside: FloatArray
    everybody: FloatArray
    left_out: FloatArray
    failed: int


def _weights(setting: _ipcw.Setting, place: int) -> tuple[FloatArray, FloatArray]:
    """Censoring weight of every patient as a case and as a control."""
    as_case, as_control = setting.by_cell(place)
    return as_case[setting.cell], as_control[setting.cell]


def _losses(
    follow_up: FollowUp,
    values: FloatArray,
    setting: _ipcw.Setting,
    place: int,
    horizon: float,
    rows: npt.NDArray[np.int64],
    model: str,
) -> _Losses:
    levels, level = np.unique(values, return_inverse=True)
    case, control = _weights(setting, place)
    if model == "kaplan_meier":
        days = follow_up.ranks.values.size
        where = (days, follow_up.until(horizon), follow_up.reach(horizon), SMALLEST_LEVEL)
        inside, everybody, total, times = refit_losses(
            follow_up.ranks.rank, follow_up.event, level, levels, *where, rows, case, control
        )
    else:
        inside, everybody, total, times = _refitted(
            follow_up, values, (levels, level), horizon, rows, (case, control), model
        )
    known, failed = times > 0, int(np.isnan(inside).sum())
    fitted = ~np.isnan(inside)
    return _Losses(inside[fitted], everybody[fitted], total[known] / times[known], failed)


def _refitted(
    follow_up: FollowUp,
    values: FloatArray,
    numbered: tuple[FloatArray, npt.NDArray[np.int64]],
    horizon: float,
    rows: npt.NDArray[np.int64],
    weights: tuple[FloatArray, FloatArray],
    model: str,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """What `refit_losses` gives, for models that no kernel fits."""
    levels, level = numbered
    case, control = weights
    inside, everybody = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    total, times = np.zeros(follow_up.n), np.zeros(follow_up.n)
    for b, drawn in enumerate(rows):
        fitted, reason = fit_risk(follow_up.take(drawn), values[drawn], levels, horizon, model)
        if reason:
            continue
        risk = fitted[level]
        loss = case * (1 - risk) ** 2 + control * risk**2
        inside[b], everybody[b] = loss[drawn].mean(), loss.mean()
        out = np.ones(follow_up.n)
        out[drawn] = 0.0
        total += out * loss
        times += out
    return inside, everybody, total, times


def _summary(
    size: dict[str, float],
    scores: BrierResult,
    risk: FloatArray,
    losses: _Losses,
    setting: _ipcw.Setting,
    place: int,
    not_crossed: str,
) -> RiskOptimism:
    apparent, null = float(scores.estimate[0, 0]), float(scores.null[0])
    case, control = _weights(setting, place)
    # Every outcome with every risk: what is left when the two have nothing to do with each other.
    unrelated = float(case.mean() * np.mean((1 - risk) ** 2) + control.mean() * np.mean(risk**2))
    outside = float(losses.left_out.mean()) if losses.left_out.size else np.nan
    room = unrelated - apparent
    rate = (min(outside, unrelated) - apparent) / room if room > 0 else 0.0
    rate = float(np.clip(rate, 0.0, 1.0)) if np.isfinite(rate) else np.nan
    used = losses.inside.size
    caveats = (
        f"the risk couldn't be fitted in {losses.failed} resamples" if losses.failed else "",
        f"not cross-validated: {not_crossed}" if not_crossed else "",
    )
    crossed = scores.estimate.shape[1] > 1
    return RiskOptimism(
        **size,  # type: ignore[arg-type]
        apparent=apparent,
        apparent_error=float(scores.std_error[0, 0]),
        optimism=float(np.mean(losses.everybody - losses.inside)) if used else np.nan,
        out_of_bag=outside,
        no_information=unrelated,
        overfitting=rate,
        weight=0.632 / (1 - 0.368 * rate),
        cross_validated=float(scores.estimate[0, 1]) if crossed else np.nan,
        cross_validated_error=float(scores.std_error[0, 1]) if crossed else np.nan,
        null=null,
        resamples=used,
        failed=losses.failed,
        reason="; ".join(text for text in caveats if text),
    )
