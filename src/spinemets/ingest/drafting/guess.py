"""Match the columns of a source with those of the contract: by name, label, values and unit."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from spinemets import contract
from spinemets.ingest.drafting.fit import fit, known_columns
from spinemets.ingest.drafting.sources import Source, hints, name_words, words_of

SURE, LIKELY, POSSIBLE = 0.9, 0.65, 0.45
#: Words behind which a name says when, not what: "systemic therapy after surgery".
_WHEN: Final = re.compile(
    r" (?:at|after|before|following|prior to|since|until|bei|nach|vor|seit|bis) "
)
#: Columns of what happens after time zero: "post-op" and "at discharge" belong to their names.
_LATER: Final = ("radiotherapy", "systemic", "bone_agent", "died", "survival_days", "reoperation",
                 "local_failure", "skeletal_event")  # fmt: skip
#: Columns that are found by their values where no name tells; a person confirms them.
BY_VALUES: Final = ("sex", "primary", "kps", "died")


@dataclass
class Guess:
    """
    One entry of a drafted mapping.

    Parameters
    ----------
    column : str
        Column of the contract.
    source : str
        Column of the source.
    entry : dict
        Keys of the entry beside ``from``.
    score : float
        0 to 1.
    evidence : list of str
        Why.
    decide : list of str
        What a person has to settle.
    """

    column: str
    source: str
    entry: dict[str, Any]
    score: float
    evidence: list[str]
    decide: list[str] = field(default_factory=list)

    @property
    def confidence(self) -> str:
        """
        Confidence in words.

        Returns
        -------
        str
            ``high``, ``medium`` or ``low``; a guess of low confidence has to be decided.
        """
        return "high" if self.score >= SURE else "medium" if self.score >= LIKELY else "low"


def name_score(names: Iterable[str], known: Iterable[str]) -> tuple[float, str]:
    """
    How much a name tells.

    Parameters
    ----------
    names : iterable of str
        Name and label of a source column, as ``words_of`` gives them.
    known : iterable of str
        Names that stand for one thing.

    Returns
    -------
    tuple
        1 for the same name, less for a part of it or a near spelling, 0 for none; and the name
        that was met.
    """
    score, word, _ = _nearest(names, known)
    return score, word


def _nearest(names: Iterable[str], known: Iterable[str]) -> tuple[float, str, str]:
    """As `name_score`, and the name of the source that was met."""
    best = (0.0, "", "")
    for rank, name in enumerate(names):
        weight = 1.0 if rank == 0 else 0.98
        for word in known:
            if (score := _alike(name, word) * weight) > best[0]:
                best = (score, word, name)
    return best


def _rest(name: str, word: str) -> set[str]:
    """What a name says beside a known word: "age at death", "liver metastases resected"."""
    if name[:1] == word[:1] and word not in name and len(word.split()) == len(name.split()):
        return set()  # a near spelling
    return {*_bag(name), *_times(name)} - _bag(word) - _words("neutral") - _words("before_words")


def _in_brackets(name: str) -> set[str]:
    """Words that comparison of names leaves out: "bone mets (non-spinal)"."""
    return set(re.findall(r"[a-z]+", " ".join(re.findall(r"[(\[]([^)\]]*)[)\]]", name.lower()))))


def _times(name: str) -> list[str]:
    return [w for w in name.split() if w.isdigit()]


def _alike(name: str, word: str) -> float:
    if name == word:
        return 1.0
    head = _WHEN.split(name.partition(" choice ")[2] or name)[0]
    first = head.split(" ")[0]
    if first in hints()["denials"] and not word.startswith(f"{first} "):
        return 0.0  # "no brain metastases" says yes where the column says no
    if len(word) >= 3 and f" {word} " in f" {head} ":
        return 0.6 + 0.3 * len(word) / len(name)
    if (bag := _bag(word)) and len(bag) > 1 and bag == _bag(name):
        return 0.95
    if len(word) >= 5 and name[:1] == word[:1] and ("un" in name) == ("un" in word):
        ratio = difflib.SequenceMatcher(None, name, word, autojunk=False).ratio()
        return 0.75 if ratio >= 0.9 else 0.0
    return 0.0


@cache
def _bag(name: str) -> frozenset[str]:
    """Words that carry the meaning, in the singular and in no order."""
    words = (w for w in name.split() if w not in hints()["filling"])
    return frozenset(w[:-2] + "is" if w.endswith("ses") else w.rstrip("s") for w in words)


@cache
def _words(kind: str) -> frozenset[str]:
    return _bag(" ".join(hints()[kind]))


def guess(sources: list[Source]) -> list[Guess]:
    """
    Match every column of the contract with at most one column of the source.

    Parameters
    ----------
    sources : list of Source
        Columns of the source.

    Returns
    -------
    list of Guess
        In the order of the contract. A column of the source may serve once only; where two come
        equally near, the better filled one is taken and the other is named in ``decide``.
    """
    candidates = [
        found
        for column in known_columns()
        for source in sources
        if (found := _candidate(column.name, source)) is not None
    ]
    filled = {s.name: s.filled for s in sources}
    named = {s.name for s in sources if name_words(s)}
    candidates.sort(key=lambda g: (-g.score, -filled[g.source], g.column, g.source))
    chosen: dict[str, Guess] = {}
    taken: set[str] = set()
    for found in candidates:
        if found.source in taken:
            continue
        if found.column in chosen:
            best = chosen[found.column]
            # A clinic's number beside a study's own is no question: both are replaced.
            secret = found.column == "patient_id" and found.source in named
            if found.score >= max(LIKELY, best.score - 0.05) and not secret:
                best.decide.append(f"or is it `{found.source}`?")
            continue
        chosen[found.column] = found
        taken.add(found.source)
    return [chosen[c.name] for c in known_columns() if c.name in chosen]


def _candidate(name: str, source: Source) -> Guess | None:
    column = contract.columns()[name]
    if source.denies:
        return None  # a box "none" is ticked where the answer is no
    known = _known_names(name, source)
    told, word, met = _nearest(source.names(), known)
    rest = _rest(met, word) if told < 0.95 else set()
    rest |= _in_brackets(source.name) & _words("refusals")
    if rest & _words("refusals") or (
        rest & _words("after_words")
        and name not in hints()["after"]
        and not name.startswith(_LATER)
    ):
        return None  # it says the opposite, or was recorded later: not what the column holds
    if column.open_levels and told < 0.95:
        return None  # any labels would fit: only the name itself tells
    if told == 0.0:
        return _by_values(name, source) if name in BY_VALUES else None
    cells = fit(column, source)
    # Of names that fit equally well, the one that is commoner for this column stands earlier.
    score = told * (0.4 + 0.6 * cells.share) - 1e-4 * known.index(word)
    if cells.share < 0.25 or score < POSSIBLE:
        return None
    evidence = [f'name "{word}"' if told >= 0.9 else f'name like "{word}"', cells.evidence]
    decide = [cells.decide] if cells.decide else []
    if cells.share < 0.95 and not decide:
        decide.append(f"{1 - cells.share:.0%} of the cells don't fit: is it the right column?")
    if rest and told >= LIKELY:
        decide.append(f'the name says more than "{word}": is it {column.meaning}?')
    if told < LIKELY:
        decide.append("the name is only like one that is known: is it the right column?")
    if "@" in source.name and name not in (*hints()["after"], "survival_days", "died"):
        # Everything else is meant at time zero: a later event looks into the future.
        score *= 0.9
        where = source.name.partition("@")[2]
        decide.append(f"it is recorded at {where}, not at the baseline: known at time zero?")
    return Guess(name, source.name, cells.entry, score, evidence, decide)


def _known_names(name: str, source: Source) -> list[str]:
    known = [*hints()["columns"][name], words_of(name)]
    if "@" in source.name and name in hints()["after"]:
        known += hints()["columns"][hints()["after"][name]]
    return known


def _by_values(name: str, source: Source) -> Guess | None:
    """A column whose name says nothing, and whose values do; a person confirms it."""
    column = contract.columns()[name]
    cells = fit(column, source)
    if not cells.telling or cells.share < 0.8:
        return None
    ask = f"only its values speak for this: is `{source.name}` the {column.meaning}?"
    decide = [ask, cells.decide] if cells.decide else [ask]
    return Guess(name, source.name, cells.entry, 0.5 * cells.share, [cells.evidence], decide)


@dataclass
class DateGuess:
    """
    A date column and its role.

    Parameters
    ----------
    role : str
        ``birth``, ``death``, ``last_contact``, ``primary_diagnosis``, or an event of time zero.
    source : str
        Column of the source.
    score : float
        0 to 1, by its name.
    order : str
        Order of day and month; ``auto`` when every date tells it.
    more : dict
        What makes dates whole that don't say everything.
    """

    role: str
    source: str
    score: float
    order: str = "auto"
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def entry(self) -> dict[str, Any]:
        """
        Keys of a mapping that read the dates.

        Returns
        -------
        dict
            ``date`` and what was added.
        """
        return {"date": self.order, **self.more}


def guess_dates(sources: list[Source]) -> dict[str, DateGuess]:
    """
    Find the roles of date columns by their names.

    Parameters
    ----------
    sources : list of Source
        Columns of the source.

    Returns
    -------
    dict of str to DateGuess
        By role; each column has one role.
    """
    known = {**hints()["dates"], **hints()["time_zero"]}
    found = [
        DateGuess(role, source.name, name_score(source.names(), names)[0])
        for source in sources
        if source.kind == "date"
        for role, names in known.items()
    ]
    found = sorted((g for g in found if g.score >= POSSIBLE), key=lambda g: (-g.score, g.source))
    out: dict[str, DateGuess] = {}
    taken: set[str] = set()
    for one in found:
        if one.role not in out and one.source not in taken:
            out[one.role] = one
            taken.add(one.source)
    return out
