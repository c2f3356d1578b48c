"""One small cohort in every kind of file gives the same cells."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from spinemets.errors import InputError
from spinemets.ingest.mapping import TableOptions
from spinemets.ingest.readers import read_table

FILES = Path(__file__).parent / "files"
FRAME = pd.DataFrame(
    {
        "id": ["a", "b", "c"],
        "days": [10, 20, 30],
        "hb": [9.5, float("nan"), 12.0],
        "sex": [1, 2, 1],
        "seen": [dt.date(2020, 1, 31), dt.date(2021, 2, 1), None],
        "tumour": ["Schilddrüse", "", "Niere"],
    }
)
CELLS = {
    "id": ["a", "b", "c"],
    "days": ["10", "20", "30"],
    "hb": ["9.5", "", "12"],
    "sex": ["1", "2", "1"],
    "seen": ["2020-01-31", "2021-02-01", ""],
    "tumour": ["Schilddrüse", "", "Niere"],
}
WORDS = {"sex": {1: "male", 2: "female"}}
LABELS = ["Id", "Days", "Haemoglobin (g/dL)", "Sex", "Last seen", "Tumour"]
Cell = Any


def read(path: Path, **options: Any) -> dict[str, list[str]]:
    table = read_table(path, TableOptions(**options))
    return {name: cells.to_pylist() for name, cells in table.columns.items()}


def workbook(path: Path, *sheets: list[list[Cell]], merge: str = "", titles: str = "ABC") -> Path:
    """Write sheets, each a list of rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in zip(titles, sheets, strict=False):
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        for cells in merge.split():
            sheet.merge_cells(cells)
    book.save(path)
    return path


def write_xlsx(path: Path) -> None:
    cells = FRAME.astype(object).where(FRAME.notna(), None).to_numpy().tolist()
    workbook(path, [list(FRAME.columns), *cells])


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        read(path, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("t.csv", lambda p: FRAME.to_csv(p, index=False, float_format="%g")),
        ("t.tsv", lambda p: FRAME.to_csv(p, index=False, sep="\t", float_format="%g")),
        ("t.parquet", lambda p: FRAME.to_parquet(p)),
        ("t.xlsx", write_xlsx),
        ("t.sav", lambda p: pyreadstat.write_sav(FRAME, str(p))),
        ("t.zsav", lambda p: pyreadstat.write_sav(FRAME, str(p), compress=True)),
        ("t.dta", lambda p: pyreadstat.write_dta(FRAME, str(p))),
        ("t.xpt", lambda p: pyreadstat.write_xport(FRAME, str(p))),
        ("v8.xpt", lambda p: pyreadstat.write_xport(FRAME, str(p), file_format_version=8)),
    ],
)
def test_every_kind_gives_the_same_cells(
    tmp_path: Path, name: str, write: Callable[[Path], object]
) -> None:
    write(tmp_path / name)
    assert read(tmp_path / name) == CELLS
    # The kind is found by the content, whatever the file is called.
    (tmp_path / name).rename(tmp_path / "t.dat")
    options = {"delimiter": "auto"} if name.endswith("sv") else {}
    assert read(tmp_path / "t.dat", **options) == CELLS


@pytest.mark.parametrize("ending", ["sav", "dta"])
def test_value_labels_and_variable_labels(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t.{ending}"
    write = getattr(pyreadstat, f"write_{ending}")
    write(FRAME, str(path), column_labels=LABELS, variable_value_labels=WORDS)
    assert read(path)["sex"] == ["male", "female", "male"]
    assert read(path, value_labels=False)["sex"] == ["1", "2", "1"]
    table = read_table(path, TableOptions())
    assert table.labels["hb"] == "Haemoglobin (g/dL)"
    assert table.codes["sex"] == {"1": "male", "2": "female"}


def test_values_that_spss_declares_missing_are_empty(tmp_path: Path) -> None:
    frame = FRAME.assign(hb=[9.5, -99.0, 12.0])
    pyreadstat.write_sav(frame, str(tmp_path / "t.sav"), missing_ranges={"hb": [-99]})
    assert read(tmp_path / "t.sav")["hb"] == CELLS["hb"]


def test_old_stata_files_dont_say_their_encoding(tmp_path: Path) -> None:
    path = tmp_path / "t.dta"
    pyreadstat.write_dta(FRAME, str(path), version=10)
    assert read(path)["tumour"][0] == "SchilddrÃ¼se"
    path.write_bytes(path.read_bytes().replace("Schilddrüse".encode(), b"Schilddr\xfcse\0"))
    assert read(path) == CELLS


def test_sas_with_and_without_its_catalogue() -> None:
    plain = read(FILES / "cohort.sas7bdat")
    assert plain["SEX"][:2] == ["1", "2"]
    assert plain["SEX"][5] == ""
    assert plain["DTHDT"][1] == "2020-02-17"
    labelled = read(FILES / "cohort.sas7bdat", catalog="cohort.sas7bcat")
    assert labelled["SEX"][:2] == ["male", "female"]
    assert {k: v for k, v in labelled.items() if k != "SEX"} == {
        k: v for k, v in plain.items() if k != "SEX"
    }
    for other in ("absent.sas7bcat", "../files/cohort.sas7bcat"):
        assert "isn't there" in refusal(FILES / "cohort.sas7bdat", catalog=other)


# -- workbooks -----------------------------------------------------------------------------------
HEADER = ["id", "Hb", "CRP"]
ROWS: list[list[Cell]] = [["a", 9.5, 3], ["b", 10.25, 4]]


def test_the_sheet_is_named_when_there_are_several(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [HEADER, *ROWS], [HEADER, ["c", 1, 2]], [["only a note"]])
    assert "one of: A, B" in refusal(path)
    assert read(path, sheet="B")["id"] == ["c"]
    assert "did you mean" in refusal(workbook(tmp_path / "u.xlsx", [HEADER, *ROWS]), sheet="AA")
    one = workbook(tmp_path / "one.xlsx", [HEADER, *ROWS], [["only a note"]])
    assert read(one)["id"] == ["a", "b"]


def test_rows_are_numbered_as_excel_shows_them(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [[], HEADER, ROWS[0], [], ROWS[1]])
    table = read_table(path, TableOptions())
    assert table.lines.tolist() == [3, 5]


def test_decimal_commas_written_as_text(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [HEADER, ["a", "9,5", 3], ["b", 10.25, 4]])
    assert read(path, decimal="auto")["Hb"] == ["9,5", "10,25"]
    assert read(path, decimal=",")["Hb"] == ["9,5", "10,25"]
    assert read(path)["Hb"] == ["9,5", "10.25"]  # and the number is refused with the repair


def test_a_title_and_two_header_rows(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [["Our patients"], [], HEADER, *ROWS])
    said = refusal(path)
    assert "a title stands above the header" in said
    assert "`header: 3`" in said
    assert read(path, header=3)["Hb"] == ["9.5", "10.25"]
    two = [["", "Labor", ""], HEADER, *ROWS]
    path = workbook(tmp_path / "u.xlsx", two, merge="B1:C1")
    said = refusal(path)
    assert "`header: [1, 2]`" in said
    assert list(read(path, header=[1, 2])) == ["id", "Labor Hb", "Labor CRP"]


def test_merged_cells_are_not_filled_silently(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [HEADER, ["a", 9.5, 3], ["b", None, 4]], merge="B2:B3")
    said = refusal(path)
    assert "merged" in said
    assert "[rows 2, 3]" in said


def test_formulas(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [HEADER, ["a", "=1+1", 3], ["b", "=A2", 4]])
    said = refusal(path)
    assert "formulas that were never calculated (2)" in said


def test_a_password(tmp_path: Path) -> None:
    assert "protected by a password" in refusal(FILES / "password.xlsx")


@pytest.mark.parametrize("name", ["t.xlsx", "t.parquet", "t.sav", "t.dta", "t.xpt"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.9])
def test_truncated_files(tmp_path: Path, name: str, part: float) -> None:
    path = tmp_path / name
    frame = pd.concat([FRAME] * 50)
    # A transport file has no number of rows: cut between two records it looks complete.
    {
        "t.xlsx": write_xlsx,
        "t.parquet": lambda p: frame.to_parquet(p),
        "t.sav": lambda p: pyreadstat.write_sav(frame, str(p)),
        "t.dta": lambda p: pyreadstat.write_dta(frame, str(p)),
        "t.xpt": lambda p: pyreadstat.write_xport(frame, str(p)),
    }[name](path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    assert "repair: " in refusal(path)


def test_a_header_over_two_lines_of_text(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Export of 2024\n,Labor\nid,Hb\na,1\n", encoding="utf-8")
    assert read(path, header=[2, 3]) == {"id": ["a"], "Labor Hb": ["1"]}
    assert "no such row" in refusal(path, header=9)


def test_mixed_encodings_name_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n" + "ä,1\n".encode() + "ö,2\n".encode("cp1252"))
    for options in ({}, {"encoding": "auto"}, {"encoding": "cp1252"}):
        said = refusal(path, **options)
        assert "mixes UTF-8 with another encoding" in said
        assert "[row 3]" in said


def test_a_declared_kind_that_the_file_is_not(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "t.xlsx")
    assert "write `format: excel`" in refusal(tmp_path / "t.xlsx", format="csv")
    (tmp_path / "u.sav").write_text("a,b\n1,2\n", encoding="utf-8")
    assert "by its name this is an SPSS file" in refusal(tmp_path / "u.sav")


def test_ten_thousand_columns(tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(10_000)]
    wide = tmp_path / "t.csv"
    wide.write_text(",".join(names) + "\n" + ",".join("1" * 10_000) + "\n", encoding="utf-8")
    assert len(read(wide)) == 10_000
    assert len(read(workbook(tmp_path / "t.xlsx", [names, [1] * 10_000]))) == 10_000
