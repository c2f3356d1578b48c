"""The shipped real cohort lands on the figures of its README."""

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

from spinemets.ingest.patients import Ingested, ingest, refuse
from spinemets.settings import Cohort
from spinemets.units import DAYS_PER_MONTH

SHA256 = "ae4aa2285c85eff07f1b75b8f7c5140e2b346e6def0726cddb3214c26851425f"


def read(root: Path, include: str | None = None) -> Ingested:
    cohort = Cohort(
        id="va",
        label="VA",
        file="data/example/va_prostate.csv",
        time_zero="enrolment",
        visibility="public",
        include=include,
    )
    table = root / "data/example/va_prostate.csv"
    result = ingest(table, root / "config/mappings/va_prostate.yaml", cohort)
    refuse(result, cohort)
    return result


@pytest.fixture(scope="module")
def men(root: Path) -> pd.DataFrame:
    return read(root).patients


def kaplan_meier(rows: pd.DataFrame, events: bool = True) -> KaplanMeierFitter:
    months = rows["survival_days"].astype(float) / DAYS_PER_MONTH
    died = rows["died"].astype(bool)
    return KaplanMeierFitter().fit(months, died if events else ~died)


def test_the_file_is_a_verbatim_copy(root: Path) -> None:
    content = (root / "data/example/va_prostate.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == SHA256


@pytest.mark.parametrize(
    ("bone", "n", "deaths", "median"),
    [(None, 502, 354, 34), (True, 82, 69, 21), (False, 420, 285, 37)],
)
def test_figures_of_the_readme(
    men: pd.DataFrame, bone: bool | None, n: int, deaths: int, median: int
) -> None:
    rows = men if bone is None else men[men["bone_metastases"] == bone]
    assert (len(rows), rows["died"].sum()) == (n, deaths)
    assert kaplan_meier(rows).median_survival_time_ == pytest.approx(median, abs=1e-9)


def test_follow_up_and_survival_at_twelve_months(men: pd.DataFrame) -> None:
    assert kaplan_meier(men, events=False).median_survival_time_ == pytest.approx(65, abs=1e-9)
    assert kaplan_meier(men).predict(12.0) == pytest.approx(0.777, abs=0.0005)


def test_times_are_exact_multiples_of_a_month(men: pd.DataFrame) -> None:
    months = men["survival_days"].astype(float) / DAYS_PER_MONTH
    assert (months == months.round()).all()


def test_inclusion_is_counted_and_kept_for_one_curve(root: Path) -> None:
    result = read(root, include="bone_metastases == 1")
    steps = list(result.flow[["step", "reason", "n"]].itertuples(index=False, name=None))
    assert steps == [
        ("in", "", 502),
        ("excluded", "not included (bone_metastases == 1)", 420),
        ("analysed", "", 82),
    ]
    assert list(result.inclusion.columns) == ["survival_days", "died", "included"]
    assert result.inclusion["included"].value_counts().to_dict() == {False: 420, True: 82}
    assert result.patients["patient_id"].astype(str).tolist() == [str(i) for i in range(1, 83)]


def test_performance_is_an_interval_and_flagged(root: Path, men: pd.DataFrame) -> None:
    pairs = men[["ecog", "ecog_low", "ecog_high", "kps_low", "kps_high"]].drop_duplicates()
    found = {tuple(None if pd.isna(v) else int(v) for v in row) for row in pairs.to_numpy()}
    assert found == {
        (None, 0, 1, 80, 100),
        (2, None, None, 60, 70),
        (3, None, None, 40, 50),
        (4, None, None, 10, 30),
    }
    result = read(root)
    flags = result.transformations.set_index("column")["flag"]
    assert (flags.loc["ecog"] == "va_wording: needs verification").any()
    assert any("needs verification" in note for note in result.info["footnotes"])


def test_nothing_is_invented(men: pd.DataFrame) -> None:
    for column in ("hormone_dependent", "visceral_metastases", "frankel_before", "kps"):
        assert men[column].isna().all()


def test_cohort_json(root: Path) -> None:
    info = read(root).info
    assert info["resolution"] == "month"
    assert info["sha256"]["va_prostate.csv"] == SHA256
    assert info["simulated"] is False
    assert json.loads(json.dumps(info)) == info
