"""YAML read safely and with line numbers, so that an error can name the line to repair."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from spinemets.errors import Fault, InputError

Location = tuple[str | int, ...]
#: More than any file of a study needs; an alias that multiplies itself meets it within a second.
NODES: Final = 200_000
DEPTH: Final = 100


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


_TOO_DEEP: Final = f"nested more than {DEPTH} levels deep, or without end"


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
        When the file is missing, isn't UTF-8, isn't YAML, holds a tag or a merge key, repeats a
        key, or is nested or multiplied by aliases beyond all need.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise _error(path, "the file does not exist", "create it or correct the path") from None
    except UnicodeDecodeError:
        raise _error(path, "the file is not UTF-8", "save it as UTF-8") from None
    try:
        if _may_be_deep(text):
            _check_depth(text, path)
        loader = _StrictLoader(text)
        try:
            node = loader.get_single_node()
            walk = _Walk(path)
            if node is not None:
                walk.visit(node, ())
            if walk.faults:
                raise InputError(walk.faults)
            data = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as err:
        mark = getattr(err, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(err, "problem", None) or "not valid YAML"
        raise _error(path, f"line {line}: {problem}", "correct the YAML at that line") from None
    return Document(data, path, walk.lines)


def _error(path: Path, rule: str, repair: str) -> InputError:
    return InputError([Fault(str(path), rule, repair)])


def _may_be_deep(text: str) -> bool:
    """Whether a text could hold thousands of levels; few do, and the exact answer takes time."""
    brackets = text.count("[") + text.count("{")
    return len(text) > 10**6 or brackets > 10**4 or max(map(len, text.split("\n"))) > 10**4


def _check_depth(text: str, path: Path) -> None:
    """Refuse deep nesting before the tree is built: the builder recurses outside Python."""
    depth, line = 0, 1
    for event in yaml.parse(text, Loader=_StrictLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1 if event.start_mark else line
        if depth > DEPTH:
            raise _error(path, f"line {line}: {_TOO_DEEP}", "write it flatter")


class _Walk:
    """Lines of every part of a document, and what is wrong with its form."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[Location, int] = {}
        self.faults: list[Fault] = []
        self._nodes = 0

    def visit(self, node: Any, loc: Location) -> None:
        """Note the line of a node and of everything below it."""
        line = node.start_mark.line + 1
        self._nodes += 1
        if len(loc) > DEPTH:
            raise _error(self.path, f"line {line}: {_TOO_DEEP}", "write it flatter")
        if self._nodes > NODES:
            rule = f"line {line}: aliases multiply the file to more than {NODES} parts"
            raise _error(self.path, rule, "write the parts out instead of repeating them")
        self.lines[loc] = line
        if isinstance(node, yaml.MappingNode):
            self._mapping(node, loc)
        elif isinstance(node, yaml.SequenceNode):
            for i, value in enumerate(node.value):
                self.visit(value, (*loc, i))

    def _mapping(self, node: Any, loc: Location) -> None:
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if key.tag == "tag:yaml.org,2002:merge":
                rule = f"line {line}: merge keys (`<<`) are not read"
                self.faults.append(Fault(str(self.path), rule, "write the keys out", column=name))
            if name in seen:
                rule = f"line {line}: the key {name!r} stands twice"
                fault = Fault(str(self.path), rule, "keep one of the two", column=name)
                self.faults.append(fault)
            seen.add(name)
            self.visit(value, (*loc, name))
            self.lines[(*loc, name)] = line
