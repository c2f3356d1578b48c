"""ICD-10 and ICD-O-3 codes become the canonical primary, and what they say of its histology."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spinemets.ingest.cells import Coded, Converted, Mask, Problem, key
from spinemets.ingest.mapping import ColumnMap
from spinemets.vocabulary import NOT_RECORDED
from spinemets.vocabulary.coding import Tumour, UnresolvedError, from_icd


def from_codes(entry: ColumnMap, cells: Coded, morphology: Coded | None) -> Converted:
    """
    Read topographies, with the morphology where there is one.

    Parameters
    ----------
    entry : ColumnMap
        Entry of ``primary`` in the mapping, with ``system: icd``.
    cells : Coded
        ICD-10 codes or ICD-O-3 topographies.
    morphology : Coded, optional
        ICD-O-3 morphology of the same patients.

    Returns
    -------
    Converted
        ``primary``; told is ``small_cell`` where a lung cancer's morphology decides it. A code of a
        metastasis (C77 to C79) is a problem: it doesn't say where the tumour came from. C76 and
        C80 are ``primary_not_recorded``, for the code alone doesn't say whether one was looked for.
    """
    pairs, rows = _pairs(cells, morphology)
    given = {key(k): v for k, v in entry.codes.items()}
    primary: list[str | None] = []
    small: list[bool | None] = []
    faults: dict[str, Mask] = {}
    for i, (code, histology) in enumerate(pairs):
        tumour: Tumour | None = None
        if key(code) in given:
            target = given[key(code)]
            tumour = None if target is None else Tumour(str(target))
        else:
            try:
                tumour = from_icd(code, histology)
            except UnresolvedError as err:
                faults.setdefault(str(err), np.zeros(len(pairs), bool))[i] = True
        primary.append(tumour.primary if tumour else None)
        small.append(tumour.small_cell if tumour else None)
    out = Converted({"primary": pd.Series(pd.array([*primary, None], dtype="string").take(rows))})
    if any(flag is not None for flag in small):
        told = pd.Series(pd.array([*small, None], dtype="boolean").take(rows))
        out.told["small_cell"] = told
    if entry.others != "missing":
        repair = "correct the code, or translate it under `values` in the mapping"
        for rule, mask in faults.items():
            out.problems.append(Problem(rule, repair, np.append(mask, False)[rows]))
    _count(out, entry, morphology is not None)
    return out


def _pairs(
    cells: Coded, morphology: Coded | None
) -> tuple[list[tuple[str, str | None]], np.ndarray]:
    """Distinct pairs of topography and morphology, and which one each row has."""
    if morphology is None:
        gone = np.where(cells.codes < 0, len(cells.terms), cells.codes)
        return [(term, None) for term in cells.terms], gone
    width = len(morphology.terms) + 1
    both = cells.codes * width + (morphology.codes + 1)
    distinct, inverse = np.unique(np.where(cells.codes < 0, -1, both), return_inverse=True)
    names = [None, *morphology.terms]
    pairs = [(cells.terms[p // width], names[p % width]) for p in distinct if p >= 0]
    shift = int(distinct[0] == -1) if len(distinct) else 0
    rows = np.where(inverse < shift, len(pairs), inverse - shift)
    return pairs, rows


def _count(out: Converted, entry: ColumnMap, histology: bool) -> None:
    primary = out.columns["primary"]
    words = "ICD codes and morphology to primary" if histology else "ICD codes to primary"
    known = int(primary.notna().sum())
    if known:
        out.conversions.append((words, known, entry.flag))
    open_ = int(primary.eq(NOT_RECORDED).sum())
    if open_:
        caveat = "the code doesn't say whether a primary was looked for"
        out.conversions.append(("codes of an unknown site", open_, caveat))
