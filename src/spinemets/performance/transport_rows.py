"""Optimism and transport as rows of the long table of results."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from spinemets.performance._estimate import Estimate, undefined
from spinemets.performance.case_mix import DifferenceInC
from spinemets.performance.meta_analysis import PooledEffect
from spinemets.performance.optimism import Optimism
from spinemets.performance.precision import caution
from spinemets.performance.transport import InternalExternal
from spinemets.results import Row


def optimism_rows(found: Optimism, **where: Any) -> Iterator[Row]:
    """
    Harrell's C corrected for optimism.

    Parameters
    ----------
    found : Optimism
        Result of `bootstrap_optimism` or `no_optimism`.
    **where
        Other fields of `spinemets.results.Row`.

    Yields
    ------
    Row
        ``optimism_harrell_c``, ``harrell_c_corrected``, ``harrell_c_632_plus``,
        ``calibration_slope_corrected``.

    Examples
    --------
    >>> from spinemets.performance.optimism import no_optimism
    >>> next(optimism_rows(no_optimism(0.65, 100, 80))).note
    'none: nothing was fitted'
    """
    method = f"bootstrap, {found.resamples} resamples" if found.resamples else ""
    for measure, value in (
        ("optimism_harrell_c", found.optimism),
        ("harrell_c_corrected", found.corrected),
        ("harrell_c_632_plus", found.c632_plus),
        ("calibration_slope_corrected", found.slope),
    ):
        estimate = Estimate(value, n=found.n, events=found.events, method=method)
        yield estimate.row(measure, note=found.reason, **where)


def transport_rows(found: InternalExternal, **where: Any) -> Iterator[Row]:
    """
    Performance per centre, pooled, and expected in a new centre.

    Parameters
    ----------
    found : InternalExternal
        Result of `internal_external`.
    **where
        Other fields of `spinemets.results.Row`; the stratum set is ``centre``.

    Yields
    ------
    Row
        ``harrell_c``, ``calibration_slope``, ``oe_ratio`` per centre (stratum); ``pooled_*`` with
        the interval of the mean, ``new_centre_*`` with the prediction interval, ``tau2_*`` and
        ``i2_*`` over all centres.

    Examples
    --------
    >>> from spinemets.performance.transport import internal_external
    >>> time, event = [1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 0]
    >>> result = internal_external(time, event, list("ababab"), score=[6, 5, 4, 1, 2, 3])
    >>> len(list(transport_rows(result)))
    18
    """
    fields = {**where, "stratum_set": "centre"}
    design = "refitted without the centre" if found.fitted else "fixed score"
    for centre in found.centres:
        for measure, one in (
            ("harrell_c", centre.c),
            ("calibration_slope", centre.slope),
            ("oe_ratio", centre.oe_ratio),
        ):
            method = "; ".join(part for part in (one.method, design) if part)
            note = caution(centre.events)
            yield one.row(measure, method=method, note=note, **{**fields, "stratum": centre.name})
    for measure, pooled, ones in (
        ("harrell_c", found.c, [centre.c for centre in found.centres]),
        ("calibration_slope", found.slope, [centre.slope for centre in found.centres]),
        ("oe_ratio", found.oe_ratio, [centre.oe_ratio for centre in found.centres]),
    ):
        # Those that entered the mean: events of O:E are those by the horizon.
        used = [one for one in ones if np.isfinite(one.value) and one.std_error > 0] or ones
        n, events = sum(one.n for one in used), sum(one.events for one in used)
        yield from _pooled_rows(measure, pooled, n, events, {**fields, "stratum": "all"})


def _pooled_rows(
    measure: str, pooled: PooledEffect, n: int, events: int, fields: dict[str, Any]
) -> Iterator[Row]:
    method = f"{pooled.method}, {pooled.k} centres"
    if pooled.k == 0:
        for prefix in ("pooled", "new_centre", "tau2", "i2"):
            row = undefined(pooled.reason, n, events, method).row(f"{prefix}_{measure}", **fields)
            yield row
        return
    mean = Estimate(
        pooled.estimate, pooled.lower, pooled.upper, np.nan, n, events, method, pooled.reason
    )
    yield mean.row(f"pooled_{measure}", **fields)
    new = Estimate(
        pooled.estimate,
        pooled.prediction_lower,
        pooled.prediction_upper,
        np.nan,
        n,
        events,
        f"{method}, prediction interval",
        pooled.reason,
    )
    if not np.isfinite(pooled.prediction_lower):
        new = undefined(pooled.reason, n, events, new.method)
    yield new.row(f"new_centre_{measure}", **fields)
    spread = Estimate(
        pooled.tau2, pooled.tau2_lower, pooled.tau2_upper, np.nan, n, events, "Q-profile"
    )
    share = Estimate(pooled.i2, n=n, events=events, method=method)
    for name, found in (("tau2", spread), ("i2", share)):
        if not np.isfinite(found.value):
            found = undefined(pooled.reason, n, events, found.method)
        yield found.row(f"{name}_{measure}", **fields)


def difference_rows(found: DifferenceInC, **where: Any) -> Iterator[Row]:
    """
    A difference in C between two cohorts and its two parts.

    Parameters
    ----------
    found : DifferenceInC
        Result of `split_difference`.
    **where
        Other fields of `spinemets.results.Row`; the cohort is the other one.

    Yields
    ------
    Row
        ``harrell_c_reference``, ``harrell_c``, ``harrell_c_standardised``,
        ``harrell_c_difference``, ``harrell_c_case_mix``, ``harrell_c_validity``.

    Examples
    --------
    >>> from spinemets.performance.case_mix import split_difference
    >>> cohort = ([1, 2, 3, 4, 5], [1, 1, 1, 1, 0], [5, 4, 2, 3, 1])
    >>> len(list(difference_rows(split_difference(cohort, cohort, resamples=0))))
    6
    """
    for measure, one in (
        ("harrell_c_reference", found.reference),
        ("harrell_c", found.other),
        ("harrell_c_standardised", found.standardised),
        ("harrell_c_difference", found.difference),
        ("harrell_c_case_mix", found.case_mix),
        ("harrell_c_validity", found.validity),
    ):
        yield one.row(measure, note=caution(one.events), **where)
