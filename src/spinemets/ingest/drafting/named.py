"""A column whose words name several things: a yes-or-no column for each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from spinemets.ingest.cells import key
from spinemets.ingest.drafting.guess import LIKELY, Guess, name_score
from spinemets.ingest.drafting.sources import Source, hints

#: More different cells than this are free text.
MOST: Final = 60
#: Share of the filled cells that have to name something.
_LEAST: Final = 0.5


def guesses(sources: list[Source], known: Iterable[str]) -> list[Guess]:
    """
    Draft the columns that one column of words makes together: procedures, organs.

    Parameters
    ----------
    sources : list of Source
        Columns that nothing else is taken from.
    known : iterable of str
        Columns of the contract that have an entry already.

    Returns
    -------
    list of Guess
        One per thing that is named in the column whose name fits best. What a cell doesn't name is
        drafted as no, and a person confirms it; words that name nothing are left to translate.
    """
    taken, out = set(known), []
    for question in hints()["named"].values():
        free = [c for c in (*question["columns"], question.get("any")) if c and c not in taken]
        for source in _fitting(sources, question["names"]):
            if free and (made := _made(source, question, free)):
                out += made
                break
    return out


def _fitting(sources: list[Source], names: list[str]) -> list[Source]:
    scored = [(name_score(s.names(), names)[0], s) for s in sources if s.kind != "date"]
    scored = [pair for pair in scored if pair[0] >= LIKELY and len(pair[1].counts) <= MOST]
    return [s for _, s in sorted(scored, key=lambda pair: (-pair[0], pair[1].name))]


def _made(source: Source, question: Mapping[str, Any], free: list[str]) -> list[Guess]:
    said = {term: _said(term, question["columns"]) for term in source.terms}
    none = {*hints()["denials"], *question.get("none", ())}
    denying = {t for t in said if none & set(re.findall(r"[^\W\d_]+", key(t)))}
    # "none" names nothing; "decompression without fusion" is for a person to translate.
    read = {t: found for t, found in said.items() if bool(found) != (t in denying)}
    share = sum(source.counts[t] for t in read) / max(source.filled, 1)
    if share < _LEAST or not any(read.values()):
        return []
    lost = len(said) - len(read)
    ask = ["its words are read for what they name, and what a cell doesn't name as no: look at "
           "the translations"]  # fmt: skip
    if lost:
        ask.append(f"{lost} of its words name nothing known: translate them under `values`")
    evidence = [f"words that name something in {share:.0%} of the filled cells"]
    values = {c: {t: c in found for t, found in read.items()} for c in question["columns"]}
    values = {c: v for c, v in values.items() if any(v.values())}
    if whole := question.get("any"):
        values[whole] = {t: bool(found) for t, found in read.items()}
    made = [Guess(c, source.name, {"values": v}, LIKELY, list(evidence)) for c, v in values.items()]
    made = [guess for guess in made if guess.column in free]
    if made:  # one question for all of them
        made[0].decide = [f"{ask[0]} ({', '.join(g.column for g in made)})", *ask[1:]]
    return made


def _said(term: str, columns: Mapping[str, list[str]]) -> set[str]:
    """Columns whose stems stand in a text, at the beginning of a word."""
    text = key(term)
    return {
        column
        for column, stems in columns.items()
        if any(re.search(rf"(?<![a-z]){re.escape(stem)}", text) for stem in stems)
    }
