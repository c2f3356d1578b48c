"""A private cohort through the whole workflow, and what a reader of its release can find out."""

import hashlib
import json
import re

import pandas as pd
import pytest

from spinemets.stages.manifest import KEYED
from spinemets.tables import COUNT, TABLES

pytestmark = pytest.mark.xdist_group("hospital")
COHORTS = """\
cohorts:
  - id: hospital
    label: "A hospital's patients"
    file: data/example/va_prostate.csv
    mapping: config/mappings/va_prostate.yaml
    time_zero: enrolment
    visibility: private
    role: evaluation
    include: bone_metastases == 1
    strata: [primary_group, trial_arm]
"""


@pytest.fixture(scope="module")
def hospital(study_maker, tmp_path_factory):
    """The real trial's men, declared private."""
    study = study_maker(tmp_path_factory.mktemp("private"))
    (study.folder / "config/cohorts.yaml").write_text(COHORTS, encoding="utf-8")
    study.snakemake("--cores", "1")
    return study


def test_no_small_count_is_in_any_released_table(hospital):
    for path in (hospital.folder / "results/release/hospital/tables").iterdir():
        table = pd.read_csv(path)
        for column in TABLES[path.stem].of_kind(COUNT):
            counts = pd.to_numeric(table[column]).dropna()
            assert not counts.between(1, 10).any(), (path.name, column)


def test_no_exact_count_is_in_captions_or_the_report(hospital):
    """82 men of 502, scored 73: the release knows rounded numbers only."""
    release = hospital.folder / "results/release/hospital"
    texts = [p.read_text("utf-8") for p in (release / "figures").glob("*.json")]
    page = (release / "report.html").read_text("utf-8")
    texts.append(re.sub(r"<style.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL))
    for text in texts:
        assert not re.search(r"\bn (82|73)\b|\b(82|502|73|420) (patients|men)\b", text)
        small = re.sub(r"(than|below) (10|5) patients", "", text)
        assert not re.search(r"\b([1-9]|10) (patients|deaths)\b", small)


def test_hashes_do_not_give_counts_away(hospital):
    """Whoever hashes every possible flow table finds none of them in the release."""
    release = hospital.folder / "results/release"
    manifest = json.loads((release / "hospital/MANIFEST.json").read_text("utf-8"))
    exact = (hospital.folder / "results/private/hospital/flow.csv").read_bytes()
    name = "results/private/hospital/flow.csv"
    published = (release / "hospital/MANIFEST.json").read_text("utf-8")
    published += (release / "MANIFEST.json").read_text("utf-8")
    assert hashlib.sha256(exact).hexdigest() not in published
    for entry in (*manifest["files"].values(), *manifest["private"].values()):
        for path, digest in entry["inputs"].items():
            is_private = path.startswith("results/private/")
            assert digest.startswith(KEYED) == is_private, path
    assert manifest["private"][name]["sha256"].startswith(KEYED)
