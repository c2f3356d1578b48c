"""The whole path, run for real: what it makes, what it makes again and what it leaves alone."""

import base64
import json

import pandas as pd
import pytest

from spinemets import provenance, released

FIGURES = set(released.FIGURES) - {"kaplan_meier_inclusion"} | {"kaplan_meier_primary"}
OWN = {
    "spine_sim": {"kaplan_meier_treatment"},
    "va_prostate": {"kaplan_meier_inclusion", "kaplan_meier_trial_arm"},
}


def test_every_cohort_has_tables_figures_report_and_manifest(finished):
    for cohort in ("spine_sim", "va_prostate"):
        folder = finished.folder / "results" / "release" / cohort
        tables = {p.stem for p in (folder / "tables").iterdir()}
        assert tables == set(released.DESCRIPTION + released.SCORING + released.EVALUATION)
        for path in (folder / "tables").iterdir():
            assert set(pd.read_csv(path)["cohort"]) <= {cohort}, path
        assert (folder / "report.html").stat().st_size > 10_000
        assert (folder / "MANIFEST.json").is_file()
        figures = {p.stem for p in (folder / "figures").iterdir()}
        assert figures == FIGURES | OWN[cohort]
        for name in figures:
            assert {p.suffix for p in (folder / "figures").glob(f"{name}.*")} == {
                f".{e}" for e in released.FORMATS
            }


def test_the_manifest_traces_every_released_file(finished):
    manifest = finished.manifest()
    found = {f"results/release/{name}" for name in finished.release()}
    assert set(manifest["files"]) == found - {"results/release/MANIFEST.json"}
    for path, entry in manifest["files"].items():
        assert entry["sha256"] == provenance.sha256(finished.folder / path)
        assert entry["rule"]
        if not path.endswith("MANIFEST.json"):
            assert len(entry["code"]) == 16
            assert entry["inputs"]
    assert any(p.endswith("va_prostate.csv") for p in manifest["sources"])
    assert manifest["versions"]["lifelines"]
    assert {p.rpartition("/")[2] for p in manifest["run"]["files"]} == set(released.RUN_FILES)
    for path in manifest["run"]["files"]:
        assert (finished.folder / path).is_file()


def test_the_manifest_names_the_rules_that_really_ran(finished):
    """What the plan says of rules and inputs is what Snakemake recorded."""
    recorded = {}
    for path in (finished.folder / ".snakemake" / "metadata").rglob("*"):
        if path.is_file():
            content = json.loads(path.read_text("utf-8"))
            name = base64.urlsafe_b64decode(path.name.lstrip("@")).decode()
            recorded[name] = (content["rule"], set(content["input"]))
    manifest = finished.manifest()
    checked = 0
    for path, entry in manifest["files"].items():
        if path in recorded and "inputs" in entry:
            rule, inputs = recorded[path]
            assert entry["rule"] == rule
            assert set(entry["inputs"]) == inputs, path
            checked += 1
    assert checked > 100


def test_one_worker_has_all_tests_of_the_finished_study(finished, request):
    """Else every worker runs the workflow: the groups of pytest-xdist were lost once unnoticed."""
    assert finished.folder.is_dir()
    if getattr(request.config.option, "loadgroup", False):
        assert request.node.nodeid.endswith("@finished")


def test_a_second_run_has_nothing_to_do(finished):
    assert "Nothing to be done" in finished.snakemake("--cores", "1")
    assert finished.jobs() == {}


@pytest.mark.slow
def test_cores_do_not_change_a_byte(finished, study_maker, tmp_path):
    other = study_maker(tmp_path / "two")
    other.snakemake("--cores", "2")
    mine, theirs = finished.release(), other.release()
    assert set(mine) == set(theirs)
    assert [name for name in mine if mine[name] != theirs[name]] == []


def test_an_edited_score_reruns_scoring_and_nothing_before_it(editable):
    path = editable.folder / "src/spinemets/scores/definitions/tomita_2001.yaml"
    with path.open("a", encoding="utf-8") as handle:
        handle.write("# edited\n")
    jobs = editable.jobs()
    assert {"score", "fit", "evaluate", "release_scoring", "release_evaluation"} <= set(jobs)
    assert {"draw_scoring_spine_sim", "draw_evaluation_va_prostate", "report"} <= set(jobs)
    assert not {"simulate", "ingest", "describe", "release_description"} & set(jobs)
    assert not [name for name in jobs if name.startswith("draw_description")]


def test_figures_by_group_are_drawn_by_the_jobs_that_wait_for_no_score(finished):
    files = finished.manifest()["files"]
    for cohort in ("spine_sim", "va_prostate"):
        before = ("kaplan_meier_primary", "kaplan_meier_overall", *OWN[cohort])
        for name in before:
            path = f"results/release/{cohort}/figures/{name}.svg"
            assert files[path]["rule"] == f"draw_description_{cohort}"


def test_one_figure_can_be_asked_for_by_its_name(editable):
    path = editable.folder / "results/release/va_prostate/figures/forest_c.svg"
    path.unlink()
    jobs = editable.jobs(str(path.relative_to(editable.folder)))
    assert set(jobs) == {"draw_evaluation_va_prostate"}


def test_an_edited_treatment_rule_reruns_the_description(editable):
    path = editable.folder / "src/spinemets/vocabulary/treatment_groups.yaml"
    with path.open("a", encoding="utf-8") as handle:
        handle.write("# edited\n")
    jobs = editable.jobs()
    # Reading a table says which of its columns leave the treatment group open.
    assert {"ingest", "describe"} <= set(jobs)
    assert "simulate" not in jobs


def test_a_changed_horizon_reruns_the_evaluation_only(editable):
    path = editable.folder / "config/config.yaml"
    text = path.read_text("utf-8").replace("horizons_months: [3, 6, 12]", "horizons_months: [6]")
    path.write_text(text, encoding="utf-8")
    jobs = editable.jobs()
    assert "evaluate" in jobs
    assert not {"ingest", "describe", "score", "fit"} & set(jobs)


def test_an_unknown_key_stops_everything_with_the_nearest_one(editable):
    path = editable.folder / "config/config.yaml"
    text = path.read_text("utf-8").replace("horizons_months", "horizon_months")
    path.write_text(text, encoding="utf-8")
    text = editable.snakemake("-n", check=False)
    assert "did you mean 'horizons_months'" in text
    assert "Traceback" not in text


def test_simulated_cohorts_say_so_everywhere(finished):
    folder = finished.folder / "results"
    first = (folder / "private/spine_sim/SIMULATED_spine_sim.csv").read_text("utf-8")
    assert first.startswith("# SIMULATED")
    assert "SIMULATED" in (folder / "release/spine_sim/report.html").read_text("utf-8")
    for path in (folder / "release/spine_sim/figures").glob("*.svg"):
        assert "SIMULATED" in path.read_text("utf-8"), path
        assert "no evidence" in path.read_text("utf-8"), path


def test_the_trial_has_the_published_figures(finished):
    """README of the data: 502 men, 82 with bone metastases, 69 of them died."""
    folder = finished.folder / "results/release/va_prostate/tables"
    flow = pd.read_csv(folder / "flow.csv")
    counts = flow.groupby("step")["n"].sum()
    assert counts["in"] == 502
    assert counts["analysed"] == 82
    summary = pd.read_csv(folder / "survival_summary.csv")
    overall = summary[
        (summary.stratum_set == "overall") & (summary.measure.str.startswith("median_survival"))
    ]
    assert overall["estimate"].item() == 21
    assert overall["events"].item() == 69


def test_results_say_why_they_are_missing(finished):
    for path in (finished.folder / "results/release").glob("*/tables/*.csv"):
        table = pd.read_csv(path, dtype={"note": str})
        if {"estimate", "note"} <= set(table.columns):
            silent = table["estimate"].isna() & table["note"].isna()
            assert not silent.any(), (path, table[silent].head())


def test_the_report_of_snakemake_is_a_second_command_outside_the_release(editable):
    before = editable.release()
    editable.snakemake("--report", "results/workflow.html")
    page = (editable.folder / "results/workflow.html").read_text("utf-8")
    assert editable.release() == before
    for cohort in ("spine_sim", "va_prostate"):
        assert f'"{cohort}"' in page, "a category of its own"
        labels = [f'"figure": "{name}"' for name in FIGURES | OWN[cohort]]
        assert [label for label in labels if label not in page] == []
    assert "whole report" in page
    assert "Harrell" in page
