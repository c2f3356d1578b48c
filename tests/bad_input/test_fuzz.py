"""Broken and random files: a table or a clear error, whatever the bytes."""

import contextlib
import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinemets.errors import InputError
from spinemets.ingest.detect import MAGIC, SUFFIXES
from spinemets.ingest.mapping import TableOptions
from spinemets.ingest.mapping_file import load
from spinemets.ingest.readers import read_table

QUICK = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
AUTO = TableOptions(encoding="auto", delimiter="auto", decimal="auto")
FRAME = pd.DataFrame({"a": [1.5, 2.0, 3.0] * 4, "b": ["x", "ü", ""] * 4})


def reads_or_says_why(path: Path) -> None:
    """A table whose columns are equally long, or faults with a repair each."""
    try:
        table = read_table(path, AUTO)
    except InputError as err:
        faults = err.faults
    else:
        faults = ()
        assert {len(c) for c in table.columns.values()} <= {table.n_rows}
        assert len(table.lines) == table.n_rows
    assert all(f.rule and f.repair for f in faults)


@QUICK
@given(
    start=st.sampled_from([b"", *MAGIC, b"\xef\xbb\xbf", b"\xff\xfe", b"a,b\n1,2\n"]),
    rest=st.binary(max_size=300),
    suffix=st.sampled_from([".csv", ".txt", *SUFFIXES]),
)
def test_random_bytes(tmp_path: Path, start: bytes, rest: bytes, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    path.write_bytes(start + rest)
    reads_or_says_why(path)


@QUICK
@given(text=st.text(st.sampled_from('ab,;\t|"\n\r#=1.ü\ufeff '), max_size=80))
def test_random_tables(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8", newline="")
    reads_or_says_why(path)


def _xlsx(path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [list(FRAME.columns), *FRAME.to_numpy().tolist()]:
        book.active.append(row)
    book.save(path)


WRITERS: dict[str, Callable[[Path], object]] = {
    ".xlsx": _xlsx,
    ".parquet": lambda p: FRAME.to_parquet(p),
    ".sav": lambda p: pyreadstat.write_sav(FRAME, str(p)),
    ".dta": lambda p: pyreadstat.write_dta(FRAME, str(p)),
    ".xpt": lambda p: pyreadstat.write_xport(FRAME, str(p)),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One good file of every kind."""
    folder = tmp_path_factory.mktemp("whole")
    for suffix, write in WRITERS.items():
        write(folder / f"t{suffix}")
    return {suffix: (folder / f"t{suffix}").read_bytes() for suffix in WRITERS}


@QUICK
@given(data=st.data())
def test_damaged_files(tmp_path: Path, whole: dict[str, bytes], data: st.DataObject) -> None:
    suffix = data.draw(st.sampled_from(sorted(whole)))
    content = bytearray(whole[suffix])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    path = tmp_path / f"t{suffix}"
    path.write_bytes(bytes(content[: cut or None]))
    reads_or_says_why(path)


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.floats(), st.text(max_size=5),
    st.sampled_from(["sex", "from", "g/L", "auto", "icd", "first"]),
)  # fmt: skip
KEYS = st.sampled_from(
    ["columns", "from", "values", "unit", "join", "file", "redcap", "combine", "any", "date",
     "time_zero", "header", "sheet", "missing", "drop", "select", "decide", "one_row_per", "sex",
     "survival_days", "died", "kps", "crosswalk", "encoding", "delimiter", "x"]
)  # fmt: skip
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5)
)


@QUICK
@given(tree=st.dictionaries(KEYS, TREES, max_size=6))
def test_random_mappings(tmp_path: Path, tree: dict[str, object]) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    with contextlib.suppress(InputError):
        load(path)


@QUICK
@given(text=st.text(st.characters(codec="utf-8"), max_size=120))
def test_random_yaml(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_bytes(io.BytesIO(text.encode("utf-8")).getvalue())
    with contextlib.suppress(InputError):
        load(path)
