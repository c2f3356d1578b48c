"""From a YAML document to a definition, with every fault named by its line."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from spinemets.errors import Fault, InputError, suggest
from spinemets.scores.definition import Definition
from spinemets.scores.partial import Left, without_faults
from spinemets.scores.schema import TEXT_PATTERN, DefinitionFile
from spinemets.shape import keys_at
from spinemets.yamlfile import Document

SCHEMA_FILE: Final = "workflow/schemas/score.schema.json"


def parse(document: Document) -> Definition:
    """
    Give a YAML document the types of a definition.

    Parameters
    ----------
    document : Document
        Loaded file.

    Returns
    -------
    Definition
        The score in its published form.

    Raises
    ------
    InputError
        With every fault of the file's shape: line, key, repair.
    """
    found = draft(document)
    if found.faults or found.definition is None:
        raise InputError(found.faults)
    return found.definition


@dataclass(frozen=True)
class Draft:
    """
    A definition as far as its file goes.

    Parameters
    ----------
    definition : Definition or None
        The score without what is wrong; None when too little is left to be checked.
    faults : list of Fault
        What is wrong with the file's shape; empty when all is right.
    left : Left
        What was taken out, so that the rest can be checked at the same time.
    """

    definition: Definition | None
    faults: list[Fault]
    left: Left = field(default_factory=Left)


def draft(document: Document) -> Draft:
    """
    Give a YAML document the types of a definition as far as it goes.

    Parameters
    ----------
    document : Document
        Loaded file.

    Returns
    -------
    Draft
        The score and the faults of the file's shape.
    """
    faults: dict[Fault, None] = {}
    left = Left()
    data: DefinitionFile | None = None
    try:
        data = DefinitionFile.model_validate(document.data)
    except ValidationError as err:
        faults = dict.fromkeys(_fault(document, e) for e in err.errors())
        places = [tuple(e["loc"]) for e in err.errors()]
        data, left = without_faults(document.data, places, document.path.stem)
    if data is None:
        return Draft(None, list(faults))
    if document.path.stem != data.id:
        rule = f"the id {data.id!r} differs from the file's name"
        repair = f"name the file {data.id}.yaml or change the id to {document.path.stem!r}"
        faults[line_fault(document, ("id",), rule, repair)] = None
    return Draft(Definition(data, document), list(faults), left)


def line_fault(document: Document, loc: tuple[str | int, ...], rule: str, repair: str) -> Fault:
    """
    Make a fault that names the line.

    Parameters
    ----------
    document : Document
        File with the fault.
    loc : tuple
        Keys and positions from the root.
    rule, repair : str
        What is wrong, and what to do.

    Returns
    -------
    Fault
        Structural.
    """
    where = ".".join(str(part) for part in loc)
    return Fault(str(document.path), f"line {document.line(loc)}: {rule}", repair, column=where)


#: What pydantic says, in words for somebody who writes the file.
_SAID: Final[dict[str, tuple[str, str]]] = {
    "string_type": ("a text belongs here", "put it in quotes"),
    "float_type": ("a number belongs here", "write it without quotes"),
    "finite_number": ("a number belongs here", "write one that is finite"),
    "int_type": ("a whole number belongs here", "write it without quotes"),
    "int_parsing": ("a whole number belongs here", "write it without quotes"),
    "bool_type": ("yes or no belongs here", "write true or false"),
    "bool_parsing": ("yes or no belongs here", "write true or false"),
    "list_type": ("a list belongs here", "begin every entry with `- `, or write [a, b]"),
    "dict_type": ("keys and values belong here", "write lines of `key: value`"),
    "model_type": ("keys and values belong here", "write lines of `key: value`"),
    "too_short": ("something is missing in this list", "add it"),
    "too_long": ("this list is too long", "shorten it"),
    "string_too_long": ("this text is too long", "shorten it"),
}


def _fault(document: Document, error: Any) -> Fault:
    loc = tuple(error["loc"])
    kind = error["type"]
    if kind == "extra_forbidden":
        return line_fault(document, loc, f"unknown key {loc[-1]!r}", _known_key(loc))
    if kind == "missing":
        return line_fault(document, loc, f"the key {loc[-1]!r} is missing", f"add {loc[-1]!r}")
    if kind == "string_pattern_mismatch":
        if error["ctx"]["pattern"] == TEXT_PATTERN:
            return line_fault(document, loc, "the text is empty", "write it")
        repair = "use lower case letters, digits and underscores, a letter first"
        return line_fault(document, loc, "this can't be an id", repair)
    if kind == "literal_error":
        repair = f"use {error['ctx']['expected']}"
        return line_fault(document, loc, "this value isn't allowed", repair)
    rule, repair = _SAID.get(kind, (error["msg"].removeprefix("Value error, "), _SEE))
    return line_fault(document, loc, rule, repair)


_SEE: Final = "correct it; see docs/how-to/add_a_score.md"


def _known_key(loc: tuple[str | int, ...]) -> str:
    """The key that was meant, among those that may stand at this place."""
    known = keys_at(DefinitionFile, loc[:-1])
    near = suggest(str(loc[-1]), known).removeprefix("; ")
    if near:
        return near
    return f"remove it; here may stand: {', '.join(known)}" if known else "remove it"


def json_schema() -> str:
    """
    JSON schema of a definition file, for editors.

    Returns
    -------
    str
        JSON text, ending in a newline.
    """
    content = DefinitionFile.model_json_schema(by_alias=True)
    content["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    content["title"] = "spinemets score definition"
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def write_json_schema(folder: str | Path = ".") -> Path:
    """
    Write the JSON schema into a checkout.

    Parameters
    ----------
    folder : str or Path
        Root of the checkout.

    Returns
    -------
    Path
        File written.
    """
    path = Path(folder) / SCHEMA_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json_schema(), encoding="utf-8")
    return path


if __name__ == "__main__":
    write_json_schema()
