"""Draft a mapping: guesses with evidence and confidence, and what a person has to decide."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from spinemets import contract
from spinemets.ingest import dates, gate
from spinemets.ingest.cells import encode
from spinemets.ingest.drafting import boxes, named, schemes
from spinemets.ingest.drafting.guess import (
    LIKELY,
    SURE,
    DateGuess,
    Guess,
    guess,
    guess_dates,
    name_score,
)
from spinemets.ingest.drafting.read import Reading, read
from spinemets.ingest.drafting.sources import Source, hints, name_words
from spinemets.ingest.scheme import COLUMNS
from spinemets.settings import TIME_ZERO

#: Fewer dates than this may be as they are by chance.
FEW: Final = 5
#: First of the hundred years that two digits are drafted to mean; nobody of age is born later.
YEARS_FROM: Final = {"birth": 1910, "": 1970}


@dataclass
class Draft:
    """
    A drafted mapping.

    Parameters
    ----------
    reading : Reading
        The table.
    guesses : list of Guess
        Entries of ``columns``, in the order of the contract.
    zero : DateGuess or None
        Column with the date of time zero.
    time_zero : str
        Event of time zero, for ``cohorts.yaml``.
    missing : list of str
        Words that mean missing.
    drop : list of str
        Columns that look like identifiers.
    unused : list of str
        Columns that nothing is taken from.
    combine : dict
        Columns made of several boxes, by name.
    decide : list of str
        What a person has to settle beside the entries.
    """

    reading: Reading
    guesses: list[Guess]
    zero: DateGuess | None = None
    time_zero: str = "start_of_treatment"
    one_row: str | None = None
    missing: list[str] = field(default_factory=list)
    drop: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    decide: list[str] = field(default_factory=list)
    combine: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def open(self) -> int:
        """
        Number of decisions that are left.

        Returns
        -------
        int
            Of entries and of the file.
        """
        return len(self.decide) + sum(bool(g.decide) for g in self.guesses)


def draft(path: Path, dictionary: Path | None = None) -> Draft:
    """
    Draft the mapping of a table.

    Parameters
    ----------
    path : Path
        The table.
    dictionary : Path or None
        Its data dictionary.

    Returns
    -------
    Draft
        Nothing in it is settled that the table doesn't show.

    Raises
    ------
    InputError
        When table or dictionary can't be read.
    """
    reading = read(path, dictionary)
    out = Draft(reading, guess([s for s in reading.sources if s.kind != "date"]))
    out.decide += reading.decide
    found = guess_dates(reading.sources)
    by_name = {s.name: s for s in reading.sources}
    for one in found.values():
        _order(one, by_name[one.source], out)
    _time_zero(out, found, by_name)
    if reading.redcap is not None and "baseline" in reading.redcap:
        _reach_last(found)
    _from_dates(out, found)
    _morphology(out, by_name)
    _organs(out)
    _schemes(out)
    _named(out)
    _missing(out, by_name)
    _patients(out, by_name)
    _cap(out, by_name)
    _left(out, found)
    order = list(contract.columns())
    out.guesses.sort(key=lambda g: order.index(g.column))
    return out


def _order(one: DateGuess, source: Source, out: Draft) -> None:
    if _turned(list(source.counts)):
        out.decide.append(
            f"`{one.source}`: cells with a day up to 12 are dates and all others text, as where "
            "a spreadsheet took the day for the month: are those dates right? If not, export the "
            "column again as text"
        )
    calendar = dates.read(list(source.counts), "auto")
    if dates.TWO_DIGITS in calendar.faults:
        one.more["years_from"] = year = YEARS_FROM.get(one.role, YEARS_FROM[""])
        out.decide.append(f"`{one.source}`: are years of two digits those from {year} on?")
    if dates.INCOMPLETE in calendar.faults:
        one.more["incomplete"] = "middle"
        out.decide.append(
            f"`{one.source}`: may dates without a day be read as the middle of the month "
            "(`incomplete`: middle, missing or fault)?"
        )
    calendar = dates.read(list(source.counts), "auto", one.more.get("years_from"), "middle")
    one.order = calendar.order or "iso"
    if one.order in ("open", "mixed"):
        one.order = "day_first"
        out.decide.append(f"`{one.source}`: does the day or the month come first (`date`)?")


def _turned(texts: list[str]) -> bool:
    """Whether a spreadsheet understood just the dates that can be read in two ways."""
    iso = [m for t in texts if (m := re.fullmatch(r"\d{4}-(\d{2})-(\d{2})", t))]
    other = [m for t in texts if (m := re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-]\d{2,4}", t))]
    return (
        len(iso) >= FEW and len(other) >= FEW
        and all(int(m[2]) <= 12 for m in iso)
        and all(max(int(m[1]), int(m[2])) > 12 for m in other)
    )  # fmt: skip


def _reach_last(found: dict[str, DateGuess]) -> None:
    """Death and last contact of a REDCap project are what the last row says."""
    for role in ("death", "last_contact"):
        if role in found:
            found[role].source = found[role].source.split("@")[0] + "@last"


def _time_zero(out: Draft, found: dict[str, DateGuess], by_name: dict[str, Source]) -> None:
    """The event that survival is counted from: of the dates that fit, the best filled one."""
    if any(g.column == "survival_days" for g in out.guesses):
        out.decide.append(
            "from which event is survival counted? Write it as `time_zero` into "
            f"config/cohorts.yaml ({', '.join(TIME_ZERO)})"
        )
        return
    events = [r for r in hints()["time_zero"] if r in found]
    events.sort(key=lambda r: -by_name[found[r].source].filled)
    if not events:
        dated = [f"`{s.name}`" for s in by_name.values() if s.kind == "date"]
        more = f"; columns with dates: {', '.join(dated)}" if dated else ""
        out.decide.append(
            "no column with a survival time, and no date that could be time zero, was recognised: "
            f"map `survival_days`, or give `time_zero: {{from: ...}}`{more}"
        )
        return
    out.time_zero, out.zero = events[0], found[events[0]]
    filled = by_name[out.zero.source].filled
    others = [f"`{found[e].source}`" for e in events[1:]]
    more = f" Or from {' or '.join(others)}?" if others else ""
    out.decide.append(
        f"survival is counted from `{out.zero.source}` ({TIME_ZERO[out.time_zero]}, filled in "
        f"{filled} of {out.reading.rows}; also `time_zero` in config/cohorts.yaml): is that right?"
        + more
    )


def _from_dates(out: Draft, found: dict[str, DateGuess]) -> None:
    """Entries that dates give: survival, death, age, and days of treatments."""
    zero, death = out.zero, found.get("death")
    if death is not None:
        _add(out, "died", death, {"filled": True}, "dead where the date of death is filled")
    if zero is None:
        return
    _survival(out, death, found.get("last_contact"))
    _add(out, "calendar_year", zero, zero.entry, "year of time zero")
    intervals = {
        "birth": "age_years",
        "primary_diagnosis": "interval_diagnosis_days",
        "surgery": "surgery_day",
        "radiotherapy": "radiotherapy_day",
    }
    for role, column in intervals.items():
        one = found.get(role)
        if one is not None and one is not zero:
            why = f"{role.replace('_', ' ')}: a date, by its name"
            _add(out, column, one, one.entry, why)
    for treatment in ("surgery", "radiotherapy"):
        if treatment in found:
            _treated(out, treatment, found[treatment])


def _treated(out: Draft, treatment: str, one: DateGuess) -> None:
    """Whoever has a day of treatment was treated; whether nobody else was, a person knows."""
    filled = next(s.filled for s in out.reading.sources if s.name == one.source)
    gaps = out.reading.rows - filled
    ask = f"no {treatment} in the {gaps} patients whose `{one.source}` is empty?" if gaps else ""
    _add(out, treatment, one, {"filled": True}, f"{treatment} where its date is filled", ask)


def _survival(out: Draft, death: DateGuess | None, last: DateGuess | None) -> None:
    end = death or last
    if end is None:
        out.decide.append("neither date of death nor date of last contact was recognised")
    elif death is not None and last is not None:
        entry = {"otherwise": last.source, **death.entry, **last.more}
        _add(out, "survival_days", death, entry, "dates of death and last contact")
    else:
        ask = "one date, of death or of last contact: is it the day of death of those who died?"
        _add(out, "survival_days", end, end.entry, "a date, by its name", ask)


def _add(
    out: Draft, column: str, one: DateGuess, entry: dict[str, Any], why: str, ask: str = ""
) -> None:
    """A date that says it outweighs a column whose name is only like what is sought."""
    asked = [ask] if ask else []
    known = next((g for g in out.guesses if g.column == column), None)
    if known is not None:
        if known.score >= SURE or "filled" not in entry:
            return
        out.guesses.remove(known)
        asked.append(f"or is it `{known.source}`?")
    out.guesses.append(Guess(column, one.source, entry, one.score, [why], asked))


def _morphology(out: Draft, by_name: dict[str, Source]) -> None:
    """The ICD-O-3 morphology beside the topography: it decides about lymphomas, sarcomas, lung."""
    primary = next((g for g in out.guesses if g.entry.get("system") == "icd"), None)
    used = {g.source for g in out.guesses}
    named = [
        s.name
        for s in by_name.values()
        if s.name not in used and name_score(s.names(), hints()["morphology"])[0] >= LIKELY
    ]
    if primary is not None and named:
        primary.entry["morphology"] = named[0]
        primary.evidence.append(f"morphology from {named[0]}, by its name")


def _organs(out: Draft) -> None:
    """Boxes that ask for the organs say together whether there are visceral metastases."""
    made = boxes.organs(out.reading.sources)
    if made is not None and all(g.column != boxes.COLUMN for g in out.guesses):
        out.guesses.append(made[0])
        out.combine[made[0].source] = made[1]


def _schemes(out: Draft) -> None:
    """Fractions and dose from a text, where the table doesn't hold them as numbers."""
    known = {g.column for g in out.guesses}
    if not known & set(COLUMNS):
        used = {g.source for g in out.guesses}
        out.guesses += schemes.guesses([s for s in out.reading.sources if s.name not in used])


def _named(out: Draft) -> None:
    """Procedures and organs from a column of words that names them."""
    used = {g.source for g in out.guesses}
    free = [s for s in out.reading.sources if s.name not in used]
    out.guesses += named.guesses(free, [g.column for g in out.guesses])


def _missing(out: Draft, by_name: dict[str, Source]) -> None:
    """Words are missing in every column; numbers only in the column where they stick out."""
    words: dict[str, None] = {}
    for source in by_name.values():
        words |= dict.fromkeys(c for c in source.missing_codes if not _is_number(c))
    out.missing = sorted(words)
    for one in out.guesses:
        found = by_name.get(one.source)
        if found and "+" in found.counts:  # beside it "-" is a no
            one.entry["missing"] = [m for m in out.missing if m != "-"]
        if found and one.column == "primary":
            _unknown_primary(one, found, out.missing)
        numbers = [c for c in found.missing_codes if _is_number(c)] if found else []
        if numbers:
            one.entry["missing"] = [*out.missing, *numbers]
            one.evidence.append(f"{', '.join(numbers)} lies far from all other values")
            one.decide.append(f"does {', '.join(numbers)} mean missing here?")


def _unknown_primary(one: Guess, source: Source, missing: list[str]) -> None:
    """Unknown after a work-up and not recorded are two things, which the word doesn't tell."""
    said = [m for m in source.missing_codes if m.casefold() in (*hints()["unknowns"], "unk")]
    if said:
        one.entry["missing"] = [m for m in missing if m not in said]
        one.decide.append(
            f"does {' or '.join(said)} mean that none was found after a work-up (unknown_primary), "
            "or primary_not_recorded? Write it under `values`"
        )


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _patients(out: Draft, by_name: dict[str, Source]) -> None:
    own = next((g for g in out.guesses if g.column == "patient_id"), None)
    if own is None:
        out.decide.append("no column with the patient's id was recognised: is every row a patient?")
        return
    source = by_name[own.source]
    if len(source.counts) < out.reading.rows and out.reading.redcap is None:
        out.one_row = own.source
        twice = out.reading.rows - len(source.counts)
        own.decide.append(
            f"{twice} rows share an id with another: `one_row_per` takes the first row of a patient"
        )


def _cap(out: Draft, by_name: dict[str, Source]) -> None:
    """Ages that would single out the very old are capped, as the identifier gate asks."""
    own = next((g for g in out.guesses if g.column == "age_years"), None)
    if own is None:
        return
    ages = pd.to_numeric(pd.Series(list(by_name[own.source].counts)), errors="coerce")
    if "date" in own.entry or gate.uncapped(ages[ages.between(gate.NINETY, 120)]):
        own.entry["cap"] = gate.NINETY


def _left(out: Draft, found: dict[str, DateGuess]) -> None:
    """Columns that nothing is taken from; those that look like identifiers are dropped."""
    used = {s for g in out.guesses for s in (g.source, str(g.entry.get("otherwise", "")))}
    used |= {str(g.entry["morphology"]) for g in out.guesses if "morphology" in g.entry}
    used |= {out.zero.source} if out.zero else set()
    used |= {c for rule in out.combine.values() for c in (rule.get("any") or rule["choice"])}
    plain = {u.split("@")[0] for u in used}
    left = [s for s in out.reading.sources if s.name.split("@")[0] not in plain]
    for source in left:
        name = source.name.split("@")[0]
        secret = name in out.reading.identifiers or name_words(source) or source.kind == "date"
        secret = secret or gate.of_column(name, encode(source.cells, [])) is not None
        (out.drop if secret else out.unused).append(name)
