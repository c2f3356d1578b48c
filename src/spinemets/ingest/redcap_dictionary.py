"""REDCap's data dictionary: fields, their labels and choices, and which of them identify people."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from spinemets.errors import Fault, InputError
from spinemets.ingest.mapping import TableOptions
from spinemets.ingest.readers_text import read_text_table

#: Heading in the file that the project page gives, and the name that the API gives.
COLUMNS: Final = {
    "name": ("Variable / Field Name", "field_name"),
    "form": ("Form Name", "form_name"),
    "kind": ("Field Type", "field_type"),
    "label": ("Field Label", "field_label"),
    "choices": ("Choices, Calculations, OR Slider Labels", "select_choices_or_calculations"),
    "identifier": ("Identifier?", "identifier"),
}
CHECKBOX: Final = re.compile(r"^(?P<label>.*) \(choice=(?P<choice>.*)\)( \(\d+\))?$", re.DOTALL)
COMPLETE: Final = re.compile(r"^Complete\?$")
_TAG: Final = re.compile(r"<[^>]{0,200}>")


@dataclass(frozen=True)
class Field:
    """
    One field of the project.

    Parameters
    ----------
    name, form, kind, label : str
        As in the data dictionary; the label without its HTML.
    choices : dict of str to str
        Code to label of radio buttons, drop-downs and checkboxes; yes/no fields have theirs.
    identifier : bool
        Marked as an identifier of people.
    """

    name: str
    form: str
    kind: str
    label: str
    choices: Mapping[str, str] = field(default_factory=dict)
    identifier: bool = False

    def label_of(self, column: str) -> str:
        """
        Label of a column: for a checkbox with the choice.

        Parameters
        ----------
        column : str
            Field name, or ``field___code``.

        Returns
        -------
        str
            As a labelled export heads it.
        """
        _, mark, code = column.partition("___")
        if not mark:
            return self.label
        choice = next((v for k, v in self.choices.items() if _box(k) == code), code)
        return f"{self.label} (choice={choice})"


def _box(code: str) -> str:
    """Code of a choice as it stands in a column's name."""
    return re.sub(r"[^a-z0-9_]", "_", code.lower())


@dataclass(frozen=True)
class Dictionary:
    """
    The data dictionary of a project.

    Parameters
    ----------
    fields : dict of str to Field
        By name, in the order of the project.
    """

    fields: dict[str, Field]

    @classmethod
    def read(cls, path: Path) -> Self:
        """
        Read the file (CSV with 18 columns, as downloaded or as given by the API).

        Parameters
        ----------
        path : Path
            File.

        Returns
        -------
        Dictionary
            Fields by name.

        Raises
        ------
        InputError
            When it can't be read or isn't a data dictionary.
        """
        table = read_text_table(path, TableOptions(encoding="auto", delimiter="auto"))
        at = {
            key: next((n for n in names if n in table.columns), None)
            for key, names in COLUMNS.items()
        }
        lost = [COLUMNS[key][0] for key in ("name", "kind", "label") if at[key] is None]
        if lost:
            rule = f"this isn't a REDCap data dictionary: no column {', '.join(lost)}"
            repair = "download it under `Data Dictionary` of the project"
            raise InputError([Fault(str(path), rule, repair)])
        texts = {
            key: table.columns[name].to_pylist() if name else [""] * table.n_rows
            for key, name in at.items()
        }
        fields = [
            _field({key: values[i] for key, values in texts.items()}) for i in range(table.n_rows)
        ]
        return cls({f.name: f for f in fields if f.name})

    @classmethod
    def read_beside(cls, folder: Path, name: str, faults: list[Fault]) -> Self | None:
        """
        Read the data dictionary that a mapping names.

        Parameters
        ----------
        folder : Path
            Folder of the export.
        name : str
            File in it, or below it.
        faults : list of Fault
            Faults are added here.

        Returns
        -------
        Dictionary or None
            None when it can't be read.
        """
        from spinemets.ingest.assemble import beside

        path = beside(folder, name, "redcap.dictionary", faults)
        if path is None:
            return None
        try:
            return cls.read(path)
        except InputError as err:
            faults += err.faults
        return None

    @property
    def identifiers(self) -> list[str]:
        """
        Columns of the fields that are marked as identifiers.

        Returns
        -------
        list of str
            Names of fields.
        """
        return [f.name for f in self.fields.values() if f.identifier]

    def columns(self) -> list[tuple[str, str]]:
        """
        Columns of an export, in its order.

        Returns
        -------
        list of tuple of str
            Name and label.
        """
        out = []
        for entry in self.fields.values():
            if entry.kind == "checkbox":
                names = [f"{entry.name}___{_box(code)}" for code in entry.choices]
                out += [(n, entry.label_of(n)) for n in names]
            elif entry.kind != "descriptive":
                out.append((entry.name, entry.label))
        return out

    def names(self) -> set[str]:
        """
        Names of columns in a raw export.

        Returns
        -------
        set of str
            With ``field___code`` for checkboxes.
        """
        return {name for name, _ in self.columns()}

    def by_label(self) -> dict[str, list[str]]:
        """
        Names of columns by the heading that a labelled export gives them.

        Returns
        -------
        dict of str to list of str
            Several fields may have one label; they are in the order of the export.
        """
        out: dict[str, list[str]] = {}
        for name, label in self.columns():
            out.setdefault(" ".join(label.split()), []).append(name)
        return out


def _field(row: dict[str, str]) -> Field:
    kind = row["kind"].strip().lower()
    choices = {}
    if kind in ("radio", "dropdown", "checkbox"):
        choices = parse_choices(row["choices"])
    elif kind == "yesno":
        choices = {"1": "Yes", "0": "No"}
    elif kind == "truefalse":
        choices = {"1": "True", "0": "False"}
    secret = row["identifier"].strip().lower() in ("y", "yes", "1")
    name = row["name"].strip()
    return Field(name, row["form"].strip(), kind, plain(row["label"]), choices, secret)


def parse_choices(text: str) -> dict[str, str]:
    """
    Read the choices of a field.

    Parameters
    ----------
    text : str
        As in the data dictionary.

    Returns
    -------
    dict of str to str
        Code to label, without HTML.

    Examples
    --------
    >>> parse_choices("1, Breast | 2, Lung, small cell")
    {'1': 'Breast', '2': 'Lung, small cell'}
    """
    out = {}
    for part in text.split("|"):
        code, comma, label = part.partition(",")
        if comma and code.strip():
            out[code.strip()] = plain(label)
    return out


def plain(text: str) -> str:
    """
    Take HTML out of a label.

    Parameters
    ----------
    text : str
        Label as it was typed into REDCap.

    Returns
    -------
    str
        Plain text with single blanks.

    Examples
    --------
    >>> plain("<b>Karnofsky</b>&nbsp;index")
    'Karnofsky index'
    """
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())
