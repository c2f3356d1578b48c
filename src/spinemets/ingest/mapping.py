"""The mapping file: how the columns, codes and units of a source become those of the contract."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from spinemets.vocabulary import performance

Scalar = bool | int | float | str | None
#: Cells that are missing when a mapping doesn't list its own codes. The empty cell always is.
MISSING = ("NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", ".")
PERFORMANCE_COLUMNS = ("kps", "ecog")


def as_text(value: object) -> str:
    """
    Write a YAML scalar as the text that stands in a cell.

    Parameters
    ----------
    value : object
        Scalar.

    Returns
    -------
    str
        ``"true"`` and ``"false"`` for booleans, empty for nothing.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _text_list(value: object) -> object:
    return [as_text(v) for v in value] if isinstance(value, list) else value


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _number_or_many(value: object) -> object:
    return [value] if isinstance(value, int) else value


def _text_keys(value: object) -> object:
    return {as_text(k): v for k, v in value.items()} if isinstance(value, dict) else value


def _text_map(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {as_text(k): as_text(v) for k, v in value.items()}


def _text_lists_by_key(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {
        as_text(k): _text_list(v) if isinstance(v, list) else [as_text(v)] for k, v in value.items()
    }


Texts = Annotated[list[str], BeforeValidator(_text_list)]
Selection = Annotated[dict[str, list[str]], BeforeValidator(_text_lists_by_key)]


class Closed(BaseModel):
    """Base of the mapping's parts: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class TableOptions(Closed):
    """How a file is read; what is left out is detected and has to agree with the default."""

    format: Literal[
        "auto", "csv", "tsv", "cbioportal", "redcap", "excel", "parquet", "spss", "stata", "sas"
    ] = Field("auto", description="kind of file; `auto` goes by its first bytes and its name")
    sheet: str | None = Field(
        None, description="sheet of a workbook; needed when more than one holds a table"
    )
    header: Annotated[list[int], BeforeValidator(_number_or_many)] = Field(
        [], description="row (or rows, from above) on which the names of the columns stand"
    )
    value_labels: bool = Field(
        True, description="SPSS, Stata, SAS: read a code that has a value label as its label"
    )
    catalog: str | None = Field(
        None, description="SAS: file with the value labels (.sas7bcat), beside the table"
    )
    delimiter: str | None = Field(
        None, description="cell delimiter, or `auto`; default: comma, in .tsv and .txt a tab"
    )
    decimal: Literal[".", ",", "auto"] = Field(".", description="decimal mark of numbers")
    encoding: str = Field(
        "utf-8", description="text encoding (`utf-8`, `utf-8-sig`, `cp1252`, `utf-16`), or `auto`"
    )

    @model_validator(mode="after")
    def _known_encoding(self) -> Self:
        if self.encoding != "auto":
            try:
                "".encode(self.encoding)
            except LookupError:
                raise ValueError("unknown text encoding") from None
        if self.delimiter not in (None, "auto", "tab") and len(self.delimiter) != 1:
            raise ValueError("`delimiter` is one character, `tab` or `auto`")
        rows = self.header
        if rows and (rows[0] < 1 or rows != list(range(rows[0], rows[0] + len(rows)))):
            raise ValueError("`header` is a row number, or consecutive row numbers from above")
        return self


class OneRow(Closed):
    """How several rows of one patient (samples, visits) become one."""

    column: str = Field(..., description="column that identifies the patient")
    prefer: Selection = Field(
        {}, description="rows preferred: source column to values, the best value first"
    )
    keep: Literal["first", "last"] = Field("first", description="which of the rows that remain")


class Join(TableOptions):
    """A second table with more columns of the same patients."""

    file: str = Field(..., description="file in the folder of the first table, or below it")
    on: str = Field(..., description="its column that identifies the patient")
    equals: str = Field(..., description="column of the first table it is matched with")
    one_row_per: OneRow | None = Field(None, description="rule when a patient has several rows")


class Redcap(Closed):
    """How the rows of a REDCap export (events, repeats) become one per record."""

    dictionary: str | None = Field(
        None, description="the project's data dictionary, in the folder of the export or below it"
    )
    baseline: str | None = Field(
        None, description="event whose fields keep their names, as the export writes it"
    )
    instance: Literal["first", "last"] = Field(
        "first", description="instance that counts where a field stands in repeated rows"
    )


class Combine(Closed):
    """One column of the source made of several yes/no columns, as checkboxes are exported."""

    any: Texts = Field([], description="yes where one of these columns is yes")
    count: Texts = Field([], description="number of these columns that are yes")
    choice: Annotated[dict[str, str], BeforeValidator(_text_map)] = Field(
        {}, description="column to the word that stands for it"
    )
    several: str = Field("several", description="word where more than one of `choice` is yes")
    none: str = Field("", description="word where none of `choice` is yes; default: missing")
    unmarked: Literal["no", "missing"] = Field(
        "no", description="what it means that no box is ticked: none of them, or not answered"
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(map(bool, (self.any, self.count, self.choice))) != 1:
            raise ValueError("give one of `any`, `count` and `choice`")
        return self

    @property
    def columns(self) -> list[str]:
        """
        Columns that are combined.

        Returns
        -------
        list of str
            Names in the source.
        """
        return list(self.any or self.count or self.choice)


DateOrder = Literal["auto", "day_first", "month_first", "iso", "excel"]


class Dated(Closed):
    """How dates are read that don't say everything."""

    years_from: int | None = Field(
        None,
        description="first of the hundred years that two digits may mean: 1930 reads 30 as 1930 "
        "and 29 as 2029; without it such dates are a fault",
        ge=1850,
        le=2050,
    )
    incomplete: Literal["fault", "middle", "missing"] = Field(
        "fault",
        description="a date without its day or month: a fault, the 15th of the month (1 July of "
        "the year), or missing",
    )


class TimeZero(Dated):
    """The date from which every interval is counted; it stays in memory and is never written."""

    source: str = Field(..., alias="from", description="column with the date of time zero")
    date: DateOrder = Field("auto", description="order of day and month, or `excel` day numbers")


class ColumnMap(Dated):
    """Where one column of the contract comes from."""

    source: str | None = Field(None, alias="from", description="column of the source")
    constant: Scalar = Field(None, description="one value for every patient, instead of `from`")
    codes: Annotated[dict[str, Scalar], BeforeValidator(_text_keys)] = Field(
        {},
        alias="values",
        description="code or word of the source to value of the contract",
    )
    others: Literal["fault", "missing"] = Field(
        "fault", description="what a code that `values` doesn't list is"
    )
    unit: str | None = Field(None, description="unit of the source; default: that of the contract")
    crosswalk: Annotated[list[str], BeforeValidator(_one_or_many)] = Field(
        [], description="named performance table, or words table and then performance table"
    )
    between: Literal["fault", "floor", "interval"] = Field(
        "fault",
        description="a KPS between two steps (45, 75): a fault, the lower step, or the interval",
    )
    date: DateOrder | None = Field(
        None,
        description="the cells are dates, in this order of day and month: what is kept is the "
        "interval to `time_zero` (age in completed years, calendar year), never the date",
    )
    otherwise: str | None = Field(
        None, description="second column of the source, read where the first is empty"
    )
    filled: bool = Field(
        False, description="yes where the cell is filled, no where it is empty (a date of death)"
    )
    cap: float | None = Field(None, description="ages above 89 become this age, for example 90")
    system: Literal["icd"] | None = Field(
        None, description="`icd`: the cells are ICD-10 codes or ICD-O-3 topographies of the primary"
    )
    morphology: str | None = Field(
        None, description="column with the ICD-O-3 morphology beside `system: icd`"
    )
    scheme: Literal["n_x_d", "d_x_n", "total_in_n", "total_by_d"] | None = Field(
        None,
        description="radiotherapy schemes as text; what two numbers are where no unit tells: "
        "fractions and dose of one, the reverse, whole dose and fractions, whole dose and dose "
        "of one",
    )
    missing: Texts | None = Field(None, description="missing codes of this column alone")
    decide: str = Field(
        "", description="what a person has to settle first; nothing runs while it stands"
    )
    flag: str = Field("", description="sentence printed under every figure")

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.source is None) == (self.constant is None):
            raise ValueError("give either `from` or `constant`, not both and not neither")
        reading = (self.date, self.filled, self.otherwise, self.system, self.scheme)
        if self.source is None and any(reading):
            raise ValueError("a constant has no dates, codes, schemes or second column")
        if not self.date and (self.years_from is not None or self.incomplete != "fault"):
            raise ValueError("`years_from` and `incomplete` go with `date`")
        if self.morphology and not self.system:
            raise ValueError("`morphology` goes with `system: icd`")
        if {m.strip() for m in self.missing or ()} & {code.strip() for code in self.codes}:
            raise ValueError("a code stands under both `values` and `missing`")
        return self

    @property
    def sources(self) -> list[str]:
        """
        Every column of the source that the entry reads.

        Returns
        -------
        list of str
            Empty for a constant.
        """
        return [s for s in (self.source, self.otherwise, self.morphology) if s is not None]


class Mapping(TableOptions):
    """A whole mapping file."""

    missing: Texts = Field(list(MISSING), description="cells that mean missing, in every column")
    resolution: Literal["day", "week", "month", "year"] | None = Field(
        None, description="steps in which the source records survival; default: seen in the data"
    )
    time_zero: TimeZero | None = Field(
        None, description="column with the date of time zero, where the source has dates"
    )
    redcap: Redcap | None = Field(None, description="the table is a REDCap export")
    combine: dict[str, Combine] = Field(
        {}, description="columns made of several yes/no columns, to be named behind `from`"
    )
    columns: dict[str, ColumnMap] = Field(
        ..., description="column of the contract to where it comes from"
    )
    drop: list[str] = Field([], description="columns of the source that are not to be read")
    select: Selection = Field(
        {}, description="rows of the source to read: source column to the values kept"
    )
    one_row_per: OneRow | None = Field(None, description="rule when a patient has several rows")
    join: list[Join] = Field([], description="further tables with columns of the same patients")
    notes: list[str] = Field([], description="sentences printed under every figure")
    decide: list[str] = Field(
        [], description="what a person has to settle first; nothing runs while it stands"
    )

    @property
    def options(self) -> TableOptions:
        """
        How the first table is read.

        Returns
        -------
        TableOptions
            With ``redcap`` the headings may repeat.
        """
        return self.model_copy(update={"format": "redcap"}) if self._repeats else self

    @property
    def _repeats(self) -> bool:
        return self.redcap is not None and self.format in ("auto", "csv", "tsv")

    @property
    def wanted(self) -> list[str]:
        """
        Every source column that the mapping reads.

        Returns
        -------
        list of str
            Without those that are dropped.
        """
        rules = [r for r in (self.one_row_per,) if r]
        out = [s for c in self.columns.values() for s in c.sources]
        out += [self.time_zero.source] if self.time_zero else []
        out += [c for rule in self.combine.values() for c in rule.columns]
        out += [*self.select, *(r.column for r in rules), *(j.equals for j in self.join)]
        return list(dict.fromkeys(out))

    @property
    def footnotes(self) -> list[str]:
        """
        Sentences that go under every figure of the cohort.

        Returns
        -------
        list of str
            Notes of the mapping, flags of its columns, caveats of its crosswalks.
        """
        out = list(self.notes) + [c.flag for c in self.columns.values() if c.flag]
        for name, entry in self.columns.items():
            out += [_crosswalk_note(name, c) for c in entry.crosswalk]
        return list(dict.fromkeys(out))


def _crosswalk_note(column: str, name: str) -> str:
    if name in performance.wordings():
        words = performance.wordings()[name]
        doubt = "; needs verification" if words.needs_verification else ""
        return f"Performance from words ({words.label}){doubt}."
    table = performance.crosswalks()[name]
    doubt = "; needs verification" if table.needs_verification else ""
    return f"{column.upper()} through the crosswalk {table.label}, as an interval{doubt}."
