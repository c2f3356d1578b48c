"""The columns of a source as the draft sees them: name, label, and what their cells look like."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spinemets import yamlfile
from spinemets.ingest import dates

DATA_FILES: Final = ("names.yaml",)
#: A column with more distinct texts than this isn't a category.
MANY_TERMS: Final = 60
_LETTERS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_BOX: Final = re.compile(r"(.*) \(choice=(.*)\)")
_NUMBER: Final = re.compile(r"[-+]?\d+(?:[.,]\d+)?")


@cache
def hints() -> dict[str, Any]:
    """
    Names, words and units of sources.

    Returns
    -------
    dict
        Content of ``names.yaml``.
    """
    data: dict[str, Any] = yamlfile.load(Path(__file__).with_name("names.yaml")).data
    return data


def words_of(name: str) -> str:
    """
    Bring a column's name or label into the form in which names are compared.

    Parameters
    ----------
    name : str
        As it stands in the source.

    Returns
    -------
    str
        Lower case, umlauts written out, words separated by one blank, no unit in brackets.

    Examples
    --------
    >>> words_of("OP-Datum"), words_of("ageAtSurgery"), words_of("Hämoglobin (g/dl)")
    ('op datum', 'age at surgery', 'haemoglobin')
    >>> words_of("Hb_gdl")
    'hb'
    """
    text = unicodedata.normalize("NFC", name)
    if "(choice=" not in text:
        text = re.sub(r"[\(\[][^\)\]]*[\)\]]", " ", text)
    for pattern in (p for group in hints()["units"].values() for p in group if "/" in p):
        text = re.sub(pattern, " ", text, flags=re.IGNORECASE)
    text = re.sub(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])", " ", text).lower().translate(_LETTERS)
    words = re.sub(r"[^a-z0-9]+", " ", text).split()
    if len(words) > 1 and words[-1] in hints()["unit_words"]:
        words = words[:-1]
    return " ".join(words)


def unit_in(text: str) -> str | None:
    """
    Unit that a name or a label tells.

    Parameters
    ----------
    text : str
        Name or label.

    Returns
    -------
    str or None
        Name of the unit in a mapping.

    Examples
    --------
    >>> unit_in("Hb (g/dl)"), unit_in("OS_Monate"), unit_in("Hb")
    ('g/dL', 'months', None)
    """
    split = re.sub(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ][a-zäöü])", " ", text)
    plain = split.replace("_", " ").lower()
    found = [
        (match.end() - match.start(), unit)
        for unit, patterns in hints()["units"].items()
        for pattern in patterns
        if (match := re.search(pattern, plain))
    ]
    return max(found)[1] if found else None


@dataclass
class Source:
    """
    One column of the source.

    Parameters
    ----------
    name : str
        As a mapping names it.
    cells : pyarrow.ChunkedArray
        Texts.
    label : str
        What the source says it means; empty when it says nothing.
    codes : dict of str to str
        Codes and their labels, where the cells hold codes.
    """

    name: str
    cells: pa.ChunkedArray
    label: str = ""
    codes: dict[str, str] = field(default_factory=dict)

    @cached_property
    def counts(self) -> dict[str, int]:
        """
        Distinct texts that aren't missing, with their number.

        Returns
        -------
        dict of str to int
            Commonest first.
        """
        absent = {m.casefold() for m in hints()["missing"] if not _NUMBER.fullmatch(m)} | {""}
        found = pc.value_counts(self.cells.combine_chunks())
        pairs = list(zip(found.field(0).to_pylist(), found.field(1).to_pylist(), strict=True))
        absent -= {"-"} if any(text == "+" for text, _ in pairs) else set()
        kept = [(t, n) for t, n in pairs if t.casefold() not in absent]
        return dict(sorted(kept, key=lambda p: (-p[1], p[0])))

    @property
    def filled(self) -> int:
        """
        Number of cells that aren't missing.

        Returns
        -------
        int
            Rows.
        """
        return sum(self.counts.values())

    @cached_property
    def missing_codes(self) -> list[str]:
        """
        Texts that stand for "missing".

        Returns
        -------
        list of str
            Words, and numbers such as -99 that lie far from all others.
        """
        terms = pc.unique(self.cells.combine_chunks()).to_pylist()
        known = {m.casefold() for m in hints()["missing"]} - ({"-"} if "+" in terms else set())
        words = [t for t in terms if t.casefold() in known and not _NUMBER.fullmatch(t)]
        numbers = self.numbers
        others = numbers[np.isfinite(numbers)]
        odd = [t for t in self.counts if t.casefold() in known and _NUMBER.fullmatch(t)]
        far = []
        for text in odd:
            rest = others[others != float(text)]
            if len(rest) and (float(text) < 0 <= rest.min() or float(text) > 3 * rest.max()):
                far.append(text)
        return [*words, *far]

    @cached_property
    def numbers(self) -> npt.NDArray[np.float64]:
        """
        Cells as numbers, one entry per distinct text and row.

        Returns
        -------
        numpy.ndarray
            Not a number where the text is none.
        """
        texts = pd.Series(list(self.counts), dtype=object).astype(str)
        comma = texts.str.fullmatch(r"[-+]?\d+,\d+").any()
        texts = texts.str.replace(",", ".", regex=False) if comma else texts
        values = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=float)
        return np.repeat(values, list(self.counts.values()))

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """
        Numbers without codes of missing cells.

        Returns
        -------
        numpy.ndarray
            Finite numbers.
        """
        codes = [float(c) for c in self.missing_codes if _NUMBER.fullmatch(c)]
        found = self.numbers[np.isfinite(self.numbers)]
        return found[~np.isin(found, codes)]

    @cached_property
    def kind(self) -> str:
        """
        What the cells are.

        Returns
        -------
        str
            ``empty``, ``number``, ``date`` or ``words``.
        """
        if not self.filled:
            return "empty"
        if np.isfinite(self.numbers).mean() >= 0.9 and not self.eight_digits:
            return "number"
        terms = list(self.counts)[:400]
        calendar = dates.read(terms, "auto", 1930, "middle")
        open_ = [m for rule, m in calendar.faults.items() if "first" in rule]
        good = ~np.isnat(calendar.of_term) | (open_[0] if open_ else False)
        return "date" if good.mean() >= 0.9 else "words"

    @property
    def eight_digits(self) -> bool:
        """
        Whether the cells look like 20190503.

        Returns
        -------
        bool
            True when all do.
        """
        return all(re.fullmatch(r"(19|20)\d{2}[01]\d[0-3]\d", t) for t in list(self.counts)[:200])

    @property
    def terms(self) -> list[str]:
        """
        Distinct texts of a category, without codes of missing cells.

        Returns
        -------
        list of str
            Empty when there are too many to be a category.
        """
        kept = [t for t in self.counts if t not in self.missing_codes]
        return kept if len(kept) <= MANY_TERMS else []

    @property
    def box(self) -> tuple[str, str] | None:
        """
        Question and choice of a checkbox.

        Returns
        -------
        tuple of str or None
            None where the column is no box of a REDCap field.
        """
        found = (_BOX.match(text) for text in (self.name.partition("@")[0], self.label))
        match = next((m for m in found if m), None)
        return (match[1], match[2]) if match else None

    @property
    def denies(self) -> bool:
        """
        Whether the column is a checkbox that stands for "none" or "unknown".

        Returns
        -------
        bool
            Such a box is ticked where the answer to its question is no.
        """
        return self.box is not None and words_of(self.box[1]).split(" ")[0] in {
            *hints()["denials"],
            *hints()["unknowns"],
        }

    @property
    def unknown(self) -> bool:
        """
        Whether the column is a checkbox for "unknown".

        Returns
        -------
        bool
            True when its choice begins with such a word.
        """
        return self.box is not None and words_of(self.box[1]).split(" ")[0] in hints()["unknowns"]

    def names(self) -> list[str]:
        """
        Name and label in the form in which they are compared.

        Returns
        -------
        list of str
            Without the event of a REDCap field; of a checkbox also its choice; also without words
            that say "before treatment".
        """
        out = []
        for text in (self.name.partition("@")[0], self.label):
            out += [words_of(text)]
            if box := _BOX.match(text):
                choice, last = words_of(box[2]), words_of(box[1]).split()[-1:]
                out += [" ".join([choice, *last]), choice]
                # A single box "yes" answers its question; any other box answers only for itself.
                out += [words_of(box[1])] if choice in ("yes", "ja") else []
        late = set(hints()["times"])
        out += [" ".join(w[:-1]) for n in out if len(w := n.split()) > 1 and w[-1] in late]
        early = set(hints()["before_words"])
        kept = [" ".join(w for w in name.split() if w not in early) for name in out]
        out += [name.removesuffix(" at") for name in kept]
        return list(dict.fromkeys(n for n in out if n))


def name_words(source: Source) -> bool:
    """
    Whether a column's name or label is one of those that name people.

    Parameters
    ----------
    source : Source
        Column of the source.

    Returns
    -------
    bool
        True for names, addresses, numbers of persons and free text.
    """
    return any(name in hints()["identifiers"] for name in source.names())
