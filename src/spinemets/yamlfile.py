"""YAML read safely and with line numbers, so that an error can name the line to repair."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from spinemets.errors import Fault, InputError

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """
    The content of a YAML file and where each part of it stands.

    Parameters
    ----------
    data : object
        Plain dicts, lists and scalars.
    path : Path
        File it was read from.
    lines : dict
        Location (keys and list positions from the root) to line number, 1-based.
    """

    data: Any
    path: Path
    lines: dict[Location, int]

    def line(self, location: Sequence[str | int]) -> int:
        """
        Line of a location, or of its nearest parent that stands in the file.

        Parameters
        ----------
        location : sequence of str or int
            Keys and list positions from the root.

        Returns
        -------
        int
            1-based line number.
        """
        loc = tuple(location)
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 1)


class _StrictLoader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """Safe loader; duplicate keys are found while the node tree is walked."""


# Clinical tables hold `no`, `off` and dates as text: only true and false are booleans here, as in
# YAML 1.2, and a date stays the text that was written.
_DROPPED = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
_StrictLoader.yaml_implicit_resolvers = {
    key: [(tag, rx) for tag, rx in rules if tag not in _DROPPED]
    for key, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|false|False)$"), list("tTfF")
)


def load(path: str | Path) -> Document:
    """
    Read one YAML document without running anything that it may contain.

    Parameters
    ----------
    path : str or Path
        File to read (UTF-8).

    Returns
    -------
    Document
        Content with line numbers.

    Raises
    ------
    InputError
        When the file is missing, isn't UTF-8, isn't YAML, holds a tag, or repeats a key.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise _error(path, "the file does not exist", "create it or correct the path") from None
    except UnicodeDecodeError:
        raise _error(path, "the file is not UTF-8", "save it as UTF-8") from None
    try:
        loader = _StrictLoader(text)
        try:
            node = loader.get_single_node()
            lines: dict[Location, int] = {}
            faults: list[Fault] = []
            if node is not None:
                _walk(node, (), lines, faults, path)
            if faults:
                raise InputError(faults)
            data = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as err:
        mark = getattr(err, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(err, "problem", None) or "not valid YAML"
        raise _error(path, f"line {line}: {problem}", "correct the YAML at that line") from None
    return Document(data, path, lines)


def _error(path: Path, rule: str, repair: str) -> InputError:
    return InputError([Fault(str(path), rule, repair)])


def _walk(
    node: Any, loc: Location, lines: dict[Location, int], faults: list[Fault], path: Path
) -> None:
    lines[loc] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if name in seen:
                rule = f"line {key.start_mark.line + 1}: the key {name!r} stands twice"
                faults.append(Fault(str(path), rule, "keep one of the two", column=name))
            seen.add(name)
            _walk(value, (*loc, name), lines, faults, path)
            lines[(*loc, name)] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            _walk(value, (*loc, i), lines, faults, path)
