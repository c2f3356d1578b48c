"""Treatment given against treatment advised: concordant, discordant, or not assessable."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spinemets import groupings, yamlfile

if TYPE_CHECKING:
    import pandas as pd

DATA_FILES: Final = ("vocabulary/advice.yaml",)
ADVICE_FILE: Final = Path(__file__).parent / "vocabulary" / "advice.yaml"
CONCORDANT: Final = "concordant"
DISCORDANT: Final = "discordant"
NOT_ASSESSABLE: Final = "not_assessable"
#: In display order.
ANSWERS: Final = (CONCORDANT, DISCORDANT, NOT_ASSESSABLE)


@cache
def advice() -> dict[str, dict[str, dict[str, Any]]]:
    """
    What agrees with the advice of each score.

    Returns
    -------
    dict
        Score to band to ``why`` and ``when`` (alternatives of columns).
    """
    found: dict[str, dict[str, dict[str, Any]]] = yamlfile.load(ADVICE_FILE).data
    return found


def concordance(patients: pd.DataFrame, score: str, band: pd.Series) -> pd.Series:
    """
    Compare the treatment given with the advice of a score's band.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.
    score : str
        Key of ``advice``.
    band : pandas.Series
        Band of every patient; missing where it isn't known.

    Returns
    -------
    pandas.Series
        One of ``ANSWERS``; not assessable without a band that advises a treatment, and where a
        missing column leaves the answer open.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"surgery": pd.array([False, True], dtype="boolean")})
    >>> concordance(table, "tomita_2001", pd.Series(["8-10", "8-10"])).tolist()
    ['concordant', 'discordant']
    """
    import pandas as pd

    out = pd.Series(NOT_ASSESSABLE, index=patients.index, dtype="string")
    names = band.astype("string").fillna("").to_numpy()
    for name, entry in advice()[score].items():
        answer = groupings.any_holds(patients, entry["when"])
        here = pd.Series(names == name, index=patients.index)
        out[here & answer.fillna(False).astype(bool)] = CONCORDANT
        out[here & answer.eq(False).fillna(False).astype(bool)] = DISCORDANT
    return out
