"""
What the workflow makes: files, parameters and provenance of every job, from the configuration.

The rules under ``workflow/`` say when and where; the few questions that they can't answer in
Snakemake's own language (which table feeds a cohort, which figures it has) are answered here, so
that they are typed and tested. Never imports Snakemake.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from spinemets.errors import InputError
from spinemets.plan.files import Files
from spinemets.plan.parameters import Parameters

__all__ = ["Plan", "start"]

#: Variable under which a job is announced by one line.
BRIEF: Final = "SPINEMETS_BRIEF"


class Plan(Files, Parameters):
    """Answers of the workflow, for one configuration: its files and its parameters."""

    @staticmethod
    def says(text: str) -> str | None:
        """
        One line in place of all that Snakemake prints of a job, where `make` asks for it.

        Parameters
        ----------
        text : str
            What the job does.

        Returns
        -------
        str or None
            None under a bare ``snakemake``, which shows files, reasons and commands.
        """
        return text if os.environ.get(BRIEF) else None


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
    # Without it every job compiles every module anew, which is half of what a short job takes.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        return Plan(config)
    except InputError as fault:
        sys.stderr.write(f"{fault}\n")
        raise SystemExit(fault.exit_code) from None
