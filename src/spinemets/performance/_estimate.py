"""One estimate with its interval, or the reason why there is none."""

from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import numpy as np
from scipy.special import ndtri

from spinemets.results import Row, finite

R = TypeVar("R", bound=Row)
#: Standard normal quantile of two-sided 95 % intervals.
Z95: Final = float(ndtri(0.975))


# Not frozen, for the same reason as `spinemets.results.Row`.
@dataclass
class Estimate:
    """
    A number, its 95 % interval and what it rests on.

    Parameters
    ----------
    value, lower, upper, std_error : float
        Estimate, interval and standard error; NaN where undefined. ``std_error`` is on the scale
        of ``value``, even when the interval was made on another scale.
    n, events : int
        Patients, and events by the horizon (over the whole follow-up where there is none).
    method : str
        Estimator and interval, in a few words.
    reason : str
        Why ``value`` is NaN, or a caveat; empty otherwise.
    """

    value: float
    lower: float = np.nan
    upper: float = np.nan
    std_error: float = np.nan
    n: int = 0
    events: int = 0
    method: str = ""
    reason: str = ""

    @property
    def defined(self) -> bool:
        """Whether there is a number."""
        return bool(np.isfinite(self.value))

    def row(self, measure: str, *, kind: type[R] = Row, **where: Any) -> R:  # type: ignore[assignment]
        """
        Put the estimate into the long table of results.

        Parameters
        ----------
        measure : str
            Name of what was estimated.
        kind : type
            Class of the row.
        **where : object
            Other fields of the row; ``note`` is put behind the reason.

        Returns
        -------
        spinemets.results.Row
            NaN has become None, as the table wants it.

        Examples
        --------
        >>> Estimate(0.5, n=10, events=4).row("oe_ratio", horizon="6mo").horizon
        '6mo'
        """
        note = "; ".join(part for part in (self.reason, where.pop("note", "")) if part)
        method = where.pop("method", None) or self.method
        return kind(
            measure=measure,
            estimate=finite(self.value),
            lower=finite(self.lower),
            upper=finite(self.upper),
            std_error=finite(self.std_error),
            n=self.n,
            events=self.events,
            method=method,
            note=note,
            **where,
        )

    def because(self, reason: str) -> "Estimate":
        """
        Add a caveat.

        Parameters
        ----------
        reason : str
            Sentence without a full stop; nothing is added when it is empty.

        Returns
        -------
        Estimate
            Copy with the caveat behind those it had.
        """
        joined = "; ".join(part for part in (self.reason, reason) if part)
        return replace(self, reason=joined)


def undefined(reason: str, n: int = 0, events: int = 0, method: str = "") -> Estimate:
    """
    Say why there is no estimate.

    Parameters
    ----------
    reason : str
        The reason, as it is printed in the note of the row.
    n, events : int
        Patients and events.
    method : str
        Estimator that could not be used.

    Returns
    -------
    Estimate
        All numbers NaN.
    """
    return Estimate(np.nan, n=n, events=events, method=method, reason=reason)


def wald(
    value: float, std_error: float, n: int, events: int, method: str, reason: str = ""
) -> Estimate:
    """
    Make a symmetric 95 % interval.

    Parameters
    ----------
    value, std_error : float
        Estimate and its standard error.
    n, events : int
        Patients and events.
    method, reason : str
        As in `Estimate`.

    Returns
    -------
    Estimate
        With ``value -+ 1.96 std_error``.
    """
    half = Z95 * std_error
    return Estimate(value, value - half, value + half, std_error, n, events, method, reason)


def log_normal(
    value: float, log_error: float, n: int, events: int, method: str, reason: str = ""
) -> Estimate:
    """
    Make a 95 % interval that is symmetric on the log scale.

    Parameters
    ----------
    value : float
        Positive estimate.
    log_error : float
        Standard error of its logarithm.
    n, events : int
        Patients and events.
    method, reason : str
        As in `Estimate`.

    Returns
    -------
    Estimate
        With ``value * exp(-+ 1.96 log_error)``; ``std_error`` by the delta method.
    """
    factor = float(np.exp(Z95 * log_error))
    return Estimate(
        value, value / factor, value * factor, value * log_error, n, events, method, reason
    )
