"""From codes and words to the canonical primary and its biology."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from spinemets import yamlfile
from spinemets.vocabulary import NOT_RECORDED, PENDING, UNKNOWN_PRIMARY, Primary, primaries

TERMS_FILE: Final = Path(__file__).with_name("terms.yaml")
DATA_FILES: Final = ("terms.yaml",)
HORMONAL: Final = frozenset({"breast", "prostate"})
#: Whose small-cell histology the scores tell apart.
SMALL_CELL: Final = frozenset({"lung"})
#: What terms and codes may say beside the primary; a targeted drug is a fact of treatment.
BIOLOGY: Final = ("hormone_dependent", "small_cell")
#: Terms that are no tumour: no biology is known of them.
NO_TUMOUR: Final = frozenset({NOT_RECORDED, PENDING})
_ICD: Final = re.compile(r"^[A-Z]\d[0-9A-Z](\.?[0-9A-Z]{1,4})?$")
#: Where a term is made of several.
_PARTS: Final = re.compile(r"\s[-–—/|]\s|[():;,\[\]]")
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_MORPHOLOGY: Final = re.compile(r"^M?-?(\d{4})(/\d)?$")


@dataclass(frozen=True)
class Tumour:
    """
    A canonical primary with what is known of its biology; impossible ones can't be built.

    Parameters
    ----------
    primary : str
        Canonical primary.
    hormone_dependent : bool or None
        Breast and prostate only may be; None when not known.
    targeted_drug : bool or None
        Treated with a molecularly targeted drug; a fact of treatment, so no code or term sets it.
    small_cell : bool or None
        Small-cell lung cancer; True for the lung only.

    Raises
    ------
    ValueError
        When the combination doesn't exist.

    Examples
    --------
    >>> Tumour("lung", small_cell=True).primary
    'lung'
    >>> Tumour("kidney", hormone_dependent=True)
    Traceback (most recent call last):
    ValueError: kidney can't be hormone-dependent
    """

    primary: str
    hormone_dependent: bool | None = None
    targeted_drug: bool | None = None
    small_cell: bool | None = None

    def __post_init__(self) -> None:
        if self.primary not in primaries():
            raise ValueError(f"{self.primary!r} is not a canonical primary")
        if self.hormone_dependent and self.primary not in HORMONAL:
            raise ValueError(f"{self.primary} can't be hormone-dependent")
        flags = (self.hormone_dependent, self.small_cell)
        if self.primary in NO_TUMOUR and any(flag is not None for flag in flags):
            raise ValueError(f"nothing is known of the biology of {self.primary}")
        if self.small_cell and self.primary not in SMALL_CELL:
            raise ValueError(f"{self.primary} can't be small-cell; that is a type of lung cancer")


class UnresolvedError(ValueError):
    """A code or word that names no primary; the message says why, never which patient."""


@cache
def _tables() -> dict[str, Any]:
    data: dict[str, Any] = yamlfile.load(TERMS_FILE).data
    return data


def from_term(term: str) -> Tumour:
    """
    Read a plain term, English or German.

    Parameters
    ----------
    term : str
        Canonical primary, its label or a synonym; a term may carry biology ("NSCLC"), and may be
        made of several that mean the same primary ("Lung - NSCLC", "lung cancer (small cell)").

    Returns
    -------
    Tumour
        Canonical primary with the biology that the term implies.

    Raises
    ------
    UnresolvedError
        When the vocabulary doesn't hold the term.

    Examples
    --------
    >>> from_term("Castration-resistant prostate cancer").hormone_dependent
    False
    >>> from_term("Lung - SCLC").small_cell
    True
    """
    found = words().get(_plain(term)) or _of_parts(term)
    if found is None:
        raise UnresolvedError("the term is not in the vocabulary")
    return found


def _of_parts(term: str) -> Tumour | None:
    """Primary on which every part of a term agrees, with all that the parts say of its biology."""
    parts = [plain for part in _PARTS.split(term) if (plain := _plain(part))]
    if len(parts) < 2:
        return None
    there, back = " ".join(parts), " ".join(reversed(parts))
    for whole in (there, back, f"{there} cancer", f"{back} cancer"):
        if whole in words():
            return words()[whole]
    found = [words().get(part) for part in parts]
    if None in found or len({t.primary for t in found if t}) > 1:
        return None
    said = {flag: {getattr(t, flag) for t in found} - {None} for flag in BIOLOGY}
    if any(len(answers) > 1 for answers in said.values()):
        return None
    told = {flag: answers.pop() for flag, answers in said.items() if answers}
    return Tumour(next(t.primary for t in found if t), **told)


@cache
def words() -> dict[str, Tumour]:
    """
    Every term of the vocabulary.

    Returns
    -------
    dict of str to Tumour
        Terms in lower case, umlauts written out, blanks for hyphens and underscores.

    Examples
    --------
    >>> words()["brustkrebs"].primary
    'breast'
    """
    out: dict[str, Tumour] = {}
    for primary in primaries().values():
        for word in (primary.id, primary.label, *primary.synonyms):
            out[_plain(word)] = Tumour(primary.id)
    return out | {_plain(term): Tumour(**entry) for term, entry in _tables()["terms"].items()}


def _plain(text: str) -> str:
    plain = text.casefold().translate(_UMLAUTS)
    return " ".join(re.sub(r"[-_]", " ", plain).split())


def looks_like_icd(text: str) -> bool:
    """
    Whether a text has the form of an ICD-10 code.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    bool
        True for a letter with digits, with or without a point.

    Examples
    --------
    >>> looks_like_icd("c50.9"), looks_like_icd("breast")
    (True, False)
    """
    return bool(_ICD.match(text.strip().upper()))


def from_icd(
    topography: str, morphology: str | None = None, worked_up: bool | None = None
) -> Tumour:
    """
    Read ICD-10, or ICD-O-3 topography with morphology.

    Parameters
    ----------
    topography : str
        For example ``"C50.9"``; with or without the point.
    morphology : str, optional
        ICD-O-3 morphology, for example ``"8041/3"``; it decides where the topography doesn't.
    worked_up : bool, optional
        For a code of an unknown site: True when the primary was looked for and not found, False
        while it is looked for, None when that isn't recorded.

    Returns
    -------
    Tumour
        Canonical primary; ``small_cell`` where the morphology says so.

    Raises
    ------
    UnresolvedError
        When the code is malformed, is one of a metastasis, or isn't in the vocabulary.

    Notes
    -----
    C80 and C76 are ``unknown_primary`` only when declared worked up, ``work_up_pending`` when
    declared not to be, else ``primary_not_recorded``: the code alone doesn't tell them apart.

    Examples
    --------
    >>> from_icd("C34.1", "8041/3")
    Tumour(primary='lung', hormone_dependent=None, targeted_drug=None, small_cell=True)
    >>> from_icd("C80").primary, from_icd("C80", worked_up=True).primary
    ('primary_not_recorded', 'unknown_primary')
    """
    code = topography.strip().upper()
    if not _ICD.match(code):
        raise UnresolvedError("this is not an ICD code")
    if "." not in code and len(code) > 3:
        code = f"{code[:3]}.{code[3:]}"
    histology = _histology(morphology)
    by_histology = _by_histology(histology)
    if by_histology is not None:
        return Tumour(by_histology.id)
    if code[:3] in _tables()["secondary"]:
        raise UnresolvedError("a code of a metastasis, which doesn't say where it came from")
    if code[:3] in _tables()["unknown"]:
        terms = {True: UNKNOWN_PRIMARY, False: PENDING, None: NOT_RECORDED}
        return Tumour(terms[worked_up])
    found = _by_topography(code)
    if found is None:
        raise UnresolvedError("the code is not in the vocabulary")
    return Tumour(found.id, small_cell=_small_cell(found.id, histology))


def _histology(morphology: str | None) -> int | None:
    if morphology is None or not morphology.strip():
        return None
    match = _MORPHOLOGY.match(morphology.strip().upper())
    if match is None:
        raise UnresolvedError("this is not an ICD-O-3 morphology")
    return int(match.group(1))


def _inside(histology: int, ranges: Iterable[str]) -> bool:
    for text in ranges:
        first, _, last = text.partition("-")
        if int(first) <= histology <= int(last or first):
            return True
    return False


def _by_histology(histology: int | None) -> Primary | None:
    if histology is None:
        return None
    return next((p for p in primaries().values() if _inside(histology, p.morphology)), None)


def _by_topography(code: str) -> Primary | None:
    """The entry with the longest code that the given one begins with."""
    best: tuple[int, Primary] | None = None
    for primary in primaries().values():
        for prefix in primary.icd10:
            if code.startswith(prefix) and (best is None or len(prefix) > best[0]):
                best = (len(prefix), primary)
    return best[1] if best else None


def _small_cell(primary: str, histology: int | None) -> bool | None:
    if primary != "lung" or histology is None or _inside(histology, _tables()["unspecific"]):
        return None
    return _inside(histology, _tables()["small_cell"])
