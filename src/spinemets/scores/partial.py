"""A faulty definition file without its wrong parts, so that the rest can be checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from spinemets.scores.schema import DefinitionFile

Location = tuple[str | int, ...]
#: Lists whose entries stand for themselves: one that is wrong leaves the others to be checked.
ENTRIES: Final = ("items", "bands", "variants", "misprints", "worked_patients")
#: Stands for what a check doesn't need, or is told not to look at.
_STAND_IN: Final[dict[str, Any]] = {
    "name": "?",
    "short": "?",
    "status": "flag",
    "citation": {"text": "?", "year": None},
    "derivation": {"n": None, "setting": "?"},
    "population": {"text": "?"},
    "outcome": "?",
    "time_zero": "?",
    "direction": "none",
    "information_level": "score_only",
}
_NO_RANGE: Final = {"minimum": 0, "maximum": 0, "step": None}


@dataclass(frozen=True)
class Left:
    """
    What was left of a file.

    Parameters
    ----------
    kept : Mapping of str to tuple of int
        Per list that lost entries, the positions in the file of those that stayed.
    no_range : bool
        True when the range is a stand-in.
    """

    kept: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    no_range: bool = False

    def place(self, loc: Location) -> Location:
        """
        Give a place of what was left as the place in the file.

        Parameters
        ----------
        loc : tuple
            Keys and positions from the root.

        Returns
        -------
        tuple
            The same, counted as the file counts.
        """
        if len(loc) > 1 and loc[0] in self.kept and isinstance(loc[1], int):
            return (loc[0], self.kept[str(loc[0])][loc[1]], *loc[2:])
        return loc


def without_faults(
    content: Any, wrong: Iterable[Location], name: str
) -> tuple[DefinitionFile | None, Left]:
    """
    Take the wrong parts out of a file.

    Parameters
    ----------
    content : object
        What the file holds.
    wrong : iterable of tuple
        Places of its faults.
    name : str
        The file's name without its ending, in place of a wrong id.

    Returns
    -------
    data : DefinitionFile or None
        What is left; None when that is too little.
    left : Left
        What was taken out.
    """
    places = [loc for loc in wrong if loc]
    if not isinstance(content, dict):
        return None, Left()
    kept: dict[str, tuple[int, ...]] = {}
    out = dict(content)
    for key in ENTRIES:
        bad = {loc[1] for loc in places if loc[0] == key and len(loc) > 1}
        if bad and isinstance(content[key], list):
            kept[key] = tuple(i for i in range(len(content[key])) if i not in bad)
            out[key] = [content[key][i] for i in kept[key]]
    for loc in places:
        if loc[0] not in kept:
            out.pop(str(loc[0]), None)
    kind = "import" if out.get("predictions") else "prognostic"
    own_id = name if re.fullmatch(r"[a-z][a-z0-9_]*", name) else "x"
    no_range = "range" not in out and kind != "import"
    stand_in = {**_STAND_IN, "id": own_id, "kind": kind} | (
        {"range": _NO_RANGE} if no_range else {}
    )
    try:
        return DefinitionFile.model_validate(stand_in | out), Left(kept, no_range)
    except ValidationError:
        return None, Left()
