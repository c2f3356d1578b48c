"""Do the bands of a score fit its totals, and its direction their survival?"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

import numpy as np

from spinemets.scores import engine, truth
from spinemets.scores.definition import Definition
from spinemets.scores.schema import Band, Survival

Location = tuple[str | int, ...]
Say = Callable[[Location, str, str], None]
_HIGHER_IS_SHORTER: Final = ("mortality",)
_NOT_SURVIVAL: Final = ("ambulatory", "local_control")


def declared(definition: Definition) -> truth.Truth:
    """
    Take the totals from the declared range, where the items can't be enumerated yet.

    Parameters
    ----------
    definition : Definition
        Score or variant.

    Returns
    -------
    Truth
        Every total of the range; none where it has no step.
    """
    low, high, step = definition.minimum, definition.maximum, definition.range.step
    countable = step is not None and step > 0 and 0 <= (high - low) / step <= truth.LIMIT
    n = round((high - low) / step) + 1 if countable and step else 0
    totals = low + (step or 0.0) * np.arange(n, dtype=float)
    position = engine.band_of(totals, definition.bands)
    reached = {definition.bands[i].id for i in set(position.tolist()) if i >= 0}
    return truth.Truth(
        0,
        tuple(float(t) for t in totals),
        frozenset(),
        frozenset(reached) if countable else frozenset(b.id for b in definition.bands),
        tuple(float(t) for t in totals[position < 0]),
    )


def check_range(loc: Location, definition: Definition, found: truth.Truth, say: Say) -> None:
    """
    Hold the declared range against the totals that the items give.

    Parameters
    ----------
    loc : tuple
        Place of the form in its file.
    definition : Definition
        Score or variant.
    found : Truth
        What its items give.
    say : callable
        Takes place, rule and repair of a fault.
    """
    low, high = found.totals[0], found.totals[-1]
    if (low, high) != (definition.minimum, definition.maximum):
        say(
            (*loc, "range"),
            f"the items give totals from {low:g} to {high:g}, the range says "
            f"{definition.minimum:g} to {definition.maximum:g}",
            "correct points or range; a published range that the table contradicts goes into "
            "published_minimum and published_maximum",
        )


def check_bands(loc: Location, definition: Definition, found: truth.Truth, say: Say) -> None:
    """
    Look for gaps, overlaps, bands out of reach, and bands against the direction.

    Parameters
    ----------
    loc : tuple
        Place of the form in its file.
    definition : Definition
        Score or variant.
    found : Truth
        Totals that some patient reaches.
    say : callable
        Takes place, rule and repair of a fault.
    """
    _check_direction(loc, definition, say)
    if not definition.bands:
        return
    ends = [_ends(band) for band in definition.bands]
    where = (*loc, "bands")
    for i, (band, (low, high)) in enumerate(zip(definition.bands, ends, strict=True)):
        if low > high:
            say((*where, i), f"band {band.id} ends before it begins", "correct its limits")
        if i and low < ends[i - 1][0]:
            say((*where, i), "bands stand in ascending order of the total", "reorder them")
    for total in found.totals:
        inside = [
            b.id for b, e in zip(definition.bands, ends, strict=True) if e[0] <= total <= e[1]
        ]
        if len(inside) > 1:
            rule = f"the total {total:g} falls into the bands {' and '.join(inside)}"
            say(where, rule, "let bands not overlap")
    if found.uncovered and not definition.data.gaps:
        totals = ", ".join(f"{t:g}" for t in found.uncovered)
        say(where, f"no band holds the total {totals}", "close the gap, or explain it in `gaps`")
    for i, band in enumerate(definition.bands):
        if band.id not in found.bands and definition.range.step is not None:
            say((*where, i), f"no patient reaches the band {band.id}", "correct its limits")


def _ends(band: Band) -> tuple[float, float]:
    tiny = 1e-9
    low = band.from_ if band.from_ is not None else -np.inf
    high = band.to if band.to is not None else np.inf
    if band.above is not None:
        low = max(low, band.above + tiny)
    if band.below is not None:
        high = min(high, band.below - tiny)
    return low, high


def _check_direction(loc: Location, definition: Definition, say: Say) -> None:
    series: dict[tuple[Any, ...], list[tuple[str, float]]] = {}
    for band in definition.bands:
        for fact in band.survival:
            if fact.measure in _NOT_SURVIVAL:
                continue
            family = "predicted" if fact.measure.startswith("predicted") else fact.measure
            key = (family, fact.horizon_months, fact.horizon_days, fact.source)
            series.setdefault(key, []).append((band.id, _longer_is_larger(fact)))
    for (measure, *_rest, source), values in series.items():
        for (first, a), (second, b) in pairwise(values):
            if definition.direction * (b - a) < 0:
                say(
                    (*loc, "bands"),
                    f"the direction says {definition.data.direction.replace('_', ' ')}, but the "
                    f"{measure} of band {second} and of band {first} say the opposite ({source})",
                    "correct the direction or the published figures",
                )


def _longer_is_larger(fact: Survival) -> float:
    value = 1e9 if fact.value is None else fact.value
    if fact.measure == "predicted_below_months":
        return value - 1e-3
    return -value if fact.measure in _HIGHER_IS_SHORTER else value
