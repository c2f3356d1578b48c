"""Mapping files: what they take, and what they say when they are wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from spinemets.errors import InputError
from spinemets.ingest.mapping_file import load

Make = Callable[[str], Path]
HEAD = "columns:\n  survival_days: {from: t}\n  died: {from: d}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("  age_years: {}", "line 4: give either `from` or `constant`"),
        ("  age_years: {from: a, constant: 3}", "give either `from` or `constant`"),
        ("  age_years: {from: a, unit: yeras}", "unknown unit; did you mean 'years'"),
        ("  sex: {from: a, unit: g/L}", "line 4: unknown unit"),
        ("  albumin_g_per_l: {from: a, unit: mg/dL}", "unknown unit"),
        ("  sex: {constant: man}", "line 4: the target is not a value of the contract"),
        ("  sex: {from: s, values: {1: mal}}", "did you mean 'male'"),
        ("  died: {from: s, values: {1: 1}}", "the key 'died' stands twice"),
        ("  synchronous: {from: s, values: {1: 1}}", "use one of: true or false"),
        ("  kps: {from: k, crosswalk: ma_2011}", "did you mean 'ma_2010'"),
        ("  kps: {from: k, crosswalk: va_wording}", "don't lead to this column"),
        ("  kps: {from: k, crosswalk: [ma_2010, oken]}", "don't lead to this column"),
        ("  ecog: {from: k, crosswalk: [va_wording, oken]}", "don't lead to this column"),
        ("  sex: {from: k, crosswalk: oken}", "fill `kps` and `ecog` only"),
        ("  primary: {from: p, values: {RCC: kidny}}", "did you mean 'kidney'"),
        ("delimiter: ab", "one character"),
        ("encoding: utf-99", "unknown text encoding"),
        ("resolution: hour", "'day', 'week', 'month' or 'year'"),
        ("missing: NA", "list"),
        ("joins: []", "unknown key; did you mean 'join'"),
        ("one_row_per: {colum: a}", "did you mean 'column'"),
    ],
)
def test_what_is_refused(make_mapping: Make, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(make_mapping(HEAD + text + "\n"))
    assert message in str(caught.value)
    assert str(caught.value).count("repair: ") == len(caught.value.faults)


def test_every_fault_at_once(make_mapping: Make) -> None:
    with pytest.raises(InputError) as caught:
        load(make_mapping(HEAD + "  sexx: {constant: male}\n  sex: {constant: man}\n"))
    assert len(caught.value.faults) == 2


def test_empty(make_mapping: Make) -> None:
    with pytest.raises(InputError, match="the mapping is empty"):
        load(make_mapping("# nothing\n"))


def test_codes_may_be_numbers_or_words(make_mapping: Make) -> None:
    text = "  sex: {from: s, values: {0: male, 2.0: female, n: null, true: male}}\n"
    mapping = load(make_mapping(HEAD + text + "missing: [-99, NA]\n"))
    assert mapping.missing == ["-99", "NA"]
    assert mapping.columns["sex"].codes == {"0": "male", "2.0": "female", "n": None, "true": "male"}


def test_shipped_mappings_load(root: Path) -> None:
    shipped = sorted((root / "config/mappings").glob("*.yaml"))
    assert len(shipped) >= 2
    for path in shipped:
        assert {"survival_days", "died"} <= set(load(path).columns)
