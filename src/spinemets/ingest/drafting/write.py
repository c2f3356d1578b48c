"""Write a drafted mapping: YAML, evidence as comments, `decide` where a person has to."""

from __future__ import annotations

import re
from typing import Any

import yaml

from spinemets import contract
from spinemets.ingest.drafting.draft import Draft
from spinemets.ingest.drafting.guess import Guess

HEAD = """\
# Drafted by `spinemets init`. Every line says how it was found; nothing is settled that the table
# doesn't show. Where `decide` stands, settle what it asks and take the line (or the key) away:
# `spinemets check` lists what is left. docs/reference/mapping.md explains every key.
"""


def flow(value: Any) -> str:
    """
    Write a value as YAML on one line.

    Parameters
    ----------
    value : object
        Plain dicts, lists and scalars.

    Returns
    -------
    str
        For example ``{from: Hb, unit: g/dL}``.

    Examples
    --------
    >>> flow({"from": "OP: Datum", "values": {"1": True}})
    "{from: 'OP: Datum', values: {'1': true}}"
    """
    text: str = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, width=10**9, sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...")


def mapping_text(draft: Draft) -> str:
    """
    Write a draft as a mapping file.

    Parameters
    ----------
    draft : Draft
        The draft.

    Returns
    -------
    str
        YAML.
    """
    reading = draft.reading
    lines = [HEAD.rstrip()]
    if draft.decide:
        lines.append("decide:")
        lines += [f"  - {flow(text)}" for text in draft.decide]
    for (key, value), why in zip(reading.options.items(), reading.evidence, strict=False):
        lines.append(f"{key}: {flow(value)}   # {why}")
    if reading.redcap is not None:
        lines.append(f"redcap: {flow(reading.redcap)}")
    if reading.join:
        lines += ["join:", *(f"  - {flow(entry)}" for entry in reading.join)]
    if draft.missing:
        lines.append(f"missing: {flow(draft.missing)}   # these words stand in the table")
    if draft.zero is not None:
        entry = {"from": draft.zero.source, **draft.zero.entry}
        lines.append(f"time_zero: {flow(entry)}")
    if draft.one_row is not None:
        lines.append(f"one_row_per: {flow({'column': draft.one_row})}")
    if draft.combine:
        lines.append(f"combine: {flow(draft.combine)}")
    lines += ["columns:", *_columns(draft)]
    if draft.drop:
        lines.append("# Names and dates that nothing is taken from: not read.")
        lines.append(f"drop: {flow(draft.drop)}")
    lines += _unused(draft)
    return "\n".join(lines) + "\n"


def _columns(draft: Draft) -> list[str]:
    lines = []
    for guess in draft.guesses:
        lines.append(f"  # {guess.confidence}: {_comment(guess)}")
        entry: dict[str, Any] = {"from": guess.source, **guess.entry}
        if guess.decide:
            entry["decide"] = "; ".join(guess.decide)
        lines.append(f"  {guess.column}: {flow(entry)}")
    known = {g.column for g in draft.guesses}
    for column in contract.columns().values():
        if column.required and column.name not in known:
            lines.append(f"  # {column.name}: not found. {column.meaning}")
    if "ecog" in known and "kps" not in known:
        ecog = next(g for g in draft.guesses if g.column == "ecog")
        entry = {"from": ecog.source, **ecog.entry, "crosswalk": "ma_2010"}
        lines.append("  # Scores that need KPS can have it from ECOG, as an interval, by a table")
        lines.append(f"  # that you choose:  kps: {flow(entry)}")
    lines += _organs(draft, known)
    return lines


def _organs(draft: Draft, known: set[str]) -> list[str]:
    """How single organs would become one column; a person knows whether they are all there are."""
    organs = [g for g in draft.guesses if g.column.startswith("metastasis_")]
    if len(organs) < 2 or "visceral_metastases" in known:
        return []
    rule = flow({"organs": {"any": [g.source for g in organs]}})
    return [
        "  # If these are all organs that were asked for, visceral metastases are any of them:",
        "  # visceral_metastases: {from: organs}",
        f"  # and, outside of `columns`:  combine: {rule}",
    ]


def _comment(guess: Guess) -> str:
    return re.sub(r"\s+", " ", "; ".join(e for e in guess.evidence if e))


def _unused(draft: Draft) -> list[str]:
    if not draft.unused:
        return []
    listed = ", ".join(flow(name) for name in draft.unused)
    return [
        "# Nothing is taken from these columns. Map those that you know (data dictionary:",
        "# data/README.md of the project), drop what could name a person:",
        f"# {listed}",
    ]


def summary(draft: Draft) -> list[str]:
    """
    Say what was found, for the terminal.

    Parameters
    ----------
    draft : Draft
        The draft.

    Returns
    -------
    list of str
        Lines.
    """
    width = max([len(g.column) for g in draft.guesses], default=0)
    lines = [f"{len(draft.guesses)} columns recognised in {draft.reading.rows} rows"]
    for guess in draft.guesses:
        lines.append(f"  {guess.confidence:<7}{guess.column:<{width}}  from {guess.source}")
        lines.append(f"  {'':<7}{'':<{width}}  {_comment(guess)}")
        lines += [f"  {'':<7}{'':<{width}}  to decide: {text}" for text in guess.decide]
    lines += [f"  to decide: {text}" for text in draft.decide]
    if draft.drop:
        lines.append(f"  not read (they may name people): {', '.join(draft.drop)}")
    if draft.unused:
        lines.append(f"  not recognised: {', '.join(draft.unused)}")
    return lines
