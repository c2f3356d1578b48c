"""The study configurations that are shipped: complete, honest about their papers, and they run."""

import re
import shutil

import pandas as pd
import pytest

from helpers.study import ROOT, make_study

STUDIES = sorted((ROOT / "config" / "studies").glob("*.yaml"))
pytestmark = pytest.mark.xdist_group("studies")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A copy of the checkout in which studies are run."""
    return make_study(tmp_path_factory.mktemp("studies") / "study")


def results(path):
    return re.search(r"^results: (.+)$", path.read_text("utf-8"), re.MULTILINE)[1]


def test_two_studies_are_shipped():
    assert {p.stem for p in STUDIES} == {"delank_2011", "ulmar_2007"}


@pytest.mark.parametrize("path", STUDIES, ids=lambda p: p.stem)
def test_a_study_says_what_was_not_seen(path):
    text = path.read_text("utf-8")
    comments = " ".join(re.findall(r"#(.*)", text))
    assert "Not seen:" in comments
    assert "Read:" in comments
    assert re.search(r"notes:\n\s+- .*not seen", text)
    assert "SIMULATED" in re.search(r"label: (.*)", text)[1]


@pytest.mark.parametrize("path", STUDIES, ids=lambda p: p.stem)
def test_a_dry_run_plans_the_study_alone_into_its_own_folder(study, path):
    jobs = study.jobs("--configfile", f"config/studies/{path.name}")
    assert jobs["simulate"] == {f"cohort={path.stem}"}
    assert jobs["model"] == jobs["compare_treatments"] == {f"cohort={path.stem}"}
    assert jobs[f"draw_description_{path.stem}"] == {""}
    grouping = "treatment" if path.stem == "delank_2011" else "spinal_segment"
    assert f"figures/kaplan_meier_{grouping}.svg" in study.snakemake(
        "-n", "--configfile", f"config/studies/{path.name}"
    )
    assert results(path) == f"results/studies/{path.stem}"
    assert not (study.folder / "results").exists()


@pytest.mark.slow
def test_a_study_really_runs(study):
    path = next(p for p in STUDIES if p.stem == "ulmar_2007")
    study.snakemake("--cores", "2", "--configfile", f"config/studies/{path.name}")
    top = study.folder / results(path) / "release"
    assert not (study.folder / "results" / "release").exists()
    summary = pd.read_csv(top / path.stem / "tables" / "survival_summary.csv")
    medians = summary[summary["measure"].eq("median_survival_months")]
    crossed = medians[medians["stratum_set"].eq("primary_group_x_spinal_segment")]
    assert crossed["estimate"].notna().sum() >= 3
    assert crossed.loc[crossed["estimate"].isna(), "note"].notna().all()
    overall = medians.loc[medians["stratum_set"].eq("overall"), "n"].item()
    assert overall == medians.loc[medians["stratum_set"].eq("spinal_segment"), "n"].sum()
    assert 190 <= overall <= 245  # the paper's 217, about
    page = (top / path.stem / "report.html").read_text("utf-8")
    assert "paper was not seen" in page
    shutil.rmtree(study.folder / "results")
