"""Files as they come, for scoring without a mapping."""

import pandas as pd
import pytest

from spinemets.errors import InputError
from spinemets.scores import reading


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "patients.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_remarks_name_the_lines_of_the_file(write):
    found = reading.read_file(write("# made by hand\nkps,sins_pain\n080,none\n45,NA\n,None\n"))
    assert found.frame["kps"].tolist() == [80.0, reading.OUTSIDE, None]
    assert found.frame["sins_pain"].tolist() == ["none", None, "none"]
    assert [r.rows for r in found.remarks] == [(4,)]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_separators_and_encodings(write, separator, encoding):
    text = f"kps{separator}primary\r\n80{separator}Schilddrüse\r\n"
    found = reading.read_file(write(text.encode(encoding)))
    assert found.frame[["kps", "primary"]].to_numpy().tolist() == [[80.0, "thyroid"]]


def test_a_workbook_and_a_parquet_file(tmp_path):
    frame = pd.DataFrame({"KPS": [80, 70], "primary": ["Lunge", "NSCLC"]})
    frame.to_parquet(tmp_path / "few.parquet")
    frame.to_excel(tmp_path / "few.xlsx", index=False)
    for name in ("few.parquet", "few.xlsx"):
        found = reading.read_file(tmp_path / name)
        assert found.frame["kps"].tolist() == [80.0, 70.0]
        assert found.frame["primary"].tolist() == ["lung", "lung"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "# nothing\n\n",
        "kps,primary\n",
        "kps,primary\n80,lung\n90,lung,x\n",
        "kps,age_years\n80,61,5\n",
        "a,b\n1,2\n",
        "kps,kps\n80,80\n",
        b"%PDF-1.4 rest",
    ],
)
def test_what_is_no_table(write, content):
    with pytest.raises(InputError, match=r"patients\.csv"):
        reading.read_file(write(content))


def test_no_file(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.csv"):
        reading.read_file(tmp_path / "nothing.csv")
    with pytest.raises(InputError):
        reading.read_file(tmp_path)
