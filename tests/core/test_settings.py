"""The configuration is closed and typed; what is derived from it is in step."""

from pathlib import Path

import pytest
import yaml

from spinemets import settings, settings_docs
from spinemets.errors import InputError

ROOT = Path(__file__).parents[2]
COHORT = {
    "id": "a",
    "label": "A",
    "file": "a.csv",
    "time_zero": "surgery",
    "visibility": "private",
}


def faults(config):
    with pytest.raises(InputError) as caught:
        settings.load(config)
    return caught.value.faults


def test_defaults_are_those_of_the_field():
    found = settings.load({"cohorts": [COHORT]})
    assert found.evaluation.horizons_months == [3, 6, 12]
    assert found.release.minimum_cell == 11
    assert found.cohorts[0].on_fault == "stop"


def test_all_faults_come_at_once_with_the_nearest_key():
    found = faults(
        {
            "cohorts": [COHORT | {"lable": "x"}],
            "evaluation": {"horizon_months": [3]},
            "survivall": {},
        }
    )
    text = "\n".join(map(str, found))
    assert len(found) == 3
    assert "did you mean 'label'" in text
    assert "did you mean 'horizons_months'" in text
    assert "did you mean 'survival'" in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"file": None}, "either `file` or `simulate`"),
        ({"simulate": {}}, "either `file` or `simulate`"),
        ({"visibility": "simulated"}, "goes with `simulate`"),
        ({"visibility": "secret"}, "private"),
        ({"time_zero": "birth"}, "surgery"),
        ({"id": "Has Space"}, "pattern"),
        ({"id": "run"}, "`run` can't be a cohort id"),
        ({"id": "release"}, "`release` can't be a cohort id"),
        ({"id": "all"}, "`all` can't be a cohort id"),
    ],
)
def test_a_cohort_that_contradicts_itself_is_refused(change, message):
    assert message in str(faults({"cohorts": [COHORT | change]})[0])


def test_cohorts_have_different_ids():
    assert "given twice: a" in str(faults({"cohorts": [COHORT, COHORT]})[0])


def test_a_comparison_set_names_computed_scores():
    sets = [{"id": "s", "scores": ["osri"]}]
    found = faults({"cohorts": [], "evaluation": {"comparison_sets": sets}})
    assert "did you mean 'osri_2013'" in str(found[0])


@pytest.mark.parametrize("path", settings_docs.files(ROOT), ids=lambda p: p.name)
def test_derived_files_are_in_step(path):
    assert path.read_text(encoding="utf-8") == settings_docs.files(ROOT)[path], (
        "run: python -m spinemets.settings_docs"
    )


def test_the_written_configuration_is_the_default_one():
    written = yaml.safe_load(settings_docs.config_yaml())
    assert settings.load(written | {"cohorts": []}) == settings.load({"cohorts": []})


def test_out_of_step_files_are_named(tmp_path, capsys):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "README.md").write_text(
        f"a\n{settings_docs.BEGIN}\n{settings_docs.END}\nz\n", encoding="utf-8"
    )
    assert settings_docs.main(["--root", str(tmp_path), "--check"]) == 1
    assert "config.yaml" in capsys.readouterr().err
    assert settings_docs.main(["--root", str(tmp_path)]) == 0
    assert settings_docs.main(["--root", str(tmp_path), "--check"]) == 0
    text = (tmp_path / "config" / "README.md").read_text(encoding="utf-8")
    assert text.startswith("a\n")
    assert text.endswith("z\n")


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("survival", {"times_months": []}),
        ("survival", {"risk_table_months": []}),
        ("evaluation", {"horizons_months": []}),
    ],
)
def test_what_cannot_be_empty_is_refused(section: str, values: dict[str, list[float]]) -> None:
    with pytest.raises(InputError, match=section):
        settings.load({"cohorts": [], section: values})
    settings.load({"cohorts": [], "evaluation": {"horizons_months": [], "horizons_days": [30]}})
