"""
How well a score travels: performance per centre, pooled over centres, and why C differs.

Internal-external cross-validation leaves each centre out in turn. For a fixed score nothing is
fitted and it is simply the performance per centre; for a model it is refitted on the others.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import FloatArray
from spinemets.performance._checks import check_horizon, check_risk
from spinemets.performance._cox import fit_cox
from spinemets.performance._estimate import Estimate, undefined
from spinemets.performance._km import FollowUp, kaplan_meier_at
from spinemets.performance.calibration import ratio_at, slope_of
from spinemets.performance.discrimination import confidence_interval, harrell_c
from spinemets.performance.meta_analysis import PooledEffect, pool_c, pool_effects, pool_ratio
from spinemets.performance.optimism import check_table

if TYPE_CHECKING:
    import pandas as pd

NO_RISK: Final = "no risk at the horizon was given"


@dataclass(frozen=True)
class Centre:
    """
    Performance in one centre.

    Parameters
    ----------
    name : str
        The centre.
    n, events : int
        Patients and events.
    c, slope, oe_ratio : Estimate
        Harrell's C, calibration slope, and O:E at the horizon, in this centre.
    """

    name: str
    n: int
    events: int
    c: Estimate
    slope: Estimate
    oe_ratio: Estimate


@dataclass(frozen=True)
class InternalExternal:
    """
    Performance per centre and pooled.

    Parameters
    ----------
    centres : tuple of Centre
        In the order of their names.
    c, slope, oe_ratio : PooledEffect
        Random-effects means (logit, plain and log scale) carried back, with prediction intervals.
    fitted : bool
        Whether a model was refitted without each centre.
    """

    centres: tuple[Centre, ...]
    c: PooledEffect
    slope: PooledEffect
    oe_ratio: PooledEffect
    fitted: bool

    def frame(self) -> "pd.DataFrame":
        """
        Centres as a table.

        Returns
        -------
        pandas.DataFrame
            Columns centre, n, events, measure, estimate, lower, upper, std_error, reason.
        """
        import pandas as pd

        rows = [
            {
                "centre": centre.name,
                "n": centre.n,
                "events": centre.events,
                "measure": measure,
                "estimate": found.value,
                "lower": found.lower,
                "upper": found.upper,
                "std_error": found.std_error,
                "reason": found.reason,
            }
            for centre in self.centres
            for measure, found in (
                ("harrell_c", centre.c),
                ("calibration_slope", centre.slope),
                ("oe_ratio", centre.oe_ratio),
            )
        ]
        return pd.DataFrame(rows)


def internal_external(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    centre: npt.ArrayLike,
    *,
    covariates: npt.ArrayLike | None = None,
    score: npt.ArrayLike | None = None,
    higher_is_worse: bool = True,
    risk: npt.ArrayLike | None = None,
    horizon: float | None = None,
    **pooling: Any,
) -> InternalExternal:
    """
    Performance in each centre of a fixed score, or of a Cox model fitted to the other centres.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    centre : array_like of str, shape (n,)
        Centre of each patient.
    covariates : array_like of float, shape (n, p), optional
        Columns of the Cox model; exactly one of ``covariates`` and ``score``.
    score : array_like of float, shape (n,), optional
        Fixed score.
    higher_is_worse : bool
        Direction of ``score``.
    risk : array_like of float, shape (n,), optional
        Risk at ``horizon`` that goes with a fixed score, for O:E. A Cox model gives its own.
    horizon : float, optional
        Horizon of O:E in the unit of ``time``.
    **pooling
        Options of `meta_analysis.pool_effects`.

    Returns
    -------
    InternalExternal
        A centre where a measure has no value is left out of its pool and counted.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    The slope of a fixed score is that of its own points (1 has no meaning), so it is given for
    models only. Standard errors of C are infinitesimal-jackknife ones within the centre.

    References
    ----------
    Debray TPA, Moons KGM, Ahmed I, Koffijberg H, Riley RD. Stat Med 2013;32:3158-3180,
    doi 10.1002/sim.5732.

    Examples
    --------
    >>> time, event = [1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 0]
    >>> found = internal_external(time, event, list("ababab"), score=[6, 5, 4, 1, 2, 3])
    >>> [c.n for c in found.centres], round(found.centres[0].c.value, 3)
    ([3, 3], 1.0)
    """
    if (covariates is None) == (score is None):
        raise ValueError("covariates: give either covariates (a model) or score (fixed)")
    given = covariates if covariates is not None else score
    follow_up, table = check_table(time, event, given)  # type: ignore[arg-type]
    names = np.array([str(value) for value in np.asarray(centre, dtype=object)], dtype=object)
    if names.size != follow_up.n:
        raise ValueError(f"centre: has {names.size} values for {follow_up.n} patients")
    limit = None if horizon is None else check_horizon(horizon)
    risks = None if risk is None else check_risk(risk, follow_up.n)
    if score is not None and not higher_is_worse:
        table = -table
    found = []
    for name in sorted(set(names)):
        here = names == name
        if covariates is None:
            prediction = (table[here, 0], None if risks is None else risks[here], "")
        else:
            prediction = _from_others(follow_up, table, here, limit)
        fitted = covariates is not None
        found.append(_centre(name, follow_up.take(here), *prediction, limit, fitted))
    return InternalExternal(
        tuple(found),
        pool_c(*_column(found, "c"), **pooling),
        pool_effects(_column(found, "slope")[0], _column(found, "slope")[1] ** 2, **pooling),
        pool_ratio(*_column(found, "oe_ratio"), **pooling),
        covariates is not None,
    )


def _column(centres: list[Centre], measure: str) -> tuple[FloatArray, FloatArray]:
    found: list[Estimate] = [getattr(centre, measure) for centre in centres]
    return np.array([e.value for e in found]), np.array([e.std_error for e in found])


def _from_others(
    follow_up: FollowUp, table: FloatArray, here: npt.NDArray[np.bool_], horizon: float | None
) -> tuple[FloatArray, FloatArray | None, str]:
    others = follow_up.take(~here)
    nothing = np.full(int(here.sum()), np.nan)
    if others.n == 0:
        return nothing, None, "no other centre to fit the model to"
    fit = fit_cox(others, table[~here])
    if fit.reason:
        return nothing, None, f"the model can't be fitted without this centre: {fit.reason}"
    risk = None
    if horizon is not None and not kaplan_meier_at(others, horizon).reason:
        risk = fit.risk(table[here], others.until(horizon))
    return fit.linear(table[here]), risk, ""


def _centre(
    name: str,
    follow_up: FollowUp,
    predictor: FloatArray,
    risk: FloatArray | None,
    reason: str,
    horizon: float | None,
    fitted: bool,
) -> Centre:
    n, events = follow_up.n, follow_up.events()
    if reason:
        none = undefined(reason, n, events)
        return Centre(name, n, events, none, none, none)
    c = concordance_of(follow_up, predictor)
    slope = undefined("a fixed score has no slope of 1 to reach", n, events)
    if fitted:
        slope = slope_of(follow_up, predictor)
    ratio = undefined(NO_RISK, n, events)
    if risk is not None and horizon is not None:
        ratio = ratio_at(follow_up, risk, horizon, "influence")
    return Centre(name, n, events, c, slope, ratio)


def concordance_of(
    follow_up: FollowUp, predictor: FloatArray, weights: FloatArray | None = None
) -> Estimate:
    """
    Harrell's C with a logit interval.

    Parameters
    ----------
    follow_up : FollowUp
        Ranked follow-up.
    predictor : numpy.ndarray, shape (n,)
        Higher means an earlier event.
    weights : numpy.ndarray, shape (n,), optional
        Case weights.

    Returns
    -------
    Estimate
        C; NaN with a reason without comparable pairs.
    """
    found = harrell_c(
        follow_up.time, follow_up.event, predictor, higher_is_worse=True, weights=weights
    )
    n, events = follow_up.n, follow_up.events()
    value, error = float(found.estimate[0]), float(found.std_error[0])
    if found.reason[0]:
        return undefined(str(found.reason[0]), n, events, "Harrell")
    low, high = confidence_interval(value, error)
    return Estimate(value, float(low), float(high), error, n, events, "Harrell, logit interval")
