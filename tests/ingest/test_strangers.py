"""
The way of a new user, from an export that nothing was written for to the patients that it holds.

``init`` drafts, every ``decide`` is settled as its owner would, ``check`` turns green; what arrives
is compared, cell by cell, with what the owner meant.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from tests.helpers import strangers

from spinemets.cli import main
from spinemets.ingest.patients import ingest
from spinemets.ingest.study import cohorts

#: What has to be found without anybody's help, beside the columns that every export has.
ALWAYS = {"survival_days", "died", "sex", "primary", "age_years", "n_vertebral_metastases"}
FOUND = {
    "redcap_labels": {
        "centre", "ecog", "visceral_metastases", "metastasis_lung", "metastasis_liver",
        "metastasis_brain", "metastasis_adrenal", "haemoglobin_g_per_l", "platelets_10e9_per_l",
        "approach", "radiotherapy_fractions", "radiotherapy_gy_per_fraction", "total_sins",
    },
    "registry": {
        "kps", "frankel_before", "haemoglobin_g_per_l", "visceral_metastases", "metastasis_liver",
        "metastasis_brain", "radiotherapy_fractions", "radiotherapy_gy_per_fraction",
    },
    "workbook": {"kps", "haemoglobin_g_per_l", "metastasis_liver", "approach"},
}  # fmt: skip
#: Decisions that a person has to make: of the file, and of its columns.
DECISIONS = {
    "redcap_labels": ("died", "n_vertebral_metastases", "radiotherapy_fractions",
                      "radiotherapy_gy_per_fraction", "survival_days"),
    "registry": ("age_years", "kps"),
    "workbook": ("survival_days",),
}  # fmt: skip


@pytest.fixture(params=sorted(strangers.WRITERS))
def stranger(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, strangers.Export]:
    return request.param, strangers.WRITERS[request.param](tmp_path)


def _settle(study: Path) -> set[str]:
    """Agree with every guess and name the cohort; gives the columns that were asked about."""
    path = study / "config/mappings/cohort_1.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert data.pop("decide")  # time zero at least is always asked for
    asked = {name for name, entry in data["columns"].items() if entry.pop("decide", "")}
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    listed = study / "config/cohorts.yaml"
    text = listed.read_text("utf-8").replace("(write an honest name here: who, where, when)", "")
    listed.write_text(text, encoding="utf-8")
    return asked


def test_a_strangers_export_arrives_as_it_was_meant(
    stranger: tuple[str, strangers.Export],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, export = stranger
    study = tmp_path / "study"
    given = ["--dictionary", str(export.dictionary)] if export.dictionary else []
    assert main(["init", str(study), "--from", str(export.file), *given]) == 0
    monkeypatch.chdir(study)
    assert main(["check"]) == 2
    said = capsys.readouterr().out
    assert not re.search(r"7000|Muster|MRN7|555", said)  # no value of a patient
    assert _settle(study) == set(DECISIONS[name])
    assert main(["check"]) == 0
    assert "this table can run" in capsys.readouterr().out
    cohort = cohorts()[0]
    patients = ingest(cohort.file, cohort.mapping, cohort).patients
    _compare(patients, export.truth, ALWAYS | FOUND[name])


def _compare(patients: pd.DataFrame, truth: pd.DataFrame, wanted: set[str]) -> None:
    assert wanted <= set(patients.columns)
    assert len(patients) == len(truth)
    for column in sorted(set(truth.columns) & set(patients.columns)):
        came, meant = patients[column], truth[column]
        if column not in wanted:
            # The export doesn't hold it: nothing else was taken for it.
            assert came.isna().all(), column
            continue
        if column == "primary" and (meant == "unknown_primary").any():
            # C80 alone says that the primary isn't recorded, not that it was looked for.
            meant = meant.where(came.ne("primary_not_recorded"), "primary_not_recorded")
        if pd.api.types.is_float_dtype(came):
            pd.testing.assert_series_equal(
                came.astype(float), meant.astype(float), check_names=False, rtol=1e-9
            )
        else:
            assert came.astype("string").fillna("").str.lower().tolist() == (
                meant.astype("string").fillna("").str.lower().tolist()
            ), column


def test_a_strangers_biology_and_small_words_are_kept(tmp_path: Path) -> None:
    export = strangers.redcap_labels(tmp_path)
    study = tmp_path / "study"
    main(["init", str(study), "--from", str(export.file), "--dictionary", str(export.dictionary)])
    _settle(study)
    cohort = cohorts(study)[0]
    patients = ingest(study / cohort.file, study / str(cohort.mapping), cohort).patients
    lung = patients["primary"] == "lung"
    assert lung.any()
    assert (patients.loc[lung, "small_cell"] == False).all()  # noqa: E712 -- NSCLC says so; NA would not
    assert patients.loc[~lung, "small_cell"].isna().all()
    # "Systemic therapy after surgery" is no surgery; the date of the operation is.
    assert patients["surgery"].all()


def test_the_line_that_is_offered_for_kps_works_as_it_stands(tmp_path: Path) -> None:
    export = strangers.redcap_labels(tmp_path)
    study = tmp_path / "study"
    main(["init", str(study), "--from", str(export.file), "--dictionary", str(export.dictionary)])
    path = study / "config/mappings/cohort_1.yaml"
    offered = re.search(r"#.*choose:  (kps: .*)", path.read_text("utf-8"))
    assert offered is not None
    _settle(study)
    entry = yaml.safe_load(offered[1])
    data = yaml.safe_load(path.read_text("utf-8"))
    data["columns"] |= entry
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    cohort = cohorts(study)[0]
    result = ingest(study / cohort.file, study / str(cohort.mapping), cohort)
    assert not result.faults
    mild = (export.truth["ecog"] <= 2).to_numpy()
    known = result.patients["kps"].notna() | result.patients["kps_high"].notna()
    assert mild.any()
    assert known[mild].all()
