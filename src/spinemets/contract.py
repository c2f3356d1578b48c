"""
The patient table: what every column means.

The same entries validate rows, write the data dictionary and the mapping template, and drive the
simulated cohorts. They stand in ``contract.yaml`` beside this module; this module reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from spinemets import vocabulary, yamlfile

CONTRACT_FILE: Final = Path(__file__).with_name("contract.yaml")
#: Patterns beside this module that the fingerprint of a stage covers (see provenance).
DATA_FILES: Final = ("contract.yaml",)
KINDS: Final = ("identifier", "category", "ordinal", "boolean", "integer", "number")


@dataclass(frozen=True)
class Column:
    """
    One column of the patient table.

    Parameters
    ----------
    name : str
        Column name; carries its unit where it has one.
    domain : str
        Group of columns it belongs to (``tumour``, ``neurology``, ``laboratory`` ...).
    kind : {"identifier", "category", "ordinal", "boolean", "integer", "number"}
        Measurement type.
    meaning : str
        What the column holds, in words.
    missing : str
        What an empty cell means.
    unit : str
        Unit of a number; empty where there is none.
    substance : str
        Substance, where a molar unit needs one to be converted.
    levels : dict of str to str
        Allowed values and their meaning; empty for numbers and for open categories.
    open_levels : bool
        True when a study chooses the values itself (centre, arm).
    minimum, maximum : float or None
        Inclusive range of a number.
    step : float or None
        Values lie on ``minimum + k * step``.
    required : bool
        A patient without it can't be analysed.
    source : str
        Code system or reference.
    """

    name: str
    domain: str
    kind: str
    meaning: str
    missing: str
    unit: str = ""
    substance: str = ""
    levels: dict[str, str] = field(default_factory=dict)
    open_levels: bool = False
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    required: bool = False
    source: str = ""

    @property
    def is_numeric(self) -> bool:
        """
        Whether the column holds numbers.

        Returns
        -------
        bool
            True for ``integer`` and ``number``.
        """
        return self.kind in ("integer", "number")

    def allowed(self) -> str:
        """
        Allowed values in one sentence.

        Returns
        -------
        str
            Text for messages and for the data dictionary.
        """
        if self.kind == "boolean":
            return "true or false"
        if self.levels:
            return ", ".join(self.levels)
        if self.is_numeric:
            step = f" in steps of {self.step:g}" if self.step else ""
            return f"{self.minimum:g} to {self.maximum:g}{step}"
        return "any label" if self.open_levels else "a running number"


def _column(name: str, domain: str, entry: dict[str, Any]) -> Column:
    entry = dict(entry)
    levels = {str(k): str(v) for k, v in entry.pop("levels", {}).items()}
    if entry.pop("vocabulary", None) == "primaries":
        levels = {p.id: p.label for p in vocabulary.primaries().values()}
    return Column(
        name=name, domain=domain, levels=levels, open_levels=bool(entry.pop("open", False)), **entry
    )


@cache
def columns() -> dict[str, Column]:
    """
    Every column of the patient table, in the order of the contract.

    Returns
    -------
    dict of str to Column
        Keyed by column name.

    Examples
    --------
    >>> columns()["kps"].unit
    'percent'
    """
    data = yamlfile.load(CONTRACT_FILE).data
    return {
        name: _column(name, domain, entry)
        for domain, entries in data.items()
        for name, entry in entries.items()
    }


def pandas_dtype(column: Column) -> str:
    """
    Nullable pandas type in which a column is stored.

    Parameters
    ----------
    column : Column
        Column of the contract.

    Returns
    -------
    str
        ``"string"``, ``"boolean"``, ``"Int64"`` or ``"Float64"``; missing is ``NA`` in each.
    """
    return {"boolean": "boolean", "integer": "Int64", "number": "Float64"}.get(
        column.kind, "string"
    )
