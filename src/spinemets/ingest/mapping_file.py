"""Read a mapping file and hold it against the contract; every fault at once, each with its line."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from spinemets import contract, shape, yamlfile
from spinemets.errors import Fault, InputError, suggest
from spinemets.ingest import scheme
from spinemets.ingest.mapping import (
    PERFORMANCE_COLUMNS,
    ColumnMap,
    Mapping,
    Scalar,
    as_text,
)
from spinemets.ingest.scales import known_units, scale_read
from spinemets.vocabulary import performance


def load(path: str | Path) -> Mapping:
    """
    Read a mapping file and check it against the contract.

    Parameters
    ----------
    path : str or Path
        YAML file.

    Returns
    -------
    Mapping
        Checked mapping.

    Raises
    ------
    InputError
        With every fault at once, each with its line and the nearest known word.
    """
    document = yamlfile.load(path)
    name = str(path)
    if not isinstance(document.data, dict):
        raise InputError([Fault(name, "the mapping is empty", "start from `spinemets init`")])
    try:
        mapping = Mapping.model_validate(document.data)
    except ValidationError as err:
        see = "docs/reference/mapping.md"
        raise InputError(
            [shape.fault(name, Mapping, e, see, document) for e in err.errors()]
        ) from None
    faults = [
        Fault(name, f"line {document.line(loc)}: {rule}", repair, column=".".join(loc))
        for column, entry in mapping.columns.items()
        for loc, rule, repair in (
            *_check_column(column, entry),
            *_check_kind(column, entry, mapping),
        )
    ]
    if faults:
        raise InputError(faults)
    return mapping


def undecided(path: str | Path, mapping: Mapping) -> list[Fault]:
    """
    List what a person has still to decide.

    Parameters
    ----------
    path : str or Path
        The mapping file.
    mapping : Mapping
        Its content.

    Returns
    -------
    list of Fault
        One for every ``decide``, with its line.
    """
    document = yamlfile.load(path)
    found: list[tuple[tuple[str | int, ...], str]] = [
        (("decide", i), text) for i, text in enumerate(mapping.decide)
    ]
    found += [(("columns", n, "decide"), e.decide) for n, e in mapping.columns.items() if e.decide]
    return [
        Fault(
            str(path),
            f"line {document.line(where)}: to decide: {text}",
            "settle it in the mapping, then take this `decide` away",
            column=str(where[1]) if where[0] == "columns" else "",
        )
        for where, text in found
    ]


def identity(columns: list[str], file: str) -> Mapping:
    """
    Mapping of a table whose columns already are those of the contract.

    Parameters
    ----------
    columns : list of str
        Header of the table.
    file : str
        Name for messages.

    Returns
    -------
    Mapping
        Every column from itself.

    Raises
    ------
    InputError
        When a column isn't in the contract; the nearest one is offered.
    """
    known = contract.columns()
    faults = [
        Fault(
            file,
            f"the column isn't in the contract{suggest(c, known)}",
            "rename it, or give the cohort a mapping (`spinemets init`)",
            column=c,
        )
        for c in columns
        if c not in known
    ]
    if faults:
        raise InputError(faults)
    return Mapping(columns={c: ColumnMap(source=c) for c in columns})


Finding = tuple[tuple[str, ...], str, str]


def _check_column(name: str, entry: ColumnMap) -> list[Finding]:
    """Check one entry against the contract: known column, unit, crosswalk and target values."""
    where = ("columns", name)
    column = contract.columns().get(name)
    if column is None:
        near = suggest(name, contract.columns())
        repair = "use a column of the contract (data/README.md lists them)"
        return [(where, f"the contract has no such column{near}", repair)]
    out: list[Finding] = []
    if entry.unit is not None and entry.unit not in known_units(column):
        known = known_units(column)
        rule = f"unknown unit{suggest(entry.unit, known)}"
        repair = f"use one of: {', '.join(known)}" if column.unit else "remove it: no unit here"
        out.append(((*where, "unit"), rule, repair))
    out += _check_crosswalk(where, name, entry)
    if not out:
        scale = contract.columns()[scale_read(name, entry)]
        out += _check_values(where, scale, entry)
    return out


def _check_kind(name: str, entry: ColumnMap, mapping: Mapping) -> list[Finding]:
    """Keys that only some columns take: dates, filled cells, caps, code systems."""
    column = contract.columns().get(name)
    if column is None:
        return []
    where: tuple[str, ...] = ("columns", name)
    out: list[Finding] = []
    doses = " and ".join(f"`{c}`" for c in scheme.COLUMNS)
    dated = column.unit == "days" or name in ("age_years", "calendar_year")
    for key, given, fits, takes in (
        ("date", entry.date, dated, "columns in days, `age_years` and `calendar_year`"),
        ("filled", entry.filled, column.kind == "boolean", "columns that are true or false"),
        ("cap", entry.cap, name == "age_years", "`age_years`"),
        ("system", entry.system, name == "primary", "`primary`"),
        ("scheme", entry.scheme, name in scheme.COLUMNS, doses),
    ):
        if given and not fits:
            out.append(((*where, key), f"`{key}` is for {takes}", "remove it"))
    if entry.date and dated and name != "calendar_year" and mapping.time_zero is None:
        repair = "add `time_zero: {from: COLUMN}` to the mapping"
        out.append(((*where, "date"), "a date needs a date of time zero", repair))
    if entry.cap is not None and entry.cap < 90:
        out.append(((*where, "cap"), "ages up to 89 need no cap", "write `cap: 90`"))
    return out


def _check_crosswalk(where: tuple[str, ...], name: str, entry: ColumnMap) -> list[Finding]:
    known = [*performance.crosswalks(), *performance.wordings()]
    here = (*where, "crosswalk")
    unknown = [c for c in entry.crosswalk if c not in known]
    if unknown:
        rule = f"unknown crosswalk{suggest(unknown[0], known)}"
        return [(here, rule, f"use one of: {', '.join(known)}")]
    if entry.crosswalk and name not in PERFORMANCE_COLUMNS:
        return [(here, "crosswalks fill `kps` and `ecog` only", "remove the line")]
    if entry.between != "fault" and (
        name not in PERFORMANCE_COLUMNS or scale_read(name, entry) != "kps"
    ):
        rule = "`between` is for cells that hold a KPS"
        return [((*where, "between"), rule, "remove the line")]
    kinds = "".join("w" if c in performance.wordings() else "t" for c in entry.crosswalk)
    allowed = ("", "t", "wt") if name == "kps" else ("", "t", "w")
    if kinds not in allowed:
        repair = "kps: a table, or words then a table; ecog: a table, or words"
        return [(here, "these crosswalks don't lead to this column", repair)]
    return []


def _check_values(
    where: tuple[str, ...], column: contract.Column, entry: ColumnMap
) -> list[Finding]:
    targets: list[tuple[tuple[str, ...], Scalar]] = [
        (("values", k), v) for k, v in entry.codes.items()
    ]
    if entry.constant is not None:
        targets.append((("constant",), entry.constant))
    out: list[Finding] = []
    for loc, value in targets:
        if value is None or _fits(column, value):
            continue
        near = suggest(as_text(value), column.levels)
        rule = f"the target is not a value of the contract{near}"
        out.append(((*where, *loc), rule, f"use one of: {column.allowed()}"))
    return out


def _fits(column: contract.Column, value: bool | int | float | str) -> bool:
    if column.kind == "boolean":
        return isinstance(value, bool)
    if column.levels:
        return as_text(value) in column.levels
    if column.is_numeric:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return True
