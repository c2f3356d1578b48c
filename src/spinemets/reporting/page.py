"""Put released tables and figures into one self-contained HTML page."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spinemets import groupings
from spinemets.provenance import versions
from spinemets.released import FIGURES, figure_of_grouping
from spinemets.reporting import (
    cells,
    evaluation_cells,
    methods,
    overview,
    quality_cells,
    score_cells,
    survival_cells,
    table_one_cells,
)
from spinemets.reporting.cells import Shown
from spinemets.settings import Cohort, Settings

if TYPE_CHECKING:
    import pandas as pd

DATA_FILES: Final = ("templates/*",)
TEMPLATES: Final = Path(__file__).with_name("templates")
SECTIONS: Final = ("patients", "missing", "survival", "models", "treatment", "outcomes", "scores",
                   "performance")  # fmt: skip
#: Figures that don't stand in the section on performance, beside those of survival curves.
PLACES: Final = {
    "kaplan_meier_bands": "scores",
    "score_distribution": "scores",
    "computability": "scores",
    "missing_data": "missing",
    "histology_by_treatment": "survival",
    "medians": "survival",
    "published_survival": "survival",
    "hazard_ratios": "models",
    "spline_effects": "models",
    "era_drift": "models",
    "treatment_comparison": "treatment",
    "immortal_time": "treatment",
    "treatment_advice": "treatment",
    "cumulative_incidence": "outcomes",
}
#: Figures that come first in their section, and those that come last; the rest is in between.
FIRST: Final = ("kaplan_meier_overall", "kaplan_meier_primary", "computability")
LAST: Final = ("kaplan_meier_inclusion", "kaplan_meier_bands")
#: Millimetres on the screen per millimetre in print: small print in print is larger on a screen.
SCREEN: Final = 1.45


def figure_names(summary: pd.DataFrame, groupings: Sequence[str]) -> list[str]:
    """
    Name the figures of a cohort in the order in which they are shown.

    Parameters
    ----------
    summary : pandas.DataFrame
        Released summary of survival.
    groupings : sequence of str
        Groupings of the cohort that have a figure.

    Returns
    -------
    list of str
        Names; a file left behind by an earlier configuration isn't among them.
    """
    sets = [str(s) for s in dict.fromkeys(summary["stratum_set"])]
    by_group = [figure_of_grouping(s) for s in groupings]
    rest = [f for f in FIGURES if f != "kaplan_meier_inclusion" or "inclusion" in sets]
    return sorted([*by_group, *rest], key=_place)


def _figures(release: Path, names: list[str], general: list[str]) -> list[dict[str, Any]]:
    """Figures as pictures inside the page; what is said of the cohort isn't said again."""
    out = []
    for name in names:
        path = release / "figures" / f"{name}.json"
        about = json.loads(path.read_text(encoding="utf-8"))
        picture = base64.b64encode(path.with_suffix(".svg").read_bytes()).decode("ascii")
        about["source"] = f"data:image/svg+xml;base64,{picture}"
        about["screen_mm"] = round(SCREEN * about["width_mm"], 1)
        about["footnotes"] = [n for n in about["footnotes"] if n not in general]
        out.append(about)
    return out


def _place(figure: str) -> tuple[int, int]:
    """Where a figure stands in its section; those between first and last keep their order."""
    if figure in FIRST:
        return (0, FIRST.index(figure))
    return (2, LAST.index(figure)) if figure in LAST else (1, 0)


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
    if figure in PLACES:
        return PLACES[figure]
    return "survival" if figure.startswith("kaplan_meier") else "performance"


def _patient_tables(
    found: Mapping[str, pd.DataFrame], names: dict[str, str], drawn: list[str]
) -> dict[str, Sequence[Shown]]:
    """Tables of who the patients are, and of what is missing."""
    quality = {"column": "Column", "rule": "Rule", "n": "Rows", "action": "What was done"}
    changes = {"column": "Column", "conversion": "Conversion", "n": "Values", "flag": "Caveat"}
    grouped = [table_one_cells.table_one_by(found["table1"], name) for name in drawn]
    by_group = [shown for shown in grouped if shown is not None]
    return {
        "patients": [
            cells.flow(found["flow"]),
            cells.plain(found["quality"], "Values outside the contract", quality),
            cells.plain(found["transformations"], "Conversions", changes),
        ],
        "plausibility": [quality_cells.plausibility(found["plausibility"])],
        "anonymity": [quality_cells.anonymity(found["k_anonymity"])],
        "missing": [
            quality_cells.patterns(found["missing_patterns"]),
            quality_cells.lost(found["lost_patients"], found["survival_scored"], names),
        ],
        "table1": [table_one_cells.table_one(found["table1"]), *by_group],
    }


def _tables(
    found: Mapping[str, pd.DataFrame], names: dict[str, str], drawn: list[str]
) -> dict[str, Sequence[Shown]]:
    """Tables of the page by section; the first of each is open, the rest folded."""
    tables: dict[str, Sequence[Shown]] = {
        "survival": [
            cells.survival(
                found["survival_summary"],
                "Survival by group",
                [
                    *overview.logrank(found["survival_summary"]),
                    *groupings.to_verify(dict.fromkeys(found["survival_summary"]["stratum_set"])),
                ],
            )
        ],
        "scores": [
            score_cells.computability(found["computability"], names),
            score_cells.items(found["score_items_missing"], names),
            cells.survival(found["survival_bands"], "Survival by published band", names=names),
            score_cells.coverage(found["score_coverage"], names),
        ],
        "performance": [
            score_cells.performance(found["performance"], names, "harrell_c", "Harrell’s C"),
            score_cells.performance(found["performance"], names, "auc", "AUC at the horizons"),
            score_cells.comparisons(found["comparisons"], names),
            score_cells.risks(found["prediction_error"], found["calibration"], names),
            score_cells.cox(found["cox"], names),
            *score_cells.case_mix(found["comparison_sets"]),
        ],
    }
    return _patient_tables(found, names, drawn) | tables | survival_cells.tables(found, names)


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
    own = cohort.strata
    drawn = list(settings.survival.strata if own is None else own)
    general = [*(info.get("notes") or []), *(info.get("footnotes") or [])]
    figures = _figures(release, figure_names(found["survival_summary"], drawn), general)
    placed = {s: [f for f in figures if section_of(f["name"]) == s] for s in SECTIONS}
    for number, shown in enumerate((f for s in SECTIONS for f in placed[s]), start=1):
        shown["number"] = number
    return {
        "info": info,
        "tables": _tables(found, names, drawn),
        "parts": evaluation_cells.parts(found, names),
        "figures": placed,
        "facts": overview.facts(info, found),
        "methods": methods.sentences(
            settings, info, names, [cells.set_name(s).lower() for s in drawn]
        ),
        "caveats": list(dict.fromkeys(notes.loc[notes["fact"].eq("footnote"), "text"])),
        "citations": _citations(notes, names),
        "provenance": overview.provenance(info, versions()),
        "parameters": _parameters(cohort),
    }


def _citations(notes: pd.DataFrame, names: dict[str, str]) -> list[tuple[str, str]]:
    """Where each score was published, with its DOI."""
    doi = notes[notes["fact"].eq("doi")].drop_duplicates("score")
    known = dict(zip(doi["score"], doi["text"], strict=True))
    cited = notes[notes["fact"].eq("citation")]
    return [
        (names.get(score, score), f"{text} doi:{known[score]}" if score in known else text)
        for score, text in zip(cited["score"].astype(str), cited["text"].astype(str), strict=True)
    ]


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
