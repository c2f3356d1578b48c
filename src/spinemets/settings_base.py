"""What every setting is made of: kinds of values, a key with its meaning, long defaults."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Months = Annotated[float, Field(gt=0, le=600)]
#: A grouping, or two that are crossed: ``primary_group_x_treatment``.
GroupingName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,79}$")]
#: Groupings of which survival is tabulated beside ``survival.strata``.
DESCRIBED: Final = (
    "primary_tokuhashi_2005",
    "primary_tomita_2001",
    "primary_katagiri_2014",
    "primary_rades_2008",
    "approach_performed",
    "operation",
    "resection_extent",
    "radiotherapy_scheme",
    "radiotherapy_eqd2",
    "radiotherapy_bed10",
    "radiotherapy_role_given",
    "systemic_therapy",
    "bone_agent",
    "spinal_segment",
    "vertebrae",
    "instability",
    "compression",
    "neurology",
    "centre",
    "era",
    "primary_group_x_treatment",
)
#: Covariates known before treatment, by which treatment groups are balanced.
CONFOUNDERS: Final = (
    "age_years",
    "sex",
    "primary_group",
    "kps",
    "visceral_metastases",
    "n_vertebral_metastases",
    "n_extraspinal_bone_metastases",
    "ambulatory_before",
    "frankel_before",
    "escc",
    "albumin_g_per_l",
    "calendar_year",
)


class Model(BaseModel):
    """Base of every setting: unknown keys are refused, values never change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def key(default: Any, meaning: str, unit: str = "") -> Any:
    """
    Declare a key with its default, meaning and unit.

    Parameters
    ----------
    default : object
        Value when the key is left out; ``...`` makes it required.
    meaning : str
        One sentence for the user.
    unit : str
        Unit of the value; empty where there is none.

    Returns
    -------
    pydantic.fields.FieldInfo
        Field of the model.
    """
    return Field(default, description=meaning, json_schema_extra={"unit": unit} if unit else None)
