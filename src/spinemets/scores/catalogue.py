"""
Which scores there are, and which primaries they know.

Everything here is importable from ``spinemets.scores``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def list_scores(folders: Sequence[str | Path] = ()) -> pd.DataFrame:
    """
    List every score and classification.

    Parameters
    ----------
    folders : sequence of str or Path
        Folders with score files of your own.

    Returns
    -------
    DataFrame
        Indexed by ``score``: ``name, kind, minimum, maximum, direction, bands, variants, doi,
        needs_verification, off_by_default``. ``direction`` is +1 when a higher total means longer
        survival, -1 when shorter, 0 for neither.

    Raises
    ------
    InputError
        With every fault of your own files.

    Examples
    --------
    >>> list_scores().loc["tomita_2001", "bands"]
    ['2-3', '4-5', '6-7', '8-10']
    """
    import pandas as pd

    from spinemets.scores import registry

    rows = [
        {
            "score": d.id,
            "name": d.data.name,
            "kind": d.data.kind,
            "minimum": d.minimum,
            "maximum": d.maximum,
            "direction": d.direction,
            "bands": [band.id for band in d.bands],
            "variants": list(d.variant_names),
            "doi": d.data.citation.doi,
            "needs_verification": d.needs_verification,
            "off_by_default": d.data.off_by_default,
        }
        for d in registry.load_definitions(None, folders).values()
    ]
    return pd.DataFrame(rows).set_index("score")


def coverage_matrix(folders: Sequence[str | Path] = ()) -> pd.DataFrame:
    """
    Say which primaries each score names, places by a rule, leaves open, or leaves out.

    Parameters
    ----------
    folders : sequence of str or Path
        Folders with score files of your own.

    Returns
    -------
    DataFrame
        Columns ``primary, score, coverage, points``; ``coverage`` is ``named``, ``by rule``,
        ``ambiguous``, ``unlisted`` or ``not applicable``.

    Raises
    ------
    InputError
        With every fault of your own files.

    Examples
    --------
    >>> table = coverage_matrix().set_index(["score", "primary"])
    >>> table.loc[("tokuhashi_2005", "colorectal")].tolist()
    ['ambiguous', '2-4']
    """
    from spinemets.scores import coverage, registry

    library = registry.load_definitions(None, folders)
    return coverage.matrix(library.values(), library)
