"""Faults in the shape of a file that somebody writes: which key was meant, what may stand there."""

from __future__ import annotations

from collections.abc import Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from spinemets.errors import Fault, suggest
from spinemets.yamlfile import Document


def keys_at(root: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """
    Name the keys that may stand at a place.

    Parameters
    ----------
    root : type of BaseModel
        Model of the whole file.
    location : sequence of str or int
        Keys and positions from the root.

    Returns
    -------
    list of str
        As they are written in the file; empty where keys are free, or none may stand.

    Examples
    --------
    >>> from spinemets.settings import Settings
    >>> keys_at(Settings, ("evaluation", "comparison_sets", 0))
    ['id', 'scores', 'label']
    """
    here: Any = root
    for part in location:
        here = _below(_plain(here), part)
    here = _plain(here)
    return [f.alias or n for n, f in here.model_fields.items()] if _is_model(here) else []


def fault(
    file: str, root: type[BaseModel], error: Any, see: str, document: Document | None = None
) -> Fault:
    """
    Say what pydantic found, in words for somebody who writes the file.

    Parameters
    ----------
    file : str
        Name printed in messages.
    root : type of BaseModel
        Model of the whole file.
    error : dict
        Entry of ``ValidationError.errors()``.
    see : str
        Document that says what the keys take.
    document : Document, optional
        The file with its line numbers.

    Returns
    -------
    Fault
        An unknown key comes with the nearest known one.
    """
    place = tuple(part for part in error["loc"] if part != "[key]")
    where = ".".join(str(part) for part in place)
    where = where or ("configuration" if document is None else "")
    begin = "" if document is None else f"line {document.line(place)}: "
    if error["type"] == "extra_forbidden":
        known = keys_at(root, place[:-1])
        rule = f"{begin}unknown key{suggest(str(place[-1]), known)}"
        return Fault(file, rule, f"use one of: {', '.join(known)}", column=where)
    if error["type"] == "missing":
        return Fault(file, f"{begin}required key is missing", "add it", column=where)
    rule = begin + error["msg"].removeprefix("Value error, ")
    return Fault(file, rule, f"see {see} for what the key takes", column=where)


def _below(annotation: Any, part: str | int) -> Any:
    if _is_model(annotation):
        fields = {f.alias or name: f for name, f in annotation.model_fields.items()}
        return fields[str(part)].annotation if part in fields else None
    if get_origin(annotation) in (list, tuple, dict):
        return get_args(annotation)[-1]
    return None


def _plain(annotation: Any) -> Any:
    """An annotation without what is said of it, and without the "or nothing"."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        return _plain(kinds[0]) if len(kinds) == 1 else None
    return annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
