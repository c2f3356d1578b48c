"""How complete follow-up is: Clark's C beside the reverse Kaplan-Meier median."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from spinemets.survival.kaplan_meier import Estimate
from spinemets.survival.sample import floats, make_sample


def completeness(
    time: ArrayLike,
    event: ArrayLike,
    potential: ArrayLike,
    entry: ArrayLike | None = None,
) -> Estimate:
    """
    Completeness of follow-up (Clark's C): person-time observed over person-time possible.

    Parameters
    ----------
    time : array_like of shape (n,)
        Days to event or last contact.
    event : array_like of shape (n,)
        1 for the event, 0 for censored.
    potential : array_like of shape (n,)
        Days from time zero to the closing date of the study; missing means unknown. For a patient
        with the event, follow-up is complete at the event.
    entry : array_like of shape (n,), optional
        Days at which observation began; person-time counts from there.

    Returns
    -------
    Estimate
        Share between 0 and 1 without interval (it describes, it isn't sampled). A last contact
        after the closing date counts as complete. Where closing dates of the living are missing,
        everybody without one is left out, the dead too, and counted in the note: their time is all
        complete, and kept alone it would raise the share. NaN with the reason where no living
        patient has a closing date, or no dead one while some of the living lack it.

    References
    ----------
    Clark, Altman, De Stavola 2002, doi:10.1016/S0140-6736(02)08272-7.

    Examples
    --------
    >>> completeness([10, 5], [1, 0], [20, 10]).value
    0.75
    """
    sample = make_sample(time, event, entry)
    closing = floats(potential)
    if closing.shape != sample.time.shape:
        raise ValueError("potential follow-up must have one entry per patient")
    known, died = np.isfinite(closing), sample.event
    if known[~died].all():
        known = np.ones(died.shape, dtype=bool)
    elif not known[~died].any():
        return Estimate(np.nan, note="no closing date of a patient alive at last contact")
    elif died.any() and not known[died].any():
        return Estimate(np.nan, note="closing dates of some of the living, and of none of the dead")
    possible = np.where(sample.event, sample.time, np.maximum(closing, sample.time))
    begin = np.where(np.isfinite(sample.entry), sample.entry, 0.0)
    total = float((possible - begin)[known].sum())
    if total <= 0:
        return Estimate(np.nan, note="no person-time")
    missing = int((~known).sum())
    note = f"{missing} patient(s) without closing date left out" if missing else ""
    return Estimate(float((sample.time - begin)[known].sum()) / total, note=note)
