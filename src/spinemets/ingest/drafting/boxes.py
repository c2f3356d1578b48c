"""Checkboxes of one question: the column that they make together."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from spinemets.ingest.drafting.guess import LIKELY, Guess, name_score
from spinemets.ingest.drafting.sources import Source, hints, words_of

#: What the boxes of a question about organs make, and its name among the columns of the source.
COLUMN: Final = "visceral_metastases"
NAME: Final = "organs"
#: What the columns of single organs begin with.
ORGAN: Final = "metastasis_"


def organs(sources: list[Source]) -> tuple[Guess, dict[str, Any]] | None:
    """
    Draft visceral metastases from the boxes of a question that asks for the organs.

    Parameters
    ----------
    sources : list of Source
        Columns of the source.

    Returns
    -------
    tuple or None
        The entry, and the rule of ``combine`` that it reads; None where no question asks for them.
        Where a box says "none", a patient without any tick was not answered for; without such a
        box no tick can only mean no.
    """
    asked: dict[str, list[Source]] = defaultdict(list)
    for source in sources:
        if source.box is not None:
            asked[source.box[0]].append(source)
    for question, found in asked.items():
        score = name_score([words_of(question)], hints()["columns"][COLUMN])[0]
        named = [s for s in found if not s.denies]
        if score < LIKELY or len(named) < 2:
            continue
        denied = [s.name for s in found if s.denies and not s.unknown]
        evidence = [f"{len(named)} boxes of one question about organs"]
        guess = Guess(COLUMN, NAME, {}, score, evidence, _questions(named, denied))
        return guess, _rule([s.name for s in named], denied)
    return None


def _questions(named: list[Source], denied: list[str]) -> list[str]:
    organs = [n for c, known in hints()["columns"].items() if c.startswith(ORGAN) for n in known]
    other = [s.box[1] for s in named if s.box and name_score(s.names(), organs)[0] < LIKELY]
    out = [f"made of boxes (`combine`): do {', '.join(other)} count as organs?"] if other else []
    if not denied:
        out.append("made of boxes (`combine`): does no tick mean that there are none?")
    return out


def _rule(named: list[str], denied: list[str]) -> dict[str, Any]:
    if not denied:
        return {"any": named}
    words = {**dict.fromkeys(named, "yes"), **dict.fromkeys(denied, "no")}
    return {"choice": words, "several": "yes", "unmarked": "missing"}
