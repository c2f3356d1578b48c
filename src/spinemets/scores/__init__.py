"""
Scores as data: one file per score, one engine that computes them all.

``definitions/*.yaml`` holds what was published (items, points, bands, survival, errors in
circulation). ``schema`` is the shape of such a file, ``checks`` refuses a wrong one, ``engine``
computes. From Python one call on a data frame gives the long table:

>>> import pandas as pd
>>> from spinemets.scores import score_patients
>>> patients = pd.DataFrame({"primary": ["breast"], "kps": [90], "visceral_metastases": ["no"]})
>>> score_patients(patients, "van_der_linden_2005")[["points", "band"]].to_numpy().tolist()
[[6.0, 'C']]

The functions are imported when they are used, so that a command starts fast.
"""

from importlib import import_module
from typing import Any

_API = "spinemets.scores.api"
_CATALOGUE = "spinemets.scores.catalogue"
_HOMES = {
    "check_patients": _API,
    "coverage_matrix": _CATALOGUE,
    "explain_patient": _API,
    "list_scores": _CATALOGUE,
    "points_per_item": _API,
    "score_patients": _API,
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
