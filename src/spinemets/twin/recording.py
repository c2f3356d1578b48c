"""What a registry would hold of a simulated patient: gaps, intervals, an unsettled primary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from spinemets.params import Preset
from spinemets.twin.draws import Draft, Drawn, Floats, uniform
from spinemets.vocabulary.performance import crosswalks

#: What nobody can say of a tumour whose primary isn't settled.
BIOLOGY: Final = ("hormone_dependent", "targeted_drug", "small_cell")
Mask = npt.NDArray[np.bool_]


def _probability(draft: Draft, panel: str, spec: Mapping[str, Any], middle: float) -> Floats:
    """Probability that a value is missing, by centre and calendar year."""
    rate = float(spec["rate"])
    logit = np.full(draft.n, np.log(rate / (1 - rate)))
    centre = draft.columns["centre"]
    assert centre.levels is not None
    # Which centre records a panel well is part of the preset, not of the draw: the same at
    # every seed.
    rank = np.argsort(np.argsort([uniform(0, f"{panel} at {c}", 1)[0] for c in centre.levels]))
    score = ndtri((rank + 0.5) / len(rank))
    logit += float(spec.get("centre_sd", 0.0)) * score[centre.values.astype(np.intp)]
    years = draft.columns["calendar_year"].values - middle
    logit += float(spec.get("per_decade", 0.0)) * years / 10
    return np.asarray(1 / (1 + np.exp(-logit)))


def gaps(draft: Draft, specs: Mapping[str, Any], middle: float, chart: float) -> dict[str, Mask]:
    """
    Draw which values weren't recorded.

    Parameters
    ----------
    draft : Draft
        Complete cohort.
    specs : mapping
        Specification of every column; its key ``missing`` holds ``rate``, ``centre_sd`` (spread of
        the centres on the log-odds scale), ``per_decade`` (log odds per ten calendar years) and
        ``panel``: columns of one panel are missing together.
    middle : float
        Calendar year at which ``rate`` holds.
    chart : float
        Weight of the patient's chart: how much gaps in different panels come together (0 to 1).

    Returns
    -------
    dict of str to ndarray of bool
        True where the value is missing; columns without gaps aren't named.
    """
    out = {}
    written = ndtri(uniform(draft.seed, "chart", draft.n))
    for name, spec in specs.items():
        missing = spec.get("missing")
        if not missing or name.startswith("_"):
            continue
        panel = str(missing.get("panel", name))
        chance = _probability(draft, panel, missing, middle)
        own = ndtri(uniform(draft.seed, f"missing {panel}", draft.n))
        out[name] = ndtr(chart * written + np.sqrt(1 - chart * chart) * own) < chance
    return out


def blank(draft: Draft, masks: Mapping[str, Mask]) -> None:
    """
    Make values missing.

    Parameters
    ----------
    draft : Draft
        Changed in place.
    masks : mapping of str to ndarray of bool
        Where.
    """
    for name, mask in masks.items():
        drawn = draft.columns[name]
        draft.columns[name] = Drawn(np.where(mask, np.nan, drawn.values), drawn.levels)


def unsettled_primary(draft: Draft, preset: Preset) -> None:
    """
    Record a few primaries as not recorded or as pending work-up, and with them no biology.

    Parameters
    ----------
    draft : Draft
        ``primary`` and the columns that say something of its biology are changed in place.
    preset : Preset
        Parameters.
    """
    primary = draft.columns["primary"]
    assert primary.levels is not None
    values, levels = primary.values.copy(), primary.levels
    unsettled = np.zeros(draft.n, dtype=bool)
    u, low = uniform(draft.seed, "unsettled primary", draft.n), 0.0
    for term, share in preset.value("recording", "unsettled_primary").items():
        levels = (*levels, str(term))
        chosen = (u >= low) & (u < low + float(share))
        values[chosen] = len(levels) - 1
        unsettled |= chosen
        low += float(share)
    draft.columns["primary"] = Drawn(values, levels)
    blank(draft, {name: unsettled for name in BIOLOGY if name in draft.columns})


def intervals(draft: Draft, preset: Preset) -> None:
    """
    Record a few performance states as an interval only, in the columns ``*_low`` and ``*_high``.

    Parameters
    ----------
    draft : Draft
        ``kps`` and ``ecog`` are blanked where an interval is recorded.
    preset : Preset
        Parameters: a KPS known only through the ECOG grade (a named crosswalk), and an ECOG known
        only as one of several groups of grades.

    Notes
    -----
    The interval always contains the true value.
    """
    kps, ecog = draft.columns["kps"].values, draft.columns["ecog"].values
    spec = preset.value("recording", "kps_interval")
    table = crosswalks()[spec["crosswalk"]]
    low, high = np.full(draft.n, np.nan), np.full(draft.n, np.nan)
    chosen = uniform(draft.seed, "kps interval", draft.n) < float(spec["share"])
    for grade in sorted(set(table.kps_to_ecog.values())):
        ends = table.kps((grade, grade))
        hit = chosen & (kps >= ends[0]) & (kps <= ends[1])
        low[hit], high[hit] = ends
    _store(draft, "kps", low, high)
    spec = preset.value("recording", "ecog_interval")
    low, high = np.full(draft.n, np.nan), np.full(draft.n, np.nan)
    chosen = uniform(draft.seed, "ecog interval", draft.n) < float(spec["share"])
    for ends in spec["groups"]:
        hit = chosen & (ecog >= ends[0]) & (ecog <= ends[1])
        low[hit], high[hit] = ends
    _store(draft, "ecog", low, high)


def _store(draft: Draft, name: str, low: Floats, high: Floats) -> None:
    draft.columns[f"{name}_low"], draft.columns[f"{name}_high"] = Drawn(low), Drawn(high)
    blank(draft, {name: ~np.isnan(low)})
