"""Codes and words become categories, ordered grades, and yes or no."""

from __future__ import annotations

import difflib
import re
from functools import cache
from typing import Any, Final

import numpy as np
import pandas as pd

from spinemets import contract, vocabulary
from spinemets.contract import Column
from spinemets.ingest.cells import Coded, Converted, Mask, Problem, Terms, counted, key, written
from spinemets.ingest.mapping import ColumnMap, Scalar
from spinemets.vocabulary.coding import BIOLOGY, Tumour, UnresolvedError, from_term

#: Words that mean yes and no when a mapping gives no codes.
YES: Final = (
    "1", "true", "yes", "y", "t", "ja", "j", "wahr", "present", "vorhanden", "positive", "positiv",
    "checked", "x",
)  # fmt: skip
NO: Final = (
    "0", "false", "no", "n", "f", "nein", "falsch", "absent", "nicht vorhanden", "negative",
    "negativ", "unchecked",
)  # fmt: skip
#: A grade with the name of its scale before it; the other scale's name is a fault, not a grade.
_GRADE: Final = re.compile(r"^(frankel|ais|asia)?\s*[-:]?\s*(?:grade|grad)?\s*([a-e])$")
_GRADED: Final = {"frankel_before": "frankel", "frankel_after": "frankel", "asia_before": "ais"}


def category(column: Column, entry: ColumnMap, cells: Coded) -> Converted:
    """
    Read codes and words as values of a category, of an order, or as yes and no.

    Parameters
    ----------
    column : Column
        Target in the contract.
    entry : ColumnMap
        Its entry in the mapping.
    cells : Coded
        Cells of the source.

    Returns
    -------
    Converted
        Values, problems and conversions.
    """
    lookup = _lookup(column, entry)
    if column.name == "primary" and lookup is not None:
        lookup = _vocabulary(cells.terms) | lookup
    targets: list[Scalar] = [None] * len(cells.terms)
    unknown = np.zeros(len(cells.terms), bool)
    recoded = np.zeros(len(cells.terms), bool)
    for i, term in enumerate(cells.terms):
        word = key(term)
        if lookup is None:
            targets[i] = " ".join(term.split())
        elif (found := _known(column, word, lookup)) in lookup:
            targets[i] = lookup[found]
            recoded[i] = targets[i] is not None and term != written(targets[i])
        else:
            unknown[i] = True
    out = Converted({column.name: _series(column, cells, targets)})
    out.conversions += counted(cells, recoded, _recoding(column, entry), entry.flag)
    if column.name == "primary":
        out.told = _told(cells, targets)
    if entry.others == "missing":
        out.conversions += counted(cells, unknown, "code not listed: read as missing", entry.flag)
    elif unknown.any():
        rows = cells.rows(unknown)
        if rows.any():
            out.problems.append(_unknown_terms(column, entry, cells, unknown, rows))
    return out


def _vocabulary(terms: Terms) -> dict[str, Scalar]:
    """Primaries of the terms that the vocabulary knows, also with other hyphens and umlauts."""
    return {key(term): tumour.primary for term in terms if (tumour := _tumour(term))}


def _tumour(term: str) -> Tumour | None:
    try:
        return from_term(term)
    except UnresolvedError:
        return None


def _told(cells: Coded, primaries: list[Scalar]) -> dict[str, pd.Series]:
    """
    Biology that the words for a primary carry (SCLC, TNBC, CRPC).

    A word that the mapping translates into another primary says nothing.
    """
    tumours = [
        tumour if tumour is not None and tumour.primary == primary else None
        for tumour, primary in zip(map(_tumour, cells.terms), primaries, strict=True)
    ]
    out = {}
    for name in BIOLOGY:
        flags: list[Scalar] = [getattr(t, name) if t else None for t in tumours]
        if any(flag is not None for flag in flags):
            out[name] = _series(contract.columns()[name], cells, flags)
    return out


def _known(column: Column, word: str, lookup: dict[str, Scalar]) -> str:
    """Word as the lookup has it; of "AIS: C" in a column of that scale only the grade."""
    match = None if word in lookup else _GRADE.match(word)
    if match is None or column.name not in _GRADED:
        return word
    scale = "ais" if match[1] == "asia" else match[1]
    return match[2] if scale in (None, _GRADED[column.name]) else word


def filled(column: Column, entry: ColumnMap, cells: Coded) -> Converted:
    """
    Read a filled cell as yes and an empty one as no.

    Parameters
    ----------
    column : Column
        Target, a column that is true or false.
    entry : ColumnMap
        Its entry in the mapping, with ``filled: true``.
    cells : Coded
        Cells of the source, for example dates of death.

    Returns
    -------
    Converted
        Never missing: that is what the mapping declares.
    """
    known = cells.codes >= 0
    out = Converted({column.name: pd.Series(known).astype("boolean")})
    words = "a filled cell is yes, an empty one is no"
    out.conversions.append((words, len(known), entry.flag))
    return out


def _lookup(column: Column, entry: ColumnMap) -> dict[str, Scalar] | None:
    """Known words; None when a study chooses the labels itself."""
    given: dict[str, Scalar] = {key(k): v for k, v in entry.codes.items()}
    if column.kind == "boolean":
        return given or {**dict.fromkeys(YES, True), **dict.fromkeys(NO, False)}
    if not column.levels:
        return {**given} if given else None
    known: dict[str, Scalar] = dict(words(column.name))
    return {**known, **{k: v if v is None else written(v) for k, v in given.items()}}


@cache
def words(name: str) -> dict[str, str]:
    """
    Words of a contract column: values, their labels and, for primaries, synonyms.

    Parameters
    ----------
    name : str
        Column with levels.

    Returns
    -------
    dict of str to str
        Normal form of a word (``cells.key``) to level.

    Examples
    --------
    >>> words("sins_pain")["painless"]
    'none'
    """
    column = contract.columns()[name]
    out: dict[str, str] = {}
    if name == "primary":
        for primary in vocabulary.primaries().values():
            for word in (primary.label, *primary.synonyms):
                out[key(word)] = primary.id
    elif name not in ("frankel_before", "frankel_after", "asia_before"):
        out = {key(label): level for level, label in column.levels.items()}
    out.update({key(level): level for level in column.levels})
    out.update({key(level.replace("_", " ")): level for level in column.levels})
    return out


def _recoding(column: Column, entry: ColumnMap) -> str:
    if entry.codes:
        return "codes of the mapping"
    return "terms of the vocabulary" if column.name == "primary" else "words of the contract"


def _unknown_terms(
    column: Column, entry: ColumnMap, cells: Coded, unknown: Mask, rows: Mask
) -> Problem:
    if entry.codes:
        repair = "list the code under `values`, or write `others: missing`"
        return Problem("a code that the mapping doesn't list", repair, rows)
    if column.kind == "boolean" and {key(t) for t in cells.terms} <= {"1", "2"}:
        repair = "write `values: {1: true, 2: false}`, or the reverse, as the code book says"
        return Problem("coded 1 and 2: only the code book says which is yes", repair, rows)
    other = [m[1] for t in cells.terms if (m := _GRADE.match(key(t))) and m[1]]
    if column.name in _GRADED and other:
        repair = "map the column to the scale that it holds; Frankel and ASIA are not the same"
        return Problem("a grade of another scale", repair, rows)
    near = _nearest(column, [t for t, u in zip(cells.terms, unknown, strict=True) if u])
    hint = f"; nearest known: {', '.join(near)}" if near else ""
    kind = "vocabulary" if column.name == "primary" else "contract"
    repair = "translate it under `values` in the mapping"
    if column.name != "primary":
        repair += f" (allowed: {column.allowed()})"
    return Problem(f"a term that is not in the {kind}{hint}", repair, rows)


def _nearest(column: Column, terms: Terms) -> list[str]:
    """Known values near unknown terms; the terms themselves are a patient's and aren't shown."""
    known = words(column.name) if column.levels else {}
    near = [
        known[match]
        for term in sorted(terms)[:50]
        for match in difflib.get_close_matches(key(term), list(known), n=2, cutoff=0.6)
    ]
    return list(dict.fromkeys(near))[:5]


def _series(column: Column, cells: Coded, targets: list[Scalar]) -> pd.Series:
    dtype: Any = contract.pandas_dtype(column)
    values = pd.array([*targets, None], dtype=dtype)  # the last one is where -1 points
    codes = np.where(cells.codes < 0, len(targets), cells.codes)
    return pd.Series(values.take(codes))
