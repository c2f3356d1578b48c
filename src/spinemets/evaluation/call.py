"""The arguments of `evaluate`, checked together: every fault is told at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemets.errors import ArgumentError, Fault, suggest
from spinemets.evaluation.columns import MEANINGS, UNITS, Reader, one_score
from spinemets.evaluation.design import OWN, REQUESTS, ObjectArray, Reference
from spinemets.evaluation.scores import BoolArray, FloatArray, OneScore, take
from spinemets.performance.decisions import decisions
from spinemets.performance.utility import TREAT_ALL, TREAT_NONE

if TYPE_CHECKING:
    import pandas as pd

EVERYTHING: Final = "all_scores"
#: Least value of the arguments that are whole numbers.
LEAST: Final = {"bootstrap": 0, "optimism": 0, "folds": 2, "seed": 0, "minimum_group": 1}
_RESERVED: Final = (TREAT_ALL, TREAT_NONE)


def names(given: Sequence[str] | str) -> list[str]:
    """
    Take names apart.

    Parameters
    ----------
    given : sequence of str or str
        Names, or one text of names joined by commas.

    Returns
    -------
    list of str
        Names without repetition.

    Examples
    --------
    >>> names("a, b,a")
    ['a', 'b']
    """
    parts = given.split(",") if isinstance(given, str) else [str(name) for name in given]
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def read(table: pd.DataFrame | str | Path, argument: str = "table") -> pd.DataFrame:
    """
    Read a table.

    Parameters
    ----------
    table : pandas.DataFrame, str or Path
        The table, or its file.
    argument : str
        Argument that it is, for messages.

    Returns
    -------
    pandas.DataFrame
        The table.

    Raises
    ------
    ArgumentError
        When there is no such file, or it can't be read.
    """
    import pandas as pd

    if isinstance(table, pd.DataFrame):
        return table
    path = Path(table)
    if not path.is_file():
        raise ArgumentError([Fault(argument, f"no file {path.name!r}", "give an existing file")])
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return pd.read_parquet(path)
        separator = "\t" if path.suffix.lower() in (".tsv", ".tab") else ","
        return pd.read_csv(path, sep=separator, skiprows=_remarks(path), encoding="utf-8-sig")
    except (ValueError, OSError) as err:  # parsing, decoding and arrow errors are ValueErrors
        rule = f"{path.name} can't be read as a table ({type(err).__name__})"
        repair = "give a CSV (comma, UTF-8), TSV or parquet file with one header line"
        raise ArgumentError([Fault(argument, rule, repair)]) from None


def _remarks(path: Path) -> int:
    """Lines before the header that are remarks (`# SIMULATED ...`); a `#` in a cell is none."""
    with path.open(encoding="utf-8-sig") as handle:
        return sum(1 for _ in takewhile(lambda line: line.startswith("# "), handle))


@dataclass
class Call:
    """
    The arguments, read one after another so that every fault is found.

    Parameters
    ----------
    reader : Reader
        Reads columns and keeps the faults.
    wanted, better, by, request : list of str
        Scores, those that are better when higher, groupings, requests.
    sound : bool
        Whether horizons and unit can be used.
    """

    reader: Reader
    wanted: list[str]
    better: list[str]
    by: list[str]
    request: list[str]
    sound: bool = True

    def check(
        self,
        horizons: Sequence[float],
        unit: str,
        thresholds: Sequence[float] | None,
        decision: str | None,
        whole: Mapping[str, int],
    ) -> None:
        """Check what isn't a column; ``whole`` are the arguments that are whole numbers."""
        fault = self.reader.fault
        if unit not in UNITS:
            fault("unit", f"no unit {unit!r}{suggest(str(unit), UNITS)}", f"one of: {_or(UNITS)}")
            self.sound = False
        if not _all_numbers(horizons, 0, np.inf):
            fault("horizons", "must be positive finite numbers", "for example 3, 6, 12")
            self.sound = False
        if thresholds is not None and not _all_numbers(thresholds, 0, 1):
            fault("thresholds", "must lie between 0 and 1", "for example 0.2, 0.5")
        known = decisions()
        if decision is not None and decision not in known:
            rule = f"no decision {decision!r}{suggest(decision, known)}"
            fault("decision", rule, f"one of: {_or(known)}")
        for name, value in whole.items():
            least = LEAST[name]
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                fault(name, f"must be a whole number, at least {least}", f"for example {least}")
        for asked in self.request:
            if asked not in REQUESTS:
                rule = f"nothing called {asked!r}{suggest(asked, REQUESTS)}"
                fault("request", rule, f"one of: {_or(REQUESTS)}")

    def outcome(
        self, time: str, event: str, codes: Mapping[str, str] | None
    ) -> tuple[FloatArray, FloatArray, BoolArray] | None:
        """Read follow-up, and say which patients can be used."""
        wrong = {key: what for key, what in (codes or {}).items() if what not in MEANINGS}
        for key, what in wrong.items():
            rule = f"code {key!r} has an unknown meaning{suggest(str(what), MEANINGS)}"
            self.reader.fault("event_codes", rule, f"one of: {_or(MEANINGS)}")
        if codes is not None and "event" not in codes.values() and not wrong:
            self.reader.fault("event_codes", "no code is the event", "for example 1=event")
        if wrong:
            codes = None
        when = self.reader.numbers("time", time)
        died = self.reader.event("event", event, codes)
        if when is None or died is None:
            return None
        return when, died, np.isfinite(when) & (when >= 0) & ~np.isnan(died)

    def entry(self, column: str) -> FloatArray | None:
        """Read when observation began; missing is time zero."""
        values = self.reader.numbers("entry", column)
        if values is None:
            return None
        if bool(np.any((values < 0) | np.isinf(values))):
            rule = f"column {column!r} has negative or infinite values"
            self.reader.fault("entry", rule, "leave the cell empty where it was time zero")
        return np.nan_to_num(values, nan=0.0)

    def scores(self) -> dict[str, OneScore]:
        """Read the scores."""
        found = {}
        for name in self.wanted:
            if name in _RESERVED:
                self.reader.fault("scores", f"the name {name!r} is reserved", "rename the column")
            one = self.reader.score("scores", name, name in self.better)
            if one is not None:
                found[name] = one
        return found

    def risks(
        self,
        by_name: dict[str, OneScore],
        risks: Mapping[str, str],
        survival: Mapping[str, str],
        labels: Mapping[str, float],
    ) -> dict[str, dict[str, tuple[FloatArray, str]]]:
        """Read risks; a name that isn't a score becomes one."""
        found: dict[str, dict[str, tuple[FloatArray, str]]] = {}
        for argument, given in (("risks", risks), ("survival", survival)):
            for key, column in given.items():
                name, label = self._place(argument, key, labels)
                values = self.reader.probabilities(argument, column)
                if values is None or not label:
                    continue
                if label in found.get(name, {}):
                    self.reader.fault(argument, f"{name}@{label} is given twice", "give it once")
                if name in _RESERVED:
                    self.reader.fault(argument, f"the name {name!r} is reserved", "rename it")
                risk = values if argument == "risks" else 1.0 - values
                found.setdefault(name, {})[label] = (risk, column)
        for name, by_label in found.items():
            if name not in by_name:
                last = max(by_label, key=lambda label: labels[label])
                note = f"ordered by its risk at {last}"
                by_name[name] = one_score(name, by_label[last][0], name in self.better, note)
        if not by_name and not self.reader.faults:
            self.reader.fault("scores", "neither a score nor a risk is named", "name a column")
        self.known("higher_is_better", self.better, by_name)
        return found

    def _place(self, argument: str, key: str, labels: Mapping[str, float]) -> tuple[str, str]:
        """Name and horizon of ``name@12mo``; the unit may be left out."""
        name, at, text = str(key).rpartition("@")
        if not at or not name or not text:
            self.reader.fault(argument, f"{key!r} has no horizon", "write name@12mo=column")
            return str(key), ""
        for label, value in labels.items():
            if text == label or _is_number(text, value):
                return name, label
        if self.sound:
            self.reader.fault(
                argument, f"{key!r}: {text} isn't one of the horizons", f"one of: {_or(labels)}"
            )
        return name, ""

    def reference(
        self,
        table: pd.DataFrame | str | Path,
        time: str,
        event: str,
        codes: Mapping[str, str] | None,
        by_name: Mapping[str, OneScore],
    ) -> Reference | None:
        """Read the cohort that C is compared with; its faults are those of `reference_table`."""
        fault = self.reader.fault
        theirs = Call(Reader(read(table, "reference_table")), self.wanted, self.better, [], [])
        kept, scores = theirs.outcome(time, event, codes), theirs.scores()
        for found in theirs.reader.faults:
            fault("reference_table", f"{found.file}: {found.rule}", found.repair)
        for name, one in scores.items():
            if name in by_name and _levels(one) != _levels(by_name[name]):
                rule = f"column {name!r} doesn't have the same text levels in both tables"
                fault("reference_table", rule, "give numbers in both")
        if kept is None:
            return None
        when, died, use = kept
        called = "reference" if not isinstance(table, str | Path) else Path(table).stem
        chosen = {name: take(one, use) for name, one in scores.items()}
        return Reference(called, when[use], died[use] == 1, chosen)

    def hazards(
        self, by_name: Mapping[str, OneScore], given: Mapping[str, str]
    ) -> dict[str, FloatArray]:
        """Read cumulative hazards."""
        self.known("hazards", given, by_name)
        found = {}
        for name, column in given.items():
            values = self.reader.numbers("hazards", column)
            if values is None:
                continue
            if bool(np.any((values < 0) | np.isinf(values))):
                rule = f"column {column!r} has negative or infinite values"
                self.reader.fault("hazards", rule, "leave the cell empty where it isn't known")
            found[name] = values
        return found

    def sets(
        self, by_name: Mapping[str, OneScore], given: Mapping[str, Sequence[str]] | None
    ) -> dict[str, list[str]]:
        """Comparison sets, or one of everything."""
        if given is None:
            return {EVERYTHING: list(by_name)}
        if OWN in given:
            rule = f"{OWN!r} is each score's own patients"
            self.reader.fault("sets", rule, "give the set another name")
        for scores in given.values():
            self.known("sets", names(scores), by_name)
        return {name: names(scores) for name, scores in given.items()}

    def unused(self, why: str, **given: object) -> None:
        """Refuse arguments that wouldn't enter: nothing that was asked for is passed over."""
        for argument, value in given.items():
            if value:
                self.reader.fault(argument, f"isn't used {why}", "leave it out")

    def groups(self) -> dict[str, ObjectArray | None]:
        """Read the groupings; names under which the results hold something else are refused."""
        found = {name: self.reader.groups("by", name) for name in self.by}
        rename = "rename it: the results use the word for something else"
        for name, groups in found.items():
            if name == "overall":
                self.reader.fault("by", "a column can't be called 'overall'", rename)
            if groups is not None and "within" in set(groups):
                self.reader.fault("by", f"a group of {name!r} is called 'within'", rename)
        return found

    def known(self, argument: str, given: Iterable[str], by_name: Mapping[str, OneScore]) -> None:
        """Refuse names that aren't scores."""
        for name in given:
            if name not in by_name and not (set(self.wanted) - set(by_name)):
                rule = f"{name!r} isn't one of the scores{suggest(name, by_name)}"
                self.reader.fault(argument, rule, f"one of: {_or(by_name)}")

    @staticmethod
    def flow(
        when: FloatArray, died: FloatArray, never: BoolArray, use: BoolArray, cohort: str
    ) -> pd.DataFrame:
        """Count everybody."""
        import pandas as pd

        reasons = {
            "follow-up time is missing": np.isnan(when),
            "follow-up time is infinite": np.isinf(when),
            "follow-up time is negative": when < 0,
            "event is missing": np.isnan(died),
            "entry isn't before the end of follow-up": never,
        }
        rows: list[dict[str, Any]] = [{"step": "in", "reason": "", "n": when.size}]
        left = np.ones(when.size, dtype=bool)
        for reason, who in reasons.items():
            count = int((who & left).sum())
            left &= ~who
            if count:
                rows.append({"step": "excluded", "reason": reason, "n": count})
        rows.append({"step": "analysed", "reason": "", "n": int(use.sum())})
        table = pd.DataFrame(rows)
        table.insert(0, "cohort", cohort)
        return table


def _or(values: Iterable[str]) -> str:
    return ", ".join(values) or "none"


def _all_numbers(values: Any, low: float, high: float) -> bool:
    try:
        found = np.atleast_1d(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError):
        return False
    return bool(found.size) and bool(np.all((found > low) & (found < high)))


def _is_number(text: str, value: float) -> bool:
    try:
        return abs(float(text) - value) < 1e-9
    except ValueError:
        return False


def _levels(one: OneScore) -> str:
    """Text levels of a score, from its note; empty for numbers."""
    return one.note.partition("; infinite")[0] if "levels" in one.note else ""
