"""
Parameters of the simulated cohorts: one file per preset, every value with its origin.

A node of a preset is ``{value, status, source}`` when the value is ``published`` and
``{value, status, why}`` when it is ``assumed``. A published node may hold parts that aren't:
``except`` gives the reason for each of them. Nothing else is accepted, so the report can list where
each number comes from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from spinemets import contract, yamlfile
from spinemets.errors import Fault, InputError

FOLDER: Final = Path(__file__).parent
#: Read by the fingerprint, relative to this module.
DATA_FILES: Final = ("*.yaml",)
PRESETS: Final = ("leiden_graz", "surgical_modern")
#: What a preset consists of; `title` and `extends` stand beside these.
SECTIONS: Final = (
    "cohort",
    "factors",
    "baseline",
    "effects",
    "survival",
    "treatment",
    "recording",
)
#: Sections whose nodes are columns of the patient table (a leading underscore hides a column).
COLUMN_SECTIONS: Final = ("baseline", "treatment")
#: Columns that `twin` computes itself, not from a node of a column section.
COMPUTED: Final = frozenset(
    {
        "patient_id",
        "centre",
        "survival_days",
        "potential_follow_up_days",
        "died",
        "kps_low",
        "kps_high",
        "ecog_low",
        "ecog_high",
    }
)


@dataclass(frozen=True)
class Entry:
    """
    One value of a preset and where it comes from.

    Parameters
    ----------
    name : str
        Section and key, for example ``"survival.shape"``.
    value : object
        Number, text, or nested mappings and lists of them.
    status : {"published", "assumed"}
        Whether a source states the value.
    source : str
        The source of a published value, the reason for an assumed one.
    exceptions : tuple of (str, str)
        Parts of a published value that are assumed, and why.
    """

    name: str
    value: Any
    status: str
    source: str
    exceptions: tuple[tuple[str, str], ...] = ()

    def origin(self, part: str) -> tuple[str, str]:
        """
        Where one part of the value comes from.

        Parameters
        ----------
        part : str
            Name of the part, starting with the name of the entry.

        Returns
        -------
        tuple of str
            Status and source.
        """
        for prefix, why in self.exceptions:
            if part == f"{self.name}.{prefix}" or part.startswith(f"{self.name}.{prefix}."):
                return "assumed", why
        return self.status, self.source


@dataclass(frozen=True, eq=False)
class Preset:
    """
    A parameter file, read and checked.

    Parameters
    ----------
    name : str
        Name of the preset.
    title : str
        What it imitates, in a sentence.
    sections : mapping of str to mapping of str to Entry
        Every node, by section and key.
    """

    name: str
    title: str
    sections: Mapping[str, Mapping[str, Entry]]

    def value(self, section: str, key: str) -> Any:
        """
        Value of one node.

        Parameters
        ----------
        section, key : str
            Where it stands.

        Returns
        -------
        object
            Its value, without its origin.

        Examples
        --------
        >>> load("leiden_graz").value("survival", "follow_up")["cut_off_year"] > 2010
        True
        """
        return self.sections[section][key].value

    def columns(self) -> dict[str, Any]:
        """
        Specification of every drawn column, hidden ones too.

        Returns
        -------
        dict of str to dict
            Keyed by column name.
        """
        return {k: e.value for s in COLUMN_SECTIONS for k, e in self.sections[s].items()}


def _tag_fault(path: Path, where: str, node: Any, line: int) -> Fault | None:
    """What is wrong with the origin of a node, or None."""
    at = f"line {line}: "
    if not isinstance(node, dict) or "value" not in node:
        return Fault(
            str(path), f"{at}not a tagged value", "write value, status, source or why", where
        )
    status = node.get("status")
    need = {"published": "source", "assumed": "why"}.get(str(status))
    if need is None:
        return Fault(str(path), f"{at}status is neither published nor assumed", "tag it", where)
    optional = {"except"} if status == "published" else set()
    if set(node) - optional != {"value", "status", need} or not str(node[need]).strip():
        rule = f"{at}a value that is {status} needs {need!r} and nothing else"
        return Fault(str(path), rule, f"give value, status and {need}", where)
    parts = [name for name, _ in _leaves("", node["value"])]
    for part in node.get("except", {}):
        if not any(p == f".{part}" or p.startswith(f".{part}.") for p in parts):
            rule = f"{at}`except` names {part!r}, which the value doesn't hold"
            return Fault(str(path), rule, "name a part of the value", where)
    return None


def _read(path: Path) -> tuple[str, dict[str, dict[str, Entry]]]:
    """Nodes of one file over those of the file that it extends."""
    document = yamlfile.load(path)
    data = dict(document.data)
    title, base = str(data.pop("title", path.stem)), data.pop("extends", None)
    sections: dict[str, dict[str, Entry]] = {s: {} for s in SECTIONS}
    if base is not None:
        beside = path.with_name(f"{base}.yaml")
        sections = _read(beside if beside.is_file() else FOLDER / f"{base}.yaml")[1]
    faults = []
    for section, nodes in data.items():
        if section not in SECTIONS:
            known = ", ".join(SECTIONS)
            faults.append(Fault(str(path), f"unknown section {section!r}", f"use one of: {known}"))
            continue
        for key, node in nodes.items():
            where = f"{section}.{key}"
            fault = _tag_fault(path, where, node, document.line((section, key)))
            if fault:
                faults.append(fault)
                continue
            origin = node["source"] if node["status"] == "published" else node["why"]
            apart = tuple((str(k), str(v)) for k, v in node.get("except", {}).items())
            text = " ".join(str(origin).split())
            sections[section][str(key)] = Entry(where, node["value"], node["status"], text, apart)
    if faults:
        raise InputError(faults)
    return title, sections


def _check_columns(path: Path, preset: Preset) -> None:
    """Refuse a preset that leaves out a column of the contract, or has one too many."""
    drawn, known = set(preset.columns()), set(contract.columns())
    faults = [
        Fault(
            str(path),
            "the contract has this column, the preset has no entry for it",
            "add it under `baseline` (or under `treatment` when it depends on treatment)",
            column=name,
        )
        for name in contract.columns()
        if name not in drawn | COMPUTED
    ]
    faults += [
        Fault(str(path), "no such column in the contract", "rename or hide it (_name)", column=name)
        for name in sorted(drawn - known)
        if not name.startswith("_")
    ]
    if faults:
        raise InputError(faults)


@cache
def load(preset: str | Path) -> Preset:
    """
    Read a preset and check that every value has an origin and every contract column an entry.

    Parameters
    ----------
    preset : str or Path
        Name of a shipped preset, or a file of one's own (a ``Path``).

    Returns
    -------
    Preset
        Its parameters.

    Raises
    ------
    InputError
        With every value that isn't tagged and every contract column without an entry.

    Examples
    --------
    >>> load("leiden_graz").sections["survival"]["median_months"].status
    'published'
    """
    path = preset if isinstance(preset, Path) else FOLDER / f"{preset}.yaml"
    title, sections = _read(path)
    frozen = MappingProxyType({k: MappingProxyType(v) for k, v in sections.items()})
    out = Preset(path.stem, title, frozen)
    _check_columns(path, out)
    return out


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            label = str(key).lower() if isinstance(key, bool) else str(key)
            yield from _leaves(f"{name}.{label}", inner)
    elif isinstance(value, list) and any(isinstance(v, dict | list) for v in value):
        for i, inner in enumerate(value, 1):
            yield from _leaves(f"{name}.{i}", inner)
    elif isinstance(value, list):
        yield name, ", ".join(_text(v) for v in value)
    else:
        yield name, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def parameter_table(preset: str | Path = "leiden_graz") -> list[tuple[str, str, str, str]]:
    """
    List every parameter of a preset for the report.

    Parameters
    ----------
    preset : str or Path
        Name of a preset or a file.

    Returns
    -------
    list of tuple of str
        ``(name, value, status, source)``, one row per number or word, in the order of the file;
        ``source`` is the reason where the status is ``assumed``.

    Examples
    --------
    >>> rows = {name: rest for name, *rest in parameter_table("leiden_graz")}
    >>> rows["survival.median_months.breast"][:2]
    ['18.6', 'published']
    """
    return [
        (name, str(value), *entry.origin(name))
        for nodes in load(preset).sections.values()
        for entry in nodes.values()
        for name, value in _leaves(entry.name, entry.value)
    ]
