"""From a source table to the patient table: convert, set aside, exclude, include, count."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from spinemets import contract
from spinemets.errors import Fault, InputError
from spinemets.ingest import (
    anonymity,
    assemble,
    combine,
    gate,
    include,
    mapping_file,
    plausibility,
    progress,
    readers,
    scales,
)
from spinemets.ingest.cells import Mask
from spinemets.ingest.conversion import NEEDED, convert_columns
from spinemets.ingest.mapping import Mapping
from spinemets.ingest.plausibility import Finding
from spinemets.ingest.tables import Lines, RawTable
from spinemets.ingest.work import Work
from spinemets.provenance import nameless
from spinemets.provenance import sha256 as _sha256
from spinemets.settings import Cohort

REQUIRED = ("survival_days", "died")
#: Name of a table that the simulation wrote; nobody is in it.
SIMULATED = "SIMULATED_"
FLOW = ["cohort", "step", "reason", "n"]
QUALITY = ["cohort", "column", "rule", "severity", "n", "action", "repair"]
TRANSFORMATIONS = ["cohort", "column", "conversion", "n", "flag"]


@dataclass
class Ingested:
    """
    What ingest makes of a cohort.

    Parameters
    ----------
    patients : pandas.DataFrame
        Columns of the contract, one row per analysed patient.
    inclusion : pandas.DataFrame
        Survival of everyone whom the inclusion rule was asked about; empty without a rule.
    flow, quality, transformations, plausibility, k_anonymity : pandas.DataFrame
        Counts.
    info : dict
        Content of ``cohort.json``.
    faults : list of Fault
        Value faults; in ``patients`` they are missing.
    unused : list of str
        Source columns that nothing was taken from.
    doubts : list of tuple
        What isn't plausible, with the lines of the file.
    """

    patients: pd.DataFrame
    inclusion: pd.DataFrame
    flow: pd.DataFrame
    quality: pd.DataFrame
    transformations: pd.DataFrame
    plausibility: pd.DataFrame
    k_anonymity: pd.DataFrame
    info: dict[str, Any]
    faults: list[Fault] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    doubts: list[tuple[Finding, Lines]] = field(default_factory=list)


def ingest(table: str | Path, mapping_path: str | Path | None, cohort: Cohort) -> Ingested:
    """
    Make the patient table of a cohort.

    Parameters
    ----------
    table : str or Path
        The cohort's table.
    mapping_path : str, Path or None
        Mapping; None when the columns are those of the contract.
    cohort : Cohort
        Its entry in the configuration.

    Returns
    -------
    Ingested
        Patients and counts. Values that break the contract are missing in it; whether they stop
        the run is decided by ``on_fault`` (see ``refuse``).

    Raises
    ------
    InputError
        With every structural fault at once, and with the value faults found beside them.
    """
    work = Work(cohort)
    sheet, how = _source(table, mapping_path, work)
    progress.say(sheet.n_rows, f"{len(sheet.header)} columns read")
    used = {s for e in how.columns.values() for s in e.sources} | _helpers(how)
    used |= {s.partition("@")[0] for s in used} if how.redcap else set()
    unused = [c for c in sheet.header if c not in used]
    work.structural += gate.faults(sheet.tables, how, unused)
    progress.say(sheet.n_rows, "looked for identifiers")
    names = _present(sheet, how, work)
    converted, told = convert_columns(sheet, how, names, work)
    sheet.keep_only(how.columns["patient_id"].sources if "patient_id" in how.columns else [])
    rule = _rule([*how.columns, *converted], work)
    _check_ids(sheet, how, work)
    if "age_years" in converted and not Path(table).name.startswith(SIMULATED):
        first = sheet.tables[0]
        work.structural += gate.old_ages(converted["age_years"], how, first.file, first.lines)
    work.stop_if_structural(work.value)
    patients = pd.DataFrame(converted, index=pd.RangeIndex(sheet.n_rows), copy=False)
    del converted  # a large table isn't held twice
    resolution = how.resolution or _resolution(how, patients)
    seen = plausibility.look(patients, cohort.time_zero, resolution, told)
    patients, inclusion = _exclude(patients, sheet, how, rule, work)
    info = _info(work, how, table, mapping_path, resolution, len(patients))
    complete = _complete(patients)
    return Ingested(
        patients=complete,
        inclusion=inclusion,
        flow=work.table(work.flow, FLOW),
        quality=work.table(work.quality, QUALITY),
        transformations=work.table(work.transformations, TRANSFORMATIONS),
        plausibility=plausibility.table(seen, cohort.id),
        k_anonymity=anonymity.k_anonymity(complete, cohort.id),
        info=info,
        faults=work.value,
        unused=unused,
        doubts=[(f, sheet.tables[0].lines[f.rows]) for f in seen if f.rows.any()],
    )


def refuse(result: Ingested, cohort: Cohort) -> None:
    """
    Stop on value faults unless the cohort sets them aside.

    Parameters
    ----------
    result : Ingested
        Outcome of ``ingest``.
    cohort : Cohort
        With ``on_fault``.

    Raises
    ------
    InputError
        With every value fault at once.
    """
    if result.faults and cohort.on_fault == "stop":
        raise InputError(result.faults)


# -- reading -----------------------------------------------------------------------------------
def _source(
    table: str | Path, mapping_path: str | Path | None, work: Work
) -> tuple[assemble.Sheet, Mapping]:
    """Read mapping and tables; what is wrong with either is reported together."""
    how: Mapping | None = None
    plain: RawTable | None = None
    try:
        how = mapping_file.load(mapping_path) if mapping_path else None
    except InputError as err:
        work.structural += err.faults
    if how is not None and mapping_path is not None:
        work.structural += mapping_file.undecided(mapping_path, how)
    if how is None:
        # Without a usable mapping the file itself is still looked at, so that nothing is hidden.
        plain = readers.try_read(table, Mapping(columns={}), work.structural)
        if mapping_path is None and plain is not None:
            try:
                how = mapping_file.identity(list(plain.columns), str(table))
            except InputError as err:
                work.structural += err.faults
    if how is None:
        raise InputError(work.structural)
    sheet = assemble.assemble(table, how, work.structural, plain)
    if sheet is None:
        raise InputError(work.structural)
    combine.add_columns(sheet, how, work.structural)
    work.quality += [(c, rule, "note", n, "none needed", "") for c, rule, n in sheet.notes]
    return sheet, how


def _helpers(how: Mapping) -> set[str]:
    rules = [how.one_row_per, *(j.one_row_per for j in how.join)]
    keys = {r.column for r in rules if r} | {c for r in rules if r for c in r.prefer}
    keys |= {how.time_zero.source} if how.time_zero else set()
    keys |= {c for r in how.combine.values() for c in r.columns}
    return keys | set(how.select) | {x for j in how.join for x in (j.on, j.equals)} | set(how.drop)


def _present(sheet: assemble.Sheet, how: Mapping, work: Work) -> list[str]:
    """Contract columns whose source exists; the others are structural faults."""
    file = sheet.tables[0].file
    wanted = [s for e in how.columns.values() for s in e.sources]
    wanted += [how.time_zero.source] if how.time_zero else []
    assemble.absent(list(dict.fromkeys(wanted)), sheet.header, file, work.structural)
    for name in REQUIRED:
        if name not in how.columns:
            rule = f"no column gives `{name}` ({contract.columns()[name].meaning})"
            work.structural.append(Fault(file, rule, "map it, or name a column so", column=name))
    return [n for n, e in how.columns.items() if all(sheet.table_of(s) for s in e.sources)]


def _check_ids(sheet: assemble.Sheet, how: Mapping, work: Work) -> None:
    """Ids have to be there and differ; their values go no further than this function."""
    entry = how.columns.get("patient_id")
    table = sheet.table_of(entry.source) if entry and entry.source else None
    if entry is None or entry.source is None or table is None:
        if entry is None:
            rule = "no patient id is mapped: every row is read as one patient"
            work.quality.append(("patient_id", rule, "note", sheet.n_rows, "none needed", ""))
        return
    cells = table.columns[entry.source].to_pandas()
    twice = (cells.duplicated(keep=False) & cells.ne("")).to_numpy(dtype=bool)
    if twice.any():
        rows = tuple(int(x) for x in table.lines[twice])
        repair = "remove the copies, or say with `one_row_per` which row of a patient is used"
        work.structural.append(Fault(table.file, "ids stand twice", repair, entry.source, rows))
    absent = cells.eq("").to_numpy(dtype=bool)
    if absent.any():
        rows = tuple(int(x) for x in table.lines[absent])
        rule, repair = "no patient id", "give every patient an id"
        work.value.append(Fault(table.file, rule, repair, entry.source, rows, "value"))
        work.quality.append(("patient_id", rule, "value", len(rows), "patient removed", repair))


# -- exclusion ---------------------------------------------------------------------------------
def _rule(known: list[str], work: Work) -> include.Inclusion | None:
    text = work.cohort.include
    if text is None:
        return None
    try:
        return include.parse(text, known, "config")
    except InputError as err:
        work.structural += err.faults
    return None


def _exclude(
    patients: pd.DataFrame,
    sheet: assemble.Sheet,
    how: Mapping,
    rule: include.Inclusion | None,
    work: Work,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave out who can't be analysed, then who isn't included; count every reason."""
    work.flow.append(("in", "", sheet.n_in))
    work.flow += [("excluded", reason, n) for reason, n in sheet.left_out]
    keep = _with_id(sheet, how)
    work.flow += _excluded("no patient id", ~keep)
    for name, words in NEEDED.items():
        unusable = patients[name].isna().to_numpy(dtype=bool)
        work.flow += _excluded(f"{words} missing or unusable", keep & unusable)
        keep &= ~unusable
    patients = _only(patients, keep)
    inclusion = patients.loc[:, ["survival_days", "died"]].assign(
        included=pd.array([pd.NA] * len(patients), dtype="boolean")
    )
    if rule is None:
        work.flow.append(("analysed", "", len(patients)))
        return patients, inclusion.iloc[:0]
    decided = rule.evaluate(patients)
    inclusion["included"] = decided
    unknown = decided.isna().to_numpy(dtype=bool)
    included = decided.fillna(False).to_numpy(dtype=bool)
    work.flow += _excluded(f"not included ({rule.text})", ~included & ~unknown)
    work.flow += _excluded(f"{', '.join(rule.columns)} not recorded", unknown)
    patients = _only(patients, included)
    work.flow.append(("analysed", "", len(patients)))
    return patients, inclusion


def _only(patients: pd.DataFrame, keep: Mask) -> pd.DataFrame:
    """Patients who are kept, numbered afresh; the table itself where everybody is."""
    return patients if keep.all() else patients.loc[keep].reset_index(drop=True)


def _with_id(sheet: assemble.Sheet, how: Mapping) -> Mask:
    entry = how.columns.get("patient_id")
    table = sheet.table_of(entry.source) if entry and entry.source else None
    if entry is None or entry.source is None or table is None:
        return np.ones(sheet.n_rows, bool)
    there = pc.not_equal(table.columns[entry.source], "")
    return np.array(there.to_numpy(zero_copy_only=False), dtype=bool)


def _excluded(reason: str, rows: Mask) -> list[tuple[str, str, int]]:
    n = int(rows.sum())
    return [("excluded", reason, n)] if n else []


# -- results -----------------------------------------------------------------------------------
def _resolution(how: Mapping, patients: pd.DataFrame) -> str:
    """Steps in which survival was recorded: a unit whose values are all whole numbers."""
    column = contract.columns()["survival_days"]
    unit = how.columns["survival_days"].unit or "days"
    if unit == "days" or how.columns["survival_days"].date:
        return "day"
    steps = patients["survival_days"].dropna().to_numpy(dtype=float) / scales.factor(column, unit)
    whole = bool((np.abs(steps - np.round(steps)) < 1e-9).all())
    return unit.removesuffix("s") if whole else "day"


def _complete(patients: pd.DataFrame) -> pd.DataFrame:
    """Every column of the contract, in its order; what the source lacks is missing."""
    n = len(patients)
    out: dict[str, pd.Series] = {}
    for name, column in contract.columns().items():
        dtype: Any = contract.pandas_dtype(column)
        if name == "patient_id":
            out[name] = pd.Series(np.arange(1, n + 1)).astype(dtype)
        elif name in patients.columns:
            out[name] = patients[name].astype(dtype, copy=False)
        else:
            out[name] = pd.Series([pd.NA], dtype=dtype).repeat(n)
        out[name].index = pd.RangeIndex(n)
    return pd.DataFrame(out, copy=False)


def _info(
    work: Work,
    how: Mapping,
    table: str | Path,
    mapping_path: str | Path | None,
    resolution: str,
    n: int,
) -> dict[str, Any]:
    cohort = work.cohort
    files = [Path(table), *assemble.joined_files(table, how)]
    if mapping_path:
        files.append(Path(mapping_path))
    hashes = {f: _sha256(f) for f in files}
    names = {f: f.name if cohort.visibility != "private" else nameless(f, h)
             for f, h in hashes.items()}  # fmt: skip
    return {
        "id": cohort.id,
        "label": cohort.label,
        "visibility": cohort.visibility,
        "simulated": cohort.simulate is not None,
        "time_zero": cohort.time_zero,
        "resolution": resolution,
        "n": n,
        "include": cohort.include,
        "notes": list(cohort.notes),
        "source": names[Path(table)],
        "sha256": {names[f]: found for f, found in hashes.items()},
        "footnotes": how.footnotes,
    }
