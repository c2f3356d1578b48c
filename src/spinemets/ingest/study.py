"""A new study folder: configuration, a mapping to fill in, and a Snakefile."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

from spinemets import contract, settings, yamlfile
from spinemets.errors import Fault, InputError
from spinemets.settings import Cohort
from spinemets.settings_docs import config_yaml

SNAKEFILE: Final = """\
# The front door of this study: the workflow of the installed spinemets, on config/cohorts.yaml.
from spinemets.provenance import workflow_folder


include: str(workflow_folder() / "Snakefile")


rule default:
    default_target: True
    input:
        rules.all.input,
"""
PROFILE: Final = """cores: all
printshellcmds: true
rerun-incomplete: true
show-failed-logs: true
"""
COHORTS: Final = """# The cohorts of this study.
cohorts:
  - id: {id}
    label: "{id} (write an honest name here: who, where, when)"
    file: {file}
    mapping: config/mappings/{id}.yaml
    # What survival is counted from: diagnosis_of_spinal_metastasis, start_of_treatment, surgery,
    # radiotherapy, enrolment, sequencing or first_visit.
    time_zero: {time_zero}
    visibility: private   # small counts are suppressed and all counts rounded on release
    role: evaluation
"""
#: What a label holds until somebody has written one.
UNNAMED: Final = "write an honest name here"
IGNORE: Final = (
    "# Patients' data stay out of version control.\ndata/\nresults/private/\n.snakemake/\n"
)
# Every release prints the id; a file's name may say whose patients these are, so it gives none.
FIRST_COHORT: Final = "cohort_1"


def create(
    study: str | Path, table: str | Path | None = None, dictionary: str | Path | None = None
) -> list[str]:
    """
    Make a study folder; nothing that exists is overwritten.

    Parameters
    ----------
    study : str or Path
        Folder to make; must not exist or be empty.
    table : str, Path or None
        Table of the study; copied into ``data/``, its mapping is drafted.
    dictionary : str, Path or None
        Data dictionary of the table; copied as well.

    Returns
    -------
    list of str
        What was found and what to do next, line by line.

    Raises
    ------
    InputError
        When the folder holds something already, or the table doesn't exist.
    """
    root = Path(study)
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        rule, repair = "the folder already holds something", "name a new folder"
        raise InputError([Fault(str(study), rule, repair)])
    name = Path(table).name if table is not None else "patients.csv"
    cohort = FIRST_COHORT
    said: list[str] = []
    beside: list[Path] = []
    mapping, time_zero = template(), "start_of_treatment"
    if table is not None:
        from spinemets.ingest.drafting.draft import draft
        from spinemets.ingest.drafting.write import mapping_text, summary

        drafted = draft(Path(table), None if dictionary is None else Path(dictionary))
        mapping, time_zero, said = mapping_text(drafted), drafted.time_zero, summary(drafted)
        # Only a join may name a file here: a sample file lies where the patient file lay.
        names = {str(entry["file"]) for entry in drafted.reading.join} - {name}
        beside = [Path(table).with_name(other) for other in sorted(names)]
    files = {
        "Snakefile": SNAKEFILE,
        ".gitignore": IGNORE,
        "profiles/default/config.yaml": PROFILE,
        "config/config.yaml": config_yaml(),
        "config/cohorts.yaml": COHORTS.format(
            id=cohort, file=_quoted(f"data/{name}"), time_zero=time_zero
        ),
        f"config/mappings/{cohort}.yaml": mapping,
    }
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    (root / "data").mkdir()
    for source in (table, dictionary, *beside):
        if source is not None:
            shutil.copyfile(source, root / "data" / Path(source).name)
    if table is None:
        said = [f"{study}: made; put the table into data/{name}"]
    return [
        *said,
        f"{study}: made. What is left:",
        f"1. settle what config/mappings/{cohort}.yaml asks, name it in config/cohorts.yaml",
        f"2. cd {study} && spinemets check   (until it is green)",
        "3. snakemake",
    ]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def cohorts(study: str | Path = ".") -> list[Cohort]:
    """
    Read the cohorts of a study folder.

    Parameters
    ----------
    study : str or Path
        Folder with ``config/cohorts.yaml``.

    Returns
    -------
    list of Cohort
        In their order.

    Raises
    ------
    InputError
        When there is none, or the configuration has faults; all of them at once.
    """
    folder = Path(study) / "config"
    config: dict[str, Any] = {}
    for name in ("config.yaml", "cohorts.yaml"):
        if name == "config.yaml" and not (folder / name).exists():
            continue
        data = yamlfile.load(folder / name).data
        config |= data if isinstance(data, dict) else {}
    return settings.load(config, str(folder / "cohorts.yaml")).cohorts


def unnamed(cohort: Cohort) -> list[Fault]:
    """
    Ask for an honest name where a cohort still has the one that ``init`` wrote.

    Parameters
    ----------
    cohort : Cohort
        Its entry.

    Returns
    -------
    list of Fault
        One, or none.
    """
    if UNNAMED not in cohort.label:
        return []
    rule = f"to decide: the honest name (`label`) of {cohort.id}"
    repair = "write who the patients are, where and when; figures print it"
    return [Fault("config/cohorts.yaml", rule, repair, column="label")]


def template() -> str:
    """
    Mapping with every column of the contract, to be filled in.

    Returns
    -------
    str
        YAML text; only the required columns stand outside of comments.
    """
    lines = [
        "# How the columns of the source become those of the contract. Every key is explained in",
        "# docs/reference/mapping.md. Take away the `#` before a column that the source has, and",
        "# write the name of its column behind `from:`. Codes are translated with `values`, for",
        "# example `died: {from: Status, values: {1: false, 2: true}}`.",
        'missing: [NA, "N/A", NaN]   # cells that mean missing, beside the empty one',
        "columns:",
        "  patient_id: {from: patient_id}   # replaced by a running number",
    ]
    domain = ""
    for name, column in contract.columns().items():
        if column.domain != domain:
            domain = column.domain
            lines.append(f"  # -- {domain.replace('_', ' ')}")
        if name == "patient_id" or name.endswith(("_low", "_high")):
            continue
        lines += _entry(column)
    return "\n".join(lines) + "\n"


def _entry(column: contract.Column) -> list[str]:
    mark = "" if column.required else "# "
    # Yes and no need no codes when they are 1/0, true/false or yes/no.
    unit = column.unit if column.unit not in ("percent", "1", "year") else ""
    detail = f", unit: {unit}" if unit else ""
    text = f"  {mark}{column.name}: {{from: {column.name}{detail}}}"
    allowed = "" if column.kind == "boolean" else f" ({column.allowed()})"
    comment = f"{column.meaning}{allowed if len(allowed) < 60 else ''}"
    return [f"{text}   # {comment}"]
