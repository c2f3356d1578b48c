"""Performance status: grades, ranges of grades and words, through named crosswalks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import numpy as np

from spinemets import contract
from spinemets.contract import Column
from spinemets.ingest.cells import Coded, Converted, Mask, Problem, key, numeric_series
from spinemets.ingest.mapping import ColumnMap
from spinemets.ingest.scales import scale_read
from spinemets.vocabulary import performance

#: The steps of the KPS of a living patient.
LOWEST, HIGHEST, STEP = 10, 100, 10
_PLAIN: Final = re.compile(r"\d{1,3}(?:\.\d+)?")
#: A range of grades in one cell.
RANGE: Final = re.compile(r"^(\d{1,3})\s*(?:-|–|to|bis)\s*(\d{1,3})\s*%?$")


def grades(column: Column, entry: ColumnMap, cells: Coded, decimal: str) -> Converted:
    """
    Read KPS or ECOG: a grade, a range such as ``60-70``, or words, as an interval of grades.

    Parameters
    ----------
    column : Column
        Target in the contract.
    entry : ColumnMap
        Its entry in the mapping.
    cells : Coded
        Cells of the source.
    decimal : str
        Decimal mark, ``"."`` or ``","``.


    Returns
    -------
    Converted
        Values, problems and conversions.
    """
    reader = _interval_reader(column, entry, decimal)
    low = np.full(len(cells.terms) + 1, np.nan)
    high = low.copy()
    faults: dict[tuple[str, str], Mask] = {}
    for i, term in enumerate(cells.terms):
        answer = reader(term)
        if isinstance(answer, Problem):
            mask = faults.setdefault((answer.rule, answer.repair), np.zeros(len(cells.terms), bool))
            mask[i] = True
        elif answer is not None:
            low[i], high[i] = answer
    lows, highs = low[cells.codes], high[cells.codes]
    exact = np.where(lows == highs, lows, np.nan)
    open_ = lows != highs
    companions = contract.columns()
    out = Converted(
        {
            column.name: numeric_series(column, exact),
            f"{column.name}_low": numeric_series(
                companions[f"{column.name}_low"], np.where(open_, lows, np.nan)
            ),
            f"{column.name}_high": numeric_series(
                companions[f"{column.name}_high"], np.where(open_, highs, np.nan)
            ),
        }
    )
    for (rule, repair), terms in faults.items():
        rows = cells.rows(terms)
        if rows.any():
            out.problems.append(Problem(rule, repair, rows))
    known = int(np.isfinite(lows).sum())
    if entry.crosswalk and known:
        words = "crosswalk " + ", then ".join(entry.crosswalk)
        out.conversions.append((words, known, _caveat(entry)))
    moved = cells.rows(np.array([_moved(entry, term, decimal) for term in cells.terms], bool))
    if moved.any():
        floor = entry.between == "floor"
        how = "to the lower step" if floor else "kept as an interval of both steps"
        out.conversions.append((f"KPS between two steps, {how}", int(moved.sum()), entry.flag))
    ranges = int((open_ & np.isfinite(lows)).sum())
    if ranges:
        out.conversions.append(("kept as an interval of grades", ranges, entry.flag))
    return out


def _caveat(entry: ColumnMap) -> str:
    words, tables = performance.wordings(), performance.crosswalks()
    doubtful = [c for c in entry.crosswalk if (words.get(c) or tables[c]).needs_verification]
    caveat = f"{', '.join(doubtful)}: needs verification" if doubtful else ""
    return "; ".join(t for t in (entry.flag, caveat) if t)


Reader = Callable[[str], "tuple[int, int] | Problem | None"]
_NONE: Final = np.zeros(0, bool)


def _interval_reader(column: Column, entry: ColumnMap, decimal: str) -> Reader:
    """Build the function that reads one text as an interval of the target's grades."""
    given = {key(k): v for k, v in entry.codes.items()}
    words = [performance.wordings()[c] for c in entry.crosswalk if c in performance.wordings()]
    tables = [
        performance.crosswalks()[c] for c in entry.crosswalk if c not in performance.wordings()
    ]
    scale = contract.columns()[scale_read(column.name, entry)]

    def graded(term: str) -> tuple[int, int] | Problem | None:
        word = key(term)
        if word in given:
            target = given[word]
            return None if target is None else (int(target), int(target))
        if words and word in words[0].ecog:
            return words[0].ecog[word]
        if words:
            repair = "translate it under `values`, or use another wording"
            return Problem(f"words that {words[0].id} doesn't know", repair, _NONE)
        if _moved(entry, term, decimal):
            low = int(_number(term, decimal) // STEP * STEP)
            return (low, low) if entry.between == "floor" else (low, low + STEP)
        return _grades(scale, term, decimal)

    def read(term: str) -> tuple[int, int] | Problem | None:
        answer = graded(term)
        if isinstance(answer, Problem):
            return None if entry.others == "missing" else answer
        if answer is None or not tables:
            return answer
        return tables[0].kps(answer) if column.name == "kps" else tables[0].ecog(answer)

    return read


def _number(term: str, decimal: str) -> float:
    """Read one text as a number; NaN where it is none."""
    text = term.strip().removesuffix("%").strip()
    text = text.replace(",", ".") if decimal == "," else text
    # Python would read "1_5" and "7.5e1" too.
    return float(text) if _PLAIN.fullmatch(text) else np.nan


def _moved(entry: ColumnMap, term: str, decimal: str) -> bool:
    """Whether a cell lies between two steps of the KPS and the mapping says how to read it."""
    if entry.between == "fault" or key(term) in {key(k) for k in entry.codes}:
        return False
    grade = _number(term, decimal)
    return bool(LOWEST < grade < HIGHEST and grade % STEP)


def _grades(scale: Column, term: str, decimal: str) -> tuple[int, int] | Problem:
    """Read one text as a grade of a scale, or as a range of grades."""
    text = term.strip().removesuffix("%").strip()
    if decimal == ",":
        text = text.replace(",", ".")
    span = RANGE.match(text)
    parts = list(span.groups()) if span else [text]
    try:
        grades = [float(p) for p in parts]
    except ValueError:
        repair = "correct it, or translate it under `values` in the mapping"
        return Problem("not a grade", repair, _NONE)
    for grade in grades:
        problem = _bad_grade(scale, grade)
        if problem:
            return problem
    if grades[0] > grades[-1]:
        return Problem("a range whose ends are swapped", "write the lower grade first", _NONE)
    return int(grades[0]), int(grades[-1])


def _bad_grade(scale: Column, grade: float) -> Problem | None:
    low, high = scale.minimum or 0.0, scale.maximum or 0.0
    unit = f" {scale.unit}" if scale.unit else ""
    name = scale.name.upper()
    if not low <= grade <= high:
        dead = 0.0 if scale.name == "kps" else 5.0
        hint = f"; {name} {dead:g} means dead, which belongs in `died`" if grade == dead else ""
        repair = f"allowed: {scale.allowed()}{hint}"
        return Problem(f"outside {low:g} to {high:g}{unit}", repair, _NONE)
    step = scale.step or 1.0
    if (grade - low) % step:
        rule = f"not a step of {step:g}{unit}" if scale.step else "not a whole number"
        return Problem(rule, f"allowed: {scale.allowed()}", _NONE)
    return None
