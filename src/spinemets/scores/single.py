"""One patient: points per item, total, band, what was published about it, and every caveat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spinemets.scores import engine, frames, items, kleene, truth, worked
from spinemets.scores.definition import Definition
from spinemets.scores.engine import ScoreResult
from spinemets.scores.notes import survival_text
from spinemets.scores.schema import Item
from spinemets.scores.show import mark, table
from spinemets.scores.table import PatientTable


def explain(
    definition: Definition, library: Mapping[str, Definition], patient: Mapping[str, Any]
) -> str:
    """
    Compute one score for one patient and say how.

    Parameters
    ----------
    definition : Definition
        Score or variant.
    library : Mapping of str to Definition
        Scores that it reads.
    patient : Mapping
        Column to value; what isn't there is missing.

    Returns
    -------
    str
        Several lines: items, total, band, published survival, caveats.
    """
    cells = worked.table_of(patient)
    result = engine.run([definition], library, cells)[0]
    return explain_result(result, cells, 0)


def explain_result(result: ScoreResult, cells: PatientTable, row: int) -> str:
    """
    Say how one result came about.

    Parameters
    ----------
    result : ScoreResult
        Computed score.
    cells : PatientTable
        Patients it was computed for.
    row : int
        Which of them.

    Returns
    -------
    str
        Several lines.
    """
    definition = result.definition
    texts, codes = frames.reasons(result)
    reason = texts[int(codes[row])]
    status = engine.STATUSES[int(result.status[row])]
    head = f"{definition.short}: {_total(result, row)}"
    lines = [head, f"  status: {status}" + (f" ({reason})" if reason else "")]
    if status == "not_applicable":
        return "\n".join(lines)
    rows = [_item_row(item, result, cells, row) for item in definition.items]
    lines += [f"  {line}" for line in table(rows, ["item", "points", "level"]).splitlines()]
    band = int(result.band[row])
    if band >= 0:
        found = definition.bands[band]
        lines += [f"  published: {survival_text(s)}{mark(s.confidence)}" for s in found.survival]
        if found.advice:
            lines.append(f"  advice printed in the paper: {found.advice}")
        if found.note:
            lines.append(f"  note: {found.note}")
    for total in definition.data.totals:
        if result.points[row] == total.total:
            lines += [
                f"  published: {survival_text(s)}{mark(s.confidence)}" for s in total.survival
            ]
    lines += [f"  caveat: {text}" for text in caveats(definition, cells, row)]
    return "\n".join(lines)


def caveats(definition: Definition, cells: PatientTable, row: int) -> list[str]:
    """
    Sentences that apply to one patient.

    Parameters
    ----------
    definition : Definition
        Score or variant.
    cells : PatientTable
        Patients.
    row : int
        Which of them.

    Returns
    -------
    list of str
        Caveats without condition, those whose condition is true, and what needs verification.
    """
    out = [
        c.text + mark(c.confidence)
        for c in definition.data.caveats
        if c.when is None or kleene.evaluate(c.when, cells)[row] == kleene.TRUE
    ]
    return [" ".join(text.split()) for text in (*out, *definition.footnotes())]


def _total(result: ScoreResult, row: int) -> str:
    definition = result.definition
    if result.status[row] == engine.NOT_APPLICABLE:
        return "not applicable"
    low, high = result.low[row], result.high[row]
    total = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    band = int(result.band[row])
    where = f", band {definition.bands[band].label}" if band >= 0 else ""
    return f"{total} of {definition.minimum:g}-{definition.maximum:g} points{where}"


def _item_row(item: Item, result: ScoreResult, cells: PatientTable, row: int) -> list[str]:
    found = result.items[item.id]
    low, high = found.low[row], found.high[row]
    points = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    if item.formula is not None:
        return [item.name, points, "computed"]
    reached = truth.reached_levels(item, cells)
    labels = [
        level.label for level, mask in zip(item.levels, reached, strict=True) if bool(mask[row])
    ]
    state = int(found.state[row])
    if state == items.UNLISTED:
        return [item.name, points, "not listed by the score"]
    if state == items.MISSING and len(labels) == len(item.levels):
        return [item.name, points, "missing"]
    return [item.name, points, " or ".join(dict.fromkeys(labels))]


def wide(results: list[tuple[ScoreResult, str]]) -> dict[str, list[str]]:
    """
    Points of every item as one text per patient and score.

    Parameters
    ----------
    results : list of (ScoreResult, str)
        Computed scores.

    Returns
    -------
    dict of str to list of str
        ``items`` and ``published``, in the row order of ``frames.to_frame``.
    """
    listed: list[str] = []
    published: list[str] = []
    for result, _ in results:
        parts = []
        for item in result.definition.items:
            low, high = result.items[item.id].low, result.items[item.id].high
            parts.append(
                [
                    f"{item.id} {a:g}" if a == b else f"{item.id} {a:g} to {b:g}"
                    for a, b in zip(low.tolist(), high.tolist(), strict=True)
                ]
            )
        listed += ["; ".join(row) for row in zip(*parts, strict=True)]
        texts = ["; ".join(survival_text(s) for s in b.survival) for b in result.definition.bands]
        published += np.array([*texts, ""], dtype=object)[result.band].tolist()
    return {"items": listed, "published": published}
