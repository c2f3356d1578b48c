"""Several yes/no columns (checkboxes, one column per organ) become one column of the source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from spinemets.errors import Fault
from spinemets.ingest.assemble import Sheet, absent
from spinemets.ingest.categories import NO, YES
from spinemets.ingest.cells import encode, key
from spinemets.ingest.mapping import Combine, Mapping

Marks = npt.NDArray[np.int8]
_CHECKED: Final = {**dict.fromkeys(YES, 1), **dict.fromkeys(NO, 0)}
_WORDS: Final = {"checked": 1, "unchecked": 0, "x": 1, "angekreuzt": 1}


def add_columns(sheet: Sheet, how: Mapping, faults: list[Fault]) -> None:
    """
    Add the columns that ``combine`` declares to the first table.

    Parameters
    ----------
    sheet : Sheet
        Source columns, one row per patient; the new ones are added.
    how : Mapping
        Checked mapping.
    faults : list of Fault
        A column that isn't there, or whose cells are neither yes nor no, is added here.
    """
    first = sheet.tables[0]
    made: dict[str, pa.ChunkedArray] = {}
    for name, rule in how.combine.items():
        if absent(rule.columns, sheet.header, first.file, faults):
            continue
        if name in sheet.header:
            what = "`combine` gives a column a name that the source has already"
            faults.append(Fault(first.file, what, "choose another name", column=name))
            continue
        marks = [_marks(sheet, column, how, faults) for column in rule.columns]
        texts = _combine(np.vstack(marks), rule)
        made[name] = pa.chunked_array([pa.array(texts, pa.string())])
    if made:
        sheet.tables[0] = replace(first, columns={**first.columns, **made})


def _marks(sheet: Sheet, column: str, how: Mapping, faults: list[Fault]) -> Marks:
    """1 yes, 0 no, -1 missing."""
    table = sheet.table_of(column)
    if table is None:
        return np.full(sheet.n_rows, -1, np.int8)
    cells = encode(table.columns[column], how.missing)
    known = {**_CHECKED, **_WORDS}
    of_term = np.array([known.get(key(t), -2) for t in cells.terms] + [-1], np.int8)
    marks = of_term[cells.codes]
    if (marks == -2).any():
        rows = tuple(int(x) for x in table.lines[marks == -2])
        rule = "neither yes nor no, in a column that `combine` reads"
        repair = "list the code under `missing`, or map the column with `values`"
        faults.append(Fault(table.file, rule, repair, column, rows))
    return np.where(marks == -2, -1, marks).astype(np.int8)


def _combine(marks: npt.NDArray[np.int8], rule: Combine) -> list[str]:
    """Three-valued: an unknown part leaves the whole unknown unless the others settle it."""
    yes, unknown = (marks == 1).sum(axis=0), (marks < 0).sum(axis=0)
    unmarked = "" if rule.unmarked == "missing" else "no"
    answer: Callable[[int, int, int], str]
    if rule.any:

        def answer(i: int, n: int, lost: int) -> str:
            return "1" if n else ("" if lost or not unmarked else "0")

    elif rule.count:

        def answer(i: int, n: int, lost: int) -> str:
            return "" if lost or not (n or unmarked) else str(n)

    else:
        targets = list(rule.choice.values())

        def answer(i: int, n: int, lost: int) -> str:
            if n > 1:
                return rule.several or "several"
            if n == 1:
                return targets[int(np.argmax(marks[:, i] == 1))]
            return "" if lost or not unmarked else rule.none

    return [
        answer(i, int(n), int(lost)) for i, (n, lost) in enumerate(zip(yes, unknown, strict=True))
    ]
