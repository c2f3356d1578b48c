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
