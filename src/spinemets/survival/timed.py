"""A treatment that begins after time zero, analysed in three ways: ratios, means and curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from spinemets.results import ModelRow, finite, scaled
from spinemets.survival.describe import Description, describe_curves
from spinemets.survival.kaplan_meier import Estimate, KaplanMeier
from spinemets.survival.restricted_mean import restricted_mean
from spinemets.survival.sample import Bools, Floats, Sample
from spinemets.survival.time_zero import LANDMARK, NAIVE, PanelEntry, immortal_time_panel
from spinemets.units import DAYS_PER_MONTH

MODEL: Final = "immortal_time"
CONTRAST: Final = "treated against not treated"
#: Deaths while fewer are at risk than this don't speak for those who enter later.
FEWEST: Final = 5
BIAS: Final = "treated from time zero on, whenever treatment began: biased by immortal time"


@dataclass(frozen=True)
class TimedTreatment:
    """
    One treatment of a cohort, with the day on which it began.

    Parameters
    ----------
    name, cohort : str
        Written into the rows.
    sample : Sample
        Follow-up of patients of whom it is known whether they were treated.
    treated : ndarray of bool of shape (n,)
        Whether the treatment was given.
    day : ndarray of shape (n,)
        First day of treatment, from time zero; NaN for the untreated and where not recorded.
    """

    name: str
    cohort: str
    sample: Sample
    treated: Bools
    day: Floats

    @property
    def undated(self) -> Bools:
        """Treated patients without day; they are left out and counted."""
        out: Bools = self.treated & ~np.isfinite(self.day)
        return out

    @property
    def reason(self) -> str:
        """Why there is nothing to time; empty where treatment begins after time zero in some."""
        if (self.treated & (self.day > 0)).any():
            return ""
        return "no treatment begins after time zero" if self.treated.any() else "nobody was treated"

    def entries(self, landmarks: Sequence[float]) -> list[PanelEntry]:
        """
        Analyse in three ways.

        Parameters
        ----------
        landmarks : sequence of float
            Landmarks in months.

        Returns
        -------
        list of PanelEntry
            Naive, one per landmark, time-varying; none where there is nothing to time.
        """
        if self.reason:
            return []
        kept = ~self.undated
        part = self.sample.take(kept)
        return immortal_time_panel(
            part.time, part.event, np.where(self.treated, self.day, np.nan)[kept], part.entry,
            landmarks=[m * DAYS_PER_MONTH for m in landmarks],
        )  # fmt: skip


def term_of(entry: PanelEntry) -> str:
    """
    Name an analysis.

    Parameters
    ----------
    entry : PanelEntry
        Analysis.

    Returns
    -------
    str
        ``naive``, ``landmark 1 months`` or ``time-varying``.
    """
    if entry.analysis != LANDMARK:
        return entry.analysis
    return f"landmark {entry.landmark / DAYS_PER_MONTH:g} months"


def panel_rows(
    data: TimedTreatment, entries: Sequence[PanelEntry], horizon: float
) -> list[ModelRow]:
    """
    Immortal-time panel of one treatment: naive, landmark and time-varying side by side.

    Parameters
    ----------
    data : TimedTreatment
        Patients.
    entries : sequence of PanelEntry
        Analyses of them.
    horizon : float
        Months of the restricted means.

    Returns
    -------
    list of ModelRow
        ``hazard_ratio`` per analysis (``term``), and ``restricted_mean_months`` of treated and
        untreated (``stratum``) with their numbers. One row with the reason where treatment never
        begins after time zero.
    """
    where: dict[str, Any] = {"cohort": data.cohort, "model": MODEL, "stratum_set": data.name}
    lost = int(data.undated.sum())
    if data.reason:
        kept = ~data.undated
        events = int(data.sample.event[kept].sum())
        return [ModelRow("hazard_ratio", note=data.reason, n=int(kept.sum()), events=events,
                         **where)]  # fmt: skip
    note = f"{lost} treated patient(s) without day left out" if lost else ""
    return [row for entry in entries for row in _rows(entry, note, where, horizon)]


def _rows(
    entry: PanelEntry, lost: str, where: dict[str, Any], horizon: float
) -> Iterator[ModelRow]:
    method = "Cox, Efron" + (f"; {BIAS}" if entry.analysis == NAIVE else "")
    base: dict[str, Any] = {**where, "term": term_of(entry)}
    size: dict[str, Any] = {"n": entry.n, "events": entry.n_events, "method": method,
            "note": "; ".join(x for x in (entry.note, lost) if x)}  # fmt: skip
    yield ModelRow("hazard_ratio", finite(entry.hazard_ratio), finite(entry.lower),
                   finite(entry.upper), contrast=CONTRAST, **size, **base)  # fmt: skip
    yield ModelRow("hazard_ratio_p", finite(entry.p), contrast=CONTRAST, **size, **base)
    for group, curve in _curves(entry).items():
        mean = _mean(curve, horizon * DAYS_PER_MONTH)
        numbers = scaled(mean.value, mean.lower, mean.upper, mean.std_error, DAYS_PER_MONTH)
        yield ModelRow("restricted_mean_months", n=curve.n, events=curve.n_events,
                       note=mean.note, stratum=group, horizon=f"{horizon:g}mo",
                       method="Kaplan-Meier; Simon and Makuch where time-varying",
                       **numbers, **base)  # fmt: skip


def _mean(curve: KaplanMeier, tau: float) -> Estimate:
    """Restricted mean; none where deaths among a handful decide over all who enter later."""
    early = (curve.at_risk < FEWEST) & (curve.events > 0) & (curve.time <= tau)
    later = np.append(np.maximum.accumulate(curve.at_risk[::-1])[::-1][1:], 0)
    if (early & (later >= FEWEST)).any():
        why = f"deaths while fewer than {FEWEST} were at risk, before others entered: not told"
        return Estimate(np.nan, note=why)
    return restricted_mean(curve, tau)


def _curves(entry: PanelEntry) -> dict[str, KaplanMeier]:
    return {"treated": entry.treated, "untreated": entry.untreated}


def panel_curves(
    data: TimedTreatment,
    entries: Sequence[PanelEntry],
    risk_months: Sequence[float],
    minimum_group: int,
    resolution: str,
) -> list[Description]:
    """
    Curves of treated and untreated in every analysis.

    Parameters
    ----------
    data : TimedTreatment
        Patients.
    entries : sequence of PanelEntry
        Analyses of them.
    risk_months : sequence of float
        Times of the numbers at risk, from time zero.
    minimum_group : int
        Groups below this size get no curve, with the reason.
    resolution : {"day", "month"}
        Time resolution of the cohort.

    Returns
    -------
    list of Description
        ``stratum_set`` is ``treatment:analysis``; times of a landmark analysis count from the
        landmark.
    """
    out = []
    for entry in entries:
        begin = 0.0 if np.isnan(entry.landmark) else entry.landmark / DAYS_PER_MONTH
        grid = sorted({0.0, *(m - begin for m in risk_months if m > begin)})
        out.append(
            describe_curves(
                _curves(entry), f"{data.name}:{term_of(entry)}", cohort=data.cohort,
                resolution=resolution, risk_months=grid, minimum_group=minimum_group,
            )
        )  # fmt: skip
    return out
