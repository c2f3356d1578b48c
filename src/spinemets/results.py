"""The long tidy table in which every estimate is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from math import isfinite
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Final

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = (
    "cohort",
    "set",
    "stratum_set",
    "stratum",
    "score",
    "variant",
    "form",
    "horizon",
    "measure",
    "estimate",
    "lower",
    "upper",
    "std_error",
    "method",
    "n",
    "events",
    "note",
)
#: Begins the note of a score whose direction a cohort contradicts.
SUSPECT: Final = "direction_suspect"
#: Sources of risks that come from elsewhere: nothing of them was fitted to this cohort.
FOREIGN: Final = ("published", "supplied")
NUMBERS: Final = ("estimate", "lower", "upper", "std_error")
#: Columns of tables of models with several terms.
MODEL_COLUMNS: Final = (
    "cohort",
    "model",
    "stratum_set",
    "stratum",
    "score",
    "variant",
    "form",
    "term",
    "horizon",
    "measure",
    "contrast",
    "estimate",
    "lower",
    "upper",
    "std_error",
    "method",
    "n",
    "events",
    "note",
)


# Not frozen, as its kinds: an evaluation makes ten thousand rows, and freezing triples the cost of
# each. Only who hands on a row that nobody else holds changes it; others make another (`replace`).
@dataclass
class Row:
    """
    One estimate, or the reason why there is none.

    Parameters
    ----------
    measure : str
        What was estimated, snake case (``harrell_c``, ``auc``, ``survival`` ...).
    estimate, lower, upper, std_error : float or None
        Point estimate, 95 % interval and standard error; None when not estimable.
    n, events : int or None
        Patients and events behind the estimate.
    note : str
        The reason when ``estimate`` is None; else caveats.
    cohort, set, stratum_set, stratum, score, variant, form, horizon, method : str
        Where the estimate belongs; see ``docs/reference/tables.md``.
    """

    #: Columns of the table in their order, and those that hold numbers.
    columns: ClassVar[tuple[str, ...]] = COLUMNS
    numbers: ClassVar[tuple[str, ...]] = NUMBERS

    measure: str
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    std_error: float | None = None
    n: int | None = None
    events: int | None = None
    note: str = ""
    cohort: str = ""
    set: str = "all"
    stratum_set: str = "overall"
    stratum: str = "all"
    score: str = ""
    variant: str = ""
    form: str = ""
    horizon: str = ""
    method: str = ""


def _columns(*extra: str, behind: str = "variant") -> tuple[str, ...]:
    place = COLUMNS.index(behind) + 1
    return (*COLUMNS[:place], *extra, *COLUMNS[place:])


@dataclass
class RiskRow(Row):
    """
    An estimate that rests on predicted risks.

    Parameters
    ----------
    source : str
        ``published``, ``supplied``, ``cross_fitted`` or ``apparent``; empty where no risk enters.
    """

    columns: ClassVar[tuple[str, ...]] = _columns("source", behind="horizon")

    source: str = ""

    @classmethod
    def of(cls, row: Row, **more: Any) -> RiskRow:
        """
        Add the source to a row.

        Parameters
        ----------
        row : Row
            Estimate.
        **more : object
            ``source``, and fields to replace.

        Returns
        -------
        RiskRow
            Copy.
        """
        return RiskRow(**{f.name: getattr(row, f.name) for f in fields(Row)} | more)


@dataclass
class OutcomeRow(Row):
    """
    An estimate about an outcome beside death.

    Parameters
    ----------
    outcome : str
        Which outcome.
    """

    columns: ClassVar[tuple[str, ...]] = _columns("outcome", behind="cohort")

    outcome: str = ""

    @classmethod
    def of(cls, row: Row, **more: Any) -> OutcomeRow:
        """
        Add the outcome to a row.

        Parameters
        ----------
        row : Row
            Estimate.
        **more : object
            ``outcome``, and fields to replace.

        Returns
        -------
        OutcomeRow
            Copy.
        """
        return OutcomeRow(**{f.name: getattr(row, f.name) for f in fields(Row)} | more)


@dataclass
class ThresholdRow(RiskRow):
    """
    An estimate at one threshold probability.

    Parameters
    ----------
    threshold : str
        Threshold probability with two digits; empty where none enters.
    other : str
        Score that the estimate is a difference to; empty where it isn't one.
    decision : str
        Named decision behind the threshold.
    """

    columns: ClassVar[tuple[str, ...]] = _columns(
        "source", "decision", "threshold", "other", behind="horizon"
    )

    threshold: str = ""
    other: str = ""
    decision: str = ""


@dataclass
class PairRow(RiskRow):
    """
    A paired difference: the score's estimate less that of the other score on the same patients.

    Parameters
    ----------
    other_score, other_variant : str
        The other score.
    z, p, p_holm : float or None
        Wald statistic, two-sided p, and p adjusted by Holm within one set, form, horizon, measure.
    lower_simultaneous, upper_simultaneous, p_simultaneous : float or None
        Limits that hold for all pairs at once, and the p value that goes with them.
    covariance : float or None
        Covariance of the two estimates.
    """

    columns: ClassVar[tuple[str, ...]] = (
        *_columns("other_score", "other_variant")[:8],
        *("form", "horizon", "source", "measure", "estimate", "lower", "upper", "std_error"),
        *("z", "p", "p_holm", "lower_simultaneous", "upper_simultaneous", "p_simultaneous"),
        *("covariance", "method", "n", "events", "note"),
    )
    numbers: ClassVar[tuple[str, ...]] = (
        *NUMBERS,
        *("z", "p", "p_holm", "lower_simultaneous", "upper_simultaneous", "p_simultaneous"),
        "covariance",
    )

    other_score: str = ""
    other_variant: str = ""
    z: float | None = None
    p: float | None = None
    p_holm: float | None = None
    lower_simultaneous: float | None = None
    upper_simultaneous: float | None = None
    p_simultaneous: float | None = None
    covariance: float | None = None


@dataclass
class ModelRow(Row):
    """
    One estimate of a model with several terms, or the reason why there is none.

    Parameters
    ----------
    model : str
        Which analysis.
    term : str
        Covariate, value of the score, period or cause that the estimate is of.
    contrast : str
        What a difference or ratio is of, ``first against second``; empty for other estimates.
    """

    columns: ClassVar[tuple[str, ...]] = MODEL_COLUMNS

    model: str = ""
    term: str = ""
    contrast: str = ""


def finite(value: float | None) -> float | None:
    """
    Turn what isn't a number into an empty cell.

    Parameters
    ----------
    value : float or None
        Estimate.

    Returns
    -------
    float or None
        None for NaN and infinity.

    Examples
    --------
    >>> finite(0.5), finite(float("nan")), finite(None)
    (0.5, None, None)
    """
    return float(value) if value is not None and isfinite(value) else None


def scaled(value: float, lower: float, upper: float, error: float, unit: float) -> dict[str, Any]:
    """
    Put an estimate into the unit of a table, as fields of a row.

    Parameters
    ----------
    value, lower, upper, error : float
        Estimate, limits and standard error; what isn't finite becomes None.
    unit : float
        What they are divided by.

    Returns
    -------
    dict
        ``estimate``, ``lower``, ``upper``, ``std_error``.

    Examples
    --------
    >>> scaled(60.875, 30.4375, float("nan"), float("nan"), 30.4375)
    {'estimate': 2.0, 'lower': 1.0, 'upper': None, 'std_error': None}
    """
    names = ("estimate", "lower", "upper", "std_error")
    found = zip(names, (value, lower, upper, error), strict=True)
    return {name: finite(v / unit) for name, v in found}


def kind_of(source: str) -> str:
    """
    Say what risks of a source may be compared with.

    Parameters
    ----------
    source : str
        ``published``, ``supplied``, ``cross_fitted`` or ``apparent``, or several joined by ``+``.

    Returns
    -------
    str
        ``foreign`` for the first two, else the source. A risk fitted to this cohort has its
        calibration for nothing, a foreign one has not: a difference between kinds says little.

    Examples
    --------
    >>> kind_of("supplied"), kind_of("cross_fitted")
    ('foreign', 'cross_fitted')
    """
    return "foreign" if source.partition("+")[0] in FOREIGN else source


def frame(rows: Iterable[Row], kind: type[Row] = Row) -> pd.DataFrame:
    """
    Put rows into a table in the column order of the contract of results.

    Parameters
    ----------
    rows : iterable of Row
        Estimates.
    kind : type
        Class of the rows, which says the columns.

    Returns
    -------
    pandas.DataFrame
        Columns as ``kind.columns``; counts are ``Int64``, estimates ``float64``.
    """
    import pandas as pd

    columns = list(kind.columns)
    table = pd.DataFrame.from_records([*map(attrgetter(*columns), rows)], columns=columns)
    for name in ("n", "events"):
        table[name] = table[name].astype("Int64")
    for name in kind.numbers:
        table[name] = table[name].astype("float64")
    return table


def stack(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """
    Put tables with the same columns below each other.

    Parameters
    ----------
    tables : iterable of pandas.DataFrame
        At least one; empty ones lend their columns only.

    Returns
    -------
    pandas.DataFrame
        Rows of all tables in order.
    """
    import pandas as pd

    parts = list(tables)
    filled = [t for t in parts if len(t)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]
