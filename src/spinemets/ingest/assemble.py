"""Put the tables of a mapping together: join, select rows, one row per patient."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spinemets.errors import Fault, suggest
from spinemets.ingest import readers, redcap
from spinemets.ingest.cells import key
from spinemets.ingest.mapping import Join, Mapping, OneRow
from spinemets.ingest.readers_common import TableError
from spinemets.ingest.tables import RawTable
from spinemets.paths import inside

Positions = npt.NDArray[np.int64]


@dataclass
class Sheet:
    """
    Source columns with one row per patient.

    Parameters
    ----------
    tables : list of RawTable
        First table and joined ones, each aligned with the patients.
    n_in : int
        Patients before any selection.
    left_out : list of tuple
        Reason and number of patients for every selection of the mapping.
    notes : list of tuple
        Column, what happened and how many rows it concerned.
    """

    tables: list[RawTable]
    n_in: int
    left_out: list[tuple[str, int]] = field(default_factory=list)
    notes: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def n_rows(self) -> int:
        """
        Number of patients.

        Returns
        -------
        int
            Rows of the first table.
        """
        return self.tables[0].n_rows

    def table_of(self, column: str) -> RawTable | None:
        """
        Table that a source column stands in; the first that has it.

        Parameters
        ----------
        column : str
            Source column.

        Returns
        -------
        RawTable or None
            None when no table has the column.
        """
        return next((t for t in self.tables if column in t.columns), None)

    def keep_only(self, columns: list[str]) -> None:
        """
        Let the cells of all other columns go; the lines of the rows stay known.

        Parameters
        ----------
        columns : list of str
            Source columns that are still needed.
        """
        for table in self.tables:
            table.columns = {n: cells for n, cells in table.columns.items() if n in columns}
        pa.default_memory_pool().release_unused()

    @property
    def header(self) -> list[str]:
        """
        Every source column.

        Returns
        -------
        list of str
            First table first.
        """
        return list(dict.fromkeys(c for t in self.tables for c in t.columns))


def joined_files(table: str | Path, mapping: Mapping) -> list[Path]:
    """
    Files that a mapping reads beside the cohort's table.

    Parameters
    ----------
    table : str or Path
        The cohort's table.
    mapping : Mapping
        The mapping.

    Returns
    -------
    list of Path
        Next to the table or below its folder.
    """
    names = [join.file for join in mapping.join]
    if mapping.redcap is not None and mapping.redcap.dictionary is not None:
        names.append(mapping.redcap.dictionary)
    return [Path(table).parent / name for name in names]


def assemble(
    path: str | Path, mapping: Mapping, faults: list[Fault], first: RawTable | None = None
) -> Sheet | None:
    """
    Read and combine every table that a mapping names.

    Parameters
    ----------
    path : str or Path
        The cohort's table.
    mapping : Mapping
        Checked mapping.
    faults : list of Fault
        Structural faults are added here.
    first : RawTable, optional
        The cohort's table, where it was read already (without a mapping).

    Returns
    -------
    Sheet or None
        None when a table can't be read.
    """
    tables = _read(path, mapping, faults, first)
    if tables is None:
        return None
    first = tables[0]
    patient = mapping.one_row_per.column if mapping.one_row_per else None
    known = [c for t in tables for c in t.columns]
    wanted = [*mapping.select, *(mapping.one_row_per.prefer if mapping.one_row_per else [])]
    lost = absent(wanted, known, first.file, faults)
    lost |= absent([patient] if patient else [], list(first.columns), first.file, faults)
    if lost:
        return None
    sheet = Sheet(tables, _patients(first, patient))
    _note_unmatched(sheet)
    for column, allowed in mapping.select.items():
        _select(sheet, column, allowed, patient)
    if mapping.one_row_per:
        keep = _one_row(sheet.tables, mapping.one_row_per)
        merged = sheet.n_rows - len(keep)
        if merged:
            words = "further rows of a patient were not used (`one_row_per`)"
            sheet.notes.append((mapping.one_row_per.column, words, merged))
            sheet.tables = [t.take(keep) for t in sheet.tables]
    return sheet


def _patients(table: RawTable, patient: str | None) -> int:
    return table.n_rows if patient is None else len(pc.unique(table.columns[patient]))


def _read(
    path: str | Path, mapping: Mapping, faults: list[Fault], first: RawTable | None
) -> list[RawTable] | None:
    tables: list[RawTable] = []
    if first is None:
        first = _first(path, mapping, faults)
    if first is not None and mapping.redcap is not None:
        folder = Path(path).parent
        first = redcap.one_row(first, mapping.redcap, mapping.wanted, folder, faults)
    for join in mapping.join:
        place = beside(Path(path).parent, join.file, "join.file", faults)
        other = None if place is None else readers.try_read(place, join, faults)
        if first is None or other is None:
            continue
        aligned = _align(first, other, join, faults)
        if aligned is not None:
            tables.append(aligned)
    complete = first is not None and len(tables) == len(mapping.join)
    return [first, *tables] if first is not None and complete else None


def _first(path: str | Path, mapping: Mapping, faults: list[Fault]) -> RawTable | None:
    """Read the cohort's table; where only its header can be read, columns are looked for in it."""
    try:
        return readers.read_table(path, mapping.options)
    except TableError as err:
        faults += err.faults
        # Columns may also come from another table, or be renamed by events and repeats.
        if err.header and not mapping.join and mapping.redcap is None:
            wanted = [c for c in mapping.wanted if c not in mapping.combine]
            absent(wanted, err.header, str(path), faults)
    return None


def beside(folder: Path, name: str, key: str, faults: list[Fault]) -> Path | None:
    """
    File that a mapping names beside the cohort's table.

    Parameters
    ----------
    folder : Path
        Folder of the table.
    name : str
        File in it, or below it.
    key : str
        Key of the mapping, for the message.
    faults : list of Fault
        A path that leads elsewhere, also through a link, is added here.

    Returns
    -------
    Path or None
        None when it leads elsewhere.
    """
    if Path(name).is_absolute() or not inside(folder, name):
        rule = "the file has to lie beside the first table, or below its folder"
        faults.append(Fault(name, rule, "copy it there", column=key))
        return None
    return folder / name


def absent(wanted: list[str], known: list[str], file: str, faults: list[Fault]) -> bool:
    """
    Note every column that the mapping names and the file doesn't have.

    Parameters
    ----------
    wanted, known : list of str
        Columns named, and columns there are.
    file : str
        Name for messages.
    faults : list of Fault
        Faults are added here.

    Returns
    -------
    bool
        True when a column is absent.
    """
    lost = [c for c in wanted if c not in known]
    for column in lost:
        rule = f"the mapping names a column that isn't there{suggest(column, known)}"
        repair = "correct the name; `spinemets check` lists the columns of the file"
        faults.append(Fault(file, rule, repair, column=column))
    return bool(lost)


def _align(first: RawTable, other: RawTable, join: Join, faults: list[Fault]) -> RawTable | None:
    """Bring a second table into the row order of the first."""
    lost = absent([join.equals], list(first.columns), first.file, faults)
    rule = join.one_row_per
    extra = [rule.column, *rule.prefer] if rule else []
    lost |= absent([join.on, *extra], list(other.columns), other.file, faults)
    if lost:
        return None
    if rule:
        other = other.take(_one_row([other], rule))
    ids = pd.Index(other.columns[join.on].to_pandas())
    twice = ids.duplicated(keep=False) & (ids != "")
    if twice.any():
        rows = tuple(int(x) for x in other.lines[twice])
        repair = "say with `one_row_per` which row of a patient is used"
        faults.append(Fault(other.file, "ids stand twice", repair, column=join.on, rows=rows))
        return None
    usable = np.flatnonzero(ids != "")
    wanted = first.columns[join.equals].to_pandas()
    found = ids[usable].get_indexer(wanted)
    met = int((found >= 0).sum())
    near = int(wanted.map(_loosely).isin(set(ids[usable].map(_loosely))).sum())
    if near > met or not met:
        told = f"{met} of {len(found)} rows of the first table have their id here"
        more = f"; {near} when blanks, leading zeros and capitals don't count" if near > met else ""
        repair = "write the ids alike in both tables, or join by another column"
        faults.append(Fault(other.file, told + more, repair, column=join.on))
        return None
    at = np.where(found < 0, -1, usable[np.maximum(found, 0)] if len(usable) else -1)
    return _take_or_empty(other, at.astype(np.int64))


def _loosely(text: str) -> str:
    return text.strip().casefold().lstrip("0")


def _take_or_empty(table: RawTable, at: Positions) -> RawTable:
    index = pa.array(at, mask=at < 0)
    columns = {n: pc.fill_null(c.take(index), "") for n, c in table.columns.items()}

    def lines() -> Positions:
        return np.where(at < 0, 0, table.lines[np.maximum(at, 0)])

    lost = int((at < 0).sum())
    return replace(table, columns=columns, n_rows=len(at), find_lines=lines, unmatched=lost)


def _note_unmatched(sheet: Sheet) -> None:
    """What was seen while reading; files go by their place, their names could name somebody."""
    for number, table in enumerate(sheet.tables):
        where = f"joined table {number}: " if number else ""
        sheet.notes += [("", f"{where}{n}", table.n_rows) for n in table.notes]
        if table.unmatched:
            words = f"{where}has no row for rows of the first table"
            sheet.notes.append(("", words, table.unmatched))


def _select(sheet: Sheet, column: str, allowed: list[str], patient: str | None) -> None:
    table = sheet.table_of(column)
    if table is None:
        return
    coded = pc.dictionary_encode(table.columns[column]).combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0)
    wanted = {key(a) for a in allowed}
    keep_term = np.array([key(t) in wanted for t in coded.dictionary.to_pylist()], bool)
    codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    keep = np.flatnonzero(keep_term[codes]) if len(keep_term) else np.zeros(0, np.int64)
    before = _patients(sheet.tables[0], patient)
    sheet.tables = [t.take(keep) for t in sheet.tables]
    after = _patients(sheet.tables[0], patient)
    sheet.left_out.append((f"{column} is not {' or '.join(allowed)}", before - after))


def _one_row(tables: list[RawTable], rule: OneRow) -> Positions:
    """Row of each patient: the preferred one, else the first or last, in the order of the file."""
    ids = tables[0].columns[rule.column].to_pandas()
    order = pd.DataFrame({"id": ids, "at": np.arange(tables[0].n_rows)})
    ranks = []
    for number, (column, best) in enumerate(rule.prefer.items()):
        rank = {key(v): i for i, v in enumerate(best)}
        cells = next(t.columns[column] for t in tables if column in t.columns).to_pandas()
        codes, terms = pd.factorize(cells)
        of_term = np.array([rank.get(key(t), len(best)) for t in terms], dtype=np.int64)
        order[f"rank{number}"] = of_term[codes]
        ranks.append(f"rank{number}")
    order["tie"] = order["at"] if rule.keep == "first" else -order["at"]
    # A row without an id can't be told from another patient: each stays and is dealt with later.
    blank = order["id"].eq("")
    order["blank"] = np.where(blank, order["at"] + 1, 0)
    best_rows = order.sort_values([*ranks, "tie"], kind="stable").drop_duplicates(["id", "blank"])
    return np.sort(best_rows["at"].to_numpy())
