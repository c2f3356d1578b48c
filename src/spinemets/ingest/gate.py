"""
The identifier gate: before anything is written, columns that could name a person stop the run.

What a mapping uses is declared: dates become intervals in memory, the patient id a running number.
Looked at are the columns that nothing is taken from and those whose values a study chooses itself
(centre, arm). What identifies is listed in ``identifiers.yaml``; no cell ever stands in a message.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spinemets import contract, yamlfile
from spinemets.errors import Fault
from spinemets.ingest.cells import Coded, Mask, encode
from spinemets.ingest.mapping import Mapping
from spinemets.ingest.tables import RawTable

DATA_FILES: Final = ("identifiers.yaml",)
#: Safe Harbor: ages above 89 completed years have to be one group; 90 is the first of them.
NINETY: Final = 90
#: Shares of filled cells from which a column is free text, persons' names, or a unique number.
FREE_TEXT, NAMED, UNIQUE = 0.1, 0.3, 0.95
#: Fewer cells than this don't show that a number is unique.
ENOUGH: Final = 8
FREE_TEXT_WORDS: Final = 6
_CODED: Final = frozenset(
    {"0", "1", "2", "3", "9", "y", "n", "x", "yes", "no", "ja", "nein", "true", "false"}
    | {"unknown", "unbekannt", "checked", "unchecked"}
)
_AGE: Final = re.compile(r"\b(age|alter|lebensalter)\b")
_LETTERS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@dataclass(frozen=True)
class Finding:
    """
    A column that looks like an identifier.

    Parameters
    ----------
    column : str
        Column of the source.
    kind : str
        What it looks like.
    rows : ndarray of bool or None
        Cells that show it; None when the column's name does.
    """

    column: str
    kind: str
    rows: Mask | None = None


@cache
def _classes() -> dict[str, Any]:
    data = yamlfile.load(Path(__file__).with_name("identifiers.yaml")).data
    return {
        "classes": {
            kind: (
                [re.compile(p) for p in entry.get("header", [])],
                "|".join(f"(?:{p})" for p in entry.get("cell", [])),
                float(entry.get("share", 0)),
            )
            for kind, entry in data["classes"].items()
        },
        "given_names": frozenset(data["given_names"]),
    }


def plain_header(name: str) -> str:
    """
    Bring a column's name into the form in which it is compared.

    Parameters
    ----------
    name : str
        As it stands in the file.

    Returns
    -------
    str
        Lower case, words separated by one blank, umlauts written out.

    Examples
    --------
    >>> plain_header("PatientenNr"), plain_header("STRASSE_1"), plain_header("Führerschein")
    ('patienten nr', 'strasse', 'fuehrerschein')
    """
    text = re.sub(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])", " ", unicodedata.normalize("NFC", name))
    text = text.lower().translate(_LETTERS)
    return " ".join(re.sub(r"[^a-z]+", " ", text).split())


def look(tables: list[RawTable], how: Mapping, unused: list[str]) -> list[Finding]:
    """
    Look for identifiers in the columns that the mapping doesn't declare, and in free ones.

    Parameters
    ----------
    tables : list of RawTable
        Tables of the cohort.
    how : Mapping
        Checked mapping.
    unused : list of str
        Columns that nothing is taken from and that aren't dropped.

    Returns
    -------
    list of Finding
        One per column at most.
    """
    known = contract.columns()
    free = [
        entry.source
        for name, entry in how.columns.items()
        if entry.source and name in known and known[name].open_levels and not entry.codes
    ]
    out = []
    for column in dict.fromkeys([*unused, *free]):
        table = next((t for t in tables if column in t.columns), None)
        if table is None:
            continue
        cells = encode(table.columns[column], how.missing)
        found = of_column(column, cells, declared=column in free)
        if found:
            out.append(found)
    return out


def of_column(column: str, cells: Coded, *, declared: bool = False) -> Finding | None:
    """
    Say what a column looks like: by its cells, else by its name; a constant singles nobody out.

    Parameters
    ----------
    column : str
        Its name.
    cells : Coded
        Its cells.
    declared : bool
        The mapping takes labels from it: its name and unique codes say nothing then.

    Returns
    -------
    Finding or None
        None when nothing in it looks like an identifier.
    """
    used = np.unique(cells.codes[cells.codes >= 0])
    if not len(used):
        return None
    texts = pa.array([cells.terms[i] for i in used], pa.string())
    shown = next(_by_cells(texts), None)
    if shown is not None:
        kind, terms = shown
        mask = np.zeros(len(cells.terms), bool)
        mask[used[terms]] = True
        return Finding(column, kind, cells.rows(mask))
    if declared or len(used) < 2:
        return None
    words = plain_header(column)
    if not _is_coded(texts):
        joined = words.replace(" ", "")
        for kind, (headers, _, _) in _classes()["classes"].items():
            if any(h.search(words) or h.search(joined) for h in headers):
                return Finding(column, kind)
    if _AGE.search(words) and _old(texts):
        return Finding(column, "ages above 89")
    filled = int((cells.codes >= 0).sum())
    if filled >= ENOUGH and len(used) >= UNIQUE * filled and _is_code(texts):
        return Finding(column, "a number or code that is different for every patient")
    return None


def _by_cells(texts: pa.Array) -> Iterator[tuple[str, Mask]]:
    """Kinds that the distinct cells show, each with the cells that do."""
    for kind, (_, pattern, share) in _classes()["classes"].items():
        if not pattern:
            continue
        hits = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
        if hits.any() and hits.mean() >= share:
            yield kind, hits.astype(bool)
    if postal := _postal(texts):
        yield "places", np.full(len(texts), postal)
    # A person's name has a few words; what has more is free text.
    words = np.array(pc.count_substring(pc.utf8_trim_whitespace(texts), " ")) + 1
    long = words >= FREE_TEXT_WORDS
    if long.mean() >= FREE_TEXT and long.sum() > 1:
        yield "free text", long
    named = _given_names(texts, words)
    if named.mean() >= NAMED and named.sum() > 2:
        yield "names", named


def _given_names(texts: pa.Array, words: Any) -> Mask:
    known = _classes()["given_names"]
    few = np.flatnonzero(words <= 4)[:2000]
    out = np.zeros(len(texts), bool)
    for i in few:
        tokens = re.split(r"[\s,.;-]+", str(texts[int(i)]).lower())
        out[i] = any(t in known for t in tokens)
    # A long column is judged by its first cells.
    return out if len(texts) <= 2000 else np.resize(out[few], len(texts))


def _postal(texts: pa.Array) -> bool:
    """Five digits in every cell, many different ones: no measurement looks like that."""
    five = pc.match_substring_regex(texts, r"^\d{5}$").to_numpy(zero_copy_only=False)
    rounded = pc.match_substring_regex(texts, r"00$").to_numpy(zero_copy_only=False)
    if len(texts) < ENOUGH or not five.all() or rounded.mean() >= 0.5:
        return False
    return not _is_running(texts)


def _is_running(texts: pa.Array) -> bool:
    """Numbers without a gap: the rows of a table, counted."""
    values = np.sort(pd.to_numeric(pd.Series(texts.to_pylist()), errors="coerce").dropna())
    return bool(values[-1] - values[0] == len(values) - 1)


def _is_coded(texts: pa.Array) -> bool:
    """Yes, no and a few codes: whether something is known, not what it is."""
    return len(texts) <= 5 and all(str(t).lower() in _CODED for t in texts)


def _old(texts: pa.Array) -> bool:
    ages = pd.to_numeric(pd.Series(texts.to_pylist()), errors="coerce")
    return uncapped(ages[ages.between(NINETY, 130)])


def uncapped(old: pd.Series) -> bool:
    """
    Tell whether very old patients are given one by one.

    Parameters
    ----------
    old : pandas.Series
        The ages of 90 and more.

    Returns
    -------
    bool
        False where all of them have the same age: that is a cap.
    """
    return int(old.nunique()) > 1 or (len(old) == 1 and float(old.iloc[0]) > NINETY)


def _is_code(texts: pa.Array) -> bool:
    """Long numbers without decimals or mixtures of letters and digits; not 1, 2, 3 ..."""
    number = pc.match_substring_regex(texts, r"^\d{5,}$").to_numpy(zero_copy_only=False)
    rounded = pc.match_substring_regex(texts, r"00$").to_numpy(zero_copy_only=False)
    mixed = pc.match_substring_regex(
        texts, r"^[\p{L}0-9/_-]*(\p{L}[\p{L}_/-]*\d{2,}|\d{2,}[_/-]?\p{L})[\p{L}0-9/_-]*$"
    ).to_numpy(zero_copy_only=False)
    if number.mean() >= UNIQUE and rounded.mean() < 0.5:
        return not _is_running(texts)
    return bool(mixed.mean() >= UNIQUE)


def faults(tables: list[RawTable], how: Mapping, unused: list[str]) -> list[Fault]:
    """
    Say which columns stop the run, with the line that repairs it.

    Parameters
    ----------
    tables : list of RawTable
        Tables of the cohort.
    how : Mapping
        Checked mapping.
    unused : list of str
        Columns that nothing is taken from and that aren't dropped.

    Returns
    -------
    list of Fault
        Structural; rows where cells show it.
    """
    found = look(tables, how, unused)
    free = {e.source: name for name, e in how.columns.items() if e.source}
    wrong = [f.column for f in found if f.column not in free]
    line = f"drop: [{', '.join(_written(c) for c in dict.fromkeys([*how.drop, *wrong]))}]"
    out = []
    for finding in found:
        table = next(t for t in tables if finding.column in t.columns)
        rows = () if finding.rows is None else tuple(int(x) for x in table.lines[finding.rows])
        repair = f"write `{line}` into the mapping: these columns are then never read into anything"
        if finding.column in free:
            repair = f"give each `{free[finding.column]}` a label of your own under `values`"
        how_seen = "its name" if finding.rows is None else "its cells"
        rule = f"the column may identify patients: {finding.kind} (seen in {how_seen})"
        out.append(Fault(table.file, rule, repair, finding.column, rows))
    return out


def old_ages(ages: pd.Series, how: Mapping, file: str, lines: Any) -> list[Fault]:
    """
    Say that ages above 89 are told one by one.

    Parameters
    ----------
    ages : pandas.Series
        ``age_years`` of every row.
    how : Mapping
        Checked mapping.
    file : str
        File, for the message.
    lines : ndarray of int
        Line of every row.

    Returns
    -------
    list of Fault
        None where everybody above 89 has the same age: the source, or the mapping, caps them.
    """
    old = ages.ge(NINETY).fillna(False).to_numpy(dtype=bool)
    if not uncapped(ages[old].astype("float64").drop_duplicates()):
        return []
    source = how.columns["age_years"].source or "age_years"
    repair = f"write `age_years: {{from: {_written(source)}, cap: 90}}` into the mapping"
    rule = "ages above 89 are given one by one; very old patients can be recognised"
    return [Fault(file, rule, repair, "age_years", tuple(int(x) for x in lines[old]))]


def _written(name: str) -> str:
    """Column name as YAML takes it inside a list."""
    return name if re.fullmatch(r"[A-Za-z_][\w .-]*\w|\w", name) else json.dumps(name)
