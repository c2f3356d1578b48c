"""
What the workflow makes: files, parameters and provenance of every job, from the configuration.

The rules under ``workflow/`` say when and where; the few questions that they can't answer in
Snakemake's own language (which table feeds a cohort, which figures it has) are answered here, so
that they are typed and tested. Never imports Snakemake.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from spinemets import settings as settings_module
from spinemets import strata
from spinemets.errors import Fault, InputError
from spinemets.released import (
    DESCRIPTION,
    FIGURES,
    FORMATS,
    SCORING,
    figure_of_grouping,
    sources_of_figure,
)
from spinemets.settings import Cohort, Settings


class Plan:
    """
    Answers of the workflow, for one configuration.

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

    # -- names of files ------------------------------------------------------------------------
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

    def figures(self, cohort: str) -> list[str]:
        """
        Figures of a cohort.

        Parameters
        ----------
        cohort : str
            Cohort id.

        Returns
        -------
        list of str
            The figure of included against left out only where the cohort has an inclusion rule.
        """
        by_group = [figure_of_grouping(g) for g in self.groupings(cohort)]
        has_rule = self.cohorts[cohort].include is not None
        rest = [f for f in FIGURES if has_rule or f != "kaplan_meier_inclusion"]
        return [*rest[:1], *by_group, *rest[1:]]

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

    def figure_files(self, cohort: str, formats: Iterable[str] = FORMATS) -> list[str]:
        """
        Files of all figures of a cohort.

        Parameters
        ----------
        cohort : str
            Cohort id.
        formats : iterable of str
            File formats.

        Returns
        -------
        list of str
            Paths relative to the study folder.
        """
        base = f"{self.release}/{cohort}/figures"
        return [f"{base}/{name}.{ext}" for name in self.figures(cohort) for ext in formats]

    def tables(self, cohort: str, names: Iterable[str] = DESCRIPTION + SCORING) -> list[str]:
        """
        Released tables of a cohort.

        Parameters
        ----------
        cohort : str
            Cohort id.
        names : iterable of str
            Names of the tables.

        Returns
        -------
        list of str
            Paths relative to the study folder.
        """
        return [f"{self.release}/{cohort}/tables/{name}.csv" for name in names]

    def released_files(self) -> list[str]:
        """
        Tables, figures and reports of all cohorts: a file that was lost is made again.

        Returns
        -------
        list of str
            Paths relative to the study folder.
        """
        return [
            path
            for cohort in self.cohorts
            for path in (
                *self.tables(cohort),
                *self.figure_files(cohort),
                f"{self.release}/{cohort}/report.html",
            )
        ]

    # -- inputs that depend on the configuration -------------------------------------------------
    def raw_table(self, wildcards: Any) -> str:
        """
        Table that a cohort is read from.

        Parameters
        ----------
        wildcards : object
            With the attribute ``cohort``.

        Returns
        -------
        str
            The user's file, or the one that the simulation writes.
        """
        cohort = self.cohorts[wildcards.cohort]
        return cohort.file or f"{self.private}/{cohort.id}/SIMULATED_{cohort.id}.csv"

    def raw_files(self, wildcards: Any) -> list[str]:
        """
        Files that a cohort begins with.

        Parameters
        ----------
        wildcards : object
            With the attribute ``cohort``.

        Returns
        -------
        list of str
            The raw table; of a simulated cohort its truth as well.
        """
        truth = f"{self.private}/{wildcards.cohort}/truth.parquet"
        made = self.cohorts[wildcards.cohort].simulate is not None
        return [self.raw_table(wildcards), *([truth] if made else [])]

    def mapping(self, wildcards: Any) -> list[str]:
        """
        Mapping file of a cohort.

        Parameters
        ----------
        wildcards : object
            With the attribute ``cohort``.

        Returns
        -------
        list of str
            Empty when the table already has the columns of the contract.
        """
        mapping = self.cohorts[wildcards.cohort].mapping
        return [mapping] if mapping else []

    def score_files(self, _: Any = None) -> list[str]:
        """
        The study's own score files.

        Returns
        -------
        list of str
            Paths, sorted; a change of one reruns the scoring.
        """
        folders = [Path(f) for f in self.settings.scores.folders]
        return sorted(p.as_posix() for f in folders if f.is_dir() for p in f.glob("*.yaml"))

    def figure_tables(self, wildcards: Any) -> list[str]:
        """
        Released tables that a figure is drawn from.

        Parameters
        ----------
        wildcards : object
            With the attributes ``cohort`` and ``figure``.

        Returns
        -------
        list of str
            Paths relative to the study folder.
        """
        return self.tables(wildcards.cohort, sources_of_figure(wildcards.figure))

    def report_inputs(self, wildcards: Any) -> list[str]:
        """
        Files that the report of a cohort shows.

        Parameters
        ----------
        wildcards : object
            With the attribute ``cohort``.

        Returns
        -------
        list of str
            Released tables and figures.
        """
        shown = self.figure_files(wildcards.cohort, ("svg", "json"))
        return self.tables(wildcards.cohort) + shown

    def all_figure_files(self, wildcards: Any) -> list[str]:
        """
        Figures of a cohort in every format.

        Parameters
        ----------
        wildcards : object
            With the attribute ``cohort``.

        Returns
        -------
        list of str
            Paths relative to the study folder.
        """
        return self.figure_files(wildcards.cohort)

    # -- parameters: JSON text, so that the printed command can be pasted and run ------------------
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
        return self.cohorts[wildcards.cohort].model_dump_json(exclude_defaults=True)

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

    def study_json(self) -> str:
        """
        The whole configuration, from which the manifest finds the steps again.

        Returns
        -------
        str
            JSON of what differs from the defaults.
        """
        return self.settings.model_dump_json(exclude_defaults=True)


def start(config: Mapping[str, Any]) -> Plan:
    """
    Begin a run: check the configuration, and let the rules use this interpreter.

    Where a rule's conda environment is activated, that one comes first on the path again.

    Parameters
    ----------
    config : mapping
        Merged configuration, as Snakemake hands it over.

    Returns
    -------
    Plan
        Answers of the workflow. A faulty configuration ends the process with exit code 2, after
        every fault was printed.
    """
    folder = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    if path.split(os.pathsep)[0] != folder:
        os.environ["PATH"] = os.pathsep.join([folder, path])
    # Numerical libraries must not open a thread per core inside every job.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        return Plan(config)
    except InputError as fault:
        sys.stderr.write(f"{fault}\n")
        raise SystemExit(fault.exit_code) from None
