"""YAML is read safely, with line numbers, and its traps are closed."""

import pytest

from spinemets import yamlfile
from spinemets.errors import InputError


@pytest.fixture
def write(tmp_path):
    def _write(text, encoding="utf-8"):
        path = tmp_path / "a.yaml"
        path.write_bytes(text.encode(encoding))
        return path

    return _write


def test_each_part_knows_its_line(write):
    document = yamlfile.load(write("a: 1\nb:\n  - x: 2\n    y: 3\n"))
    assert document.data == {"a": 1, "b": [{"x": 2, "y": 3}]}
    assert document.line(("b", 0, "y")) == 4
    assert document.line(("b", 0, "absent")) == 3


def test_words_and_dates_stay_text(write):
    data = yamlfile.load(write("country: no\nday: 2020-01-31\nswitch: off\nyes_: true\n")).data
    assert data == {"country": "no", "day": "2020-01-31", "switch": "off", "yes_": True}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: !!python/object/apply:os.getcwd []", "line 1"),
        ("a: !secret x", "line 1"),
        ("a: 1\nb: 2\na: 3", "line 3: the key 'a' stands twice"),
        ("a: [1", "line 1|line 2"),
    ],
)
def test_what_is_refused_names_its_line(write, text, message):
    with pytest.raises(InputError, match=message):
        yamlfile.load(write(text))


def test_missing_and_wrongly_encoded_files(write, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        yamlfile.load(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="UTF-8"):
        yamlfile.load(write("a: ä", encoding="latin-1"))


def test_a_byte_order_mark_is_no_key(write):
    assert yamlfile.load(write("\ufeffa: 1")).data == {"a": 1}
    assert yamlfile.load(write("")).data is None


BOMB = "a0: &a0 [x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "aliases multiply"),
        ("a: &a [*a]", "without end"),
        ("a: &a {b: *a}", "without end"),
        ("a: " + "[" * 150 + "]" * 150, "line 1: nested more than 100 levels"),
        ("a: 1\nb: " + "[" * 200_000, "line 2: nested more than 100 levels"),
        ("- " * 50_000, "line 1: nested more than 100 levels"),
        ("a: &a {b: 1}\nc:\n  <<: *a\n  d: 2", "line 3: merge keys"),
        ("? [1, 2]\n: 3", "line 1"),
        ("a: \x00", "line 1"),
    ],
)
def test_traps_end_at_once_and_with_a_line(write, text, message):
    with pytest.raises(InputError, match=message):
        yamlfile.load(write(text))


def test_an_alias_that_is_used_as_meant_stays(write):
    document = yamlfile.load(write("a: &a {b: 1}\nc: [*a, *a]"))
    assert document.data["c"] == [{"b": 1}, {"b": 1}]
