"""
What a user may set: one closed, typed model.

``config/config.yaml``, the JSON schemas under ``workflow/schemas/`` and the tables of
``config/README.md`` are written from this module (``python -m spinemets.settings_docs``); a test
keeps them in step.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, ValidationError, model_validator

from spinemets import shape
from spinemets.errors import InputError, suggest
from spinemets.settings_base import (
    CONFOUNDERS,
    DESCRIBED,
    GroupingName,
    Identifier,
    Model,
    Months,
    key,
)

CLASSIC: Final = (
    "tokuhashi_2005",
    "tomita_2001",
    "bauer_modified_2008",
    "van_der_linden_2005",
    "osri_2013",
    "katagiri_2014",
)
TIME_ZERO: Final = {
    "diagnosis_of_spinal_metastasis": "diagnosis of spinal metastasis",
    "start_of_treatment": "start of treatment",
    "surgery": "surgery",
    "radiotherapy": "radiotherapy",
    "enrolment": "enrolment or randomisation",
    "sequencing": "sequencing of the tumour specimen",
    "first_visit": "first visit",
}


class ComparisonSet(Model):
    """Scores that are compared on the same patients."""

    id: Identifier = key(..., "name of the set")
    scores: list[Identifier] = key(..., "ids of the scores compared on the same patients")
    label: str = key("", "name for tables and figures")


class ScoreSettings(Model):
    """Which scores are computed, and how judgement items are read."""

    ids: list[Identifier] = key(list(CLASSIC), "scores to compute (`spinemets scores list`)")
    folders: list[str] = key(["config/scores"], "folders with the study's own score files")
    variants: dict[Identifier, list[Identifier]] = key(
        {}, "named variants computed beside the score, per score"
    )
    removability: Literal["missing", "unremovable", "both"] = key(
        "missing", "what an unjudged removability of organ metastases counts as"
    )
    unlisted: Literal["missing", "moderate", "rapid"] = key(
        "missing", "what a primary counts as that a growth-rate score doesn't list"
    )
    crosswalk: Literal["none", "ma_2010", "prasad_2018", "oken"] = key(
        "none", "published table that fills an empty KPS from ECOG and the reverse, as intervals"
    )


class OwnGrouping(Model):
    """A grouping of the study's own: levels of one column put together."""

    id: Identifier = key(..., "name of the grouping; used in `strata` and `described`")
    label: str = key("", "name for tables and figures")
    column: Identifier = key(..., "column of the patient table that is grouped")
    groups: dict[str, list[str]] = key(
        ..., "group to its levels of the column; a level that is not named is in `other`"
    )
    ordered: bool = key(False, "the groups stand in order, so that a trend can be tested")


class SurvivalSettings(Model):
    """Kaplan-Meier tables, strata and Cox models."""

    times_months: Annotated[list[Months], Field(min_length=1)] = key(
        [1, 3, 6, 12, 24], "times at which survival is tabulated", "months"
    )
    risk_table_months: Annotated[
        list[Annotated[float, Field(ge=0, le=600)]], Field(min_length=1)
    ] = key([0, 6, 12, 24, 36], "times of the at-risk tables", "months")
    strata: list[GroupingName] = key(
        ["primary_group", "treatment"], "groupings for Kaplan-Meier and for stratified Cox models"
    )
    minimum_group: Annotated[int, Field(ge=1)] = key(
        10, "smallest group for which a median is printed or a curve drawn", "patients"
    )
    described: list[GroupingName] = key(
        list(DESCRIBED),
        "further groupings of the tables of survival; `a_x_b` crosses two",
    )
    groupings: list[OwnGrouping] = key([], "own groupings of a column")
    small_groups: Literal["named", "merged"] = key(
        "named",
        "a group below `minimum_group` stays with that reason, or all such are merged into one "
        "(unknown primary and what is not recorded never are)",
    )
    era_years: Annotated[int, Field(ge=1, le=50)] = key(
        5, "length of the calendar periods of the grouping `era`", "years"
    )
    restricted_mean_months: Months = key(12, "horizon of restricted mean survival", "months")


class ModelSettings(Model):
    """Models beside the stratified Cox models of each score."""

    covariates: list[GroupingName] = key(
        ["age_years", "sex", "primary_group", "treatment"],
        "columns and groupings of the multivariable Cox model beside the score",
    )
    horizon_months: Months = key(12, "horizon of added value and of drift over eras", "months")
    spline_knots: Literal[3, 4, 5] = key(4, "knots of the restricted cubic spline of the points")
    period_months: list[Months] = key(
        [3, 12], "follow-up times at which a hazard ratio may change", "months"
    )
    flexible_knots: Annotated[int, Field(ge=0, le=6)] = key(
        3, "internal knots of the Royston-Parmar model"
    )


class TreatmentComparison(Model):
    """Two groups of treatment that are compared after weighting."""

    id: Identifier = key(..., "name of the comparison")
    label: str = key("", "name for tables and figures")
    grouping: GroupingName = key("treatment", "grouping that holds both")
    first: list[str] = key(..., "groups on the one side")
    second: list[str] = key(..., "groups on the other side")
    names: tuple[str, str] = key(("first", "second"), "names of both sides in tables")
    randomised: bool = key(False, "treatment was allocated at random")


class TreatmentSettings(Model):
    """Comparison of treatments, which are associations unless the design says otherwise."""

    comparisons: list[TreatmentComparison] = key(
        [
            TreatmentComparison(
                id="surgery_radiotherapy",
                label="surgery against radiotherapy alone",
                first=[
                    "vertebrectomy",
                    "decompression_stabilisation",
                    "decompression",
                    "stabilisation",
                    "cement",
                    "other_surgery",
                ],
                second=["stereotactic_radiotherapy", "radiotherapy"],
                names=("surgery", "radiotherapy alone"),
            )
        ],
        "pairs of treatment groups",
    )
    confounders: list[GroupingName] = key(
        list(CONFOUNDERS), "columns and groupings known before treatment that are balanced"
    )
    horizon_months: Months = key(12, "horizon of the weighted restricted mean", "months")
    replicates: Annotated[int, Field(ge=20, le=10_000)] = key(200, "bootstrap replicates")
    seed: Annotated[int, Field(ge=0)] = key(6, "seed of the bootstrap")
    landmark_months: list[Months] = key([1, 3], "landmarks of the immortal-time panel", "months")


class EvaluationSettings(Model):
    """Comparison of the scores."""

    horizons_months: list[Months] = key([3, 6, 12], "prediction horizons", "months")
    horizons_days: list[Annotated[float, Field(gt=0, le=18262)]] = key(
        [], "further horizons of scores published in days (30, 90, 365)", "days"
    )
    comparison_sets: list[ComparisonSet] = key(
        [ComparisonSet(id="classic", scores=list(CLASSIC), label="six classic scores")],
        "named sets of scores compared on the same patients",
    )
    decisions: list[Literal["early_death", "short_course", "lasting_reconstruction"]] = key(
        ["early_death", "short_course", "lasting_reconstruction"],
        "named decisions behind the decision curves; each belongs to one horizon",
    )
    thresholds: list[Annotated[float, Field(gt=0, lt=1)]] = key(
        [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8],
        "threshold probabilities of death at horizons without a named decision",
    )
    folds: Annotated[int, Field(ge=2, le=100)] = key(
        10, "folds of risks that are cross-fitted where none was published"
    )
    optimism: Annotated[int, Field(ge=0, le=10_000)] = key(
        100, "bootstrap resamples behind the optimism of risks fitted here; 0 to leave it out"
    )
    bootstrap: Annotated[int, Field(ge=0, le=100_000)] = key(
        1000, "paired bootstrap replicates behind the ranking of scores; 0 for no ranking"
    )
    seed: Annotated[int, Field(ge=0)] = key(20240101, "seed of bootstrap and folds")
    request: list[Literal["apparent", "nri"]] = key(
        [], "computed only on request: apparent risks, reclassification (NRI, IDI)"
    )
    strict: bool = key(False, "stop when a cohort contradicts the direction that a score declares")

    @model_validator(mode="after")
    def _some_horizon(self) -> Self:
        if not self.horizons_months and not self.horizons_days:
            raise ValueError("give at least one horizon in `horizons_months` or `horizons_days`")
        return self


class ReleaseSettings(Model):
    """Disclosure control of private cohorts."""

    minimum_cell: Annotated[int, Field(ge=0, le=100)] = key(
        11, "counts above zero and below this are suppressed (private cohorts)", "patients"
    )
    round_to: Annotated[int, Field(ge=1, le=100)] = key(
        6, "counts are rounded to the midpoints of steps of this size (private)", "patients"
    )


class FigureSettings(Model):
    """Size and extent of the figures."""

    width_mm: Annotated[float, Field(ge=60, le=400)] = key(174, "full width", "mm")
    column_mm: Annotated[float, Field(ge=60, le=400)] = key(84, "width of one column", "mm")
    follow_up_months: Months = key(36, "end of the time axis", "months")


class Simulated(Model):
    """A simulated cohort in place of a file."""

    preset: Literal["leiden_graz", "surgical_modern"] = key(
        "leiden_graz", "parameter file of the simulation"
    )
    patients: Annotated[int, Field(ge=1, le=1_000_000)] = key(1400, "number drawn", "patients")
    seed: Annotated[int, Field(ge=0)] = key(20260101, "seed of the random numbers")


class Cohort(Model):
    """One cohort of `config/cohorts.yaml`."""

    id: Identifier = key(..., "short name; folder name of its results")
    label: str = key(..., "honest name for figures and tables")
    file: str | None = key(None, "table to read, relative to the study folder")
    simulate: Simulated | None = key(None, "simulated instead of read from a file")
    mapping: str | None = key(None, "mapping file; none when columns are those of the contract")
    time_zero: Literal[tuple(TIME_ZERO)] = key(..., "event from which survival is counted")  # type: ignore[valid-type]
    visibility: Literal["public", "simulated", "private"] = key(
        ..., "who may see counts: private cohorts are suppressed and rounded on release"
    )
    role: Literal["evaluation", "development"] = key(
        "evaluation", "evaluation: published scores meet new patients"
    )
    include: str | None = key(
        None, "patients to analyse, for example `bone_metastases == 1`; the rest are counted"
    )
    on_fault: Literal["stop", "set_aside"] = key(
        "stop", "a value outside the contract stops the run, or becomes missing and is counted"
    )
    strata: list[GroupingName] | None = key(
        None, "groupings of this cohort, in place of `survival.strata`"
    )
    comparisons: list[TreatmentComparison] | None = key(
        None, "treatment comparisons of this cohort, in place of `treatment.comparisons`"
    )
    reference: Identifier | None = key(
        None,
        "id of another cohort, for instance the one a score was developed in: differences in C to "
        "it are split into case mix and validity",
    )
    notes: list[str] = key([], "sentences printed under every figure and in the report")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (self.simulate is None):
            raise ValueError("give either `file` or `simulate`, not both and not neither")
        if (self.simulate is not None) != (self.visibility == "simulated"):
            raise ValueError("`visibility: simulated` goes with `simulate`, and only with it")
        return self


#: Folders of the results, and what logs call everybody: no cohort takes these names.
RESERVED_IDS: Final = frozenset({"run", "release", "private", "all"})


class Settings(Model):
    """Everything in `config/config.yaml` and `config/cohorts.yaml`."""

    cohorts: list[Cohort] = key(..., "the cohorts; kept in `config/cohorts.yaml`")
    # It stands unquoted in the commands of the workflow: nothing that a shell reads is let in.
    results: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]{0,200}$")] = key(
        "results", "folder for private and released results, inside the study"
    )
    scores: ScoreSettings = key(ScoreSettings(), "scores")
    survival: SurvivalSettings = key(SurvivalSettings(), "survival tables and models")
    models: ModelSettings = key(ModelSettings(), "further models")
    treatment: TreatmentSettings = key(TreatmentSettings(), "comparison of treatments")
    evaluation: EvaluationSettings = key(EvaluationSettings(), "comparison of scores")
    release: ReleaseSettings = key(ReleaseSettings(), "disclosure control")
    figures: FigureSettings = key(FigureSettings(), "figures")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [c.id for c in self.cohorts]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(f"cohort id given twice: {', '.join(twice)}")
        if taken := sorted(RESERVED_IDS.intersection(ids)):
            raise ValueError(f"`{taken[0]}` can't be a cohort id: results use the word themselves")
        self._check_references()
        known = set(self.scores.ids)
        for group in self.evaluation.comparison_sets:
            lost = [s for s in group.scores if s not in known]
            if lost:
                raise ValueError(
                    f"comparison set {group.id!r} names scores that aren't computed: "
                    f"{', '.join(lost)}{suggest(lost[0], known)}"
                )
        return self

    def _check_references(self) -> None:
        """A reference must be another cohort, and a private one must stay among private ones."""
        by_id = {c.id: c for c in self.cohorts}
        for cohort in self.cohorts:
            name = cohort.reference
            if name is None:
                continue
            others = [i for i in by_id if i != cohort.id]
            if name not in others:
                raise ValueError(
                    f"reference of cohort {cohort.id!r} isn't another cohort: {name!r}"
                    f"{suggest(name, others)}"
                )
            if by_id[name].visibility == "private" and cohort.visibility != "private":
                raise ValueError(
                    f"reference of cohort {cohort.id!r} is the private cohort {name!r}: its "
                    "numbers would be released without disclosure control; make both private"
                )


def load(config: dict[str, Any], file: str = "config") -> Settings:
    """
    Check a configuration and give it types.

    Parameters
    ----------
    config : dict
        Merged content of the configuration files.
    file : str
        Name printed in messages.

    Returns
    -------
    Settings
        Typed settings; keys left out have their defaults.

    Raises
    ------
    InputError
        With every fault at once; an unknown key comes with the nearest known one.

    Examples
    --------
    >>> load({"cohorts": []}).evaluation.horizons_months
    [3, 6, 12]
    """
    try:
        return Settings.model_validate(config)
    except ValidationError as err:
        raise InputError(
            [shape.fault(file, Settings, e, "config/README.md") for e in err.errors()]
        ) from None
