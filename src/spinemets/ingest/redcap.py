"""
REDCap exports: raw or labelled, with or without the data dictionary, become one row per record.

Names of fields and labels of choices are the same whichever export was made when the data
dictionary is given. Fields of the baseline event keep their names; ``field@event``,
``field@first`` and ``field@last`` name the same field elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spinemets.errors import Fault, suggest
from spinemets.ingest.mapping import Redcap
from spinemets.ingest.redcap_dictionary import CHECKBOX, COMPLETE, Dictionary
from spinemets.ingest.tables import RawTable

EVENT: Final = "redcap_event_name"
INSTRUMENT: Final = "redcap_repeat_instrument"
INSTANCE: Final = "redcap_repeat_instance"
GROUP: Final = "redcap_data_access_group"
SURVEY: Final = "redcap_survey_identifier"
#: Headings of a labelled export, which have no entry in the data dictionary.
LABELS: Final = {
    "Event Name": EVENT,
    "Repeat Instrument": INSTRUMENT,
    "Repeat Instance": INSTANCE,
    "Data Access Group": GROUP,
    "Survey Identifier": SURVEY,
}
_NUMBERED: Final = re.compile(r" \(\d+\)$")
Codes = npt.NDArray[np.int64]


#: Box of a missing-data code: ``mets____99`` of -99, or a standard word.
_MISSING_BOX: Final = re.compile(r"___(?:_\d+|unk|ni|inv|nask|asku|nav|navu|msk)$")


def is_export(header: list[str]) -> bool:
    """
    Whether a header looks like that of a REDCap export.

    Parameters
    ----------
    header : list of str
        Names of the columns.

    Returns
    -------
    bool
        True when it has a column that only REDCap writes.

    Examples
    --------
    >>> is_export(["record_id", "redcap_event_name"]), is_export(["id", "age"])
    (True, False)
    """
    own = {EVENT, INSTRUMENT, GROUP, *LABELS}
    boxes = any(CHECKBOX.search(h) or re.search(r"[a-z0-9]___[a-z0-9_]+$", h) for h in header)
    forms = any(h.endswith("_complete") or COMPLETE.match(h) for h in header)
    return bool(own & set(header)) or boxes or (forms and header[:1] == ["record_id"])


@dataclass
class Export:
    """
    An export in its normal form, all rows of all events.

    Parameters
    ----------
    table : RawTable
        Fields under their names, without the status of forms.
    record : str
        Column of the record id.
    rows : pandas.DataFrame
        ``id``, ``event``, ``repeated`` and ``instance`` of every row.
    identifiers : list of str
        Fields that the data dictionary marks as identifiers.
    """

    table: RawTable
    record: str
    rows: pd.DataFrame
    identifiers: list[str] = field(default_factory=list)

    @property
    def events(self) -> list[str]:
        """
        Events in the order of the export.

        Returns
        -------
        list of str
            Empty when the project isn't longitudinal.
        """
        return [e for e in dict.fromkeys(self.rows["event"]) if e]


def normalise(table: RawTable, dictionary: Dictionary | None) -> Export:
    """
    Give fields their names and choices their labels.

    Parameters
    ----------
    table : RawTable
        As read from the export.
    dictionary : Dictionary or None
        Data dictionary of the project.

    Returns
    -------
    Export
        Every row of the export.
    """
    columns: dict[str, pa.ChunkedArray] = {}
    labels: dict[str, str] = {}
    names = _names(list(table.columns), dictionary)
    for header, name in names.items():
        if name is None:
            continue
        cells = table.columns[header]
        entry = dictionary.fields.get(name.split("___")[0]) if dictionary else None
        if "___" in name or CHECKBOX.search(header):
            cells = _decode(cells, {"checked": "1", "unchecked": "0"})
        elif entry is not None and entry.choices:
            cells = _decode(cells, {k.casefold(): v for k, v in entry.choices.items()})
        columns[name] = cells
        if entry is not None:
            labels[name] = entry.label_of(name)
        elif header != name:
            labels[name] = header
    notes = [*table.notes, *_unanswered(columns, dictionary)]
    record = next(iter(columns), "")
    rows = _rows(columns, record, table.n_rows)
    own = {EVENT, INSTRUMENT, INSTANCE, SURVEY}
    kept = {k: v for k, v in columns.items() if k not in own}
    secret = dictionary.identifiers if dictionary else []
    out = replace(table, columns=kept, labels=labels, notes=notes)
    return Export(out, record, rows, [s for s in secret if s in kept])


def _unanswered(columns: dict[str, pa.ChunkedArray], dictionary: Dictionary | None) -> list[str]:
    """Empty all boxes of a question where the box of a missing-data code (-99, UNK) is ticked."""
    gone = []
    for name in [n for n in columns if _MISSING_BOX.search(n)]:
        question, _, code = name.partition("___")
        entry = dictionary.fields.get(question) if dictionary else None
        if entry is not None and entry.label_of(name) != f"{entry.label} (choice={code})":
            continue  # a choice of the question itself
        ticked = pc.equal(columns.pop(name), "1")
        gone.append(name)
        for box in [n for n in columns if n.startswith(f"{question}___")]:
            columns[box] = pc.if_else(ticked, "", columns[box])
    return ["boxes of a question with a missing-data code were read as missing"] if gone else []


def _names(header: list[str], dictionary: Dictionary | None) -> dict[str, str | None]:
    """Name of every column's field; None for the status of a form and time stamps of surveys."""
    waiting = dictionary.by_label() if dictionary else {}
    known = dictionary.names() if dictionary else set()
    out: dict[str, str | None] = {}
    for column in header:
        plain = _NUMBERED.sub("", column)
        if column in LABELS or plain in LABELS:
            out[column] = LABELS[plain]
        elif column in known:
            out[column] = column
        elif COMPLETE.match(plain) or column.endswith(("_complete", "_timestamp")):
            out[column] = None
        elif waiting.get(column) or waiting.get(plain):
            out[column] = (waiting.get(column) or waiting[plain]).pop(0)
        else:
            out[column] = column
    return out


def _decode(cells: pa.ChunkedArray, words: dict[str, str]) -> pa.ChunkedArray:
    coded = cells.combine_chunks().dictionary_encode()
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    terms = [words.get(t.casefold(), t) for t in coded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(terms, pa.string()).take(coded.indices)])


def _rows(columns: dict[str, pa.ChunkedArray], record: str, n: int) -> pd.DataFrame:
    def texts(name: str) -> pd.Series:
        if name not in columns:
            return pd.Series([""] * n, dtype=object)
        return pd.Series(columns[name].to_pylist(), dtype=object)

    instance = pd.to_numeric(texts(INSTANCE), errors="coerce")
    return pd.DataFrame(
        {
            "id": texts(record),
            "event": texts(EVENT),
            "repeated": texts(INSTRUMENT).ne("") | instance.notna(),
            "instance": instance.fillna(0),
        }
    )


def one_row(
    table: RawTable, rule: Redcap, wanted: list[str], folder: Path, faults: list[Fault]
) -> RawTable | None:
    """
    Make one row per record, by the rule that the mapping declares.

    Parameters
    ----------
    table : RawTable
        As read from the export.
    rule : Redcap
        Baseline event, and which instance of what repeats.
    wanted : list of str
        Source columns that the mapping names; those with ``@`` are made.
    folder : Path
        Folder of the export, in which the data dictionary lies.
    faults : list of Fault
        Structural faults are added here.

    Returns
    -------
    RawTable or None
        In the order in which records first stand in the export; None when the rule can't be used.
    """
    dictionary = None
    if rule.dictionary is not None:
        dictionary = Dictionary.read_beside(folder, rule.dictionary, faults)
        if dictionary is None:
            return None
    export = normalise(table, dictionary)
    baseline = _baseline(export, rule, faults)
    if baseline is None:
        return None
    ids = list(dict.fromkeys(export.rows["id"]))
    out: dict[str, pa.ChunkedArray] = {}
    for name in [*export.table.columns, *(w for w in wanted if "@" in w)]:
        plain, _, where = name.partition("@")
        if plain in export.table.columns and name not in out:
            if where and where not in ("first", "last", *export.events):
                near = suggest(where, [*export.events, "first", "last"])
                repair = f"use one of: {', '.join(['first', 'last', *export.events])}"
                faults.append(Fault(table.file, f"no such event{near}", repair, column=name))
                continue
            chosen = values_of(export, plain, where or baseline, rule.instance, ids)
            out[name] = pa.chunked_array([pa.array(chosen, pa.string())])
    out[export.record] = pa.chunked_array([pa.array(ids, pa.string())])
    lines = _lines(export, baseline, ids)
    notes = [*export.table.notes]
    absent = len(ids) - export.rows.loc[export.rows["event"].eq(baseline), "id"].nunique()
    if absent:
        notes.append(f"{absent} records have no row of the event {baseline}")
    return replace(
        export.table, columns=out, n_rows=len(ids), find_lines=lambda: lines, notes=notes
    )


def _baseline(export: Export, rule: Redcap, faults: list[Fault]) -> str | None:
    events = export.events
    if not events:
        return ""
    if rule.baseline is None and len(events) == 1:
        return events[0]
    if rule.baseline in events:
        return rule.baseline
    listed = ", ".join(events)
    if rule.baseline is None:
        what = "the export has several events, and none is declared as the baseline"
    else:
        what = f"the export has no such event{suggest(rule.baseline, events)}"
    repair = f"write `redcap: {{baseline: ...}}` into the mapping, one of: {listed}"
    faults.append(Fault(export.table.file, what, repair, column="redcap.baseline"))
    return None


def values_of(export: Export, name: str, where: str, instance: str, ids: list[str]) -> list[str]:
    """
    Value of one field for every record.

    Parameters
    ----------
    export : Export
        All rows.
    name : str
        Field.
    where : str
        Event, ``first`` or ``last`` (the first or last row in which the field is filled).
    instance : {"first", "last"}
        Which instance counts where the field stands in repeated rows only.
    ids : list of str
        Records, in the order of the result.

    Returns
    -------
    list of str
        The empty text where the record has none.
    """
    cells = export.table.columns[name].to_pandas()
    filled = export.rows.assign(value=cells)[cells.ne("")]
    if where in ("first", "last"):
        found = _pick(filled, where)
    else:
        there = filled[filled["event"].eq(where)]
        main, repeated = there[~there["repeated"]], there[there["repeated"]]
        ordered = repeated.sort_values("instance", kind="stable")
        found = _pick(main, "first").combine_first(_pick(ordered, instance))
    texts: list[str] = found.reindex(ids).fillna("").tolist()
    return texts


def _pick(rows: pd.DataFrame, which: str) -> pd.Series:
    kept = rows.drop_duplicates("id", keep="first" if which == "first" else "last")
    return kept.set_index("id")["value"]


def _lines(export: Export, baseline: str, ids: list[str]) -> Codes:
    """Line of the record's baseline row; of its first row where it has none."""
    at = export.rows.assign(line=export.table.lines)
    first = at.drop_duplicates("id").set_index("id")["line"]
    main = at[at["event"].eq(baseline) & ~at["repeated"]]
    chosen = main.drop_duplicates("id").set_index("id")["line"].combine_first(first)
    return chosen.reindex(ids).to_numpy(dtype=np.int64)
