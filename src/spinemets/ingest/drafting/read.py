"""Read a stranger's table for the draft: what has to be declared, and its columns."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from spinemets.errors import InputError
from spinemets.ingest import redcap
from spinemets.ingest.detect import detect_delimiter, detect_encoding
from spinemets.ingest.drafting import joins
from spinemets.ingest.drafting.labels import Labels, codes_in
from spinemets.ingest.drafting.sources import Source
from spinemets.ingest.mapping import TableOptions
from spinemets.ingest.readers import kind_of, read_table
from spinemets.ingest.readers_common import read_bytes
from spinemets.ingest.readers_excel import SheetCells, find_header, sheets
from spinemets.ingest.redcap_dictionary import Dictionary
from spinemets.ingest.tables import RawTable

_COMMA: Final = r"^[-+]?\d+,\d+$"
_POINT: Final = r"^[-+]?\d+\.\d+$"
_BASELINE: Final = re.compile(r"base|enrol|screen|initial|aufnahme|einschluss|surgery|operation")


@dataclass
class Reading:
    """
    A table as the draft sees it.

    Parameters
    ----------
    options : dict
        Keys of the mapping that say how the file is read.
    evidence : list of str
        Why.
    sources : list of Source
        Its columns.
    rows : int
        Rows (records, for REDCap).
    decide : list of str
        What a person has to settle about the file as a whole.
    redcap : dict or None
        Key ``redcap`` of the mapping.
    identifiers : list of str
        Columns that the source itself marks as identifiers.
    table : RawTable or None
        The table with the rows of the file.
    join : list of dict
        Key ``join`` of the mapping: tables beside it with more of the same patients.
    """

    options: dict[str, Any] = field(default_factory=dict)
    evidence: list[str] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    rows: int = 0
    decide: list[str] = field(default_factory=list)
    redcap: dict[str, Any] | None = None
    identifiers: list[str] = field(default_factory=list)
    table: RawTable | None = None
    join: list[joins.Line] = field(default_factory=list)


def read(path: Path, dictionary: Path | None) -> Reading:
    """
    Read a table and its columns.

    Parameters
    ----------
    path : Path
        The table.
    dictionary : Path or None
        Data dictionary: REDCap's, or any table with names, labels and codes.

    Returns
    -------
    Reading
        Options that read it, columns, and what is to be decided.

    Raises
    ------
    InputError
        When it can't be read whatever is declared.
    """
    out = Reading()
    kind = kind_of(path, TableOptions())
    if kind == "excel":
        _workbook(path, out)
    elif kind == "text":
        _text(path, out)
    table = _table(path, out)
    _decimal(table, kind, out)
    out.table = table
    if redcap.is_export(list(table.columns)):
        _redcap(table, dictionary, out)
        return out
    labels = Labels.read(dictionary) if dictionary is not None else Labels()
    out.rows = table.n_rows
    if (entry := joins.of_folder(path, table)) is not None:
        out.join.append(entry)
        ask = (
            f"joined with {entry['file']}, the first sample of a patient: or which one (`prefer`)?"
        )
        out.decide.append(ask)
    _sources(table, labels, out)
    for entry in out.join:
        if "decimal" in out.options and "sheet" in entry:
            entry["decimal"] = out.options["decimal"]
        other = joins.joined(path, table, entry)
        if other is not None:
            _sources(other, labels, out)
    return out


def _sources(table: RawTable, labels: Labels, out: Reading) -> None:
    """Columns of a table; of a name that stands in two tables the first is meant."""
    known = {s.name for s in out.sources}
    out.sources += [
        Source(
            name, cells,
            table.labels.get(name) or labels.label(name),
            labels.codes(name)
            or {v: v for v in table.codes.get(name, {}).values()}
            or codes_in(name),
        )
        for name, cells in table.columns.items()
        if name not in known
    ]  # fmt: skip


def _table(path: Path, out: Reading) -> RawTable:
    """Read it; REDCap's labelled exports repeat their headings, others mustn't."""
    try:
        return read_table(path, TableOptions(**out.options))
    except InputError as err:
        try:
            table = read_table(path, TableOptions(**{**out.options, "format": "redcap"}))
        except InputError:
            raise err from None
        if not redcap.is_export(list(table.columns)):
            raise
        return table


def _workbook(path: Path, out: Reading) -> None:
    """Choose the sheet and its header; both are asked for where there is more than one way."""
    rows = {s.name: _filled(s) for s in sheets(path)}
    found = [s for s in sheets(path) if sum(n > 0 for n in rows[s.name]) > 1]
    if not found:
        return
    lines = {
        s.name: {o.name: joins.of_sheet(path, s, o) for o in found if o is not s} for s in found
    }

    def worth(sheet: SheetCells) -> tuple[int, int]:
        """Visits may fill more cells than the patients whom they are joined to."""
        return sum(e is not None for e in lines[sheet.name].values()), sum(rows[sheet.name])

    best = max(found, key=worth)
    if len(found) > 1:
        out.options["sheet"] = best.name
        out.evidence.append("the sheet that others can be joined to, else that with most cells")
        for other, entry in lines[best.name].items():
            _beside(out, best.name, other, entry)
    header = find_header(best)
    if header != [next(i for i, n in enumerate(rows[best.name], 1) if n)]:
        out.options["header"] = header if len(header) > 1 else header[0]
        out.evidence.append("the first row that is as full as the others")
        out.decide.append("are these the rows with the names of the columns (`header`)?")


def _beside(out: Reading, best: str, other: str, entry: joins.Line | None) -> None:
    if entry is None:
        out.decide.append(
            f"the sheet {best} is read; the sheet {other} holds a table too: name it "
            "under `sheet`, or add it with `join`"
        )
        return
    out.join.append(entry)
    several = ", of whose rows the first of a patient counts" if "one_row_per" in entry else ""
    out.decide.append(
        f"the sheet {best} is read, and joined by `{entry['on']}` with the sheet {other}"
        f"{several} (`join`): is that right?"
    )


def _filled(sheet: SheetCells) -> list[int]:
    return [sum(c not in (None, "") for c in row) for row in sheet.rows]


def _text(path: Path, out: Reading) -> None:
    raw = read_bytes(path)
    encoding = detect_encoding(raw)
    if encoding != "utf-8":
        out.options["encoding"] = encoding
        out.evidence.append("the bytes of the file")
    lines = raw[: 1 << 20].decode(encoding, errors="replace").lstrip("\ufeff").splitlines()
    header = next((x for x in lines if x.strip() and not x.startswith("#")), "")
    found = detect_delimiter(header)
    usual = "\t" if path.suffix.lower() in (".tsv", ".txt") else ","
    if found and found != usual:
        out.options["delimiter"] = "tab" if found == "\t" else found
        out.evidence.append("the header")


def _decimal(table: RawTable, kind: str, out: Reading) -> None:
    marks = {",": 0, ".": 0}
    for cells in table.columns.values():
        for mark, pattern in ((",", _COMMA), (".", _POINT)):
            marks[mark] += bool(pc.any(pc.match_substring_regex(cells, pattern)).as_py())
    if marks[","] and (not marks["."] or kind == "excel"):
        out.options["decimal"] = ","
        out.evidence.append(f"{marks[',']} columns with decimal commas")
    elif marks[","]:
        out.decide.append(
            f"{marks[',']} columns have decimal commas, {marks['.']} decimal points: which is it "
            "(`decimal`)? The other has to be repaired in the source"
        )


# -- REDCap ----------------------------------------------------------------------------------------
def _redcap(table: RawTable, path: Path | None, out: Reading) -> None:
    dictionary = Dictionary.read(path) if path is not None else None
    export = redcap.normalise(table, dictionary)
    out.redcap = {} if path is None else {"dictionary": path.name}
    events = export.events
    baseline = events[0] if events else ""
    if events:
        likely = [e for e in events if _BASELINE.search(e.lower())]
        baseline = (likely or events)[0]
        out.redcap["baseline"] = baseline
        if len(events) > 1 and len(likely) != 1:
            out.decide.append(f"which event is the baseline: {', '.join(events)}?")
    if _repeats(export):
        out.redcap["instance"] = "first"
        out.decide.append("some records have an instrument several times: `first` or `last`?")
    ids = list(dict.fromkeys(export.rows["id"]))
    out.rows = len(ids)
    out.identifiers = export.identifiers
    for name in export.table.columns:
        out.sources.append(_field(export, name, baseline, ids, dictionary))


def _repeats(export: redcap.Export) -> bool:
    rows = export.rows[export.rows["repeated"]]
    return bool((rows["instance"] > 1).any())


def _field(
    export: redcap.Export, name: str, baseline: str, ids: list[str], dictionary: Dictionary | None
) -> Source:
    """A field under the name by which a mapping reaches it."""
    cells = export.table.columns[name]
    label = export.table.labels.get(name, "")
    entry = dictionary.fields.get(name) if dictionary else None
    codes = {v: v for v in entry.choices.values()} if entry else {}
    if name == export.record:
        return Source(name, pa.chunked_array([pa.array(ids, pa.string())]), label, codes)
    filled = export.rows["event"][(pc.not_equal(cells, "")).to_numpy()].unique().tolist()
    where = baseline
    if filled and baseline not in filled:
        where = filled[0] if len(filled) == 1 else "last"
    values = redcap.values_of(export, name, where, "first", ids)
    full = name if where == baseline else f"{name}@{where}"
    return Source(full, pa.chunked_array([pa.array(values, pa.string())]), label, codes)
