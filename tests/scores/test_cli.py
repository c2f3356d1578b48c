"""``spinemets scores`` and ``spinemets score``."""

import argparse
import subprocess
import sys

import pandas as pd
import pytest

from spinemets.errors import InputError
from spinemets.scores import cli, registry
from spinemets.scores.patient_options import read_patient


def run(*argv):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    cli.add_parsers(parser.add_subparsers(required=True))
    args = parser.parse_args(list(argv))
    return args.work(args)


def test_list_names_every_score(capsys):
    assert run("scores", "list") == 0
    out = capsys.readouterr().out
    assert all(f"\n{name} " in out for name in registry.shipped())
    assert "not" in out.lower()
    assert "treatment decisions" in out


@pytest.mark.parametrize("score", registry.shipped())
def test_show(score, capsys):
    assert run("scores", "show", score) == 0
    out = capsys.readouterr().out
    definition = registry.load_definitions([score])[score]
    assert definition.data.name in out
    for band in definition.bands:
        assert f"- {band.label}" in out
    for variant in definition.data.variants:
        assert variant.id in out
    for patient in definition.data.worked_patients:
        assert f"- {patient.id}" in out
    assert "treatment decisions" in out


def test_show_an_unknown_score():
    with pytest.raises(InputError, match="did you mean"):
        run("scores", "show", "tokuhashi_2006")


def test_one_patient(capsys):
    assert run("score", "--primary", "NSCLC", "--kps", "100", "--scores", "osri_2013") == 0
    out = capsys.readouterr().out
    assert "OSRI 2013: 5 of 1-7 points, band 5" in out
    assert "very rapid (lung)" in out
    assert "published: median 4 months (Balain 2013) [unsure]" in out
    assert "needs verification" in out
    assert "not" in out
    assert "treatment decisions" in out


def test_one_patient_with_gaps_prints_bounds_and_the_reason(capsys):
    run("score", "--primary", "prostate", "--scores", "van_der_linden_2005")
    out = capsys.readouterr().out
    assert "2 to 5 of 0-6 points" in out
    assert "missing: Karnofsky performance status, visceral metastases" in out


def test_one_patient_without_a_listed_primary(capsys):
    run("score", "--primary", "urothelial", "--kps", "80", "--scores", "osri_2013")
    assert "not listed by the score" in capsys.readouterr().out


def test_variant_and_removability(capsys):
    common = ["--primary", "prostate", "--visceral-metastases", "yes",
              "--solitary-skeletal-metastasis", "no", "--scores", "tomita_2001"]  # fmt: skip
    run("score", *common, "--variant", "prostate_moderate", "--removability", "unremovable")
    assert "Tomita 2001 (prostate moderate): 8 of 2-10 points" in capsys.readouterr().out
    with pytest.raises(InputError, match="prostate_moderate"):
        run("score", *common, "--variant", "nothing")


def test_laboratory_values_carry_their_unit():
    patient = read_patient({"calcium_mmol_per_l": "10.3 mg/dL", "albumin_g_per_l": "35"})
    assert patient["calcium_mmol_per_l"] == pytest.approx(2.57, abs=0.001)
    assert patient["albumin_g_per_l"] == 35


def test_all_wrong_options_are_reported_at_once():
    given = {"kps": "45", "primary": "lungs", "died": "perhaps", "calcium_mmol_per_l": "9 stone"}
    with pytest.raises(InputError) as caught:
        read_patient(given | {"sex": "x", "ecog": "1.5", "age_years": "old"})
    assert len(caught.value.faults) == 7
    assert "45" not in str(caught.value)
    assert "did you mean 'lung'" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "primary"),
    [("Mammakarzinom", "breast"), ("CUP", "unknown_primary"), ("RCC", "kidney")],
)
def test_primary_by_synonym(text, primary):
    assert read_patient({"primary": text}) == {"primary": primary}


class TestTable:
    """A table of patients."""

    def test_to_stdout(self, tmp_path, capsys):
        path = tmp_path / "patients.csv"
        path.write_text("# a comment\npatient_id,primary,kps\n1,lung,80\n2,breast,\n")
        assert run("score", str(path), "--scores", "osri_2013") == 0
        captured = capsys.readouterr()
        lines = captured.out.splitlines()
        assert lines[0].startswith("patient_id,score,variant,points,band")
        assert "primary 5; general_condition 0" in lines[1]
        assert "primary 1; general_condition 0 to 2" in lines[2]
        assert "median 4 months" in lines[1]
        assert "treatment decisions" in captured.err

    def test_to_a_file(self, tmp_path):
        path, out = tmp_path / "patients.csv", tmp_path / "out.csv"
        path.write_text("primary,kps\nlung,80\n")
        assert run("score", str(path), "--out", str(out)) == 0
        table = pd.read_csv(out)
        assert table["score"].tolist() == list(registry.DEFAULT)
        assert table["patient_id"].tolist() == [1] * 6

    @pytest.mark.parametrize("text", ["a,b\n1,2\n", ""])
    def test_not_a_patient_table(self, tmp_path, text):
        path = tmp_path / "patients.csv"
        path.write_text(text)
        with pytest.raises(InputError, match=r"contract|is empty"):
            run("score", str(path))

    def test_missing_file(self, tmp_path):
        with pytest.raises(InputError, match="does not exist"):
            run("score", str(tmp_path / "nothing.csv"))


def test_a_table_and_options_together_or_neither():
    for argv in (["score"], ["score", "x.csv", "--kps", "80"]):
        with pytest.raises(InputError, match="either a table or one patient"):
            run(*argv)


def test_the_command_line_starts_without_heavy_packages():
    code = (
        "import sys, argparse; from spinemets.scores import cli;"
        "cli.add_parsers(argparse.ArgumentParser().add_subparsers());"
        "heavy = {'pandas', 'numpy', 'scipy', 'matplotlib'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
