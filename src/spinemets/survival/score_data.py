"""What the models of a score are fitted to, and how one Cox model becomes rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from spinemets.results import ModelRow, finite
from spinemets.survival.cox_fit import CoxFit, fit_cox
from spinemets.survival.newton import SEPARATED
from spinemets.survival.sample import Bools, Floats, Sample

Labels = np.ndarray[Any, np.dtype[np.object_]]
#: A trend, spline or interaction over fewer deaths than this isn't estimated.
FEW_EVENTS: Final = 20
#: Most terms of a penalised model whose intervals are profiled.
PROFILED: Final = 3


@dataclass(frozen=True)
class ScoreData:
    """
    A score of the patients in whom it is determined.

    Parameters
    ----------
    score, variant, cohort : str
        Written into the rows.
    points : ndarray of shape (n,)
        Totals, none missing.
    band : ndarray of str of shape (n,)
        Published band.
    bands : tuple of str
        Bands from the best prognosis to the worst.
    higher_is_worse : bool
        Direction of the points.
    sample : Sample
        Follow-up.
    strata : mapping of str to ndarray of str
        Groupings, one label per patient.
    """

    score: str
    variant: str
    cohort: str
    points: Floats
    band: Labels
    bands: tuple[str, ...]
    higher_is_worse: bool
    sample: Sample
    strata: Mapping[str, Labels]

    def take(self, rows: Bools) -> ScoreData:
        """
        Keep some patients.

        Parameters
        ----------
        rows : ndarray of bool
            Mask.

        Returns
        -------
        ScoreData
            The patients asked for.
        """
        strata = {name: labels[rows] for name, labels in self.strata.items()}
        return replace(
            self, points=self.points[rows], band=self.band[rows],
            sample=self.sample.take(rows), strata=strata,
        )  # fmt: skip

    def row(self, model: str, measure: str, value: float | None = None, **more: Any) -> ModelRow:
        """
        Write a row about this score.

        Parameters
        ----------
        model, measure : str
            What it is.
        value : float, optional
            Estimate; NaN and infinity become empty.
        **more : object
            Further fields of ``ModelRow``.

        Returns
        -------
        ModelRow
            With the number of patients and deaths unless given.
        """
        fields: dict[str, Any] = {
            "n": self.sample.n,
            "events": self.sample.n_events,
            "form": "points",
        } | more
        return ModelRow(measure, finite(value), model=model, score=self.score,
                        variant=self.variant, cohort=self.cohort, **fields)  # fmt: skip

    def why_not(self) -> str:
        """
        Say why no model is fitted.

        Returns
        -------
        str
            Empty when there is enough to fit one.
        """
        if self.sample.n_events < FEW_EVENTS:
            return f"fewer than {FEW_EVENTS} events"
        return "" if np.ptp(self.points) > 0 else "the score doesn't vary"


def dummies(labels: Labels) -> tuple[Floats, list[str]]:
    """
    Indicator columns of a grouping; the largest group is the reference.

    Parameters
    ----------
    labels : ndarray of str of shape (n,)
        Group of every patient.

    Returns
    -------
    x : ndarray of shape (n, k - 1)
        Columns.
    names : list of str
        Groups: the reference, then those of the columns.

    Examples
    --------
    >>> dummies(np.array(["a", "b", "a"], dtype=object))[0].ravel()
    array([0., 1., 0.])
    """
    levels, counts = np.unique(labels.astype(str), return_counts=True)
    reference = str(levels[int(np.argmax(counts))])
    rest = [str(level) for level in levels if level != reference]
    columns = [(labels == level).astype(np.float64) for level in rest]
    return np.column_stack(columns) if columns else np.zeros((labels.size, 0)), [reference, *rest]


def merge_small(labels: Labels, minimum: int) -> Labels:
    """
    Put groups that are too small for a coefficient of their own into one.

    Parameters
    ----------
    labels : ndarray of str of shape (n,)
        Group of every patient.
    minimum : int
        Smallest group that keeps its name.

    Returns
    -------
    ndarray of str of shape (n,)
        With ``small_groups`` in place of the names of small ones.

    Examples
    --------
    >>> merge_small(np.array(["a", "b", "a", "c"], dtype=object), 2).tolist()
    ['a', 'small_groups', 'a', 'small_groups']
    """
    names, counts = np.unique(labels.astype(str), return_counts=True)
    small = np.isin(labels.astype(str), names[counts < minimum])
    return np.where(small, "small_groups", labels).astype(object)


def cox(
    x: Floats, sample: Sample, strata: Labels | None = None, names: Sequence[str] | None = None
) -> tuple[CoxFit, bool]:
    """
    Fit a Cox model; under separation Firth's.

    Parameters
    ----------
    x : ndarray of shape (n, p)
        Covariates.
    sample : Sample
        Follow-up.
    strata : ndarray of str, optional
        Strata.
    names : sequence of str, optional
        Names of the covariates.

    Returns
    -------
    fit : CoxFit
        Fit.
    penalised : bool
        Whether it is the penalised one.
    """
    given = None if strata is None else strata.astype(str)
    outcome = (sample.time, sample.event, sample.entry, given)
    fit = fit_cox(x, *outcome, names=names)
    if fit.note != SEPARATED:
        return fit, False
    return fit_cox(x, *outcome, names=names, firth=True), True


def hazard_ratio(fit: CoxFit, j: int, *, penalised: bool) -> dict[str, Any]:
    """
    Hazard ratio of one covariate, as fields of a row.

    Parameters
    ----------
    fit : CoxFit
        Fit.
    j : int
        Covariate.
    penalised : bool
        Whether the fit is Firth's; its interval is then that of the profile likelihood, with many
        terms Wald's (each limit of a profile needs dozens of fits).

    Returns
    -------
    dict
        ``value``, ``lower``, ``upper``, ``std_error`` (of the log) and ``note``.
    """
    from spinemets.survival.firth import hazard_ratios, profile_limits

    if fit.note or fit.aliased[j]:
        return {"note": fit.note or "can't be told from the other terms or the strata"}
    beta = float(fit.coef[j])
    profile = penalised and len(fit.names) <= PROFILED
    if profile:
        low, high, _ = profile_limits(fit, j)
    else:
        low, high = (float(v[j]) for v in fit.interval)
    ratio, lower, upper = (finite(v) for v in hazard_ratios(beta, low, high))
    kind = "profile" if profile else "Wald"
    note = f"{SEPARATED}; penalised estimate (Firth), {kind} interval" if penalised else ""
    return {"value": ratio, "lower": lower, "upper": upper,
            "std_error": finite(float(fit.std_error[j])), "note": note}  # fmt: skip
