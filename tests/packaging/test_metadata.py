"""What the files at the root say about the project agrees."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_version_is_the_same_everywhere() -> None:
    assert importlib.metadata.version("spinemets") == PROJECT["version"] == CITATION["version"]


def test_licence_is_the_same_everywhere() -> None:
    assert PROJECT["license"] == CITATION["license"] == "BSD-3-Clause"
    assert (ROOT / "LICENSE").read_text().startswith("BSD 3-Clause License\n")


def test_changelog_knows_the_version_or_says_unreleased() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] in {"Unreleased", PROJECT["version"]}


def test_workflow_catalogue_needs_no_flag() -> None:
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage["mandatory-flags"]["flags"] == ""
    assert usage["report"] is True


def test_default_profile_lets_a_bare_snakemake_run() -> None:
    profile = yaml.safe_load((ROOT / "profiles/default/config.yaml").read_text())
    assert profile["cores"] == "all"
    assert profile["rerun-incomplete"] is True
    assert "report-after-run" not in profile


def test_make_runs_what_a_bare_snakemake_runs_and_says_less() -> None:
    bare = yaml.safe_load((ROOT / "profiles/default/config.yaml").read_text())
    brief = yaml.safe_load((ROOT / "profiles/brief/config.yaml").read_text())
    assert brief.pop("quiet") == ["host", "progress", "reason"]
    assert bare.pop("printshellcmds") is True
    assert brief == bare
    assert "--workflow-profile profiles/brief" in (ROOT / "Makefile").read_text()


def test_every_rule_has_a_line_for_make() -> None:
    for file in (ROOT / "Snakefile", *(ROOT / "workflow").rglob("*.smk")):
        text = file.read_text()
        assert len(re.findall(r"^ *rule\b.*:$", text, re.MULTILINE)) == text.count("plan.says(")


def test_slurm_profile_groups_rules_that_exist() -> None:
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
    grouped = {pair.split("=")[0] for pair in profile["groups"]}
    rules = {
        name
        for file in (ROOT / "workflow").rglob("*.smk")
        for name in re.findall(r"^rule (\w+):", file.read_text(), re.MULTILINE)
    }
    assert grouped == rules


def test_every_profile_key_is_an_option_of_snakemake() -> None:
    from snakemake.cli import get_argument_parser

    known = {
        option.lstrip("-") for a in get_argument_parser()._actions for option in a.option_strings
    }
    for profile in ROOT.glob("profiles/*/config.yaml"):
        assert set(yaml.safe_load(profile.read_text())) <= known, profile.parent.name
