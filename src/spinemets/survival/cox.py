"""Cox models of a score, per point and per band, beside and within strata: rows, never gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from spinemets.results import Row, finite
from spinemets.survival.cox_fit import CoxFit, fit_cox
from spinemets.survival.newton import SEPARATED
from spinemets.survival.proportional_hazards import GLOBAL, proportional_hazards
from spinemets.survival.sample import Bools, Floats, floats
from spinemets.survival.tails import chi2_tail

UNSTRATIFIED: Final = "overall"
FEW_EVENTS: Final = 100
METHOD: Final = "Cox, Efron"


@dataclass(frozen=True)
class ScoreColumns:
    """
    A score of every patient, in the two forms in which it is used.

    Parameters
    ----------
    points : ndarray of shape (n,)
        Total; NaN where it is not determined.
    band : ndarray of shape (n,)
        Index of the band in ``bands``; NaN where it is unknown.
    bands : tuple of str
        Bands from the best prognosis (the reference) to the worst.
    """

    points: Floats
    band: Floats
    bands: tuple[str, ...]


def score_columns(
    points: ArrayLike | None, band: Iterable[Any] | None, bands: Sequence[str]
) -> ScoreColumns:
    """
    Read a score's points and bands.

    Parameters
    ----------
    points : array_like of shape (n,) or None
        Totals; missing where not determined. None when the score has no points.
    band : iterable of str or None
        Band of every patient; missing or not among ``bands`` means unknown.
    bands : sequence of str
        Bands from the best prognosis to the worst.

    Returns
    -------
    ScoreColumns
        Both forms.

    Raises
    ------
    ValueError
        When neither form is given.
    """
    import pandas as pd

    if points is None and band is None:
        raise ValueError("a score needs points or bands")
    known = {name: float(i) for i, name in enumerate(bands)}
    names = None if band is None else pd.Series(list(band), dtype="string")
    place = None if names is None else floats(names.map(known))
    total = None if points is None else floats(points)
    size = place.size if place is not None else (total.size if total is not None else 0)
    blank = np.full(size, np.nan)
    return ScoreColumns(
        blank if total is None else total, blank if place is None else place, tuple(bands)
    )


def cox_score(
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    *,
    points: ArrayLike | None = None,
    band: Iterable[Any] | None = None,
    bands: Sequence[str] = (),
    strata: Mapping[str, Iterable[Any]] | None = None,
    score: str = "",
    variant: str = "",
    cohort: str = "",
    comparison_set: str = "own",
    transform: str = "km",
    engine: str = "lifelines",
) -> list[Row]:
    """
    Cox models of a score's points and bands, unstratified and within strata.

    Estimand: hazard ratio per point, and of each band against the best band; within strata where
    the method says so.

    Parameters
    ----------
    time : array_like of shape (n,)
        Days to death or end of observation.
    event : array_like of shape (n,)
        1 for death, 0 for censored.
    entry : array_like of shape (n,), optional
        Days at which observation began; missing means from time zero.
    points : array_like of shape (n,), optional
        Totals; patients without one are left out of the points model.
    band : iterable of str, optional
        Bands; patients without one are left out of the band model.
    bands : sequence of str
        Bands from the best prognosis (the reference) to the worst.
    strata : mapping of str to iterable, optional
        Groupings, one label per patient each. One stratified model for each, and one for all
        together (``"primary_group+treatment"``) when there are several.
    score, variant, cohort, comparison_set : str
        Written into the rows.
    transform : {"km", "identity", "log", "rank"}
        Time scale of the proportional-hazards test.
    engine : {"lifelines", "newton"}
        See ``fit_cox``.

    Returns
    -------
    list of Row
        Per model: hazard ratios (``stratum`` is the band, ``stratum_set`` is ``band:<score>`` for
        bands) with log hazard ratio and P value, likelihood-ratio test, strata with and without
        events, proportional-hazards test. What can't be estimated is a row with the reason.

    Notes
    -----
    Under separation (a band in which nobody, or the first only, dies) the ordinary estimate is
    infinite: the rows then hold Firth's penalised estimate with the profile interval, and say so.

    References
    ----------
    Heinze, Schemper 2001, doi:10.1111/j.0006-341x.2001.00114.x.
    """
    t, e = floats(time), floats(event)
    start = np.full(t.size, np.nan) if entry is None else floats(entry)
    columns = score_columns(points, band, bands)
    if not t.shape == e.shape == start.shape == columns.points.shape == columns.band.shape:
        raise ValueError("time, event, entry, points and band must be columns of the same length")
    where = {"score": score, "variant": variant, "cohort": cohort, "set": comparison_set}
    out: list[Row] = []
    for name, labels in _groupings(strata, t.size).items():
        for form in ("points", "band"):
            given = points if form == "points" else band
            if given is None:
                continue
            model = _model(columns, form)
            out += _fit_rows(
                model, (t, e, start), labels, _Context(where, name, form, score, transform, engine)
            )
    return out


@dataclass(frozen=True)
class _Context:
    """Where the rows of one model belong."""

    where: dict[str, Any]
    grouping: str
    form: str
    score: str
    transform: str
    engine: str

    @property
    def method(self) -> str:
        """Estimator in words."""
        if self.grouping == UNSTRATIFIED:
            return METHOD
        return f"{METHOD}, stratified by {self.grouping.replace('+', ' and ')}"


@dataclass(frozen=True)
class _Model:
    """Covariates of one form of a score and what each column is."""

    x: Floats
    known: Bools
    levels: tuple[str, ...]
    reference: str
    numbers: Floats | None
    problem: str = ""


def _groupings(
    strata: Mapping[str, Iterable[Any]] | None, n: int
) -> dict[str, np.ndarray[Any, np.dtype[np.object_]] | None]:
    """No strata, every grouping alone, and all together."""
    import pandas as pd

    table = {
        name: pd.Series(list(labels), dtype="string").fillna("not_recorded").to_numpy(dtype=object)
        for name, labels in (strata or {}).items()
    }
    if any(column.size != n for column in table.values()):
        raise ValueError("strata must have one label per patient")
    out: dict[str, Any] = {UNSTRATIFIED: None, **table}
    if len(table) > 1:
        rows = zip(*table.values(), strict=True)
        # A separator that is in no label: "x / y" with "z" isn't "x" with "y / z".
        out["+".join(table)] = np.array(["\x1f".join(labels) for labels in rows], dtype=object)
    return out


def _model(columns: ScoreColumns, form: str) -> _Model:
    if form == "points":
        known = np.isfinite(columns.points)
        return _Model(columns.points[:, None], known, ("all",), "", None)
    known = np.isfinite(columns.band)
    present = [i for i in range(len(columns.bands)) if (columns.band[known] == i).any()]
    if not present:
        empty = np.zeros((columns.band.size, 0))
        return _Model(empty, known, (), "", columns.band, "no patient with a known band")
    x = np.stack([columns.band == i for i in present[1:]], axis=1) if present[1:] else None
    return _Model(
        np.zeros((columns.band.size, 0)) if x is None else x.astype(np.float64),
        known,
        tuple(columns.bands[i] for i in present[1:]),
        columns.bands[present[0]],
        columns.band,
        "" if x is not None else "only one band occurs",
    )


def _fit_rows(
    model: _Model,
    outcome: tuple[Floats, Floats, Floats],
    labels: Any,
    context: _Context,
) -> list[Row]:
    t, e, start = (column[model.known] for column in outcome)
    used = model.known
    if model.problem or not used.any():
        return [_row(context, "hazard_ratio", n=int(used.sum()), events=int(e.sum()),
                     note=model.problem or "no patient with known points")]  # fmt: skip
    groups = None if labels is None else labels[used]
    names = list(model.levels)
    fit = fit_cox(model.x[used], t, e, start, groups, names=names, engine=context.engine)
    penalised = fit.note == SEPARATED
    if penalised:
        fit = fit_cox(model.x[used], t, e, start, groups, names=names, firth=True)
    rows = _coefficient_rows(fit, model, context, penalised=penalised)
    rows += _model_rows(fit, context, penalised=penalised)
    return rows + _ph_rows(fit, context, penalised=penalised)


def _row(context: _Context, measure: str, **fields: Any) -> Row:
    fields = {"method": context.method, "stratum_set": context.grouping, **fields}
    return Row(measure, form=context.form, **context.where, **fields)


def _coefficient_rows(
    fit: CoxFit, model: _Model, context: _Context, *, penalised: bool
) -> list[Row]:
    """Hazard ratio, log hazard ratio and P value of every column."""
    from spinemets.survival.firth import hazard_ratios, profile_limits

    out = []
    for j, level in enumerate(fit.names):
        n, events = _size(fit, model, j)
        note = _caveat(fit, j, penalised=penalised)
        place: dict[str, Any] = {"n": n, "events": events, "note": note}
        if context.form == "band":
            place |= {"stratum_set": f"band:{context.score}", "stratum": level}
            place["method"] = f"{context.method}; against band {model.reference}"
        if penalised:
            place["method"] = place.get("method", context.method) + "; Firth, profile interval"
        beta, error = fit.coef[j], fit.std_error[j]
        if not np.isfinite(beta):
            out.append(_row(context, "hazard_ratio", **place))
            continue
        if penalised:
            low, high, p = profile_limits(fit, j)
        else:
            (low, high), p = (float(v[j]) for v in fit.interval), float(fit.p[j])
        ratio = _cells(hazard_ratios(float(beta), low, high))
        out.append(_row(context, "hazard_ratio", estimate=ratio[0], lower=ratio[1],
                        upper=ratio[2], **place))  # fmt: skip
        logs = _cells([beta, low, high])
        out.append(_row(context, "log_hazard_ratio", estimate=logs[0], lower=logs[1],
                        upper=logs[2], std_error=float(error), **place))  # fmt: skip
        out.append(_row(context, "hazard_ratio_p", estimate=_cells([p])[0], **place))
    return out


def _size(fit: CoxFit, model: _Model, j: int) -> tuple[int, int]:
    """Patients and events behind a coefficient: of the band, or of all for points."""
    if model.numbers is None:
        return fit.n, fit.n_events
    rows = fit.x[:, j] == 1
    return int(rows.sum()), int(fit.sample.event[rows].sum())


def _caveat(fit: CoxFit, j: int, *, penalised: bool) -> str:
    if fit.note:
        return fit.note
    if fit.aliased[j]:
        return "can't be told from the strata or the other bands"
    parts = [f"fewer than {FEW_EVENTS} events"] if fit.n_events < FEW_EVENTS else []
    if penalised:
        parts.insert(0, f"{SEPARATED}; penalised estimate")
    return "; ".join(parts)


def _cells(values: Iterable[float]) -> list[float | None]:
    return [finite(v) for v in values]


def _model_rows(fit: CoxFit, context: _Context, *, penalised: bool) -> list[Row]:
    """Likelihood-ratio test and what the strata hold."""
    size: dict[str, Any] = {"n": fit.n, "events": fit.n_events}
    kind = f"{context.method}; {'penalised ' if penalised else ''}likelihood ratio, {fit.df} df"
    rows = []
    if not fit.note:
        lrt = {"method": kind, **size}
        rows += [
            _row(context, "lrt_chi2", estimate=fit.lrt, **lrt),
            _row(context, "lrt_p", estimate=chi2_tail(fit.lrt, fit.df), **lrt),
        ]
    if context.grouping == UNSTRATIFIED:
        return rows
    silent = fit.strata_without_events
    note = f"{silent} of {fit.n_strata} strata without events contribute nothing" if silent else ""
    return [
        *rows,
        _row(context, "strata", estimate=float(fit.n_strata), **size),
        _row(context, "strata_without_events", estimate=float(silent), note=note, **size),
    ]


def _ph_rows(fit: CoxFit, context: _Context, *, penalised: bool) -> list[Row]:
    """Global proportional-hazards test of the model."""
    method = f"{context.method}; score test, {context.transform}"
    size: dict[str, Any] = {"n": fit.n, "events": fit.n_events, "method": method}
    if penalised:
        return [_row(context, "ph_chi2", note=SEPARATED, **size)]
    test = next(t for t in proportional_hazards(fit, context.transform) if t.term == GLOBAL)
    size["method"] += f", {test.df} df" if test.df else ""
    chi2, p = _cells([test.chi2, test.p])
    return [
        _row(context, "ph_chi2", estimate=chi2, note=test.note, **size),
        _row(context, "ph_p", estimate=p, note=test.note, **size),
    ]
