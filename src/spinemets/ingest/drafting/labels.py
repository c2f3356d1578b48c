"""A data dictionary of any layout: names of columns, what they mean, and what their codes mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from spinemets.errors import Fault, InputError
from spinemets.ingest.drafting.sources import words_of
from spinemets.ingest.mapping import TableOptions
from spinemets.ingest.readers import read_table

_NAMES: Final = (
    "variable field name", "variable", "variable name", "name", "field", "field name", "column",
    "variablenname", "spalte", "feld", "feldname",
)  # fmt: skip
_LABELS: Final = (
    "field label", "label", "description", "meaning", "beschreibung", "bedeutung", "bezeichnung",
    "variable label",
)  # fmt: skip
_CODES: Final = (
    "choices calculations or slider labels", "codes", "values", "value labels", "coding",
    "choices", "kodierung", "codierung", "werte", "auspraegungen",
)  # fmt: skip
_PAIR: Final = re.compile(r"^\s*([^=:,]{1,20}?)\s*[=:,]\s*(.+?)\s*$")


@dataclass
class Labels:
    """
    Labels and codes by column.

    Parameters
    ----------
    of_column : dict
        Column in comparable form to its label and its codes.
    """

    of_column: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Self:
        """
        Read a data dictionary.

        Parameters
        ----------
        path : Path
            Text table or workbook with one row per column.

        Returns
        -------
        Labels
            What it says.

        Raises
        ------
        InputError
            When no column of it holds the names.
        """
        table = read_table(path, TableOptions(encoding="auto", delimiter="auto"))
        plain = {words_of(name): name for name in reversed(list(table.columns))}
        at = [
            next((plain[n] for n in names if n in plain), None)
            for names in (_NAMES, _LABELS, _CODES)
        ]
        if at[0] is None:
            rule = "this isn't a data dictionary: no column holds the names of the columns"
            repair = "head them `name`, the meaning `label` the codes `values` (1 = no; 2 = yes)"
            raise InputError([Fault(str(path), rule, repair)])
        names, labels, codes = (
            table.columns[c].to_pylist() if c else [""] * table.n_rows for c in at
        )
        return cls(
            {
                words_of(n): (label, pairs(code))
                for n, label, code in zip(names, labels, codes, strict=True)
            }
        )

    def label(self, column: str) -> str:
        """
        Label of a column.

        Parameters
        ----------
        column : str
            Column of the source.

        Returns
        -------
        str
            Empty when the dictionary doesn't have it.
        """
        return self.of_column.get(words_of(column), ("", {}))[0]

    def codes(self, column: str) -> dict[str, str]:
        """
        Codes of a column.

        Parameters
        ----------
        column : str
            Column of the source.

        Returns
        -------
        dict of str to str
            Code to label.
        """
        return self.of_column.get(words_of(column), ("", {}))[1]


def pairs(text: str) -> dict[str, str]:
    """
    Read codes as people write them.

    Parameters
    ----------
    text : str
        Pairs separated by ``|``, ``;`` or line breaks, or by commas when ``=`` joins them.

    Returns
    -------
    dict of str to str
        Code to label.

    Examples
    --------
    >>> pairs("1 = male; 2 = female"), pairs("1=ja, 2=nein"), pairs("1, male | 2, female")
    ({'1': 'male', '2': 'female'}, {'1': 'ja', '2': 'nein'}, {'1': 'male', '2': 'female'})
    """
    parts = re.split(r"[|;\n]", text)
    if len(parts) == 1 and "=" in text:
        parts = re.split(r",(?=[^,=]*=)", text)
    found = [_PAIR.match(p) for p in parts]
    return {m[1]: m[2] for m in found if m}


def codes_in(name: str) -> dict[str, str]:
    """
    Read codes that a header explains in brackets.

    Parameters
    ----------
    name : str
        Column of the source.

    Returns
    -------
    dict of str to str
        Code to label; empty when the brackets hold something else.

    Examples
    --------
    >>> codes_in("Sex (1=m, 2=f)"), codes_in("Hb (g/dl)")
    ({'1': 'm', '2': 'f'}, {})
    """
    found = re.search(r"[(\[]([^)\]]*=[^)\]]*)[)\]]", name)
    return pairs(found[1]) if found and "choice=" not in name else {}
