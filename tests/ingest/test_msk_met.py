"""MSK-MET through the shipped mapping; the files stay where they are, nothing is copied."""

from pathlib import Path

import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

from spinemets.ingest.patients import Ingested, ingest, refuse
from spinemets.settings import Cohort
from spinemets.units import DAYS_PER_MONTH

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def result(root: Path, shared: Path) -> Ingested:
    cohort = Cohort(
        id="msk", label="MSK", file="x", time_zero="sequencing", visibility="public", notes=[]
    )
    table = shared / "cohorts/msk_met_2021/data_clinical_patient.txt"
    found = ingest(table, root / "config/mappings/cbioportal_msk_met.yaml", cohort)
    refuse(found, cohort)
    return found


@pytest.fixture(scope="module")
def patients(result: Ingested) -> pd.DataFrame:
    return result.patients


def curve(rows: pd.DataFrame, events: bool = True) -> KaplanMeierFitter:
    months = rows["survival_days"].astype(float) / DAYS_PER_MONTH
    died = rows["died"].astype(bool)
    return KaplanMeierFitter().fit(months, died if events else ~died)


def test_all_patients(patients: pd.DataFrame) -> None:
    assert (len(patients), patients["died"].sum()) == (725, 412)
    fitted = curve(patients)
    assert fitted.median_survival_time_ == pytest.approx(25.4, abs=0.05)
    assert curve(patients, events=False).median_survival_time_ == pytest.approx(37.8, abs=0.05)
    survival = [round(float(fitted.predict(t)), 2) for t in (3, 6, 12, 24)]
    assert survival == [0.92, 0.85, 0.72, 0.52]


@pytest.mark.parametrize(
    ("primary", "small_cell", "n", "median"),
    [
        ("lung", False, 206, 15.4),
        ("prostate", None, 208, 34.1),
        ("breast", None, 151, 42.0),
        ("kidney", None, 26, 42.7),
        ("thyroid", None, 23, 40.5),
        ("melanoma", None, 22, 9.0),
    ],
)
def test_by_primary(
    patients: pd.DataFrame, primary: str, small_cell: bool | None, n: int, median: float
) -> None:
    rows = patients[patients["primary"] == primary]
    if small_cell is not None:
        rows = rows[rows["small_cell"].eq(small_cell).fillna(False)]
    assert len(rows) == n
    assert curve(rows).median_survival_time_ == pytest.approx(median, abs=0.05)


def test_traps(result: Ingested, patients: pd.DataFrame) -> None:
    zero = patients[patients["survival_days"] == 0]
    assert (len(zero), zero["died"].sum()) == (11, 2)
    ages = patients["age_years"]
    assert ages.max() == 90
    flow = result.flow.set_index(["step", "reason"])["n"]
    assert flow["in", ""] == 25775
    assert flow["excluded", "survival time missing or unusable"] == 1
    assert flow["analysed", ""] == 725
    assert result.info["resolution"] == "day"


def test_imprecise_terms_stay_imprecise(patients: pd.DataFrame) -> None:
    counts = patients["primary"].value_counts()
    assert counts["colorectal"] == 11
    assert counts["esophagogastric"] == 11
    assert counts["hepatobiliary"] == 12
    assert patients["primary"].notna().all()


def test_no_column_that_looks_into_the_future(result: Ingested) -> None:
    assert "AGE_AT_DEATH" not in result.unused
    assert result.patients["n_vertebral_metastases"].isna().all()
