"""From a YAML document to a definition, with every fault named by its line."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from spinemets.errors import Fault, InputError
from spinemets.scores import schema
from spinemets.scores.definition import Definition
from spinemets.scores.schema import DefinitionFile
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
    try:
        data = DefinitionFile.model_validate(document.data)
    except ValidationError as err:
        faults = [_fault(document, e) for e in err.errors()]
        raise InputError(dict.fromkeys(faults)) from None
    if document.path.stem != data.id:
        raise InputError(
            [
                line_fault(
                    document,
                    ("id",),
                    f"the id {data.id!r} differs from the file's name",
                    f"name the file {data.id}.yaml or change the id to {document.path.stem!r}",
                )
            ]
        )
    return Definition(data, document)


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


def _fault(document: Document, error: Any) -> Fault:
    loc = tuple(error["loc"])
    kind = error["type"]
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(loc[-1]), sorted(_known_keys()), n=1, cutoff=0.6)
        repair = f"did you mean {near[0]!r}?" if near else "remove the key"
        return line_fault(document, loc, f"unknown key {loc[-1]!r}", repair)
    if kind == "missing":
        return line_fault(document, loc, f"the key {loc[-1]!r} is missing", f"add {loc[-1]!r}")
    if kind in ("literal_error", "string_pattern_mismatch"):
        expected = error.get("ctx", {}).get("expected") or error.get("ctx", {}).get("pattern")
        return line_fault(document, loc, "this value isn't allowed", f"use {expected}")
    rule = error["msg"].removeprefix("Value error, ")
    return line_fault(document, loc, rule, "correct the value; see docs/how-to/add_a_score.md")


def _known_keys() -> set[str]:
    found: set[str] = set()
    for part in vars(schema).values():
        if isinstance(part, type) and issubclass(part, BaseModel):
            for name, field in part.model_fields.items():
                found.add(field.alias or name)
    return found


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
