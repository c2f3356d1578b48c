"""What is missing for the scores, what is missing together, and who is lost to each score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from spinemets import contract, strata
from spinemets.missing.patterns import missing_patterns
from spinemets.results import Row, stack

if TYPE_CHECKING:
    import pandas as pd

    from spinemets.scores.definition import Definition
    from spinemets.settings import SurvivalSettings
    from spinemets.survival.describe import Description

SCORED: Final = "scored"
NOT_SCORED: Final = "not_scored"
#: Groupings by whether a score could be told begin with this.
PREFIX: Final = "scored:"
#: Patterns named one by one; the rarer ones are one row.
NAMED: Final = 12
OTHER: Final = "all other patterns"
NOTHING: Final = "nothing"
#: What those with and without a score are compared by; of the two performance scales the one that
#: more patients have.
COMPARED: Final = (
    "age_years", "sex", "primary_group", "kps", "ecog", "ambulatory_before", "visceral_metastases",
    "treatment",
)  # fmt: skip
METHOD: Final = "absolute, not scored against scored; Yang and Dalton 2012"


def columns_used(definitions: Iterable[Definition]) -> list[str]:
    """
    Columns of the patient table that scores read.

    Parameters
    ----------
    definitions : iterable of Definition
        Scores.

    Returns
    -------
    list of str
        Of the contract and in its order, whether or not a cohort has them.
    """
    from spinemets.scores.definition import item_columns

    found = {c for d in definitions for item in d.items for c in item_columns(item)}
    return [c for c in contract.columns() if c in found]


def absent(patients: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """
    Say which values are missing.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.
    columns : sequence of str
        Columns of the contract.

    Returns
    -------
    pandas.DataFrame
        True where there is neither a value nor a limit of an interval (``X_low``, ``X_high``).
    """
    import pandas as pd

    out = {}
    for name in columns:
        beside = [c for c in (name, f"{name}_low", f"{name}_high") if c in patients]
        known = patients[beside].notna().any(axis=1)
        out[name] = ~known.to_numpy(dtype=bool)
    return pd.DataFrame(out, index=patients.index)


def items(gaps: pd.DataFrame, cohort: str) -> pd.DataFrame:
    """
    Count what is missing, column by column.

    Parameters
    ----------
    gaps : pandas.DataFrame
        Result of ``absent``.
    cohort : str
        Cohort id.

    Returns
    -------
    pandas.DataFrame
        ``cohort``, ``column``, ``n_missing``, ``n``.
    """
    import pandas as pd

    counts = [(cohort, c, int(gaps[c].sum()), len(gaps)) for c in gaps]
    return pd.DataFrame(counts, columns=["cohort", "column", "n_missing", "n"])


def patterns(gaps: pd.DataFrame, cohort: str) -> pd.DataFrame:
    """
    Count what is missing together.

    Parameters
    ----------
    gaps : pandas.DataFrame
        Result of ``absent``.
    cohort : str
        Cohort id.

    Returns
    -------
    pandas.DataFrame
        ``cohort``, ``pattern`` (the columns missing together), ``n``: the most frequent ones, and
        one row for all others.
    """
    import pandas as pd

    found = missing_patterns(gaps.mask(gaps).astype("boolean"))
    found = found.sort_values(["patients", "missing"], ascending=[False, True], kind="stable")
    rows = []
    for row in found.head(NAMED).to_dict("records"):
        names = [str(c) for c in gaps if not row[str(c)]]
        rows.append((cohort, ", ".join(names) or NOTHING, int(row["patients"])))
    rest = found["patients"].iloc[NAMED:]
    if len(rest):
        rows.append((cohort, OTHER, int(rest.sum())))
    return pd.DataFrame(rows, columns=["cohort", "pattern", "n"])


def groups(scores: pd.DataFrame, patients: pd.DataFrame) -> dict[str, pd.Series]:
    """
    Tell those with a score from those without, score by score.

    Parameters
    ----------
    scores, patients : pandas.DataFrame
        Long score table and patient table.

    Returns
    -------
    dict of str to pandas.Series
        Score id -> ``scored`` (total or band known), ``not_scored``, or missing where the score
        isn't applicable. Of a score with variants the first one in the table.
    """
    words = {"determined": SCORED, "bounded": SCORED, "missing": NOT_SCORED}
    out = {}
    variant = scores["variant"].fillna("")
    for score, rows in scores.groupby("score", sort=False, observed=True):
        first = rows[variant.loc[rows.index].eq(variant.loc[rows.index[0]])]
        told = first.set_index("patient_id")["status"].astype("string").map(words)
        out[str(score)] = told.reindex(patients["patient_id"]).set_axis(patients.index)
    return out


def differences(
    labels: Mapping[str, pd.Series],
    patients: pd.DataFrame,
    settings: SurvivalSettings,
    cohort: str,
) -> list[Row]:
    """
    Standardised differences between those without and with each score.

    Parameters
    ----------
    labels : mapping of str to pandas.Series
        Result of ``groups``.
    patients : pandas.DataFrame
        Patient table.
    settings : SurvivalSettings
        Groupings and smallest group.
    cohort : str
        Cohort id.

    Returns
    -------
    list of Row
        One per score and variable (``stratum``); ``n`` is the smaller of the two groups, among
        those with a value. Without estimate the note says why.
    """
    variables = _variables(patients, settings)
    return [
        _difference(name, values, label, settings.minimum_group, cohort, score)
        for score, label in labels.items()
        for name, values in variables.items()
    ]


def _variables(patients: pd.DataFrame, settings: SurvivalSettings) -> dict[str, pd.Series]:
    scales = [c for c in ("kps", "ecog") if c in patients]
    scale = max(scales, key=lambda c: int(patients[c].notna().sum()), default="")
    out: dict[str, pd.Series] = {}
    for name in COMPARED:
        if name in ("kps", "ecog") and name != scale:
            continue
        if name in ("primary_group", "treatment"):
            if not strata.recorded(patients, name, settings):
                found = strata.group(patients, name, settings).astype("string")
                out[name] = found.mask(found.eq("not_recorded"))
        elif name in patients and patients[name].notna().any():
            out[name] = patients[name]
    return out


def _difference(
    name: str, values: pd.Series, label: pd.Series, minimum: int, cohort: str, score: str
) -> Row:
    from spinemets.table_one import standardised_differences

    known = label.notna() & values.notna()
    told = label[known]
    sizes = [int(told.eq(side).sum()) for side in (SCORED, NOT_SCORED)]
    where: dict[str, Any] = {
        "cohort": cohort, "score": score, "stratum_set": PREFIX + score, "stratum": name,
        "n": min(sizes),
    }  # fmt: skip
    note = ""
    if not int(label.eq(NOT_SCORED).sum()):
        note = "nobody is lost: every patient to whom the score applies has it"
    elif not int(label.eq(SCORED).sum()):
        note = "nobody has the score"
    elif min(sizes) < minimum:
        note = f"fewer than {minimum} patients with a value on one side"
    if note:
        return Row("standardised_difference", note=note, **where)
    column = contract.columns().get(name, contract.columns()["sex"])
    gap = standardised_differences(values[known], told, [NOT_SCORED], column)[0]
    if gap != gap:
        note = "no spread on either side"
    found = None if note else gap
    return Row("standardised_difference", found, method=METHOD, note=note, **where)


def survival(
    labels: Mapping[str, pd.Series],
    patients: pd.DataFrame,
    info: Mapping[str, Any],
    settings: SurvivalSettings,
) -> Description:
    """
    Kaplan-Meier of those with and without each score, with log-rank tests.

    Parameters
    ----------
    labels : mapping of str to pandas.Series
        Result of ``groups``.
    patients : pandas.DataFrame
        Patient table.
    info : mapping
        Content of ``cohort.json``.
    settings : SurvivalSettings
        Times and smallest group.

    Returns
    -------
    Description
        Stacked over the scores; ``stratum_set`` is ``scored:<score>``.
    """
    from spinemets.survival.describe import Description, describe_survival

    made = []
    for score, label in labels.items():
        meant = label.notna()
        one = describe_survival(
            patients[meant],
            PREFIX + score,
            label[meant],
            settings.times_months,
            levels=[SCORED, NOT_SCORED],
            cohort=str(info["id"]),
            resolution=str(info["resolution"]),
            risk_months=settings.risk_table_months,
            minimum_group=settings.minimum_group,
        )
        made.append(one._replace(summary=one.summary.assign(score=score)))
    if not made:
        return describe_survival(patients.iloc[:0], PREFIX, [], settings.times_months)
    return Description(
        stack(d.kaplan_meier for d in made),
        stack(d.at_risk for d in made),
        stack(d.summary for d in made),
    )
