"""Parameters of the jobs: JSON text, so that the printed command can be pasted and run."""

from __future__ import annotations

from typing import Any

from spinemets.plan.study import Study


class Parameters(Study):
    """What the stages are told: only what each uses, so that other changes don't rerun it."""

    def cohort_json(self, wildcards: Any) -> str:
        """
        Description of a cohort for the stages.

        Parameters
        ----------
        wildcards : object
            With the attribute ``cohort``.

        Returns
        -------
        str
            JSON of the cohort's entry; holds nothing of a patient.
        """
        # Only the evaluation uses the reference, and it is told by its inputs.
        return self.cohorts[wildcards.cohort].model_dump_json(
            exclude_defaults=True, exclude={"reference"}
        )

    def settings_json(self, section: str) -> str:
        """
        One section of the settings for a stage.

        Parameters
        ----------
        section : str
            Name of the section.

        Returns
        -------
        str
            JSON; a stage sees only what it uses, so that other changes don't rerun it.
        """
        return str(getattr(self.settings, section).model_dump_json())

    def report_json(self) -> str:
        """
        What the methods text of the report quotes.

        Returns
        -------
        str
            JSON of all settings but the cohorts.
        """
        return self.settings.model_dump_json(exclude={"cohorts", "results"})

    def simulation(self, wildcards: Any) -> str:
        """
        Options of the simulation of a cohort.

        Parameters
        ----------
        wildcards : object
            With the attribute ``cohort``.

        Returns
        -------
        str
            Command-line options.
        """
        made = self.cohorts[wildcards.cohort].simulate
        if made is None:
            raise KeyError(wildcards.cohort)
        return f"--preset {made.preset} --n {made.patients} --seed {made.seed}"

    def survival_json(self, wildcards: Any) -> str:
        """
        Settings of survival tables, with the groupings of a cohort.

        Parameters
        ----------
        wildcards : object
            With the attribute ``cohort``.

        Returns
        -------
        str
            JSON of the section.
        """
        section = self.settings.survival
        strata_names = self.groupings(wildcards.cohort)
        return section.model_copy(update={"strata": strata_names}).model_dump_json()

    def treatment_json(self, wildcards: Any) -> str:
        """
        Settings of the comparison of treatments, with the comparisons of a cohort.

        Parameters
        ----------
        wildcards : object
            With the attribute ``cohort``.

        Returns
        -------
        str
            JSON of the section.
        """
        section = self.settings.treatment
        own = self.cohorts[wildcards.cohort].comparisons
        if own is not None:
            section = section.model_copy(update={"comparisons": own})
        return section.model_dump_json()

    def study_json(self) -> str:
        """
        The whole configuration, from which the manifest finds the steps again.

        Returns
        -------
        str
            JSON of what differs from the defaults.
        """
        return self.settings.model_dump_json(exclude_defaults=True)
