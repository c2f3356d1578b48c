"""Lines that say how far a large table is; small ones are done before anybody asks."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

log = logging.getLogger("spinemets.ingest")
#: Rows from which a table is large.
LARGE: Final = 100_000
#: Lines of one walk.
LINES: Final = 5

T = TypeVar("T")


def show() -> None:
    """Let the lines be seen, on standard error, in a command that has no log."""
    if not log.handlers:
        log.addHandler(logging.StreamHandler(sys.stderr))
    log.setLevel(logging.INFO)


def say(n_rows: int, what: str) -> None:
    """
    Say what was done with a large table.

    Parameters
    ----------
    n_rows : int
        Rows of the table.
    what : str
        What was done; no cell, and no exact count of patients.
    """
    if n_rows >= LARGE:
        log.info("ingest: about %s,000 rows: %s", f"{round(n_rows / 1000):,}", what)


def walk(items: Iterable[T], n_rows: int, what: str) -> Iterator[T]:
    """
    Go through items, saying now and then how many are done.

    Parameters
    ----------
    items : iterable
        Columns, rules.
    n_rows : int
        Rows of the table.
    what : str
        What is done with them.

    Yields
    ------
    object
        The items.
    """
    known = list(items)
    step = max(1, -(-len(known) // LINES))
    for done, item in enumerate(known, 1):
        yield item
        if done % step == 0 or done == len(known):
            say(n_rows, f"{what}, {done} of {len(known)}")
