"""Put released tables and figures into one self-contained HTML page."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, Final

from spinemets.reporting import cells, methods, score_cells
from spinemets.reporting.cells import Shown
from spinemets.settings import Cohort, Settings

DATA_FILES: Final = ("templates/*",)
TEMPLATES: Final = Path(__file__).with_name("templates")
#: Order of the figures and the section that each belongs to.
SECTIONS: Final = ("patients", "survival", "scores", "performance")


def _figures(release: Path) -> list[dict[str, Any]]:
    """Figures in the order in which they were asked for, as pictures inside the page."""
    out = []
    for path in sorted((release / "figures").glob("*.json")):
        about = json.loads(path.read_text(encoding="utf-8"))
        picture = base64.b64encode(path.with_suffix(".svg").read_bytes()).decode("ascii")
        about["name"] = path.stem
        about["source"] = f"data:image/svg+xml;base64,{picture}"
        out.append(about)
    return out


def section_of(figure: str) -> str:
    """
    Say in which section a figure stands.

    Parameters
    ----------
    figure : str
        Name of the figure.

    Returns
    -------
    str
        One of ``SECTIONS``.
    """
    if figure in ("kaplan_meier_bands", "score_distribution", "computability"):
        return "scores"
    return "survival" if figure.startswith("kaplan_meier") else "performance"


def context(release: Path, settings: Settings, cohort: Cohort) -> dict[str, Any]:
    """
    Collect what the page shows.

    Parameters
    ----------
    release : Path
        Folder of the cohort's release.
    settings : Settings
        Settings of the run, for the methods.
    cohort : Cohort
        Entry of the cohort, for the parameters of a simulation.

    Returns
    -------
    dict
        Variables of the template.
    """
    info = json.loads((release / "cohort.json").read_text(encoding="utf-8"))
    found = cells.read(release)
    notes = found["score_notes"]
    short = notes[notes["fact"].eq("short")]
    names = dict(zip(short["score"], short["text"], strict=True))
    quality = {"column": "Column", "rule": "Rule", "n": "Rows", "action": "What was done"}
    changes = {"column": "Column", "conversion": "Conversion", "n": "Values", "flag": "Caveat"}
    tables: dict[str, list[Shown]] = {
        "patients": [
            cells.flow(found["flow"]),
            cells.plain(found["quality"], "Values outside the contract", quality),
            cells.plain(found["transformations"], "Conversions", changes),
        ],
        "table1": [cells.table_one(found["table1"])],
        "survival": [cells.survival(found["survival_summary"], "Survival by group")],
        "scores": [
            score_cells.computability(found["computability"], names),
            cells.survival(found["survival_bands"], "Survival by published band"),
        ],
        "performance": [
            score_cells.performance(found["performance"], names, "harrell_c", "Harrell’s C"),
            score_cells.performance(found["performance"], names, "auc", "AUC at the horizons"),
            score_cells.cox(found["cox"], names),
            *score_cells.case_mix(found["comparison_sets"]),
        ],
    }
    figures = _figures(release)
    return {
        "info": info,
        "tables": tables,
        "figures": {s: [f for f in figures if section_of(f["name"]) == s] for s in SECTIONS},
        "methods": methods.sentences(settings, info, names),
        "caveats": list(dict.fromkeys(notes.loc[notes["fact"].eq("footnote"), "text"])),
        "citations": [
            [names.get(r.score, r.score), r.text]
            for r in notes[notes["fact"].eq("citation")].itertuples()
        ],
        "parameters": _parameters(cohort),
    }


def _parameters(cohort: Cohort) -> Shown | None:
    if cohort.simulate is None:
        return None
    from spinemets.params import parameter_table

    rows = [[str(c) for c in row] for row in parameter_table(cohort.simulate.preset)]
    head = ["Parameter", "Value", "Status", "Source or reason"]
    return Shown("Parameters of the simulation", head, rows)


def render(release: Path, settings: Settings, cohort: Cohort) -> str:
    """
    Write the page.

    Parameters
    ----------
    release : Path
        Folder of the cohort's release.
    settings : Settings
        Settings of the run.
    cohort : Cohort
        Entry of the cohort.

    Returns
    -------
    str
        HTML that needs no other file and no network; equal input gives equal text.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(context(release, settings, cohort))
