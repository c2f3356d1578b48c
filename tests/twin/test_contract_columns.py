"""Every column of the contract is filled and inside its range; every parameter has an origin."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spinemets import contract, params, twin
from spinemets.errors import InputError

INTERVALS = {"kps_low", "kps_high", "ecog_low", "ecog_high"}


@pytest.fixture(scope="module", params=params.PRESETS)
def cohort(request: pytest.FixtureRequest) -> twin.Simulation:
    return twin.simulate(request.param, seed=5)


def test_the_columns_are_those_of_the_contract_in_its_order_and_types(
    cohort: twin.Simulation,
) -> None:
    assert list(cohort.table) == list(contract.columns())
    for name, column in contract.columns().items():
        assert str(cohort.table[name].dtype) == contract.pandas_dtype(column), name


def test_every_column_is_filled(cohort: twin.Simulation) -> None:
    for name in contract.columns():
        share = cohort.table[name].notna().mean()
        assert share > 0, f"{name} is empty"
        if name in INTERVALS:
            assert share < 0.08, name


def test_every_value_is_inside_the_contract(cohort: twin.Simulation) -> None:
    for name, column in contract.columns().items():
        values = cohort.table[name].dropna()
        if column.levels:
            assert set(values.unique()) <= set(column.levels), name
        if column.is_numeric:
            assert values.between(column.minimum, column.maximum).all(), name
        if column.step:
            assert ((values - column.minimum) % column.step == 0).all(), name


def test_every_level_of_a_closed_category_occurs_in_a_large_cohort() -> None:
    table = twin.simulate("leiden_graz", n=20_000, seed=3).table
    rare = {"primary"}
    for name, column in contract.columns().items():
        if column.levels and name not in rare and len(column.levels) <= 6:
            assert set(table[name].dropna().unique()) == set(column.levels), name


def test_a_number_is_not_the_same_for_everybody(cohort: twin.Simulation) -> None:
    constant = {"entry_days", "bone_metastases"}
    for name in contract.columns():
        if name not in constant:
            assert len(cohort.table[name].dropna().unique()) > 1, name


def test_the_outcome_is_never_missing(cohort: twin.Simulation) -> None:
    assert cohort.table[["patient_id", "survival_days", "died"]].notna().all(axis=None)


def test_survival_is_in_whole_days(cohort: twin.Simulation) -> None:
    days = cohort.table["survival_days"].to_numpy(float)
    assert (days == np.rint(days)).all()
    assert (days >= 0).all()


@pytest.mark.parametrize("preset", params.PRESETS)
def test_every_parameter_is_published_with_a_source_or_assumed_with_a_reason(preset: str) -> None:
    rows = params.parameter_table(preset)
    names = [name for name, *_ in rows]
    assert len(names) == len(set(names))
    assert len(rows) > 300
    for name, value, status, source in rows:
        assert status in ("published", "assumed"), name
        assert source.strip(), name
        assert value.strip(), name
    assert {status for *_, status, _ in rows} == {"published", "assumed"}


def test_the_published_medians_are_those_of_the_series() -> None:
    rows = {name: rest for name, *rest in params.parameter_table("leiden_graz")}
    assert rows["survival.median_months.lung"][:2] == ["2", "published"]
    assert rows["survival.shape"][1] == "assumed"


def test_an_assumed_part_of_a_published_value_says_so() -> None:
    rows = {name: rest for name, *rest in params.parameter_table("leiden_graz")}
    assert rows["baseline.frankel_before.levels.E"] == [
        "0.54",
        "published",
        "Bollen 2016: no deficit 54, minor (D) 34, major (A-C) about 12 %",
    ]
    for part in ("levels.C", "load.compression", "missing.rate"):
        assert rows[f"baseline.frankel_before.{part}"][1] == "assumed"
    gaps = [rest[1] for name, rest in rows.items() if ".missing." in name]
    assert set(gaps) == {"assumed"}


def test_an_exception_for_a_part_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = _copy(tmp_path, "except: {levels.C:", "except: {levels.X:")
    with pytest.raises(InputError, match=r"`except` names 'levels\.X'"):
        twin.simulate(path, n=10)


def _copy(folder: Path, old: str, new: str) -> Path:
    text = (params.FOLDER / "leiden_graz.yaml").read_text(encoding="utf-8")
    assert old in text
    target = folder / "own.yaml"
    target.write_text(text.replace(old, new, 1), encoding="utf-8")
    return target


def test_a_contract_column_without_an_entry_is_named(tmp_path: Path) -> None:
    path = _copy(tmp_path, "\n  inr: {", "\n  _inr: {")
    with pytest.raises(InputError, match=r"(?s)own\.yaml, inr: the contract has this column"):
        twin.simulate(path, n=10)


def test_a_value_without_an_origin_is_named_with_its_line(tmp_path: Path) -> None:
    path = _copy(tmp_path, "{status: assumed, why: near 1,", "{status: assumed,")
    with pytest.raises(InputError, match=r"(?s)baseline\.inr: line \d+: .*needs 'why'"):
        twin.simulate(path, n=10)


def test_an_unknown_section_or_column_is_named(tmp_path: Path) -> None:
    path = _copy(tmp_path, "\neffects:", "\nefects:")
    with pytest.raises(InputError, match="unknown section 'efects'"):
        twin.simulate(path, n=10)
    path = _copy(tmp_path, "\n  _in_trial: {", "\n  in_trial: {")
    with pytest.raises(InputError, match="no such column in the contract"):
        twin.simulate(path, n=10)


def test_ones_own_file_may_change_an_effect(tmp_path: Path) -> None:
    path = _copy(tmp_path, "value: {hr: 1.6, when", "value: {hr: 6, when")
    own = twin.simulate(path, n=300, seed=1)
    shipped = twin.simulate(n=300, seed=1)
    pd.testing.assert_series_equal(own.table["kps"], shipped.table["kps"])
    assert not own.truth["linear_predictor"].equals(shipped.truth["linear_predictor"])


def test_ones_own_file_may_extend_a_shipped_one_from_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "extends: leiden_graz\nsurvival:\n  shape: {status: assumed, why: test, value: 1.2}\n",
        encoding="utf-8",
    )
    assert params.load(path).value("survival", "shape") == 1.2
    assert twin.simulate(path, n=50, seed=1).preset == "own"
