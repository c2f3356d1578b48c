"""Dates become days since the declared time zero, in memory; no date is ever written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from spinemets.contract import Column
from spinemets.ingest.cells import Coded, Converted, Floats, Mask, Problem, numeric_series
from spinemets.ingest.mapping import ColumnMap

Dates = npt.NDArray[np.datetime64]
#: Columns that are counted backwards from time zero; all other intervals run forwards.
BACKWARD: Final = ("age_years", "interval_diagnosis_days", "motor_deficit_days")
ORDERS: Final = ("auto", "day_first", "month_first", "iso", "excel")
_CLOCK: Final = r"(?:[T ]\d{1,2}:\d{2}.*)?$"
_ISO: Final = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _CLOCK)
_COMPACT: Final = re.compile(r"^((?:18|19|20|21)\d{2})(\d{2})(\d{2})$")
_NUMERIC: Final = re.compile(r"^(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4})" + _CLOCK)
_SHORT: Final = re.compile(r"^(\d{1,2})([-/.])(\d{1,2})[-/.](\d{2})" + _CLOCK)
_NAMED: Final = re.compile(r"^(\d{1,2})[-./ ]*([A-Za-zä]{3,9})[-./ ,]*(\d{4})$")
_NAMED_US: Final = re.compile(r"^([A-Za-z]{3,9})\.? +(\d{1,2}),? +(\d{4})$")
_PARTIAL: Final = re.compile(r"^(?:(\d{4})(?:[-/.](\d{1,2}))?|(\d{1,2})[-/.](\d{4}))$")
#: Rules of the two kinds of dates that only a declaration makes whole.
TWO_DIGITS: Final = "a year of two digits: the century is open"
INCOMPLETE: Final = "an incomplete date"
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        ("jan", "feb", "mar mär mae", "apr", "may mai", "jun", "jul", "aug", "sep", "oct okt",
         "nov", "dec dez"), 1,
    )
    for name in names.split()
}  # fmt: skip
_EXCEL_ZERO: Final = np.datetime64("1899-12-30")
_REPAIR: Final = "correct it in the source, or list it under `missing` in the mapping"


@dataclass
class Calendar:
    """
    The distinct texts of a column, read as dates.

    Parameters
    ----------
    of_term : ndarray of datetime64[D]
        One date per text; ``NaT`` where there is none.
    order : str
        Order that was used for dates such as 3.4.2019; empty when none was met.
    faults : dict of str to ndarray of bool
        Rule in words to the texts that break it.
    completed : dict of str to ndarray of bool
        What was declared to make a date whole, in words, to the texts concerned.
    """

    of_term: Dates
    order: str
    faults: dict[str, Mask]
    completed: dict[str, Mask] = field(default_factory=dict)


def read(
    terms: list[str], order: str, years_from: int | None = None, incomplete: str = "fault"
) -> Calendar:
    """
    Read texts as dates.

    Parameters
    ----------
    terms : list of str
        Distinct texts of a column.
    order : {"auto", "day_first", "month_first", "iso", "excel"}
        Order of day and month where the text itself leaves it open. ``auto`` takes what the column
        shows: points between the numbers, or a number above 12, settle it for the whole column.
    years_from : int, optional
        First of the hundred years that two digits may mean; without it they are a fault.
    incomplete : {"fault", "middle", "missing"}
        What a date without its day or month is; ``middle`` is the 15th, or 1 July.

    Returns
    -------
    Calendar
        Dates, and which texts are none.

    Notes
    -----
    ISO dates, compact ones (20190503) and those with a month's name in English or German are read
    in any order. A clock time is ignored. Two-digit years and incomplete dates are refused unless
    the mapping says how they are meant: the century or the day would be a guess.

    Examples
    --------
    >>> [str(d) for d in read(["2019-05-03", "31.12.2018", "3 Mai 2020"], "auto").of_term]
    ['2019-05-03', '2018-12-31', '2020-05-03']
    >>> [str(d) for d in read(["03.05.19", "05/2019"], "day_first", 1930, "middle").of_term]
    ['2019-05-03', '2019-05-15']
    """
    parts = np.full((len(terms), 3), -1, dtype=np.int64)
    open_: list[tuple[int, int, int, int, str]] = []
    short, partial = np.zeros(len(terms), bool), np.zeros(len(terms), bool)
    for i, term in enumerate(terms):
        found = _unambiguous(term, order)
        if found:
            parts[i] = found
        elif match := _NUMERIC.match(term):
            open_.append((i, int(match[1]), int(match[3]), int(match[4]), match[2]))
        elif match := _SHORT.match(term):
            short[i] = True
            if years_from is not None:
                year = years_from + (int(match[4]) - years_from) % 100
                open_.append((i, int(match[1]), int(match[3]), year, match[2]))
        elif match := _PARTIAL.match(term):
            partial[i] = True
            if incomplete == "middle":
                month = int(match[2] or match[3] or 7)
                parts[i] = (int(match[1] or match[4]), month, 15 if match[2] or match[3] else 1)
    used = _order(open_, order)
    for i, first, second, year, _ in open_:
        parts[i] = (year, first, second) if used == "month_first" else (year, second, first)
    dates = _build(parts)
    faults, completed = _declared(short, partial, dates, years_from, incomplete)
    if open_ and used in ("open", "mixed"):
        at = np.isin(np.arange(len(terms)), [row[0] for row in open_])
        words = {
            "open": "dates that don't show whether the day or the month comes first",
            "mixed": "dates with the day first and dates with the month first",
        }
        faults[words[used]] = at
        dates[at] = np.datetime64("NaT")
    known = ~np.isnat(dates)
    taken = known | np.logical_or.reduce([*faults.values(), *completed.values()])
    faults["not a date"] = ~taken
    given = {rule: mask for rule, mask in faults.items() if mask.any()}
    return Calendar(dates, used, given, {w: m for w, m in completed.items() if m.any()})


def _declared(
    short: Mask, partial: Mask, dates: Dates, years_from: int | None, incomplete: str
) -> tuple[dict[str, Mask], dict[str, Mask]]:
    """Dates that are faults by themselves, and those that a declaration makes whole."""
    faults, completed = {}, {}
    if years_from is None:
        faults[TWO_DIGITS] = short
    else:
        words = f"years of two digits read as {years_from} to {years_from + 99}"
        completed[words] = short & ~np.isnat(dates)
    if incomplete == "fault":
        faults[INCOMPLETE] = partial
    elif incomplete == "middle":
        words = "incomplete dates read as the middle of their month or year"
        completed[words] = partial & ~np.isnat(dates)
    else:
        completed["incomplete dates read as missing"] = partial
    return faults, completed


def _unambiguous(term: str, order: str) -> tuple[int, int, int] | None:
    """Year, month and day of a text that has only one reading."""
    if order == "excel":
        try:
            day: Any = _EXCEL_ZERO + np.timedelta64(min(int(float(term)), 99999), "D")
        except (ValueError, OverflowError):
            return None
        return (day.item().year, day.item().month, day.item().day) if float(term) > 0 else None
    if match := _ISO.match(term) or _COMPACT.match(term):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _NAMED.match(term):
        month = _MONTHS.get(match[2][:3].lower())
        return (int(match[3]), month, int(match[1])) if month else None
    if match := _NAMED_US.match(term):
        month = _MONTHS.get(match[1][:3].lower())
        return (int(match[3]), month, int(match[2])) if month else None
    return None


def _order(open_: list[tuple[int, int, int, int, str]], order: str) -> str:
    """Settle which number is the day: as declared, or as the whole column shows."""
    if order in ("day_first", "month_first"):
        return order
    if not open_:
        return ""
    day = any(first > 12 for _, first, *_ in open_)
    month = any(second > 12 for _, _, second, *_ in open_)
    if day and month:
        return "mixed"
    if day or month:
        return "day_first" if day else "month_first"
    # Points between the numbers are written where the day comes first.
    return "day_first" if all(mark == "." for *_, mark in open_) else "open"


def _build(parts: npt.NDArray[np.int64]) -> Dates:
    """Dates from year, month and day; what the calendar doesn't have is none."""
    table = pd.DataFrame(parts, columns=["year", "month", "day"])
    ok = table["year"].between(1850, 2150) & table["month"].between(1, 12)
    out = np.full(len(parts), np.datetime64("NaT"), dtype="datetime64[D]")
    made = pd.to_datetime(table[ok], errors="coerce")
    out[ok.to_numpy()] = made.to_numpy().astype("datetime64[D]")
    return out


def problems(calendar: Calendar, cells: Coded) -> list[Problem]:
    """
    Say which cells of a date column can't be used.

    Parameters
    ----------
    calendar : Calendar
        Texts read as dates.
    cells : Coded
        Cells of the source.

    Returns
    -------
    list of Problem
        An order of day and month that can't be told is structural, for it concerns every row.
    """
    out = []
    for rule, mask in calendar.faults.items():
        rows = cells.rows(mask)
        if not rows.any():
            continue
        structural = "day" in rule and "month" in rule
        repair = "write `date: day_first` or `date: month_first`" if structural else _REPAIR
        if rule == TWO_DIGITS:
            repair = "write `years_from: 1930` (the first of the hundred years meant), or export "
            repair += "the column with years of four digits"
        elif rule == INCOMPLETE:
            repair = "write `incomplete: middle` or `incomplete: missing`, or complete it"
        out.append(Problem(rule, repair, rows, structural))
    return out


def days_of(calendar: Calendar, cells: Coded) -> Dates:
    """
    Dates row by row.

    Parameters
    ----------
    calendar : Calendar
        Texts read as dates.
    cells : Coded
        Cells of the source.

    Returns
    -------
    ndarray of datetime64[D]
        ``NaT`` where missing.
    """
    return np.append(calendar.of_term, np.datetime64("NaT"))[cells.codes]


def interval(column: Column, entry: ColumnMap, cells: Coded, zero: Dates | None) -> Converted:
    """
    Turn dates into the interval that a contract column holds.

    Parameters
    ----------
    column : Column
        Target: a column in days, ``age_years`` (completed years) or ``calendar_year``.
    entry : ColumnMap
        Its entry in the mapping, with ``date``.
    cells : Coded
        Cells of the source.
    zero : ndarray of datetime64[D] or None
        Time zero of every row; not needed for ``calendar_year``.

    Returns
    -------
    Converted
        Numbers; missing where either date is missing. A date on the wrong side of time zero is a
        problem, never an interval of zero.
    """
    calendar = read(cells.terms, entry.date or "auto", entry.years_from, entry.incomplete)
    dates = days_of(calendar, cells)
    faults = [] if entry.others == "missing" else problems(calendar, cells)
    values, words = _measure(column, dates, zero)
    faults += _side(column, values)
    for problem in faults:
        values[problem.rows] = np.nan
    out = Converted({column.name: numeric_series(column, values)}, faults)
    known = int(np.isfinite(values).sum())
    if known:
        how = f" ({calendar.order.replace('_', ' ')})" if calendar.order else ""
        out.conversions.append((words + how, known, entry.flag))
    out.conversions += [(w, int(cells.rows(m).sum()), "") for w, m in calendar.completed.items()]
    return out


def _measure(column: Column, dates: Dates, zero: Dates | None) -> tuple[Floats, str]:
    if column.name == "calendar_year":
        years: Any = dates.astype("datetime64[Y]").astype(float) + 1970
        return np.where(np.isnat(dates), np.nan, years), "dates to calendar years"
    if zero is None:  # the mapping is refused before it comes to this
        raise ValueError("a date needs a time zero")
    if column.name == "age_years":
        return _completed_years(dates, zero), "dates of birth to completed years at time zero"
    sign = -1.0 if column.name in BACKWARD else 1.0
    difference = zero - dates if sign < 0 else dates - zero
    values = np.where(np.isnat(difference), np.nan, difference.astype(float))
    return values, "dates to days " + ("before time zero" if sign < 0 else "since time zero")


def _completed_years(birth: Dates, zero: Dates) -> Floats:
    """
    Age as people state it.

    A fraction of a year would give the birthday back to whoever knows the day of time zero.
    """
    gone = np.isnat(birth) | np.isnat(zero)
    year_b, year_z = (d.astype("datetime64[Y]") for d in (birth, zero))
    month_b, month_z = (d.astype("datetime64[M]") for d in (birth, zero))
    in_year = [
        (month - year.astype("datetime64[M]")).astype(float) * 100
        + (day - month.astype("datetime64[D]")).astype(float)
        for day, month, year in ((birth, month_b, year_b), (zero, month_z, year_z))
    ]
    years = (year_z - year_b).astype(float) - (in_year[1] < in_year[0])
    return np.where(gone, np.nan, years)


def _side(column: Column, values: Floats) -> list[Problem]:
    """Dates on the wrong side of time zero, and intervals that the contract doesn't hold."""
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    out = []
    with np.errstate(invalid="ignore"):
        wrong = (values < 0) if low == 0 else np.zeros(len(values), bool)
        outside = ((values < low) | (values > high)) & ~wrong
    if wrong.any():
        side = "after" if column.name in BACKWARD else "before"
        repair = "correct the date, or the date of time zero, in the source"
        out.append(Problem(f"the date lies {side} time zero", repair, wrong))
    if outside.any():
        rule = f"outside {low:g} to {high:g} {column.unit}"
        out.append(Problem(rule, "correct the date in the source", outside))
    return out
