"""What every answer of the plan starts from: the cohorts, their groupings, the folders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from spinemets import settings as settings_module
from spinemets import strata
from spinemets.errors import Fault, InputError
from spinemets.settings import Cohort, Settings


class Study:
    """
    The cohorts of one configuration, their groupings, and the folders of the results.

    Parameters
    ----------
    config : mapping
        Merged configuration, as Snakemake hands it over.

    Raises
    ------
    InputError
        With every fault of the configuration at once.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.settings: Settings = settings_module.load(dict(config))
        self.cohorts: dict[str, Cohort] = {c.id: c for c in self.settings.cohorts}
        self._refuse_outside(self.settings.cohorts)
        for cohort in self.settings.cohorts:
            strata.check(self.groupings(cohort.id), f"strata of cohort {cohort.id}")

    @staticmethod
    def _refuse_outside(cohorts: Iterable[Cohort]) -> None:
        """Results of a study stay in the study: a path that climbs out of it is a fault."""
        faults = [
            Fault(
                "config",
                "the path leads upwards out of the study folder",
                "copy the file into the study, or give its absolute path",
                column=f"{cohort.id}.{name}",
            )
            for cohort in cohorts
            for name in ("file", "mapping")
            if ".." in Path(getattr(cohort, name) or "").parts
        ]
        if faults:
            raise InputError(faults)

    @property
    def simulated(self) -> list[str]:
        """Ids of the simulated cohorts."""
        return [c.id for c in self.cohorts.values() if c.simulate is not None]

    @property
    def private(self) -> str:
        """Folder of the private results."""
        return f"{self.settings.results}/private"

    @property
    def release(self) -> str:
        """Folder of the released results."""
        return f"{self.settings.results}/release"

    def groupings(self, cohort: str) -> list[str]:
        """
        Groupings of a cohort.

        Parameters
        ----------
        cohort : str
            Cohort id.

        Returns
        -------
        list of str
            Its own ones, or those of the settings.
        """
        own = self.cohorts[cohort].strata
        return list(self.settings.survival.strata if own is None else own)
