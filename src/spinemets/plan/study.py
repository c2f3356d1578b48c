"""What every answer of the plan starts from: the cohorts, their groupings, the folders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spinemets import contract, strata
from spinemets import settings as settings_module
from spinemets.errors import Fault, InputError
from spinemets.paths import inside
from spinemets.plan import crosswalks
from spinemets.scores import registry
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
        self._refuse_outside()
        self._check_groupings()
        self._refuse_mixed_crosswalks()
        scores = self.settings.scores
        registry.check(scores.ids, scores.folders, scores.variants)

    def _check_groupings(self) -> None:
        """Every grouping that the configuration names must exist, own ones included."""
        survival = self.settings.survival
        own = survival.groupings
        strata.check_own(own)
        numbers = {c.name for c in contract.columns().values() if c.is_numeric}
        asked = {
            "survival.described": survival.described,
            "models.covariates": self.settings.models.covariates,
            "treatment.confounders": self.settings.treatment.confounders,
            "treatment.comparisons": [c.grouping for c in self.settings.treatment.comparisons],
        }
        for cohort in self.settings.cohorts:
            asked[f"strata of cohort {cohort.id}"] = self.groupings(cohort.id)
            mine = [c.grouping for c in cohort.comparisons or ()]
            asked[f"comparisons of cohort {cohort.id}"] = mine
        for where, names in asked.items():
            plain = where in ("models.covariates", "treatment.confounders")
            strata.check([n for n in names if not (plain and n in numbers)], where, own)

    def _refuse_mixed_crosswalks(self) -> None:
        """Published tables between KPS and ECOG disagree: a cohort goes through one of them."""
        mappings = dict.fromkeys(c.mapping for c in self.settings.cohorts if c.mapping)
        chosen = self.settings.scores.crosswalk
        faults = [fault for path in mappings for fault in crosswalks.mixed(path, chosen)]
        if faults:
            raise InputError(faults)

    def _refuse_outside(self) -> None:
        """Refuse what leads out of the study: upwards, through a link, results elsewhere."""
        named = [
            (f"{c.id}.{name}", getattr(c, name))
            for c in self.settings.cohorts
            for name in ("file", "mapping")
            if getattr(c, name) is not None
        ]
        rule = "the path leads out of the study folder (upwards, or through a link)"
        repair = "copy the file into the study, or give its absolute path"
        faults = [
            Fault("config", rule, repair, column=column)
            for column, path in named
            if not (
                inside(Path(), path) or (Path(path).is_absolute() and ".." not in Path(path).parts)
            )
        ]
        if Path(self.settings.results).is_absolute() or not inside(Path(), self.settings.results):
            repair = "give a folder inside the study, for example `results`"
            faults.append(Fault("config", rule, repair, column="results"))
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
