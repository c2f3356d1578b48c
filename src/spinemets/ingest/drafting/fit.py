"""How well the cells of a source column fit a column of the contract, and what they would need."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from spinemets import contract, vocabulary
from spinemets.contract import Column
from spinemets.ingest.categories import NO, YES
from spinemets.ingest.cells import key
from spinemets.ingest.drafting.sources import Source, hints, unit_in
from spinemets.ingest.grades import RANGE
from spinemets.ingest.scales import factor, known_units
from spinemets.sins import SINS_POINTS
from spinemets.vocabulary.coding import UnresolvedError, from_icd, from_term

_ICD: Final = re.compile(r"[A-Z]\d[0-9A-Z](\.?[0-9A-Z]{1,4})?[-!+*]?")
_LEADING: Final = re.compile(r"^(?:ecog|kps|asa|karnofsky|who|grade|grad)?\s*(\d{1,3})\b")
_PLAIN: Final = {**dict.fromkeys(YES, True), **dict.fromkeys(NO, False), "+": True, "-": False}
#: Words whose biology a guess of the primary alone would lose: a person translates them.
_BIOLOGY: Final = re.compile(
    r"small|kleinzell|positiv|negativ|resist|refract|refrakt|sensitiv|sclc|crpc|cspc|tnbc|her2|\ber\b"
)
#: Fewer patients than this may well have one or none of something, all of them.
FEW_ROWS: Final = 20
#: More words than this among numbers, and the column isn't a count.
MOST_WORDS: Final = 3
#: Names of a vital status that don't say which code is death.
_OPEN_STATUS: Final = ("status", "alive", "censor", "vital", "t")


@dataclass
class Fit:
    """
    What the cells say.

    Parameters
    ----------
    share : float
        Share of the filled cells that the entry would read, 0 to 1.
    entry : dict
        Keys of the mapping's entry beside ``from``.
    evidence : str
        In words; numbers of rows, never a value of a patient.
    decide : str
        What a person has to settle; empty when nothing.
    telling : bool
        True when the values alone say what the column is.
    """

    share: float
    entry: dict[str, Any] = field(default_factory=dict)
    evidence: str = ""
    decide: str = ""
    telling: bool = False


def fit(column: Column, source: Source) -> Fit:
    """
    Hold the cells of a source column against a column of the contract.

    Parameters
    ----------
    column : Column
        Column of the contract.
    source : Source
        Column of the source.

    Returns
    -------
    Fit
        A share of 0 when the cells are of another kind.
    """
    if source.kind == "empty":
        return Fit(0.0, evidence="no cell is filled")
    if column.name == "patient_id":
        return _identifier(source)
    if column.name in ("kps", "ecog", "asa_class"):
        return _grades(column, source)
    if column.is_numeric:
        return _numbers(column, source)
    if source.kind == "date":
        return Fit(0.0, evidence="the cells are dates")
    if column.name == "primary":
        return _primary(source)
    if column.kind == "boolean":
        return _yes_no(column, source)
    return _category(column, source)


def _identifier(source: Source) -> Fit:
    n = len(source.cells)
    unique = len(source.counts) == n
    share = 1.0 if unique else 0.95
    words = "every row has its own" if unique else f"{len(source.counts)} different in {n} rows"
    return Fit(share, {}, words)


def _of(n: float, source: Source) -> str:
    return f"{n:.0f} of {source.filled} filled cells"


# -- numbers -------------------------------------------------------------------------------------
def _numbers(column: Column, source: Source) -> Fit:
    if source.kind == "date":
        return Fit(0.0, evidence="the cells are dates")
    values = source.values
    if source.kind != "number":
        return _counts_with_words(column, source)
    told = unit_in(source.label) or unit_in(source.name)
    units = known_units(column) or [""]
    shares = {u: _inside(column, values, u) for u in units}
    if told in units:
        share, unit = shares[str(told)], str(told)
        entry = {"unit": unit} if unit not in ("", column.unit) else {}
        words = f"the name says {unit}; {share:.0%} of the values lie inside the contract's limits"
        return Fit(share, entry, words)
    best = max(shares.values())
    fitting = [u for u in units if shares[u] >= max(0.95, best - 0.02)]
    if column.name in hints()["medians"] and len(fitting) > 1:
        low, high = hints()["medians"][column.name]
        median = float(np.median(values))
        near = [u for u in fitting if low <= median * factor(column, u) <= high]
        fitting = near or fitting
    if not fitting:
        return Fit(best, evidence=f"{best:.0%} of the values lie inside the contract's limits")
    unit = fitting[0]
    entry = {"unit": unit} if unit and unit != column.unit else {}
    scale = f" in {unit}" if unit else ""
    words = f"{shares[unit]:.0%} of the values lie inside the contract's limits{scale}"
    decide = ""
    same = {round(factor(column, u), 9) for u in fitting}
    if len(same) > 1 and column.unit not in ("percent", "1", "year", "years"):
        decide = f"which unit: {', '.join(fitting)}? Neither name nor values tell"
        entry = {"unit": unit}
    if column.name.startswith("n_") and len(values) >= FEW_ROWS and set(values) == {0.0, 1.0}:
        decide = "only 0 and 1: is it a count, or no and yes?"
    return Fit(shares[unit], entry, words, decide)


def _counts_with_words(column: Column, source: Source) -> Fit:
    """Counts with words among them (`>3`, `multiple`): a person says what number each means."""
    values = source.values
    words = [t for t in source.terms if not re.fullmatch(r"[-+]?\d+([.,]\d+)?", t.strip())]
    # "1-2" and ">=3" say a number, if not one.
    near = sum(source.counts[t] for t in words if any(c.isdigit() for c in t))
    few = 0 < len(words) <= MOST_WORDS and len(values) + near >= 0.5 * source.filled
    if column.kind != "integer" or not few or not len(values) or _inside(column, values, "") < 0.95:
        return Fit(0.0, evidence="the cells are no numbers")
    lost = sum(source.counts[t] for t in words)
    decide = (
        f"what number do the words mean ({len(words)} different, in {lost} rows)? "
        "Write it under `values`, e.g. '>3': 4"
    )
    return Fit(0.9, {}, f"numbers in {_of(len(values), source)}", decide)


def _inside(column: Column, values: Any, unit: str) -> float:
    scaled = values * (factor(column, unit) if unit else 1.0)
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    good = (scaled >= low - 1e-9) & (scaled <= high + 1e-9)
    if column.kind == "integer":
        good &= np.abs(scaled - np.round(scaled)) < 1e-9
    return float(good.mean())


def _grades(column: Column, source: Source) -> Fit:
    """Grades, also with words behind the number (`1 - restricted`)."""
    if source.kind == "number":
        values = source.values
        good = _inside(column, values, "")
        if column.step:
            good = float((np.abs(values / column.step % 1.0) < 1e-9).mean()) * good
        n = len(set(values))
        telling = column.name == "kps" and good >= 0.98 and n >= 4 and values.max() <= 100
        words = f"{good:.0%} of the values are {column.allowed()}, {n} different"
        return Fit(good, {}, words, telling=bool(telling))
    read, total = {}, sum(source.counts[t] for t in source.terms)
    # "60-70" needs no translation: it is read as an interval.
    ranges = [t for t in source.terms if RANGE.match(t.strip())]
    between = 0
    for term in source.terms:
        match = _LEADING.match(term.strip().casefold())
        low, high = column.minimum or 0, column.maximum or 0
        grade = int(match[1]) if match and term not in ranges else -1
        if not low <= grade <= high:
            continue
        if (grade - low) % (column.step or 1) == 0:
            read[term] = grade
        else:
            between += 1
    known = sum(source.counts[t] for t in [*read, *ranges])
    if not known:
        return Fit(0.0, evidence="the cells are no grades")
    lost = len(source.terms) - len(read) - len(ranges) - between
    parts = [f"{lost} words are no grade: translate them under `values`"] if lost else []
    if between:
        parts.append(f"{between} values lie between two steps: `between: floor` or `interval`")
    decide = "; ".join(parts)
    words = f"a grade stands before the words in {_of(known, source)}"
    return Fit(known / max(total, 1), {"values": read}, words, decide)


# -- words ---------------------------------------------------------------------------------------
def _labelled(source: Source, term: str) -> str:
    """What a code means, where the source says it; else the term itself."""
    return source.codes.get(term) or source.codes.get(key(term)) or term


def _yes_no(column: Column, source: Source) -> Fit:
    terms = source.terms
    own: dict[str, bool] = hints()["words"].get(column.name, {})
    read = _truths(source, own)
    known = sum(source.counts[t] for t in read)
    share = known / max(source.filled, 1) if terms else 0.0
    if {key(t) for t in terms} == {"1", "2"} and not source.codes:
        listed = "{1: false, 2: true}"
        why = f"the codes are 1 and 2: which is yes? Write `values: {listed}` or the reverse"
        return Fit(0.9, {"values": {"1": False, "2": True}}, "codes 1 and 2", why)
    if share < 0.5 or len(terms) > 6:
        return Fit(0.0, evidence="the cells are not yes and no")
    told = any(key(_labelled(source, term)) in own for term in terms)
    turned = not told and _turned(column, source)
    read = {t: v != turned for t, v in read.items()}
    plain = all(_PLAIN.get(key(t)) == v and t not in ("+", "-") for t, v in read.items())
    asked = column.name == "died" and plain and not told and _direction_open(source)
    decide = ""
    if turned:
        decide = "the name asks the opposite: is yes (or 1) here a no?"
    elif asked:
        decide = "which code is death? The name doesn't say; 1 is read as dead"
    elif share < 1.0:
        decide = f"{len(terms) - len(read)} codes are neither yes nor no: translate them"
    if len({*read.values()}) == 1 and column.name == "died":
        decide = decide or "every patient has the same vital status: is it the right column?"
    entry: dict[str, Any] = {} if plain and share == 1.0 and not asked else {"values": read}
    text = f"yes and no in {_of(known, source)}"
    return Fit(share, entry, text, decide, telling=column.name == "died" and not plain)


def _truths(source: Source, own: dict[str, bool]) -> dict[str, bool]:
    """Terms that mean yes or no, by themselves or by what the source says of them."""
    read: dict[str, bool] = {}
    for term in source.terms:
        word = key(_labelled(source, term))
        first = re.split(r"[^a-z]", word)[0]
        if word in own or word in _PLAIN:
            read[term] = bool(own.get(word, _PLAIN.get(word)))
        elif first in own:
            read[term] = bool(own[first])
    _opposite(source, read)
    return read


def _turned(column: Column, source: Source) -> bool:
    """Whether the name asks the opposite, as "alive" does of death."""
    turning = set(hints()["reversed"].get(column.name, ()))
    return any(turning & set(name.split()) for name in source.names())


def _opposite(source: Source, read: dict[str, bool]) -> None:
    """Of two codes of which the source explains one ("1 = alive"), the other is its opposite."""
    told = [t for t in read if _labelled(source, t) != t]
    other = [t for t in source.terms if t not in told]
    if len(told) == len(other) == 1:
        read[other[0]] = not read[told[0]]


def _direction_open(source: Source) -> bool:
    names = " ".join(source.names()).split()
    return any(w in _OPEN_STATUS for w in names) and all(
        key(t) in ("0", "1", "2") for t in source.terms
    )


def _category(column: Column, source: Source) -> Fit:
    terms = source.terms
    if not column.levels:
        few = 2 <= len(source.counts) <= MANY_LABELS
        return Fit(1.0 if few else 0.2, {}, f"{len(source.counts)} different labels")
    own = hints()["words"].get(column.name, {})
    known_words = {key(w): level for level, w in column.levels.items()} | {
        key(level): level for level in column.levels
    }
    read: dict[str, str] = {}
    needs = False
    for term in terms:
        word = key(_labelled(source, term))
        if word in known_words:
            read[term] = known_words[word]
            needs |= word != key(term)
        elif word in own:
            read[term], needs = own[word], True
        elif word.replace("_", " ") in {w.replace("_", " ") for w in known_words}:
            read[term] = word
    known = sum(source.counts[t] for t in read)
    share = known / max(source.filled, 1) if terms else 0.0
    entry: dict[str, Any] = {"values": read} if needs else {}
    words = f"values of the contract in {_of(known, source)}"
    lost = [t for t in terms if t not in read]
    decide = f"codes to translate under `values`: {len(lost)}" if lost and share > 0 else ""
    if not read and (points := SINS_POINTS.get(column.name)):
        by_points = {str(n): level for level, n in points.items()}
        if terms and all(key(t) in by_points for t in terms):
            read = {t: by_points[key(t)] for t in terms}
            ask = "are the codes the points of SINS? If not, translate them otherwise"
            return Fit(0.9, {"values": read}, "points of the SINS item", ask)
    if not read and terms and len(terms) <= len(column.levels) + 2:
        decide = f"the codes have no meaning yet: translate them (allowed: {column.allowed()})"
        return Fit(0.3, {}, f"{len(terms)} codes", decide)
    return Fit(share, entry, words, decide, telling=column.name == "sex" and share > 0.95)


MANY_LABELS: Final = 40


def _primary(source: Source) -> Fit:
    codes = _icd(source)
    if codes is not None:
        return codes
    read: dict[str, str] = {}
    exact, lost = 0, 0
    for term in source.terms:
        word = _labelled(source, term)
        try:
            found = from_term(word).primary
            exact += source.counts[term]
            if word != term:
                read[term] = found
        except UnresolvedError:
            near = _stem(word)
            if near is None or _BIOLOGY.search(word.casefold()):
                lost += 1
            else:
                read[term] = near
    known = exact + sum(source.counts[t] for t in read if _labelled(source, t) == t)
    share = known / max(source.filled, 1)
    if share < 0.3:
        return Fit(0.0, evidence="the words are not of the vocabulary of primaries")
    words = f"terms of the vocabulary in {_of(exact, source)}"
    guessed = [t for t in read if _labelled(source, t) == t]
    decide = []
    if guessed:
        decide.append(f"translations guessed from parts of words ({len(guessed)}): look at them")
    if lost:
        decide.append(
            f"terms without a translation under `values`: {lost} (they aren't in the "
            "vocabulary; `spinemets check` has their rows)"
        )
    return Fit(share, {"values": read} if read else {}, words, "; ".join(decide), share > 0.6)


def _stem(term: str) -> str | None:
    """Primary whose synonym stands in a term; None when none or several do."""
    word = key(term)
    found = {
        p.id
        for p in vocabulary.primaries().values()
        if not p.could_be
        for s in p.synonyms
        if len(s) >= 4 and s in word
    }
    return found.pop() if len(found) == 1 else None


def _icd(source: Source) -> Fit | None:
    """ICD-10 codes or ICD-O-3 topographies of a primary; codes of metastases are none."""
    terms = list(source.counts)[:500]
    good = [t for t in terms if _ICD.fullmatch(t.strip().upper())]
    if not terms or len(good) < 0.8 * len(terms):
        return None
    read = lost = 0
    for term in good:
        try:
            from_icd(term)
            read += source.counts[term]
        except UnresolvedError:
            lost += source.counts[term]
    if not read:
        return Fit(0.0, evidence="ICD codes, but none of a primary tumour")
    share = read / max(source.filled, 1)
    words = f"ICD codes of a primary in {_of(read, source)}"
    decide = ""
    if lost:
        decide = f"{lost} rows hold codes that name no primary (metastases, other diseases)"
    return Fit(share, {"system": "icd"}, words, decide, telling=share > 0.8)


def known_columns() -> list[Column]:
    """
    Columns of the contract that a draft looks for.

    Returns
    -------
    list of Column
        Those with names in ``names.yaml``.
    """
    names = hints()["columns"]
    return [c for n, c in contract.columns().items() if n in names]
