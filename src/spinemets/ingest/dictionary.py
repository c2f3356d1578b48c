"""
Write what is derived from the contract and from the mapping's model.

``data/README.md`` (data dictionary), the generated part of ``docs/reference/mapping.md`` and
``docs/reference/plausibility.md``.
``python -m spinemets.ingest.dictionary`` writes them; ``--check`` only says which are out of step.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, get_args

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from spinemets import contract, vocabulary
from spinemets.ingest import plausibility
from spinemets.ingest.checks import CHECKS
from spinemets.ingest.mapping import ColumnMap, Combine, Join, Mapping, OneRow, Redcap, TimeZero
from spinemets.ingest.scales import known_units
from spinemets.stages._common import parser
from spinemets.vocabulary import performance
from spinemets.writing import atomic

BEGIN: Final = "<!-- generated: python -m spinemets.ingest.dictionary -->"
END: Final = "<!-- end of generated part -->"
DICTIONARY_HEAD: Final = f"""# Data

`example/` holds a real public cohort with its provenance, `made_up/` invented patients in the
layout of REDCap, cBioPortal and a hospital's ICD-coded table. Tables of patients don't belong into
version control; the workflow reads them from wherever `config/cohorts.yaml` says.

The rest of this page is the data dictionary: the columns of the patient table
(`results/private/COHORT/patients.parquet`), which is the same for every cohort.
A table whose columns already have these names and values needs no mapping; every other table gets
one (`docs/how-to/map_a_table.md`). Only `survival_days` and `died` are required; what a source
doesn't have stays missing.

{BEGIN}
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    lines += [f"| {' | '.join(_cell(c) for c in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _allowed(column: contract.Column) -> str:
    if column.name == "primary":
        return "see [Primary tumours](#primary-tumours)"
    if column.levels:
        return ", ".join(
            f"`{level}`" + (f" ({label})" if label != level.replace("_", " ") else "")
            for level, label in column.levels.items()
        )
    return column.allowed()


def data_dictionary() -> str:
    """
    Give the whole of ``data/README.md``.

    Returns
    -------
    str
        Markdown.
    """
    parts = [DICTIONARY_HEAD]
    domains = dict.fromkeys(c.domain for c in contract.columns().values())
    for domain in domains:
        rows = [
            (
                f"`{c.name}`" + (" **required**" if c.required else ""),
                c.kind,
                c.unit if c.unit != "1" else "ratio",
                c.meaning + (f" ({c.source})" if c.source else ""),
                _allowed(c),
                c.missing,
            )
            for c in contract.columns().values()
            if c.domain == domain
        ]
        head = ("column", "kind", "unit", "meaning", "allowed", "missing means")
        parts.append(f"\n## {domain.replace('_', ' ').capitalize()}\n\n{_table(head, rows)}")
    parts.append(_primaries())
    parts.append(_performance())
    parts.append(f"\n{END}\n")
    return "".join(parts)


def _primaries() -> str:
    labels = vocabulary.group_labels()
    rows = [
        (
            f"`{p.id}`",
            p.label,
            labels[p.group],
            ", ".join([*p.icd10, *(f"M-{m}" for m in p.morphology)]),
            "any" if p.could_be == ("*",) else ", ".join(f"`{c}`" for c in p.could_be),
            ", ".join(p.synonyms),
        )
        for p in vocabulary.primaries().values()
    ]
    head = ("value", "label", "group for strata", "ICD-10, ICD-O-3", "may stand for", "also read")
    return (
        "\n## Primary tumours\n\n"
        "Scores make their own groups from these; nothing is merged before. An imprecise value "
        "names the precise ones\nthat it may stand for: a score that treats them alike is "
        "computed, else it is bounded or missing.\n\n" + _table(head, rows)
    )


def _performance() -> str:
    tables = list(performance.crosswalks().values())
    grades = sorted(tables[0].kps_to_ecog, reverse=True)
    rows = [(str(g), *(str(t.kps_to_ecog[g]) for t in tables)) for g in grades]
    sources = [
        f"- `{t.id}`: {t.citation}{'; ' + t.agreement if t.agreement else ''}"
        f"{'; **needs verification**' if t.needs_verification else ''}"
        for t in tables
    ]
    words = [
        (f"`{w.id}`", text, str(low) if low == high else f"{low} to {high}")
        for w in performance.wordings().values()
        for text, (low, high) in w.ecog.items()
    ]
    return (
        "\n## Performance status\n\nKPS to ECOG, by named crosswalk. ECOG to KPS is the set of "
        "KPS grades that a table sends to that ECOG grade:\nan interval.\n\n"
        + _table(("KPS", *(f"`{t.id}`" for t in tables)), rows)
        + "\n"
        + "\n".join(sources)
        + "\n\nWords to ECOG, by name (readings of this project, **needs verification**):\n\n"
        + _table(("name", "words", "ECOG"), words)
    )


# -- the mapping's keys ----------------------------------------------------------------------------
def mapping_reference() -> str:
    """
    Give the generated part of ``docs/reference/mapping.md``.

    Returns
    -------
    str
        Markdown between the two marks.
    """
    parts = [BEGIN, ""]
    for title, model in (
        ("The file", Mapping),
        ("An entry of `columns`", ColumnMap),
        ("`time_zero`", TimeZero),
        ("An entry of `join`", Join),
        ("`one_row_per`", OneRow),
        ("`redcap`", Redcap),
        ("An entry of `combine`", Combine),
    ):
        rows = [
            (f"`{f.alias or name}`", _takes(f.annotation), _default(f), f.description or "")
            for name, f in model.model_fields.items()
        ]
        parts += [f"## {title}", "", _table(("key", "takes", "default", "meaning"), rows)]
    units = [
        (f"`{c.name}`", ", ".join(f"`{u}`" for u in known_units(c)))
        for c in contract.columns().values()
        if len(known_units(c)) > 1
    ]
    parts += ["## Units", "", _table(("column", "units a source may give"), units), END]
    return "\n".join(parts)


_WORDS: Final = {
    "str": "text",
    "bool": "true or false",
    "Texts": "list of text",
    "list": "list of text",
    "dict": "key: value",
}


def _takes(annotation: object) -> str:
    choices = [a for a in get_args(annotation) if isinstance(a, str)]
    if choices:
        return ", ".join(f"`{c}`" for c in choices)
    inner = [a for a in get_args(annotation) if a is not type(None)]
    if len(inner) == 1 and type(None) in get_args(annotation):
        return _takes(inner[0])
    if any(isinstance(a, type) and issubclass(a, BaseModel) for a in (annotation, *inner)):
        return "see below"
    name = getattr(annotation, "__origin__", annotation)
    return _WORDS.get(getattr(name, "__name__", ""), "value, number or text")


def _default(field: object) -> str:
    value = getattr(field, "default", None)
    if value is PydanticUndefined:
        return "required"
    if value is None or value == "":
        return ""
    if isinstance(value, list | dict):
        return ", ".join(f"`{v}`" for v in value)
    return f"`{value}`"


# -- rules of plausibility -------------------------------------------------------------------------
PLAUSIBILITY_HEAD: Final = f"""# Plausibility rules

Every cohort is held against these rules when it is read; `spinemets check` prints what they find
with line numbers, the report has a page of it, and `tables/plausibility.csv` lists every rule, also
those that found nothing or couldn't be asked. A finding changes no value. The rules are data, in
`src/spinemets/ingest/plausibility.yaml`.

- **impossible**: at least one of the values is wrong.
- **implausible**: should be looked at; may be right.
- **design**: how the data were collected; biases what is computed from them.

{BEGIN}
"""


def plausibility_reference() -> str:
    """
    Give the whole of ``docs/reference/plausibility.md``.

    Returns
    -------
    str
        Markdown.
    """
    parts = [PLAUSIBILITY_HEAD]
    for severity in plausibility.SEVERITIES:
        rows = [
            (
                f"`{rule.id}`",
                rule.meaning,
                f"`{rule.when.text}`" if rule.when else _asked_of(rule),
                rule.repair,
                rule.source,
            )
            for rule in plausibility.rules().values()
            if rule.severity == severity
        ]
        head = ("rule", "finding", "found where", "what to do", "source")
        parts.append(f"\n## {severity.capitalize()}\n\n{_table(head, rows)}")
    parts.append(f"\n{END}\n")
    return "".join(parts)


def _asked_of(rule: plausibility.Rule) -> str:
    """What a check looks at, in the words of its docstring."""
    words = (CHECKS[rule.check].__doc__ or "").strip()
    return f"{words} Columns: {', '.join(f'`{c}`' for c in rule.columns)}."


# -- files ---------------------------------------------------------------------------------------
def documents(root: Path) -> dict[Path, str]:
    """
    Give every derived file with the content it should have.

    Parameters
    ----------
    root : Path
        Checkout.

    Returns
    -------
    dict of Path to str
        Path to content.
    """
    reference = root / "docs/reference/mapping.md"
    text = reference.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[-1]
    return {
        root / "docs/reference/plausibility.md": plausibility_reference(),
        root / "data/README.md": data_dictionary(),
        reference: before + mapping_reference() + after,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """
    Write the derived files, or say which are out of step.

    Parameters
    ----------
    argv : sequence of str, optional
        Command-line arguments; those of the process when left out.

    Returns
    -------
    int
        0, or 1 when ``--check`` found a difference.
    """
    options = parser(__doc__)
    options.add_argument("--check", action="store_true", help="write nothing")
    options.add_argument("--root", type=Path, default=Path(), help="checkout")
    args = options.parse_args(argv)
    stale = [
        path
        for path, text in documents(args.root).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        sys.stderr.write(f"{path}: {'out of step' if args.check else 'written'}\n")
        if not args.check:
            with atomic(path) as temporary:
                temporary.write_text(documents(args.root)[path], encoding="utf-8")
    return 1 if stale and args.check else 0


if __name__ == "__main__":
    raise SystemExit(main())
