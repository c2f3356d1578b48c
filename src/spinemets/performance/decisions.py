"""The named decisions behind decision curves (``decisions.yaml``)."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from spinemets import yamlfile

#: Data that the results depend on, for the fingerprint of the stage.
DATA_FILES: Final = ("decisions.yaml",)


@dataclass(frozen=True)
class Decision:
    """
    A decision that a predicted risk of death would change.

    Parameters
    ----------
    id, label : str
        Name, and a few words for figures.
    horizon_months : float
        Horizon of the risk.
    thresholds : tuple of float
        Threshold probabilities of death, ascending.
    decision, otherwise : str
        What is done at and above the threshold, and below it.
    true_positive, false_positive : str
        What it means for a patient who dies by the horizon, and for one who doesn't.
    needs_verification : str
        What hasn't been read in a source; empty when everything has.
    """

    id: str
    label: str
    horizon_months: float
    thresholds: tuple[float, ...]
    decision: str
    otherwise: str
    true_positive: str
    false_positive: str
    needs_verification: str = ""


@cache
def decisions() -> dict[str, Decision]:
    """
    Presets shipped with the package.

    Returns
    -------
    dict of str to Decision
        By id, in the order of the file.

    Examples
    --------
    >>> decisions()["early_death"].thresholds[:3]
    (0.2, 0.25, 0.3)
    """
    document = yamlfile.load(Path(__file__).with_name("decisions.yaml"))
    return {entry["id"]: _decision(entry) for entry in document.data["decisions"]}


def decision_at(horizon_months: float) -> Decision | None:
    """
    Preset of a horizon.

    Parameters
    ----------
    horizon_months : float
        Horizon in months.

    Returns
    -------
    Decision or None
        The first preset with exactly this horizon.

    Examples
    --------
    >>> decision_at(6).id
    'short_course'
    """
    found = [one for one in decisions().values() if one.horizon_months == horizon_months]
    return found[0] if found else None


def _decision(entry: dict[str, Any]) -> Decision:
    span = entry["thresholds"]
    steps = round((span["to"] - span["from"]) / span["by"])
    cuts = np.round(span["from"] + span["by"] * np.arange(steps + 1), 10)
    given = {**entry, "thresholds": tuple(float(cut) for cut in cuts)}
    return Decision(**{**given, "horizon_months": float(entry["horizon_months"])})
