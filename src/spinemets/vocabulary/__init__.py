"""Canonical terms: primary tumours, and how they are grouped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from spinemets import yamlfile

PRIMARIES_FILE: Final = Path(__file__).with_name("primaries.yaml")
DATA_FILES: Final = ("primaries.yaml",)
#: The three answers that aren't a tumour. None becomes another silently.
UNKNOWN_PRIMARY: Final = "unknown_primary"
NOT_RECORDED: Final = "primary_not_recorded"
PENDING: Final = "work_up_pending"


@dataclass(frozen=True)
class Primary:
    """
    One canonical primary tumour.

    Parameters
    ----------
    id : str
        Canonical term.
    label : str
        Name for figures and tables.
    group : str
        Primary-histology group for strata.
    icd10 : tuple of str
        ICD-10 / ICD-O-3 topography prefixes.
    morphology : tuple of str
        ICD-O-3 morphology codes or ranges that decide between entries with the same topography.
    synonyms : tuple of str
        Plain terms (English, German), lower case.
    could_be : tuple of str
        For an imprecise term: the canonical primaries it may stand for. Empty when precise;
        ``("*",)`` when it may be any.
    """

    id: str
    label: str
    group: str
    icd10: tuple[str, ...] = ()
    morphology: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    could_be: tuple[str, ...] = ()


@cache
def primaries() -> dict[str, Primary]:
    """
    The canonical primaries.

    Returns
    -------
    dict of str to Primary
        Keyed by canonical term, in the order of the vocabulary file.

    Examples
    --------
    >>> primaries()["rectum"].label
    'Rectum'
    """
    data = yamlfile.load(PRIMARIES_FILE).data
    out = {}
    for key, entry in data["primaries"].items():
        lists = {k: tuple(str(x) for x in v) for k, v in entry.items() if isinstance(v, list)}
        text = {k: str(v) for k, v in entry.items() if not isinstance(v, list)}
        out[key] = Primary(id=key, **text, **lists)  # type: ignore[arg-type]
    return out


def could_be(primary: str) -> frozenset[str]:
    """
    Precise primaries that a recorded term may stand for.

    Parameters
    ----------
    primary : str
        Canonical term.

    Returns
    -------
    frozenset of str
        The term itself when it is precise.

    Examples
    --------
    >>> sorted(could_be("colorectal"))
    ['colon', 'rectum']
    """
    entry = primaries()[primary]
    if entry.could_be == ("*",):
        return frozenset(p.id for p in primaries().values() if not p.could_be)
    return frozenset(entry.could_be or (entry.id,))


@cache
def group_labels() -> dict[str, str]:
    """
    Primary-histology groups used as strata, in their display order.

    Returns
    -------
    dict of str to str
        Group id to label.
    """
    data = yamlfile.load(PRIMARIES_FILE).data
    return {str(k): str(v) for k, v in data["groups"].items()}
