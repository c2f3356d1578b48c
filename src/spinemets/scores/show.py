"""Scores as text for the terminal: the list of all, and everything about one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from spinemets.scores.definition import ASSUMED_PRIMARIES, Definition, is_computable
from spinemets.scores.notes import plural, survival_text
from spinemets.scores.schema import (
    CONFIDENCE_MEANING,
    Condition,
    Item,
    Misprint,
    Validation,
    WorkedPatient,
)

DISCLAIMER = "Research software: nothing it prints is for treatment decisions."
_ARROW = {1: "higher is better", -1: "higher is worse", 0: "no direction"}


def table(rows: Sequence[Sequence[str]], head: Sequence[str]) -> str:
    """
    Lay out rows in columns.

    Parameters
    ----------
    rows : sequence of sequence of str
        Cells.
    head : sequence of str
        Column headings.

    Returns
    -------
    str
        Lines without trailing blanks.

    Examples
    --------
    >>> print(table([["a", "1"]], ["id", "n"]))
    id  n
    --  -
    a   1
    """
    cells = [list(head), *(list(r) for r in rows)]
    width = [max(len(r[i]) for r in cells) for i in range(len(head))]
    cells.insert(1, ["-" * w for w in width])
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(r, width, strict=True)).rstrip() for r in cells
    )


def mark(confidence: str) -> str:
    """
    Say in brackets when a fact wasn't read in a source.

    Parameters
    ----------
    confidence : str
        ``read``, ``memory``, ``unsure`` or ``derived``.

    Returns
    -------
    str
        Empty for ``read``.

    Examples
    --------
    >>> mark("memory")
    ' [memory]'
    """
    return "" if confidence == "read" else f" [{confidence}]"


def list_text(definitions: Iterable[Definition]) -> str:
    """
    List scores, one per line.

    Parameters
    ----------
    definitions : iterable of Definition
        Scores.

    Returns
    -------
    str
        Table with a legend.
    """
    rows = []
    for d in definitions:
        span = f"{d.minimum:g}-{d.maximum:g}" if d.data.range else "probability"
        verified = "to verify" if d.needs_verification else ""
        if d.data.off_by_default:
            verified = f"{verified} (off by default)".strip()
        bands = ", ".join(b.id for b in d.bands) or "none"
        rows.append([d.id, d.data.short, d.data.kind, span, _ARROW[d.direction], bands, verified])
    head = ["id", "short", "kind", "range", "direction", "bands", "verification"]
    legend = (
        "to verify: a point, list or cut-off is from memory or unsure and must be checked against "
        "the paper.\n`spinemets scores show ID` prints everything known about a score."
    )
    return f"{table(rows, head)}\n\n{legend}\n{DISCLAIMER}"


def condition_text(condition: Condition) -> str:
    """
    Write a condition in words.

    Parameters
    ----------
    condition : Condition
        Parsed condition.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> condition_text(Condition(column="kps", between=(10, 40)))
    'kps 10 to 40'
    """
    if condition.any is not None:
        return "(" + " or ".join(condition_text(c) for c in condition.any) + ")"
    if condition.all is not None:
        return "(" + " and ".join(condition_text(c) for c in condition.all) + ")"
    if condition.not_ is not None:
        return f"not {condition_text(condition.not_)}"
    if condition.recorded is not None:
        return f"recorded {condition_text(condition.recorded)}"
    if condition.concept is not None:
        return condition.concept.replace("_", " ")
    return _leaf_text(condition)


def _leaf_text(condition: Condition) -> str:
    name = condition.column or f"{condition.score} {condition.item or 'total'}"
    unit = f" {condition.unit}" if condition.unit else ""
    if condition.is_ is not None:
        return f"{name} {'yes' if condition.is_ else 'no'}"
    if condition.in_ is not None:
        maybe = f"; perhaps {', '.join(condition.maybe)}" if condition.maybe else ""
        return f"{name} in [{', '.join(condition.in_)}{maybe}]"
    if condition.between is not None:
        low, high = condition.between
        return f"{name} {low:g}{unit}" if low == high else f"{name} {low:g} to {high:g}{unit}"
    words = (
        (">=", condition.at_least),
        (">", condition.above),
        ("<=", condition.at_most),
        ("<", condition.below),
    )
    return f"{name} " + " and ".join(f"{w} {v:g}{unit}" for w, v in words if v is not None)


def _item_rows(item: Item) -> list[list[str]]:
    if item.formula is not None:
        sign = " + " if item.formula.operation == "sum" else " x "
        terms = sign.join(
            (f"{t.times:g} x " if t.times != 1 else "")
            + (t.column or f"{t.score} total")
            + (f" ({t.unit})" if t.unit else "")
            for t in item.formula.terms
        )
        return [[item.name, "formula", terms, ""]]
    rows = []
    for i, level in enumerate(item.levels):
        sure = level.confidence if level.confidence != "read" else item.confidence
        rule = "everything else" if level.when is None else condition_text(level.when)
        rows.append(
            [item.name if i == 0 else "", f"{level.points:g}", f"{level.label}{mark(sure)}", rule]
        )
    return rows


def show_text(definition: Definition) -> str:
    """
    Print everything known about a score.

    Parameters
    ----------
    definition : Definition
        Score in its published form.

    Returns
    -------
    str
        Several sections.
    """
    data = definition.data
    sections = [
        f"{data.name} ({data.id})\n{'=' * len(f'{data.name} ({data.id})')}",
        _head(definition),
    ]
    if definition.items:
        rows = [row for item in definition.items for row in _item_rows(item)]
        sections.append("Items\n" + table(rows, ["item", "points", "level", "rule"]))
    notes = [f"- {i.name}: {i.note}" for i in definition.items if i.note]
    notes += [f"- {i.name}: {i.unlisted}" for i in definition.items if i.unlisted]
    sections.append(_listing("Notes on the items", notes))
    sections.append(_listing("Bands", [_band_line(definition, i) for i in range(len(data.bands))]))
    sections.append(_listing("Published for single totals", _total_lines(definition)))
    sections.append(_listing("Variants (off by default)", _variant_lines(definition)))
    sections.append(_listing("Errors in circulation", [_misprint_line(m) for m in data.misprints]))
    sections.append(_listing("Unsure", [f"- {text}" for text in data.unsure]))
    sections.append(_listing("Caveats", [f"- {c.text}{mark(c.confidence)}" for c in data.caveats]))
    sections.append(
        _listing("External validation", [validation_line(v) for v in data.external_validation])
    )
    sections.append(_listing("Worked patients", [worked_line(p) for p in data.worked_patients]))
    legend = "; ".join(f"[{k}] {v}" for k, v in CONFIDENCE_MEANING.items() if k != "read")
    sections.append(f"No mark: read in a source. {legend}.\n{DISCLAIMER}")
    return "\n\n".join(s for s in sections if s)


def _head(definition: Definition) -> str:
    data = definition.data
    doi = f", doi {data.citation.doi}" if data.citation.doi else ", DOI not established"
    derivation = data.derivation
    n = f"{derivation.n} patients" if derivation.n is not None else "number not established"
    about = "; ".join(
        x
        for x in (n, derivation.setting, derivation.country, derivation.years, derivation.treatment)
        if x
    )
    lines = [
        data.text,
        f"Citation: {data.citation.text.rstrip('.')}{doi}{mark(data.citation.confidence)}",
        *(f"          {more}" for more in data.citation.more),
        f"Derived from: {about}{mark(derivation.confidence)}",
        f"Meant for: {data.population.text}",
        f"Outcome: {data.outcome}; time zero: {data.time_zero}",
        f"Direction: {_ARROW[definition.direction]}; "
        f"information: {data.information_level.replace('_', ' ')}; status: {data.status}",
    ]
    if data.range is not None:
        lines.append(f"Range: {definition.minimum:g} to {definition.maximum:g}. {data.range.note}")
    for name, text in (
        ("Unlisted primary", data.unlisted_rule),
        ("Unknown primary", data.unknown_primary_rule),
        ("Often missing", data.missing_in_cohorts),
    ):
        if text:
            lines.append(f"{name}: {text}")
    return "\n".join(" ".join(line.split()) if i else line for i, line in enumerate(lines) if line)


def _listing(title: str, lines: Sequence[str]) -> str:
    return f"{title}\n" + "\n".join(lines) if lines else ""


def _band_line(definition: Definition, i: int) -> str:
    band = definition.data.bands[i]
    facts = "; ".join(survival_text(s) + mark(s.confidence) for s in band.survival)
    parts = [f"- {band.label}{mark(band.confidence)}", band.advice, facts, band.note]
    return ": ".join([parts[0], "; ".join(p for p in parts[1:] if p)]).rstrip(": ")


def _total_lines(definition: Definition) -> list[str]:
    return [
        f"- {t.total:g}: " + "; ".join(survival_text(s) + mark(s.confidence) for s in t.survival)
        for t in definition.data.totals
    ]


def _variant_lines(definition: Definition) -> list[str]:
    lines = [f"- {v.id}: {v.text}{mark(v.confidence)}" for v in definition.data.variants]
    if ASSUMED_PRIMARIES in definition.variant_names:
        lines.append(
            f"- {ASSUMED_PRIMARIES}: primaries that the score leaves open (`perhaps` above) are "
            "counted where they are assumed to belong [derived]"
        )
    return lines


def _misprint_line(misprint: Misprint) -> str:
    where = f" ({misprint.source})" if misprint.source else ""
    how = f"; computable as variant {misprint.id}" if is_computable(misprint) else ""
    return f"- {misprint.text}{where}{how}{mark(misprint.confidence)}"


def validation_line(fact: Validation) -> str:
    """
    Write one external validation as a line.

    Parameters
    ----------
    fact : Validation
        Entry of a definition.

    Returns
    -------
    str
        Line beginning with a dash.
    """
    n = f" (n {fact.n})" if fact.n is not None else ""
    parts = []
    if fact.metric:
        value = f"{fact.value:g}" if fact.value is not None else ""
        if fact.lower is not None and fact.upper is not None:
            value = f"{value} ({fact.lower:g} to {fact.upper:g})".strip()
        months = fact.horizon_months
        at = "" if months is None else f" at {months:g} {plural('month', months)}"
        parts.append(f"{fact.metric.replace('_', ' ')} {value}{at}")
    return f"- {fact.study}{n}: {'; '.join(p for p in (*parts, fact.text) if p)}" + mark(
        fact.confidence
    )


def worked_line(patient: WorkedPatient) -> str:
    """
    Write one worked patient as a line.

    Parameters
    ----------
    patient : WorkedPatient
        Entry of a definition.

    Returns
    -------
    str
        Line beginning with a dash.
    """
    who = patient.text or ", ".join(f"{k} {_value(v)}" for k, v in patient.patient.items())
    if patient.total is not None:
        total = f"{patient.total:g}"
    elif patient.low is not None and patient.high is not None:
        total = f"{patient.low:g} to {patient.high:g}, {patient.status.replace('_', ' ')}"
    else:
        total = patient.status.replace("_", " ")
    band = f" -> {patient.band}" if patient.band else ""
    variant = f" [{patient.variant}]" if patient.variant else ""
    return f"- {patient.id}{variant}: {who}: {total}{band}"


def _value(value: object) -> str:
    if isinstance(value, dict):
        return f"{value['value']} {value['unit']}"
    return (
        {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    )
