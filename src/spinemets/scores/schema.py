"""
The shape of a score definition file.

Every key a definition may hold is declared here with its meaning; the JSON schema for editors is
generated from it. What the shape can't say (no gap between bands, known primaries ...) is checked
in ``checks``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Confidence = Literal["read", "memory", "unsure", "derived"]
CONFIDENCE_MEANING = {
    "read": "read in a source",
    "memory": "from memory, to be checked against the paper",
    "unsure": "unsure, to be checked against the paper",
    "derived": "derived here or a decision of this project, not in the paper",
}
#: How values that a score leaves open (``maybe``) are read: unknown, as belonging, or as not.
Maybe = Literal["open", "in", "out"]
Unit = Literal["days", "weeks", "months", "years"]
TEXT_PATTERN = r"\S"
Text = Annotated[str, Field(pattern=TEXT_PATTERN)]
#: A yes is no number, and neither is "not a number"; whole numbers are numbers.
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
COMPARATORS = ("in_", "is_", "between", "at_least", "at_most", "above", "below")
HEADS = ("column", "score", "concept", "any", "all", "not_", "recorded")


class Strict(BaseModel):
    """Base of all parts: unknown keys are refused, values don't change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Condition(Strict):
    """
    A statement about a patient that is true, false or unknown.

    Exactly one of ``column``, ``score``, ``concept``, ``any``, ``all``, ``not`` or ``recorded``.
    """

    column: str | None = Field(None, description="column of the patient table")
    score: str | None = Field(None, description="another score, by id")
    item: str | None = Field(None, description="item of that score; without it its total")
    concept: str | None = Field(None, description="named condition of concepts.yaml")
    any: list[Condition] | None = Field(None, min_length=1, description="at least one is true")
    all: list[Condition] | None = Field(None, min_length=1, description="every one is true")
    not_: Condition | None = Field(None, alias="not", description="the opposite")
    recorded: Condition | None = Field(
        None, description="certainly true from what was recorded; unknown counts as false"
    )
    in_: list[str] | None = Field(
        None, alias="in", min_length=1, description="one of these values; bands of another score"
    )
    maybe: list[str] | None = Field(
        None, description="values for which the score leaves open whether they belong here"
    )
    is_: bool | None = Field(None, alias="is", description="value of a boolean column")
    between: tuple[Number, Number] | None = Field(None, description="both ends included")
    at_least: Number | None = None
    at_most: Number | None = None
    above: Number | None = None
    below: Number | None = None
    unit: str | None = Field(None, description="unit of the limit when not the column's")

    @model_validator(mode="after")
    def _one_head(self) -> Condition:
        heads = [h for h in HEADS if getattr(self, h) is not None]
        if len(heads) != 1:
            names = ", ".join(h.rstrip("_") for h in HEADS)
            raise ValueError(f"a condition needs exactly one of {names}")
        used = [c for c in COMPARATORS if getattr(self, c) is not None]
        if heads[0] in ("column", "score"):
            if not used:
                raise ValueError(
                    "say what the value is compared with: in, is, between, at_least, at_most, "
                    "above or below"
                )
        elif used or self.maybe or self.unit or self.item:
            raise ValueError(f"a comparison stands beside column or score, not beside {heads[0]!r}")
        if self.maybe and self.in_ is None:
            raise ValueError("`maybe` stands beside `in`")
        return self


class Level(Strict):
    """One level of an item and its points."""

    points: Number
    label: Text
    when: Condition | None = None
    otherwise: bool = Field(False, description="everything no other level holds; last level only")
    confidence: Confidence = "read"
    note: str = ""

    @model_validator(mode="after")
    def _condition_or_otherwise(self) -> Level:
        if self.otherwise == (self.when is not None):
            raise ValueError("a level has either `when` or `otherwise: true`")
        return self


class Term(Strict):
    """One term of a formula item: a number, the grade of an ordinal column, or another score."""

    column: str | None = None
    score: str | None = Field(None, description="total of another score, by id")
    times: Number = 1.0
    unit: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Term:
        if (self.column is None) == (self.score is None):
            raise ValueError("a term has either `column` or `score`")
        return self


class Formula(Strict):
    """Points that are computed from numbers instead of read from a table."""

    operation: Literal["sum", "product"] = "sum"
    terms: list[Term] = Field(min_length=1)


class Item(Strict):
    """One item of a score."""

    id: Identifier
    name: Text
    levels: list[Level] = Field([], max_length=16)
    formula: Formula | None = None
    overlap: Literal["refused", "first_wins"] = Field(
        "refused", description="first_wins: an earlier level outranks a later one"
    )
    unlisted: str | None = Field(
        None, description="what the score leaves out; such a patient has no points for the item"
    )
    unlisted_when: Condition | None = Field(
        None, description="whom it leaves out, where that isn't plain from a single column"
    )
    confidence: Confidence = "read"
    note: str = ""

    @model_validator(mode="after")
    def _levels_or_formula(self) -> Item:
        if bool(self.levels) == (self.formula is not None):
            raise ValueError("an item has either `levels` or a `formula`")
        if any(level.otherwise for level in self.levels[:-1]):
            raise ValueError("`otherwise` is allowed in the last level only")
        if self.unlisted_when is not None and self.unlisted is None:
            raise ValueError("`unlisted_when` stands beside `unlisted`")
        return self


Measure = Literal[
    "median_months", "median_weeks", "median_days", "mean_months", "survival", "mortality",
    "ambulatory", "local_control", "predicted_below_months", "predicted_at_least_months",
]  # fmt: skip


#: Measures that are shares of patients, written as 0.4, not 40.
SHARES = ("survival", "mortality", "ambulatory", "local_control")


class Survival(Strict):
    """One published figure of a band."""

    measure: Measure
    value: Number | None = Field(description="null when not reached")
    lower: Number | None = None
    upper: Number | None = None
    horizon_months: Number | None = None
    horizon_days: Number | None = None
    n: int | None = None
    source: Text
    confidence: Confidence = "read"
    note: str = ""

    @model_validator(mode="after")
    def _possible(self) -> Survival:
        figures = [x for x in (self.lower, self.value, self.upper) if x is not None]
        if self.measure in SHARES and not all(0 <= x <= 1 for x in figures):
            raise ValueError(f"{self.measure} is a share between 0 and 1, not a percentage")
        if any(x < 0 for x in figures):
            raise ValueError(f"{self.measure} can't be negative")
        if figures != sorted(figures):
            raise ValueError("the value lies between `lower` and `upper`")
        return self


class Band(Strict):
    """A published group of totals."""

    id: Text
    label: Text
    from_: Number | None = Field(None, alias="from", description="lowest total, included")
    to: Number | None = Field(None, description="highest total, included")
    above: Number | None = Field(None, description="lower limit, not included")
    below: Number | None = Field(None, description="upper limit, not included")
    advice: str = ""
    survival: list[Survival] = []
    confidence: Confidence = "read"
    note: str = ""


class Range(Strict):
    """Smallest and largest total."""

    minimum: Number
    maximum: Number
    step: Number | None = Field(1.0, description="null for a continuous total")
    published_minimum: Number | None = None
    published_maximum: Number | None = None
    note: str = Field("", description="why the published range differs from the table's sum")


class Patch(Strict):
    """What a variant changes."""

    items: list[Item] = Field([], description="replace the items of these ids, or add them")
    drop_items: list[str] = []
    otherwise: dict[str, Level] = Field({}, description="item id: a last level for what is left")
    assume_maybe: bool = Field(False, description="count the `maybe` values as belonging")
    exclude_maybe: bool = Field(False, description="count the `maybe` values as not belonging")
    range: Range | None = None
    bands: list[Band] | None = None
    ceiling: Number | None = None
    no_ceiling: bool = False
    reads: dict[str, str] = Field({}, description="score id: variant of it that is read instead")


class Total(Strict):
    """Published figures of single totals, where the paper has no groups."""

    total: Number
    survival: list[Survival]


class Variant(Patch):
    """A published or plausible other form; off by default."""

    id: Identifier
    text: Text
    source: str = ""
    confidence: Confidence = "read"


class Misprint(Patch):
    """An error in circulation; off by default, computable where it has a patch."""

    id: Identifier
    text: Text
    source: str = ""
    confidence: Confidence = "read"


class Citation(Strict):
    """Where the score was published."""

    text: Text
    doi: str | None = None
    year: int | None = Field(description="null when not established")
    confidence: Confidence = "read"
    more: list[str] = []


class Derivation(Strict):
    """The patients the score was made from."""

    n: int | None
    setting: Text
    years: str | None = None
    country: str | None = None
    treatment: str | None = None
    confidence: Confidence = "read"
    note: str = ""


class Population(Strict):
    """Whom the score is meant for."""

    text: Text
    applies_if: Condition | None = None
    else_reason: str = Field("", description="reason printed for those it does not apply to")


class Horizon(Strict):
    """A time the score speaks about."""

    value: Number
    unit: Unit


class Validation(Strict):
    """A published test in other patients."""

    study: Text
    n: int | None = None
    metric: str = ""
    value: Number | None = None
    lower: Number | None = None
    upper: Number | None = None
    horizon_months: Number | None = None
    text: str = ""
    confidence: Confidence = "read"


class Caveat(Strict):
    """A sentence that goes with the result, always or when a condition is true."""

    text: Text
    when: Condition | None = None
    confidence: Confidence = "derived"


class WorkedPatient(Strict):
    """A patient with the result computed by hand; run as a test."""

    id: Text
    text: str = ""
    patient: dict[str, Any]
    points: dict[str, Number] = {}
    total: Number | None = None
    low: Number | None = None
    high: Number | None = None
    band: str | None = None
    status: Literal["determined", "bounded", "missing", "not_applicable"] = "determined"
    variant: str = ""
    confidence: Confidence = "read"


class Prediction(Strict):
    """A probability computed elsewhere that enters as a prediction."""

    column: str
    horizon: Horizon


class DefinitionFile(Strict):
    """One score or classification."""

    id: Identifier
    name: Text
    short: Annotated[str, Field(pattern=TEXT_PATTERN, max_length=32)]
    kind: Literal["prognostic", "classification", "category", "import"]
    status: Literal["implement", "flag", "category", "import"]
    off_by_default: bool = False
    text: str = ""
    citation: Citation
    derivation: Derivation
    population: Population
    outcome: Text
    endpoint: Literal[
        "survival", "walking", "neurology", "local_control", "complications", "none"
    ] = Field(
        "survival",
        description="what kind of outcome that is; only scores of survival are expected to order "
        "patients by it",
    )
    horizons: list[Horizon] = []
    time_zero: Text
    direction: Literal["higher_is_better", "higher_is_worse", "none"]
    information_level: Literal["score_only", "group_survival", "baseline"]
    range: Range | None = None
    ceiling: Number | None = Field(None, description="totals above it count as this")
    recorded_total: str = Field(
        "", description="column with the total as the source has it, where the items leave it open"
    )
    items: list[Item] = []
    bands: list[Band] = []
    gaps: str = Field("", description="why some totals fall in no band")
    totals: list[Total] = []
    predictions: list[Prediction] = []
    unlisted_rule: str = ""
    unknown_primary_rule: str = ""
    missing_in_cohorts: str = ""
    variants: list[Variant] = []
    misprints: list[Misprint] = []
    caveats: list[Caveat] = []
    external_validation: list[Validation] = []
    unsure: list[str] = []
    worked_patients: list[WorkedPatient] = []

    @model_validator(mode="after")
    def _kind_fits_content(self) -> DefinitionFile:
        if self.kind == "import":
            if not self.predictions or self.items:
                raise ValueError("kind import needs `predictions` and no `items`")
        elif not self.items or self.range is None:
            raise ValueError(f"kind {self.kind} needs `items` and a `range`")
        return self
