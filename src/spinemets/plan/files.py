"""Which files the workflow reads and makes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spinemets import yamlfile
from spinemets.errors import InputError
from spinemets.plan.study import Study
from spinemets.released import (
    DESCRIPTION,
    EVALUATION,
    FIGURES,
    FORMATS,
    KINDS,
    SCORING,
    caption_of_figure,
    figure_of_grouping,
    kind_of_figure,
    sources_of_figure,
)


@dataclass(frozen=True)
class Batch:
    """
    Figures of a cohort that one job draws: those that wait for the same kind of tables.

    A job of its own for every figure would spend more time on starting than on drawing.

    Parameters
    ----------
    cohort : str
        Cohort id.
    kind : str
        Kind of tables, one of ``spinemets.released.KINDS``.
    folder : str
        Where the figures go.
    figures : tuple of str
        Names of the figures.
    tables : tuple of str
        Released tables that they are drawn from.
    """

    cohort: str
    kind: str
    folder: str
    figures: tuple[str, ...]
    tables: tuple[str, ...]

    @property
    def rule(self) -> str:
        """Name of the rule that draws them."""
        return f"draw_{self.kind}_{self.cohort}"

    def files(self, extension: str) -> list[str]:
        """
        Files of all its figures in one format.

        Parameters
        ----------
        extension : str
            File format.

        Returns
        -------
        list of str
            Paths relative to the study folder.
        """
        return [f"{self.folder}/{name}.{extension}" for name in self.figures]

    def shown(self) -> list[tuple[str, str, str]]:
        """
        What the report that Snakemake writes says of each picture.

        Returns
        -------
        list of (str, str, str)
            Path, name of the figure, and path of its caption relative to the rules.
        """
        captions = [f"../report/{caption_of_figure(name)}.rst" for name in self.figures]
        return list(zip(self.files("svg"), self.figures, captions, strict=True))


class Files(Study):
    """Files of every job: what is released, and the inputs that depend on the configuration."""

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

    def tables(
        self, cohort: str, names: Iterable[str] = DESCRIPTION + SCORING + EVALUATION
    ) -> list[str]:
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
        return [self.raw_table(wildcards), *self.truth(wildcards)]

    def truth(self, wildcards: Any) -> list[str]:
        """
        What a simulated cohort was drawn from.

        Parameters
        ----------
        wildcards : object
            With the attribute ``cohort``.

        Returns
        -------
        list of str
            Empty for a real cohort.
        """
        made = self.cohorts[wildcards.cohort].simulate is not None
        return [f"{self.private}/{wildcards.cohort}/truth.parquet"] if made else []

    def reference(self, wildcards: Any) -> list[str]:
        """
        Files of the cohort that a cohort's concordance is compared with.

        Parameters
        ----------
        wildcards : object
            With the attribute ``cohort``.

        Returns
        -------
        list of str
            Its patients, scores and description; empty where none is named.
        """
        name = self.cohorts[wildcards.cohort].reference
        files = ("patients.parquet", "scores.parquet", "cohort.json")
        return [f"{self.private}/{name}/{file}" for file in files] if name else []

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

    def beside(self, wildcards: Any) -> list[str]:
        """
        Files that the mapping of a cohort reads beside its table: joined tables, a dictionary.

        Parameters
        ----------
        wildcards : object
            With the attribute ``cohort``.

        Returns
        -------
        list of str
            Those that exist, once each. A mapping with faults names none: ingest tells the faults,
            and a file that isn't there.
        """
        cohort = self.cohorts[wildcards.cohort]
        if cohort.mapping is None or cohort.file is None:
            return []
        folder = Path(cohort.file).parent
        paths = [folder / name for name in _named(cohort.mapping)]
        return list(dict.fromkeys(path.as_posix() for path in paths if path.is_file()))

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

    def batches(self) -> list[Batch]:
        """
        Figures of all cohorts, as the jobs that draw them.

        Returns
        -------
        list of Batch
            For each cohort one per kind of tables that it has figures of.
        """
        found = []
        for cohort in self.cohorts:
            figures = self.figures(cohort)
            for kind in KINDS:
                of_kind = tuple(f for f in figures if kind_of_figure(f) == kind)
                tables = dict.fromkeys(t for f in of_kind for t in sources_of_figure(f))
                if of_kind:
                    folder = f"{self.release}/{cohort}/figures"
                    paths = tuple(self.tables(cohort, tables))
                    found.append(Batch(cohort, kind, folder, of_kind, paths))
        return found

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


def _named(mapping: str) -> list[str]:
    """Files under ``join`` and ``redcap.dictionary`` of a mapping, as far as it can be read."""
    try:
        found = yamlfile.load(mapping).data
    except InputError:
        return []
    if not isinstance(found, dict):
        return []
    joins, redcap = found.get("join"), found.get("redcap")
    names = [j.get("file") for j in joins if isinstance(j, dict)] if isinstance(joins, list) else []
    names += [redcap.get("dictionary")] if isinstance(redcap, dict) else []
    return [name for name in names if isinstance(name, str) and "\0" not in name]
