"""
Time zero and immortal time: naive, landmark and time-varying analyses side by side.

A treatment that begins after time zero is only given to those who lived to receive it. Comparing
ever- with never-treated from time zero credits the treatment with that time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from spinemets.survival.cox_fit import CoxFit, fit_cox
from spinemets.survival.firth import hazard_ratios, profile_limits
from spinemets.survival.kaplan_meier import KaplanMeier
from spinemets.survival.kaplan_meier import fit as fit_kaplan_meier
from spinemets.survival.newton import SEPARATED
from spinemets.survival.sample import Bools, Floats, Integers, Sample, floats, make_sample

NAIVE: Final = "naive"
LANDMARK: Final = "landmark"
TIME_VARYING: Final = "time-varying"


@dataclass(frozen=True)
class PanelEntry:
    """
    One analysis of the panel.

    Parameters
    ----------
    analysis : {"naive", "landmark", "time-varying"}
        How treatment was timed.
    landmark : float
        Landmark in days; NaN for the other analyses.
    n, n_events : int
        Patients and events in the analysis.
    n_treated : int
        Patients who count as treated (at the landmark, or at some time).
    hazard_ratio, lower, upper, p : float
        Treated against not; NaN with the reason in ``note``.
    treated, untreated : KaplanMeier
        Curves. Time-varying: patients leave the untreated and enter the treated curve on the day
        of treatment (Simon and Makuch). Landmark: times count from the landmark.
    note : str
        Reason, caveats, exclusions.
    """

    analysis: str
    landmark: float
    n: int
    n_events: int
    n_treated: int
    hazard_ratio: float
    lower: float
    upper: float
    p: float
    treated: KaplanMeier
    untreated: KaplanMeier
    note: str = ""


def treatment_rows(sample: Sample, treatment_days: Floats) -> tuple[Integers, Sample, Bools]:
    """
    Split follow-up on the day of treatment.

    Parameters
    ----------
    sample : Sample
        Checked sample.
    treatment_days : ndarray of shape (n,)
        Day of treatment; NaN for never.

    Returns
    -------
    row : ndarray of int
        Patient of every new row.
    sample : Sample
        Rows in counting-process form. Treatment on or before the day observation began counts
        from then; treatment on or after the last day never counts.
    treated : ndarray of bool
        Whether the row is after treatment.

    Examples
    --------
    >>> rows = treatment_rows(make_sample([9.0], [1]), np.array([4.0]))
    >>> rows[1].time, rows[2]
    (array([4., 9.]), array([False,  True]))
    """
    begin = np.where(np.isfinite(sample.entry), sample.entry, 0.0)
    at = np.where(np.isnan(treatment_days), np.inf, treatment_days)
    never, always = at >= sample.time, at <= begin
    change = ~never & ~always
    who = np.arange(sample.n, dtype=np.int64)
    before, after = who[change], who[change]
    row = np.concatenate([who[~change], before, after])
    stop = np.concatenate([sample.time[~change], at[change], sample.time[change]])
    start = np.concatenate([sample.entry[~change], sample.entry[change], at[change]])
    event = np.concatenate(
        [sample.event[~change], np.zeros(before.size, dtype=bool), sample.event[change]]
    )
    treated = np.concatenate(
        [(always & ~never)[~change], np.zeros(before.size, bool), np.ones(after.size, bool)]
    )
    order = np.lexsort((stop, row))
    split = Sample(stop, event, start, sample.weight[row])
    return row[order], split.take(order), treated[order]


def immortal_time_panel(
    time: ArrayLike,
    event: ArrayLike,
    treatment_days: ArrayLike,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    *,
    landmarks: Sequence[float] = (30.0, 91.3125),
) -> list[PanelEntry]:
    """
    Analyse a treatment that begins after time zero in three ways.

    Estimand: hazard ratio of treated against not (yet) treated. The naive analysis doesn't
    estimate it: it is shown for the size of its bias.

    Parameters
    ----------
    time : array_like of shape (n,)
        Days to event or end of observation.
    event : array_like of shape (n,)
        1 for the event, 0 for censored.
    treatment_days : array_like of shape (n,)
        Day of treatment after time zero; missing for never. A day before time zero counts as
        treated from time zero, one after the last day as never, both counted in the note.
    entry : array_like of shape (n,), optional
        Days at which observation began; missing means from time zero.
    strata : array_like of shape (n,), optional
        Strata of the Cox models.
    landmarks : sequence of float
        Landmarks in days.

    Returns
    -------
    list of PanelEntry
        Naive, one per landmark, time-varying.

    References
    ----------
    Anderson, Cain, Gelber 1983, doi:10.1200/JCO.1983.1.11.710. Simon, Makuch 1984,
    doi:10.1002/sim.4780030107. Suissa 2008, doi:10.1093/aje/kwm324.

    Examples
    --------
    >>> panel = immortal_time_panel([2, 9, 4, 7], [1, 1, 1, 1], [None, 3, 1, None], landmarks=[3])
    >>> [e.analysis for e in panel]
    ['naive', 'landmark', 'time-varying']
    """
    sample = make_sample(time, event, entry)
    day = floats(np.asarray(treatment_days, dtype=np.float64))
    group = np.zeros(sample.n, dtype=np.int64)
    if strata is not None:
        group = np.unique(np.asarray(strata), return_inverse=True)[1].astype(np.int64)
    note = _notes(sample, day)
    naive = _entry(NAIVE, np.nan, sample, day <= sample.time, group, note)
    middle = [_landmark(sample, day, group, float(at), note) for at in landmarks]
    row, split, treated = treatment_rows(sample, day)
    last = _entry(TIME_VARYING, np.nan, split, treated, group[row], note, patients=sample.n,
                  ever=int(np.unique(row[treated]).size))  # fmt: skip
    return [naive, *middle, last]


def _notes(sample: Sample, day: Floats) -> str:
    early, late = int((day < 0).sum()), int((day > sample.time).sum())
    same = int((day == sample.time).sum())
    parts = [
        f"{early} treated before time zero, counted from time zero" if early else "",
        f"{late} treated after the last day, counted as never treated" if late else "",
        f"{same} treated on the last day: no time under treatment" if same else "",
    ]
    return "; ".join(p for p in parts if p)


def _landmark(sample: Sample, day: Floats, group: Integers, at: float, note: str) -> PanelEntry:
    """Those at risk after the landmark, by treatment until then."""
    rows = (sample.time > at) & ~(sample.entry > at)
    left = int((sample.time <= at).sum())
    late = int((sample.entry > at).sum())
    parts = [f"{left} left before the landmark", f"{late} entered after it" if late else "", note]
    part = Sample(
        sample.time[rows] - at, sample.event[rows], np.full(int(rows.sum()), -np.inf),
        sample.weight[rows],
    )  # fmt: skip
    text = "; ".join(p for p in parts if p)
    return _entry(LANDMARK, at, part, day[rows] <= at, group[rows], text)


def _entry(
    analysis: str,
    landmark: float,
    sample: Sample,
    treated: Bools,
    group: Integers,
    note: str,
    *,
    patients: int | None = None,
    ever: int | None = None,
) -> PanelEntry:
    ratio, lower, upper, p, reason = _hazard_ratio(sample, treated, group)
    return PanelEntry(
        analysis,
        landmark,
        sample.n if patients is None else patients,
        sample.n_events,
        int(treated.sum()) if ever is None else ever,
        ratio,
        lower,
        upper,
        p,
        fit_kaplan_meier(sample.take(treated)),
        fit_kaplan_meier(sample.take(~treated)),
        "; ".join(x for x in (reason, note) if x),
    )


def _hazard_ratio(
    sample: Sample, treated: Bools, group: Integers
) -> tuple[float, float, float, float, str]:
    nan = float("nan")
    if not sample.n or treated.all() or not treated.any():
        return nan, nan, nan, nan, "only one of treated and untreated occurs"
    fit = _cox(sample, treated, group, firth=False)
    if fit.note == SEPARATED:
        fit = _cox(sample, treated, group, firth=True)
        if not fit.note:
            low, high, p = profile_limits(fit, 0)
            ratio, lower, upper = hazard_ratios(float(fit.coef[0]), low, high)
            return ratio, lower, upper, p, f"{SEPARATED}; penalised estimate"
    if fit.note:
        return nan, nan, nan, nan, fit.note
    low, high = (float(v[0]) for v in fit.interval)
    ratio, lower, upper = hazard_ratios(float(fit.coef[0]), low, high)
    return ratio, lower, upper, float(fit.p[0]), ""


def _cox(sample: Sample, treated: Bools, group: Integers, *, firth: bool) -> CoxFit:
    return fit_cox(
        treated.astype(np.float64), sample.time, sample.event, sample.entry, group, firth=firth
    )
