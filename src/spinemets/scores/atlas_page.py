"""One page of the score atlas: everything a definition says about a score, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from spinemets.scores import effects, truth
from spinemets.scores.definition import Definition, is_computable
from spinemets.scores.notes import plural, survival_text
from spinemets.scores.schema import CONFIDENCE_MEANING, Horizon, Item, Survival
from spinemets.scores.show import condition_text, mark, validation_line, worked_line

DIRECTION: Final = {1: "higher is better", -1: "higher is worse", 0: "none"}
MADE: Final = "<!-- Written by `python -m spinemets.scores.atlas`; edit the definition instead. -->"


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """
    Lay out a Markdown table.

    Parameters
    ----------
    head : sequence of str
        Headings.
    rows : sequence of sequence of str
        Cells.

    Returns
    -------
    str
        Lines; a vertical bar inside a cell is escaped.
    """
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    for row in rows:
        cells = [" ".join(str(cell).split()).replace("|", "\\|") for cell in row]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def page(definition: Definition, library: Mapping[str, Definition]) -> str:
    """
    Write the page of one score.

    Parameters
    ----------
    definition : Definition
        Published form.
    library : Mapping of str to Definition
        Scores that it reads.

    Returns
    -------
    str
        Markdown.
    """
    data = definition.data
    sections = [
        f"# {data.name}",
        MADE,
        data.text,
        _facts(definition),
        _items(definition),
        _truth(definition, library),
        _bands(definition),
        _section("What is unsure", [*_bullets(definition.doubts()), *_bullets(data.unsure)]),
        _worked(definition),
        _section("Errors in circulation", _misprints(definition, library)),
        _section("Variants and their effect", _variants(definition, library)),
        _section("Caveats", _bullets([c.text + mark(c.confidence) for c in data.caveats])),
        _section("External validation", [validation_line(v) for v in data.external_validation]),
        _legend(),
    ]
    return "\n\n".join(s for s in sections if s) + "\n"


def number(value: float) -> str:
    """
    Write a total out in full.

    Parameters
    ----------
    value : float
        Total.

    Returns
    -------
    str
        With separators between thousands.

    Examples
    --------
    >>> number(14000000.0), number(12.5)
    ('14,000,000', '12.5')
    """
    return f"{value:,.10g}"


def _bullets(texts: Sequence[str]) -> list[str]:
    return [f"- {' '.join(text.split())}" for text in texts]


def _section(title: str, lines: Sequence[str]) -> str:
    return f"## {title}\n\n" + "\n".join(lines) if lines else ""


def _facts(definition: Definition) -> str:
    data = definition.data
    cited = " ".join(data.citation.text.split()).rstrip(".")
    doi = f", doi [{data.citation.doi}](https://doi.org/{data.citation.doi})"
    derived = data.derivation
    about = [
        f"n = {derived.n}" if derived.n is not None else "n not established",
        derived.setting,
        derived.country,
        derived.years,
        derived.treatment,
        derived.note,
    ]
    rows: list[tuple[str, Any]] = [
        ("id", f"`{data.id}`"),
        ("citation", cited + (doi if data.citation.doi else ", DOI not established")
         + mark(data.citation.confidence)),
        ("further", "; ".join(data.citation.more)),
        ("derived from", "; ".join(x for x in about if x) + mark(derived.confidence)),
        ("meant for", data.population.text),
        ("applies if", data.population.applies_if and condition_text(data.population.applies_if)),
        ("outcome", data.outcome),
        ("horizons", ", ".join(_horizon(h) for h in data.horizons)),
        ("time zero", data.time_zero),
        ("direction", DIRECTION[definition.direction]),
        ("information", data.information_level.replace("_", " ")),
        ("status", data.status + (", off by default" if data.off_by_default else "")),
        ("reads", ", ".join(f"[{n}]({n}.md)" for n in definition.depends_on)),
        ("unlisted primary", data.unlisted_rule),
        ("unknown primary", data.unknown_primary_rule),
        ("often missing", data.missing_in_cohorts),
    ]  # fmt: skip
    return markdown_table(["", ""], [(k, v) for k, v in rows if v])


def _horizon(horizon: Horizon) -> str:
    return f"{horizon.value:g} {plural(horizon.unit.removesuffix('s'), horizon.value)}"


def _items(definition: Definition) -> str:
    rows: list[tuple[str, str, str, str]] = []
    for item in definition.items:
        rows += _item_rows(item)
    if definition.data.predictions:
        rows = [
            (f"survival at {_horizon(p.horizon)}", "0 to 1", "supplied", p.column)
            for p in definition.data.predictions
        ]
    notes = [f"- **{i.name}**: {i.note}" for i in definition.items if i.note]
    notes += [f"- **{i.name}**, not listed: {i.unlisted}" for i in definition.items if i.unlisted]
    table = markdown_table(["item", "points", "level", "rule"], rows)
    return "## Items\n\n" + table + ("\n\n" + "\n".join(notes) if notes else "")


def _item_rows(item: Item) -> list[tuple[str, str, str, str]]:
    if item.formula is not None:
        sign = " + " if item.formula.operation == "sum" else " x "
        terms = [
            (f"{t.times:g} x " if t.times != 1 else "") + (t.column or f"total of {t.score}")
            for t in item.formula.terms
        ]
        return [(item.name, "computed", "", sign.join(terms))]
    return [
        (
            item.name if i == 0 else "",
            f"{level.points:g}",
            level.label + mark(level.confidence if level.confidence != "read" else item.confidence),
            "everything else" if level.when is None else condition_text(level.when),
        )
        for i, level in enumerate(item.levels)
    ]


def _truth(definition: Definition, library: Mapping[str, Definition]) -> str:
    if not definition.items:
        return ""
    found = truth.enumerate_score(definition, library)
    limits = definition.range
    computed = all(item.formula is not None for item in definition.items)
    product = (
        "The total is a number, supplied or computed; there are no levels to combine."
        if computed
        else f"The full product of item levels has {found.combinations:,} combinations; "
        f"{len(found.totals):,} totals occur."
    )
    lines = [
        f"Totals run from {number(definition.minimum)} to {number(definition.maximum)}"
        + ("" if definition.direction == 0 else f"; {DIRECTION[definition.direction]}")
        + f". {product}"
    ]
    if limits.published_minimum is not None and limits.published_maximum is not None:
        published = (limits.published_minimum, limits.published_maximum)
        same = published == (definition.minimum, definition.maximum)
        verdict = "as here" if same else "**the table contradicts it**"
        lines.append(
            f"Published range: {number(published[0])} to {number(published[1])}, {verdict}."
        )
    if limits.note:
        note = " ".join(limits.note.split())
        lines.append(f"{note[0].upper()}{note[1:]}.")
    return " ".join(lines)


def _bands(definition: Definition) -> str:
    data = definition.data
    rows = [
        (
            band.label + mark(band.confidence),
            _published(band.survival),
            "; ".join(x for x in (band.advice, band.note) if x),
        )
        for band in data.bands
    ]
    rows += [
        (
            f"total {t.total:g}",
            "; ".join(survival_text(s) + mark(s.confidence) for s in t.survival),
            "",
        )
        for t in data.totals
    ]
    if not rows:
        return ""
    gaps = f"\n\nTotals in no band: {data.gaps}." if data.gaps else ""
    return "## Bands\n\n" + markdown_table(["band", "published", "advice and notes"], rows) + gaps


def _published(facts: Sequence[Survival]) -> str:
    return "; ".join(survival_text(fact) + mark(fact.confidence) for fact in facts)


def _worked(definition: Definition) -> str:
    lines = [worked_line(p) + mark(p.confidence) for p in definition.data.worked_patients]
    return _section("Worked patients (run as tests)", lines)


def _misprints(definition: Definition, library: Mapping[str, Definition]) -> list[str]:
    out = []
    for m in definition.data.misprints:
        where = f" ({m.source})" if m.source else ""
        out.append(f"- {' '.join(m.text.split())}{where}{mark(m.confidence)}")
        if is_computable(m):
            out += [f"  - {text}" for text in effects.effects(definition, m.id, library)]
    return out


def _variants(definition: Definition, library: Mapping[str, Definition]) -> list[str]:
    if definition.data.predictions:
        return []
    texts = {v.id: v.text + mark(v.confidence) for v in definition.data.variants}
    misprints = {m.id for m in definition.data.misprints}
    out = []
    for name in definition.variant_names:
        if name in misprints:
            continue
        text = texts.get(
            name, "primaries that the score leaves open counted where assumed [derived]"
        )
        out.append(f"- `{name}`: {' '.join(text.split())}")
        out += [f"  - {change}" for change in effects.effects(definition, name, library)]
    return out


def _legend() -> str:
    meanings = "; ".join(f"[{k}] {v}" for k, v in CONFIDENCE_MEANING.items() if k != "read")
    disclaimer = "Research software, not for treatment decisions."
    return f"---\n\nNo mark: read in a source. {meanings}. {disclaimer}"
