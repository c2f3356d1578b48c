"""Run the worked patients of a definition: computed by hand against computed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spinemets import contract, units
from spinemets.scores import engine, prepare
from spinemets.scores.definition import Definition
from spinemets.scores.engine import ScoreResult
from spinemets.scores.schema import WorkedPatient
from spinemets.scores.table import PatientTable


@dataclass(frozen=True)
class Outcome:
    """
    One worked patient, as expected and as computed.

    Parameters
    ----------
    patient : WorkedPatient
        Entry of the definition.
    differences : tuple of str
        What differs; empty when all agrees.
    """

    patient: WorkedPatient
    differences: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """True when everything the entry states was computed."""
        return not self.differences


def contract_value(name: str, value: Any) -> Any:
    """
    Turn a value of a worked patient into the contract's unit.

    Parameters
    ----------
    name : str
        Column of the contract.
    value : object
        Plain value, or ``{value: 10.3, unit: "mg/dL calcium"}``.

    Returns
    -------
    object
        Value in the contract's unit.

    Examples
    --------
    >>> contract_value("albumin_g_per_l", {"value": 3.5, "unit": "g/dL"})
    35.0
    """
    if isinstance(value, Mapping):
        factor = units.factor(contract.columns()[name].unit, value["unit"])
        return value["value"] * factor
    return value


def table_of(patient: Mapping[str, Any]) -> PatientTable:
    """
    Make a table of one patient.

    Parameters
    ----------
    patient : Mapping
        Column to value; what isn't there is missing.

    Returns
    -------
    PatientTable
        One row, harmonised.
    """
    values = {name: [contract_value(name, value)] for name, value in patient.items()}
    table = PatientTable.from_values(values) if values else PatientTable({}, 1)
    return prepare.harmonise(table)


def compute_one(
    definition: Definition, library: Mapping[str, Definition], patient: Mapping[str, Any]
) -> ScoreResult:
    """
    Compute one score for one patient.

    Parameters
    ----------
    definition : Definition
        Score or variant.
    library : Mapping of str to Definition
        Scores that it reads.
    patient : Mapping
        Column to value.

    Returns
    -------
    ScoreResult
        Arrays of length one.
    """
    return engine.run([definition], library, table_of(patient))[0]


def run(definition: Definition, library: Mapping[str, Definition]) -> list[Outcome]:
    """
    Run every worked patient of a definition.

    Parameters
    ----------
    definition : Definition
        Published form; a patient names the variant it is meant for.
    library : Mapping of str to Definition
        Scores that it reads.

    Returns
    -------
    list of Outcome
        In the order of the file.
    """
    return [
        Outcome(p, tuple(_differences(p, definition.with_variant(p.variant), library)))
        for p in definition.data.worked_patients
    ]


def _differences(
    patient: WorkedPatient, definition: Definition, library: Mapping[str, Definition]
) -> list[str]:
    result = compute_one(definition, library, patient.patient)
    band = int(result.band[0])
    found: dict[str, Any] = {
        "status": engine.STATUSES[int(result.status[0])],
        "total": _number(result.points[0]),
        "low": _number(result.low[0]),
        "high": _number(result.high[0]),
        "band": definition.bands[band].id if band >= 0 else None,
    }
    expected = {"status": patient.status, "total": patient.total, "band": patient.band}
    if patient.low is not None:
        expected["low"] = patient.low
    if patient.high is not None:
        expected["high"] = patient.high
    out = [
        f"{key}: expected {value}, computed {found[key]}"
        for key, value in expected.items()
        if value != found[key]
    ]
    for name, points in patient.points.items():
        item = result.items[name]
        if (item.low[0], item.high[0]) != (points, points):
            low, high = float(item.low[0]), float(item.high[0])
            out.append(f"{name}: expected {points:g}, computed {low:g} to {high:g}")
    return out


def _number(x: float) -> float | None:
    return None if np.isnan(x) else float(x)
