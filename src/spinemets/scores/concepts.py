"""Named conditions that several scores share, and what one column implies about another."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from spinemets import yamlfile
from spinemets.scores.schema import Condition, Strict

CONCEPTS_FILE: Final = Path(__file__).with_name("concepts.yaml")
DATA_FILES: Final = ("concepts.yaml",)


class Concept(Strict):
    """A named condition."""

    text: str
    when: Condition


class Contradiction(Strict):
    """Columns that can't be true together; all of them are then treated as unknown."""

    text: str
    when: Condition
    columns: list[str]


class Narrower(Strict):
    """A column recorded in a narrower sense than the contract's, and what it says in that sense."""

    text: str
    when: Condition
    set: dict[str, str]
    fill: dict[str, str]


class Implication(Strict):
    """What follows from recorded columns about columns that are empty."""

    text: str
    when: Condition
    fill: dict[str, str | tuple[float, float]]


class Concepts(Strict):
    """Content of ``concepts.yaml``."""

    concepts: dict[str, Concept]
    readings: list[Narrower]
    contradictions: list[Contradiction]
    implied: list[Implication]


@cache
def load() -> Concepts:
    """
    Read the shared conditions.

    Returns
    -------
    Concepts
        Named conditions, readings, contradictions and implications.

    Examples
    --------
    >>> "major_organ" in load().concepts
    True
    """
    return Concepts.model_validate(yamlfile.load(CONCEPTS_FILE).data)
