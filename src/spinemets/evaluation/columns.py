"""Columns of a stranger's table as the arrays of an evaluation, every fault at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemets.errors import Fault, format_rows, suggest
from spinemets.evaluation.design import ObjectArray
from spinemets.evaluation.levels import ordered
from spinemets.evaluation.scores import BoolArray, FloatArray, OneScore
from spinemets.units import DAYS_PER_MONTH, DAYS_PER_WEEK

if TYPE_CHECKING:
    import pandas as pd

#: Unit of time -> ending of a horizon's label, and units in a month.
UNITS: Final = {
    "months": ("mo", 1.0),
    "days": ("d", DAYS_PER_MONTH),
    "weeks": ("wk", DAYS_PER_MONTH / DAYS_PER_WEEK),
    "years": ("y", 1 / 12),
}
#: What a code of the event can mean.
MEANINGS: Final = {"censored": 0.0, "event": 1.0, "competing": 2.0}
#: A score in more levels of text than this is no score.
MOST_LEVELS: Final = 12
#: What pandas calls columns of dates and durations.
_TIMED: Final = ("datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period")
#: The first row of data is line 2 of a file with a header.
FIRST_ROW: Final = 2


@dataclass
class Reader:
    """
    A table, and the faults found in it so far.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per patient.
    faults : list of Fault
        Wrong calls; the file of each is the argument's name.
    """

    table: pd.DataFrame
    faults: list[Fault] = field(default_factory=list)

    def fault(self, argument: str, rule: str, repair: str) -> None:
        """
        Note a fault.

        Parameters
        ----------
        argument, rule, repair : str
            As in `spinemets.errors.Fault`; never with a patient's value.
        """
        self.faults.append(Fault(argument, rule, repair))

    def column(self, argument: str, name: str) -> pd.Series | None:
        """
        Find a column.

        Parameters
        ----------
        argument : str
            Argument that names it.
        name : str
            Column.

        Returns
        -------
        pandas.Series or None
            None, with a fault noted, when there is no such column or it occurs twice.
        """
        known = [str(c) for c in self.table.columns]
        if known.count(name) == 1:
            return self.table.iloc[:, known.index(name)].reset_index(drop=True)
        if name in known:
            self.fault(argument, f"column {name!r} occurs twice in the table", "rename one of them")
        else:
            shown = ", ".join(known[:12]) + (" ..." if len(known) > 12 else "")
            self.fault(
                argument, f"no column {name!r}{suggest(name, known)}", f"columns are: {shown}"
            )
        return None

    def numbers(self, argument: str, name: str) -> FloatArray | None:
        """
        Read a column of numbers.

        Parameters
        ----------
        argument, name : str
            Argument and column.

        Returns
        -------
        ndarray of float or None
            NaN where missing; None with a fault when a cell isn't a number.
        """
        import pandas as pd

        values = self.column(argument, name)
        if values is None or self._timed(argument, name, values):
            return None
        found = pd.to_numeric(values, errors="coerce")
        bad = found.isna() & values.notna()
        if bool(bad.any()):
            rows = [int(i) + FIRST_ROW for i in np.flatnonzero(bad)]
            self.fault(
                argument, f"column {name!r} isn't numeric [{format_rows(rows)}]",
                "give numbers, with a point as decimal mark",
            )  # fmt: skip
            return None
        return np.asarray(found.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan))

    def event(
        self, argument: str, name: str, codes: Mapping[str, str] | None = None
    ) -> FloatArray | None:
        """
        Read the event indicator.

        Parameters
        ----------
        argument, name : str
            Argument and column.
        codes : mapping of str to str, optional
            Code to ``event``, ``competing`` or ``censored``; 0 is censored unless named. Without
            them 1 and true are the event.

        Returns
        -------
        ndarray of float or None
            2 (competing), 1, 0 or NaN (missing).
        """
        import pandas as pd

        values = self.column(argument, name)
        if values is None:
            return None
        words = {"true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0}
        if codes is not None:
            words = {"0": 0.0} | {key.lower(): MEANINGS[what] for key, what in codes.items()}
        text = values.astype("string").str.strip().str.lower()
        if codes is not None:
            text = text.str.replace(r"^(\d+)\.0$", r"\1", regex=True)
        found = text.map(words).astype("Float64")
        bad = found.isna() & text.notna() & text.ne("").fillna(False)
        if bool(bad.any()):
            rows = [int(i) + FIRST_ROW for i in np.flatnonzero(bad)]
            allowed = "0 (censored), 1 (event), true, false"
            if codes is not None:
                allowed = "the codes that are named"
            self.fault(
                argument,
                f"column {name!r} holds something other than {allowed} or nothing "
                f"[{format_rows(rows)}]",
                "recode it, or name its codes (event_codes)",
            )
            return None
        return np.asarray(pd.Series(found).to_numpy(dtype=np.float64, na_value=np.nan))

    def probabilities(self, argument: str, name: str) -> FloatArray | None:
        """
        Read a column of probabilities.

        Parameters
        ----------
        argument, name : str
            Argument and column.

        Returns
        -------
        ndarray of float or None
            NaN where missing.
        """
        values = self.numbers(argument, name)
        if values is None:
            return None
        bad = ~np.isnan(values) & ~((values >= 0) & (values <= 1))
        if bool(bad.any()):
            rows = [int(i) + FIRST_ROW for i in np.flatnonzero(bad)]
            self.fault(
                argument, f"column {name!r} lies outside 0 to 1 [{format_rows(rows)}]",
                "give probabilities, not percentages",
            )  # fmt: skip
            return None
        return values

    def groups(self, argument: str, name: str) -> ObjectArray | None:
        """
        Read a grouping.

        Parameters
        ----------
        argument, name : str
            Argument and column.

        Returns
        -------
        ndarray of object or None
            Group of each patient as text; ``not_recorded`` where missing.
        """
        values = self.column(argument, name)
        if values is None:
            return None
        text = values.astype("string").str.strip()
        return text.mask(text.eq("")).fillna("not_recorded").to_numpy(dtype=object)

    def score(self, argument: str, name: str, higher_is_better: bool) -> OneScore | None:
        """
        Read a score: numbers, or text levels in their natural order.

        Parameters
        ----------
        argument, name : str
            Argument and column.
        higher_is_better : bool
            Direction.

        Returns
        -------
        OneScore or None
            Missing and infinite values are not determined.
        """
        import pandas as pd

        values = self.column(argument, name)
        if values is None or self._timed(argument, name, values):
            return None
        note = ""
        numbers: FloatArray
        if isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered:
            codes = values.cat.codes.to_numpy(dtype=np.float64)
            numbers = np.where(codes < 0, np.nan, codes)
            levels = [str(level) for level in values.cat.categories]
            return one_score(
                name, numbers, higher_is_better, f"levels in their order: {' < '.join(levels)}"
            )
        found = pd.to_numeric(values, errors="coerce")
        text = values.astype("string").str.strip()
        words = found.isna() & text.notna() & text.ne("").fillna(False)
        if bool(words.any()):
            ranked = self._levels(argument, name, text, words)
            if ranked is None:
                return None
            found = text.map({level: float(i) for i, level in enumerate(ranked)})
            note = f"text levels in their natural order: {' < '.join(ranked)}"
        numbers = np.asarray(found.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan))
        return one_score(name, numbers, higher_is_better, note)

    def _levels(
        self, argument: str, name: str, text: pd.Series, words: pd.Series
    ) -> list[str] | None:
        """Levels of a column of text from the lowest on; None with a fault without an order."""
        levels = set(text[text.notna() & text.ne("")])
        ranked = ordered(levels)
        if ranked and len(ranked) <= MOST_LEVELS:
            return ranked
        repair = "give numbers, or an ordered category"
        if ranked:
            rule = f"column {name!r} is text with {len(levels)} different levels"
        else:
            odd = words & ~text.str.contains(r"\d", regex=True).fillna(False)
            rows = [int(i) + FIRST_ROW for i in np.flatnonzero(odd)]
            rule = f"column {name!r} holds words, which have no order [{format_rows(rows)}]"
            repair = f"leave the cell empty where the score isn't known; else {repair}"
        self.fault(argument, rule, repair)
        return None

    def _timed(self, argument: str, name: str, values: pd.Series) -> bool:
        """Note a column of dates or durations: their number is that of nanoseconds."""
        import pandas as pd

        if pd.api.types.infer_dtype(values, skipna=True) not in _TIMED:
            return False
        self.fault(
            argument, f"column {name!r} holds dates or durations", "give numbers: the time since "
            "time zero in the unit of the call, or the score itself"
        )  # fmt: skip
        return True


def one_score(name: str, values: FloatArray, higher_is_better: bool, note: str = "") -> OneScore:
    """
    Make a score of a column of numbers.

    Parameters
    ----------
    name : str
        Column.
    values : ndarray of float, shape (patients,)
        NaN where missing; infinite values count as missing.
    higher_is_better : bool
        Direction.
    note : str
        What has to be said beside all its results.

    Returns
    -------
    OneScore
        With points only.
    """
    infinite = np.isinf(values)
    if bool(infinite.any()):
        note = "; ".join(p for p in (note, "infinite values count as missing") if p)
    points = np.where(infinite, np.nan, values)
    known: BoolArray = ~np.isnan(points)
    nothing = np.full(points.size, np.nan)
    return OneScore(
        name, "", not higher_is_better, points, nothing, points, points, known,
        np.ones(points.size, dtype=bool), ("points",), note,
    )  # fmt: skip


def horizon_labels(horizons: Iterable[float], unit: str) -> dict[str, float]:
    """
    Name horizons with their unit.

    Parameters
    ----------
    horizons : iterable of float
        Horizons.
    unit : str
        One of `UNITS`.

    Returns
    -------
    dict of str to float
        For example ``{"3mo": 3.0}``, ascending.

    Examples
    --------
    >>> horizon_labels([12, 3], "months")
    {'3mo': 3.0, '12mo': 12.0}
    """
    return {f"{h:g}{UNITS[unit][0]}": float(h) for h in sorted(set(horizons))}
