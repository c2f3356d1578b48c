"""One patient: points per item, total, band, what was published about it, and every caveat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemets.scores import (
    engine,
    forms,
    frames,
    imports,
    items,
    kleene,
    prepare,
    truth,
    worked,
)
from spinemets.scores.definition import Definition, item_columns
from spinemets.scores.engine import ScoreResult
from spinemets.scores.notes import survival_text
from spinemets.scores.schema import Item, Misprint, Survival, Variant
from spinemets.scores.show import mark, table
from spinemets.scores.table import PatientTable

if TYPE_CHECKING:
    import pandas as pd

#: Readings of an unjudged removability.
READINGS: Final = ("unremovable", "removable")


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
    return explain_form(definition, library, worked.table_of(patient))


def explain_forms(
    frame: pd.DataFrame,
    library: Mapping[str, Definition],
    settings: frames.Settings,
    wanted: Sequence[str],
) -> list[str]:
    """
    Explain scores of one patient in every form that the settings ask for.

    Parameters
    ----------
    frame : DataFrame
        Patient table of one row.
    library : Mapping of str to Definition
        Scores wanted and scores that they read.
    settings : Settings
        Variants and readings of judgement items.
    wanted : sequence of str
        Ids.

    Returns
    -------
    list of str
        One text per form, score by score.
    """
    both = settings.removability == "both"
    readings = ("missing", *READINGS) if both else (settings.removability,)
    known = {name: forms.base_form(d, settings.unlisted) for name, d in library.items()}
    out = []
    for name in wanted:
        judged = forms.reads_removability(known[name], known)
        for reading in readings if judged else readings[:1]:
            first = reading == readings[0]
            cells = prepare.patient_table(frame, reading, settings.crosswalk)  # type: ignore[arg-type]
            imports.reject_rising(known[name], cells)
            asked = settings.variants.get(name, ()) if first else ()
            for variant in forms.forms_of(known[name], asked):
                form = library[name].with_variant(variant) if variant else known[name]
                out.append(explain_form(form, known, cells, "" if first else reading))
    return out


def explain_form(
    definition: Definition,
    library: Mapping[str, Definition],
    cells: PatientTable,
    reading: str = "",
) -> str:
    """
    Compute one score for a table of one patient and say how.

    Parameters
    ----------
    definition : Definition
        Score or variant.
    library : Mapping of str to Definition
        Scores that it reads.
    cells : PatientTable
        One patient.
    reading : str
        How an unjudged removability was read, where that is to be said.

    Returns
    -------
    str
        Several lines.
    """
    (result,) = engine.run([definition], library, cells)
    with cells.reading(definition.reads):
        return explain_result(result, cells, 0, reading)


def explain_result(result: ScoreResult, cells: PatientTable, row: int, reading: str = "") -> str:
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
    reading : str
        How an unjudged removability was read, where that is to be said.

    Returns
    -------
    str
        Several lines.
    """
    definition = result.definition
    texts, codes = frames.reasons(result)
    reason = texts[int(codes[row])]
    status = engine.STATUSES[int(result.status[row])]
    how = f" (organ metastases read as {reading})" if reading else ""
    head = f"{definition.short}{how}: {_total(result, row)}"
    lines = [head, f"  status: {status}" + (f" ({reason})" if reason else ""), *_source(definition)]
    if status == "not_applicable":
        return "\n".join(lines)
    lines += [f"  reading: {text}" for text in _readings(definition, cells, row)]
    lines += [f"  contradiction: {text}" for text in _contradictions(definition, cells, row)]
    rows = [_item_row(item, result, cells, row) for item in definition.items]
    lines += [f"  {line}" for line in table(rows, ["item", "points", "level"]).splitlines()]
    band = int(result.band[row])
    if band >= 0:
        found = definition.bands[band]
        lines += [f"  published: {facts_text([fact])}" for fact in found.survival]
        if found.advice:
            lines.append(f"  advice printed in the paper: {found.advice}")
        if found.note:
            lines.append(f"  note: {found.note}")
    for total in definition.data.totals:
        if result.points[row] == total.total:
            lines += [f"  published: {facts_text([fact])}" for fact in total.survival]
    lines += [f"  caveat: {text}" for text in caveats(definition, cells, row)]
    return "\n".join(lines)


def _source(definition: Definition) -> list[str]:
    """Where the points come from, and what the variant changes."""
    citation = definition.data.citation
    doi = f", doi {citation.doi}" if citation.doi else ""
    text = " ".join(citation.text.split()).rstrip(".")
    lines = [f"  source: {text}{doi}{mark(citation.confidence)}"]
    if isinstance(definition.patch, Variant | Misprint):
        kind = "variant" if isinstance(definition.patch, Variant) else "misprint in circulation"
        what = " ".join(definition.patch.text.split()).rstrip(".")
        by = f" ({definition.patch.source})" if definition.patch.source else ""
        lines.append(f"  {kind}: {what}{by}{mark(definition.patch.confidence)}")
    return lines


def _readings(definition: Definition, cells: PatientTable, row: int) -> list[str]:
    """What was read in another sense than recorded, among the columns that a score reads."""
    read = {name for item in definition.items for name in item_columns(item)}
    return [r.text for r, where in cells.readings if where[row] and read & {*r.set, *r.fill}]


def _contradictions(definition: Definition, cells: PatientTable, row: int) -> list[str]:
    """Contradictions of one patient among the columns that a score reads."""
    read = {name for item in definition.items for name in item_columns(item)}
    return [
        f"{c.text}; not used: {', '.join(c.columns)}"
        for c, where in cells.contradictions
        if where[row] and read.intersection(c.columns)
    ]


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
    reached = truth.reached_levels(item, cells, result.definition.maybe)
    levels = [level for level, mask in zip(item.levels, reached, strict=True) if bool(mask[row])]
    # What is left over isn't worth a name where a named level gives the same points.
    named = {level.points for level in levels if not level.otherwise}
    labels = [level.label for level in levels if not (level.otherwise and level.points in named)]
    state = int(found.state[row])
    if state == items.UNLISTED:
        return [item.name, points, "not listed by the score"]
    if state == items.MISSING and len(levels) == len(item.levels):
        return [item.name, points, "missing"]
    return [item.name, points, " or ".join(dict.fromkeys(labels))]


def wide(results: Sequence[tuple[ScoreResult, str]], cells: PatientTable) -> dict[str, list[str]]:
    """
    Say per patient and score what points the items have, what was published, what to mind.

    Parameters
    ----------
    results : sequence of (ScoreResult, str)
        Computed scores.
    cells : PatientTable
        Patients they were computed for.

    Returns
    -------
    dict of str to list of str
        ``items``, ``published`` and ``caveats``, in the row order of ``frames.to_frame``; caveats
        that hold for every patient of the score are left to its footnotes.
    """
    out: dict[str, list[str]] = {"items": [], "published": [], "caveats": []}
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
        out["items"] += ["; ".join(row) for row in zip(*parts, strict=True)]
        out["published"] += _published_texts(result)
        out["caveats"] += _conditional_caveats(result.definition, cells)
    return out


def _published_texts(result: ScoreResult) -> list[str]:
    """What was published for each patient's band, or for the very total."""
    definition = result.definition
    texts = [*(facts_text(band.survival) for band in definition.bands), ""]
    out = np.array(texts, dtype=object)[result.band]
    for total in definition.data.totals:
        mine = facts_text(total.survival)
        where = result.points == total.total
        out[where] = [f"{text}; {mine}" if text else mine for text in out[where]]
    return [str(text) for text in out.tolist()]


def facts_text(facts: Sequence[Survival]) -> str:
    """
    Published figures as one text.

    Parameters
    ----------
    facts : sequence of Survival
        Figures of a band or of a total.

    Returns
    -------
    str
        Figures with source, separated by semicolons; marked unless read in a source.
    """
    return "; ".join(survival_text(s) + mark(s.confidence) for s in facts)


def _conditional_caveats(definition: Definition, cells: PatientTable) -> list[str]:
    out = np.full(cells.n, "", dtype=object)
    for caveat in definition.data.caveats:
        if caveat.when is not None:
            where = kleene.evaluate(caveat.when, cells) == kleene.TRUE
            text = " ".join((caveat.text + mark(caveat.confidence)).split())
            out[where] = [f"{before}; {text}" if before else text for before in out[where]]
    return [str(text) for text in out.tolist()]
