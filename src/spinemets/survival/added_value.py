"""What a score adds to histology alone, and histology to a score: likelihood ratio, C, IPA."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from spinemets.performance.brier import brier_t
from spinemets.performance.discrimination import harrell_c
from spinemets.results import ModelRow, finite
from spinemets.survival.cox_predict import predict_survival
from spinemets.survival.effects import nested_test
from spinemets.survival.sample import LATE, Z95, Floats, Sample
from spinemets.survival.score_data import ScoreData, cox, dummies, merge_small
from spinemets.units import DAYS_PER_MONTH

FOLDS: Final = 5
SEED: Final = 1


def cross_fitted_risk(x: Floats, sample: Sample, days: float, folds: Floats) -> Floats:
    """
    Risk of death by a time, predicted by Cox models that didn't see the patient.

    Parameters
    ----------
    x : ndarray of shape (n, p)
        Covariates.
    sample : Sample
        Follow-up.
    days : float
        Horizon.
    folds : ndarray of shape (n,)
        Fold of every patient.

    Returns
    -------
    ndarray of shape (n,)
        Risks; NaN where the model of a fold can't be fitted.
    """
    out = np.full(sample.n, np.nan)
    for fold in np.unique(folds):
        held = folds == fold
        fit, _ = cox(x[~held], sample.take(~held))
        if fit.note:
            continue
        middle = fit.x.mean(axis=0)
        hazard = predict_survival(fit, middle[None], [days]).cumulative_hazard[0, 0]
        coef = np.where(fit.aliased, 0.0, fit.coef)
        # Summed row by row: a matrix product may round equal patients apart, and C lose a tie.
        predictor = ((x[held] - middle) * coef).sum(axis=1)
        out[held] = -np.expm1(-hazard * np.exp(predictor))
    return out


def added_value(data: ScoreData, name: str, months: float, minimum: int = 1) -> list[ModelRow]:
    """
    Compare a score alone, a grouping alone and both together.

    Parameters
    ----------
    data : ScoreData
        The score.
    name : str
        Grouping, usually the primary histology.
    months : float
        Horizon of IPA.
    minimum : int
        Groups below this size are one group in the models.

    Returns
    -------
    list of ModelRow
        ``term`` is ``score``, ``strata`` or ``both`` for ``harrell_c`` and ``ipa`` (five-fold
        cross-fitted risks), ``score_added`` or ``strata_added`` for the gain of both over the
        other (``lrt_chi2``, ``lrt_p``, ``delta_c``, ``delta_ipa``).

    References
    ----------
    Kattan, Gerds 2018, doi:10.1186/s41512-018-0029-2 (IPA).
    """
    indicators, _ = dummies(merge_small(data.strata[name], minimum))
    points = data.points[:, None]
    columns = {"score": points, "strata": indicators, "both": np.column_stack([points, indicators])}
    if not indicators.size:
        return [data.row("added_value", "lrt_p", stratum_set=name, note="only one group")]
    fits = {k: cox(x, data.sample) for k, x in columns.items()}
    out: list[ModelRow] = []
    for term, small in (("score_added", "strata"), ("strata_added", "score")):
        method = f"likelihood ratio, both against {small} alone"
        if any(penalised for _, penalised in fits.values()):
            out.append(data.row("added_value", "lrt_p", term=term, stratum_set=name, method=method,
                                note="separation: no ordinary likelihood ratio"))  # fmt: skip
            continue
        lrt, df, p = nested_test(fits[small][0], fits["both"][0])
        place: dict[str, Any] = {"term": term, "stratum_set": name, "method": f"{method}, {df} df"}
        out.append(data.row("added_value", "lrt_chi2", lrt, **place))
        out.append(data.row("added_value", "lrt_p", p, **place))
    return [*out, *_accuracy(data, name, columns, months)]


def _accuracy(
    data: ScoreData, name: str, columns: Mapping[str, Floats], months: float
) -> list[ModelRow]:
    """C and IPA of cross-fitted risks, and their gains, on the same patients."""
    sample, days = data.sample, months * DAYS_PER_MONTH
    # Dealt within deaths and survivors, so that every fold has both.
    rng = np.random.default_rng(SEED)
    folds = np.empty(sample.n)
    for rows in (np.flatnonzero(sample.event), np.flatnonzero(~sample.event)):
        folds[rng.permutation(rows)] = np.arange(rows.size) % FOLDS
    risks = {k: cross_fitted_risk(x, sample, days, folds) for k, x in columns.items()}
    usable = np.all([np.isfinite(r) for r in risks.values()], axis=0)
    where: dict[str, Any] = {"stratum_set": name, "method": f"{FOLDS}-fold cross-fitted Cox models"}
    horizon = f"{months:g}mo"
    note = "" if usable.all() else "patients of a fold without model are left out"
    if usable.sum() < 2 or not sample.event[usable].any():
        return [data.row("added_value", "harrell_c", note="no cross-fitted risks", **where)]
    table = np.column_stack([risks[k][usable] for k in columns])
    seen = sample.take(usable)
    where |= {"note": note, "n": seen.n, "events": seen.n_events}
    out = _concordances(data, list(columns), table, seen, where)
    if sample.delayed:
        refused = "delayed entry: IPA is not defined for these patients"
        return [*out, data.row("added_value", "ipa", **(where | {"note": refused}))]
    return [*out, *_indices(data, list(columns), table, seen, days, where | {"horizon": horizon})]


#: Gain of both over the other, and where the other stands among the columns.
_GAINS: Final = (("score_added", 1), ("strata_added", 0))


def _concordances(
    data: ScoreData, terms: list[str], table: Floats, seen: Sample, where: dict[str, Any]
) -> list[ModelRow]:
    """Harrell's C of each risk, and the gains of both over the others."""
    found = harrell_c(seen.time, seen.event, table, higher_is_worse=True, entry=seen.begin)
    if seen.delayed:
        where = where | {"method": f"{where['method']}{LATE}"}
    low, high = found.interval()
    out = [
        data.row("added_value", "harrell_c", found.estimate[j], lower=finite(low[j]),
                 upper=finite(high[j]), std_error=finite(found.std_error[j]), term=term, **where)
        for j, term in enumerate(terms)
    ]  # fmt: skip
    for term, other in _GAINS:
        gap = float(found.estimate[2] - found.estimate[other])
        c = found.covariance
        error = float(np.sqrt(max(c[2, 2] + c[other, other] - 2 * c[2, other], 0.0)))
        out.append(data.row("added_value", "delta_c", gap, lower=finite(gap - Z95 * error),
                            upper=finite(gap + Z95 * error), std_error=finite(error), term=term,
                            **where))  # fmt: skip
    return out


def _indices(
    data: ScoreData, terms: list[str], table: Floats, seen: Sample, days: float,
    where: dict[str, Any],
) -> list[ModelRow]:  # fmt: skip
    """IPA of each risk, and the gains of both over the others."""
    risks = np.clip(table, 0.0, 1.0)[:, :, None]
    brier = brier_t(seen.time, seen.event, risks, [days])
    low, high = (v[0] for v in brier.ipa_interval())
    note = where["note"]
    out = [
        data.row("added_value", "ipa", brier.ipa[0, j], lower=finite(low[j]),
                 upper=finite(high[j]), term=term,
                 **(where | {"note": brier.reason[0][j] or note}))
        for j, term in enumerate(terms)
    ]  # fmt: skip
    for term, other in _GAINS:
        gain = float(brier.ipa[0, 2] - brier.ipa[0, other])
        why = note or ("" if np.isfinite(gain) else brier.reason[0][2] or "")
        out.append(data.row("added_value", "delta_ipa", gain, term=term, **(where | {"note": why})))
    return out
