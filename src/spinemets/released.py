"""Names of what is released: tables, figures and the tables they are drawn from."""

from __future__ import annotations

from typing import Final

#: Tables by the stage that makes them, in the order of its outputs.
TABLES_OF: Final[dict[str, tuple[str, ...]]] = {
    "ingest": ("flow", "quality", "transformations", "plausibility", "k_anonymity"),
    "describe": (
        "table1",
        "kaplan_meier",
        "at_risk",
        "survival_summary",
        "outcomes",
        "cumulative_incidence",
    ),
    "score": ("computability", "score_items_missing", "score_notes", "score_coverage"),
    "fit": (
        "cox",
        "kaplan_meier_bands",
        "at_risk_bands",
        "survival_bands",
        "score_distribution",
        "missing_items",
        "missing_patterns",
        "lost_patients",
        "kaplan_meier_scored",
        "survival_scored",
    ),
    "model": ("models",),
    "compare_treatments": (
        "treatment",
        "advice",
        "kaplan_meier_advice",
        "at_risk_advice",
        "survival_advice",
        "kaplan_meier_timed",
        "at_risk_timed",
        "survival_timed",
    ),
}
#: Tables that describe the patients, whatever the scores are.
DESCRIPTION: Final = TABLES_OF["ingest"] + TABLES_OF["describe"]
#: Tables that exist because of the scores.
SCORING: Final = (
    TABLES_OF["score"] + TABLES_OF["fit"] + TABLES_OF["model"] + TABLES_OF["compare_treatments"]
)
#: Tables of the evaluation, beside those of scoring.
EVALUATION: Final = (
    "performance",
    "comparison_sets",
    "comparisons",
    "rankings",
    "prediction_error",
    "calibration",
    "calibration_curves",
    "recalibration",
    "updated_risks",
    "decision_curves",
    "risk_distribution",
    "optimism",
    "legacy",
    "precision",
    "other_outcomes",
    "transport",
)
_CURVES: Final = ("kaplan_meier", "at_risk", "survival_summary")
#: Figure -> released tables it is drawn from; beside them one ``kaplan_meier_X`` per grouping.
FIGURES: Final[dict[str, tuple[str, ...]]] = {
    "kaplan_meier_overall": _CURVES,
    "kaplan_meier_inclusion": _CURVES,
    "histology_by_treatment": _CURVES,
    "medians": ("survival_summary",),
    "cumulative_incidence": ("cumulative_incidence", "outcomes"),
    "kaplan_meier_bands": (
        "kaplan_meier_bands",
        "at_risk_bands",
        "survival_bands",
        "score_notes",
    ),
    "forest_c": ("performance", "score_notes"),
    "prediction_error": ("prediction_error", "score_notes"),
    "differences": ("comparisons", "score_notes"),
    "ranking": ("rankings", "score_notes"),
    "calibration": ("calibration_curves", "score_notes"),
    "risk_distribution": ("risk_distribution", "score_notes"),
    "centres": ("transport", "score_notes"),
    "decision_curves": ("decision_curves", "score_notes"),
    "score_distribution": ("score_distribution", "score_notes"),
    "computability": ("computability", "score_items_missing", "score_notes"),
    "missing_data": (
        "missing_items",
        "lost_patients",
        "survival_scored",
        "score_notes",
    ),
    "published_survival": ("survival_summary",),
    "published_discrimination": ("performance", "score_notes"),
    "hazard_ratios": ("cox", "models", "score_notes"),
    "spline_effects": ("models", "score_distribution", "score_notes"),
    "era_drift": ("survival_summary", "models", "score_notes"),
    "treatment_comparison": ("treatment",),
    "immortal_time": ("kaplan_meier_timed", "at_risk_timed", "survival_timed", "treatment"),
    "treatment_advice": (
        "advice",
        "kaplan_meier_advice",
        "at_risk_advice",
        "survival_advice",
        "treatment",
        "score_notes",
    ),
}
#: Kinds of tables, each released and drawn by jobs of its own.
KINDS: Final = ("description", "scoring", "evaluation")
FORMATS: Final = ("svg", "pdf", "png", "csv", "json")
#: Figures, or what their names begin with, that `snakemake --report` has a caption for.
CAPTIONS: Final = (
    "kaplan_meier_bands",
    "kaplan_meier_inclusion",
    "kaplan_meier_overall",
    "kaplan_meier",
    "forest_c",
    "score_distribution",
    "computability",
)
RUN_FILES: Final = ("commit.txt", "environment.json", "logs.txt", "timings.csv")


def figure_of_grouping(grouping: str) -> str:
    """
    Name the Kaplan-Meier figure of a grouping.

    Parameters
    ----------
    grouping : str
        Grouping of ``spinemets.strata``.

    Returns
    -------
    str
        ``kaplan_meier_primary`` for the primary-histology groups, ``kaplan_meier_primary_tumour``
        for the primaries themselves.

    Examples
    --------
    >>> figure_of_grouping("trial_arm")
    'kaplan_meier_trial_arm'
    """
    short = {"primary_group": "primary", "primary": "primary_tumour"}
    return f"kaplan_meier_{short.get(grouping, grouping)}"


def sources_of_figure(figure: str) -> tuple[str, ...]:
    """
    Released tables that a figure is drawn from.

    Parameters
    ----------
    figure : str
        Name of the figure.

    Returns
    -------
    tuple of str
        Table names.
    """
    return FIGURES.get(figure, _CURVES)


def kind_of_figure(figure: str) -> str:
    """
    Say which tables a figure waits for; figures of a kind are drawn by one job.

    Parameters
    ----------
    figure : str
        Name of the figure.

    Returns
    -------
    str
        ``"description"`` when it needs no score at all, ``"evaluation"`` when it needs the
        evaluation, else ``"scoring"``.

    Examples
    --------
    >>> kind_of_figure("kaplan_meier_primary"), kind_of_figure("forest_c")
    ('description', 'evaluation')
    """
    tables = set(sources_of_figure(figure))
    if tables & set(EVALUATION):
        return "evaluation"
    return "description" if tables <= set(DESCRIPTION) else "scoring"


def caption_of_figure(figure: str) -> str:
    """
    Name the caption of a figure for the report that Snakemake writes.

    Parameters
    ----------
    figure : str
        Name of the figure.

    Returns
    -------
    str
        File under ``workflow/report/`` without its suffix.

    Examples
    --------
    >>> caption_of_figure("kaplan_meier_primary"), caption_of_figure("ranking")
    ('kaplan_meier', 'figure')
    """
    return next((name for name in CAPTIONS if figure.startswith(name)), "figure")
