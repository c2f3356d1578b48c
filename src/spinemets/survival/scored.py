"""The long score table taken apart: one score of every patient at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spinemets.settings import ScoreSettings

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Scored:
    """
    One score, or one variant of it, of every patient.

    Parameters
    ----------
    score, variant : str
        Names.
    table : pandas.DataFrame
        Rows of the score table in the order of the patients.
    bands : list of str
        Published bands from the best prognosis to the worst.
    higher_is_better : bool
        Direction of the total.
    """

    score: str
    variant: str
    table: pd.DataFrame
    bands: list[str]
    higher_is_better: bool

    @property
    def stratum_set(self) -> str:
        """Name of the grouping by band."""
        return f"band:{self.score}" + (f":{self.variant}" if self.variant else "")


def scored(
    scores: pd.DataFrame, patients: pd.DataFrame, settings: ScoreSettings
) -> Iterator[Scored]:
    """
    Take the long score table apart.

    Parameters
    ----------
    scores, patients : pandas.DataFrame
        Long score table and patient table.
    settings : ScoreSettings
        Score ids and folders.

    Yields
    ------
    Scored
        In the order of the table; a score without direction (a classification) is left out.
    """
    from spinemets.scores import registry

    definitions = registry.load_definitions(settings.ids, settings.folders)
    variants = scores["variant"].fillna("")
    for (score, variant), part in scores.groupby([scores["score"], variants], sort=False):
        definition = definitions.get(str(score))
        if definition is None or definition.direction == 0:
            continue
        better = definition.direction > 0
        bands = [band.id for band in definition.bands]
        rows = part.set_index("patient_id").reindex(patients["patient_id"])
        yield Scored(str(score), str(variant), rows, bands[::-1] if better else bands, better)
