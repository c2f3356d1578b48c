"""Faults in input: collected, then reported all at once and without a single patient value."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

#: How many row numbers a message prints before it says how many more there are.
ROWS_SHOWN = 10


@dataclass(frozen=True)
class Fault:
    """
    One thing that is wrong with an input, and how to repair it.

    Parameters
    ----------
    file : str
        File as the user named it.
    rule : str
        What was violated, in words. Never contains a value of a patient.
    repair : str
        What to do about it.
    column : str
        Column or configuration key; empty when the fault is about the whole file.
    rows : tuple of int
        Line numbers in the file (the header is line 1); empty when not about rows.
    severity : {"structural", "value"}
        A structural fault stops every run; a value fault stops it unless ``on_fault: set_aside``.
    """

    file: str
    rule: str
    repair: str
    column: str = ""
    rows: tuple[int, ...] = field(default=())
    severity: str = "structural"

    def __str__(self) -> str:
        where = self.file + (f", {self.column}" if self.column else "")
        rows = f" [{format_rows(self.rows)}]" if self.rows else ""
        return f"{where}: {self.rule}{rows}\n    repair: {self.repair}"


def format_rows(rows: Sequence[int]) -> str:
    """
    Name rows for a message: the first few, then how many more.

    Parameters
    ----------
    rows : sequence of int
        Row numbers, any order.

    Returns
    -------
    str
        For example ``"rows 2, 5, 9 and 12 more"``.

    Examples
    --------
    >>> format_rows([4])
    'row 4'
    """
    shown = sorted(rows)[:ROWS_SHOWN]
    text = ("row " if len(rows) == 1 else "rows ") + ", ".join(str(r) for r in shown)
    more = len(rows) - len(shown)
    return text + (f" and {more} more" if more else "")


def suggest(word: str, known: Iterable[str]) -> str:
    """
    Offer the known word nearest to an unknown one.

    Parameters
    ----------
    word : str
        What was written.
    known : iterable of str
        What could have been meant.

    Returns
    -------
    str
        ``"; did you mean 'x'?"`` or an empty string.

    Examples
    --------
    >>> suggest("horizon_months", ["horizons_months"])
    "; did you mean 'horizons_months'?"
    """
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


class InputError(Exception):
    """
    Raised once with every fault that was found; the command line turns it into exit code 2.

    Parameters
    ----------
    faults : iterable of Fault
        At least one.
    """

    exit_code = 2

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(str(self))

    def __str__(self) -> str:
        head = f"{len(self.faults)} fault{'s' if len(self.faults) != 1 else ''} in the input"
        return head + "\n" + "\n".join(f"  {i}. {f}" for i, f in enumerate(self.faults, 1))

    def to_json(self) -> str:
        """
        Give the faults as JSON.

        Returns
        -------
        str
            A list of objects, one per fault.
        """
        return json.dumps([asdict(f) for f in self.faults], indent=1)


class ArgumentError(InputError, ValueError):
    """Raised when a function is called wrongly: every fault begins with its argument."""
