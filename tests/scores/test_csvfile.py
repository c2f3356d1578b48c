"""CSV files as they come, for scoring without a mapping."""

import pytest

from spinemets.errors import InputError
from spinemets.scores import csvfile


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "patients.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_texts_stay_texts_and_comments_are_counted(write):
    path = write("# made by hand\nkps,primary\n\n080,None\n,NA\n")
    frame, lines = csvfile.read_csv(path)
    assert frame.to_numpy().tolist() == [["080", "None"], ["", "NA"]]
    assert lines == [4, 5]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_separators_and_encodings(write, separator, encoding):
    path = write(f"kps{separator}primary\r\n80{separator}Schilddrüse\r\n".encode(encoding))
    frame, _ = csvfile.read_csv(path)
    assert frame.to_numpy().tolist() == [["80", "Schilddrüse"]]


def test_a_header_alone_is_a_table_of_no_patient(write):
    frame, lines = csvfile.read_csv(write("kps,primary\n"))
    assert (len(frame), lines) == (0, [])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "holds no table"),
        ("# nothing\n\n", "holds no table"),
        ("kps,primary\n80,lung\n80\n90,lung,x\n", r"the 2 cells of the header \[rows 3, 4\]"),
        ('kps,primary\n80,"lung\n', "line 2 is not CSV"),
        (b"PK\x03\x04rest", "a spreadsheet or zip archive, not a CSV file"),
    ],
)
def test_what_is_no_table(write, content, why):
    with pytest.raises(InputError, match=why):
        csvfile.read_csv(write(content))


def test_a_decimal_comma_in_a_comma_table_is_found(write):
    with pytest.raises(InputError, match="decimal commas go with semicolons"):
        csvfile.read_csv(write("kps,age_years\n80,61,5\n"))


def test_no_file(tmp_path):
    with pytest.raises(InputError, match="can't be read"):
        csvfile.read_csv(tmp_path / "nothing.csv")
    with pytest.raises(InputError, match="can't be read"):
        csvfile.read_csv(tmp_path)
