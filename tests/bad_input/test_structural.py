"""Files that can't be read as what they are said to be: all at once, exit 2, nothing written."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.bad_input.support import GOOD, MAPPING, Stage, changed, refused
from tests.ingest.conftest import a_cohort

from spinemets.errors import InputError
from spinemets.ingest.patients import Ingested, ingest
from spinemets.released import TABLES_OF
from spinemets.settings import load

Refuse = Callable[..., str]


@pytest.fixture
def refuse(tmp_path: Path, run_stage: Stage, capfd: pytest.CaptureFixture[str]) -> Refuse:
    """Write bytes (none: no file) and a mapping, run the stage, expect refusal."""

    def run(content: bytes | str | None, mapping: str | None = MAPPING, name: str = "t.csv") -> str:
        table = tmp_path / name
        if content is not None:
            table.write_bytes(content.encode() if isinstance(content, str) else content)
        how = None
        if mapping is not None:
            how = tmp_path / "m.yaml"
            how.write_text(mapping, encoding="utf-8")
        return refused(run_stage, capfd, table, how)

    return run


def test_the_good_table_passes(tmp_path: Path, run_stage: Stage) -> None:
    table = tmp_path / "t.csv"
    table.write_text(GOOD, encoding="utf-8")
    code, out = run_stage(table)
    assert code == 0
    written = {path.stem for path in out.iterdir()}
    assert written == {"patients", "inclusion", "cohort", *TABLES_OF["ingest"]}


def test_missing_file(refuse: Refuse) -> None:
    assert "the file does not exist" in refuse(None)


@pytest.mark.parametrize("content", ["", "\n\n  \n"])
def test_empty_file(refuse: Refuse, content: str) -> None:
    assert "the file is empty" in refuse(content)


def test_header_only(refuse: Refuse) -> None:
    assert "a header but no rows" in refuse(GOOD.splitlines()[0] + "\n")


def test_comments_only(refuse: Refuse) -> None:
    assert "comments but no table" in refuse("# nothing\n# here\n")


def test_a_folder(tmp_path: Path, run_stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    assert "this is a folder" in refused(run_stage, capfd, tmp_path)


@pytest.mark.parametrize(("delimiter", "name"), [(";", "semicolon"), ("\t", "tab"), ("|", "bar")])
def test_wrong_delimiter(refuse: Refuse, delimiter: str, name: str) -> None:
    said = refuse(GOOD.replace(",", delimiter))
    assert "wrong delimiter" in said
    assert name in said
    assert "add `delimiter: " in said


def test_declared_delimiter_that_is_wrong(refuse: Refuse) -> None:
    said = refuse(GOOD, 'delimiter: ";"\n' + MAPPING)
    assert "wrong delimiter" in said
    assert 'add `delimiter: ","`' in said


@pytest.mark.parametrize(
    ("encoding", "repair"),
    [
        ("utf-16", "encoding: utf-16"),
        ("utf-16-le", "encoding: utf-16-le"),
        ("utf-16-be", "encoding: utf-16-be"),
        ("utf-32", "encoding: utf-32"),
        ("utf-8-sig", "encoding: utf-8-sig"),
        ("latin-1", "encoding: cp1252"),
        ("cp1252", "encoding: cp1252"),
    ],
)
def test_encoding_that_nobody_declared(
    refuse: Refuse, encoding: str, repair: str, tmp_path: Path
) -> None:
    content = changed(("breast", "Schilddrüse")).encode(encoding)
    assert repair in refuse(content)
    # The line that the message gives repairs it, and so does `auto`.
    for line in (repair, "encoding: auto"):
        table = tmp_path / "again.csv"
        table.write_bytes(content)
        (tmp_path / "m2.yaml").write_text(f"{line}\n{MAPPING}", encoding="utf-8")
        result = ingest(table, tmp_path / "m2.yaml", a_cohort(table))
        assert result.patients["primary"].tolist()[0] == "thyroid"


def test_wrong_declared_encoding(refuse: Refuse) -> None:
    said = refuse(changed(("breast", "Brüste")).encode("latin-1"), "encoding: utf-16\n" + MAPPING)
    assert "is not UTF-8, declared is utf-16" in said
    said = refuse(changed(("breast", "Brüste")), "encoding: latin-1\n" + MAPPING)
    assert "is UTF-8, declared is latin-1" in said


def test_nul_characters(refuse: Refuse) -> None:
    assert "NUL" in refuse(GOOD.replace("131", "1\x003"))


@pytest.mark.parametrize(
    ("magic", "what"), [(b"PK\x03\x04rest", "the workbook is damaged"), (b"\x1f\x8brest", "gzip")]
)
def test_not_a_text(refuse: Refuse, magic: bytes, what: str) -> None:
    assert what in refuse(magic)


def test_duplicate_columns(refuse: Refuse) -> None:
    said = refuse(changed(("sex,primary", "kps,primary")))
    assert "stands 2 times" in said


def test_duplicate_ids(refuse: Refuse) -> None:
    said = refuse(changed(("Canary-C", "Canary-A")))
    assert "ids stand twice [rows 2, 4]" in said


def test_mapping_to_a_column_that_is_not_there(refuse: Refuse) -> None:
    said = refuse(GOOD, MAPPING.replace("from: age_years", "from: age_year"))
    assert "did you mean 'age_years'" in said


def test_contract_column_that_does_not_exist(refuse: Refuse) -> None:
    said = refuse(GOOD, MAPPING.replace("  kps:", "  kpss:"))
    assert "line 8: the contract has no such column; did you mean 'kps'" in said


def test_header_that_is_not_of_the_contract(refuse: Refuse) -> None:
    said = refuse(changed(("haemoglobin_g_per_l", "hemoglobin_g_per_l")), None)
    assert "did you mean 'haemoglobin_g_per_l'" in said


@pytest.mark.parametrize("column", ["survival_days", "died"])
def test_required_column_not_mapped(refuse: Refuse, column: str) -> None:
    lines = [line for line in MAPPING.splitlines() if not line.startswith(f"  {column}:")]
    assert f"no column gives `{column}`" in refuse(GOOD, "\n".join(lines) + "\n")


def test_unknown_key_in_the_mapping(refuse: Refuse) -> None:
    said = refuse(GOOD, "delimeter: ';'\n" + MAPPING)
    assert "line 1: unknown key; did you mean 'delimiter'" in said
    said = refuse(GOOD, MAPPING.replace("unit:", "units:"))
    assert "line 9: unknown key; did you mean 'unit'" in said


def test_unknown_key_in_the_configuration() -> None:
    with pytest.raises(InputError, match="did you mean 'on_fault'"):
        load({"cohorts": [{"id": "a", "label": "b", "file": "c", "onfault": "stop"}]})


@pytest.mark.parametrize("text", ["columns: [", "columns: {a: !!python/object:os.system x}", "- 1"])
def test_mapping_that_is_no_mapping(refuse: Refuse, text: str) -> None:
    refuse(GOOD, text)


def test_decimal_commas(refuse: Refuse) -> None:
    said = refuse(changed(("61.5", '"61,5"')))
    assert "decimal commas" in said
    assert 'write `decimal: ","` into the mapping' in said
    # Without quotation marks the comma splits the cell.
    said = refuse(changed(("61.5", "61,5")))
    assert "more or fewer cells than the header (8) [row 2]" in said


def test_decimal_commas_declared(ingest_text: Callable[..., Ingested]) -> None:
    text = changed(("61.5", "61,5"), text=GOOD.replace(",", ";"))
    result = ingest_text(text, 'delimiter: ";"\ndecimal: ","\n' + MAPPING)
    assert result.patients["age_years"].tolist()[0] == 61.5
    result = ingest_text(text, "delimiter: auto\ndecimal: auto\n" + MAPPING)
    assert result.patients["age_years"].tolist()[0] == 61.5
    assert {"delimiter detected: semicolon", "decimal mark detected: comma"} <= {
        rule.removeprefix("t.csv: ") for rule in result.quality["rule"]
    }


@pytest.mark.parametrize("declared", ['decimal: ","', "decimal: auto"])
def test_mixed_decimal_marks(refuse: Refuse, declared: str) -> None:
    """A point under a declared comma is never dropped as digit grouping."""
    text = changed(("61.5", "61,5"), (";70;", ";70.5;"), text=GOOD.replace(",", ";"))
    said = refuse(text, f'delimiter: ";"\n{declared}\n' + MAPPING)
    assert "declares decimal" in said


def test_ragged_rows_and_open_quotation_marks(refuse: Refuse) -> None:
    said = refuse(GOOD + "Canary-E,1\n")
    assert "[row 6]" in said
    refuse(GOOD + '"Canary-E,1,true,50,male,lung,50,100\n')


@pytest.mark.parametrize("closed", ["", '"'])
def test_a_quotation_mark_that_swallows_rows_loses_no_patient(refuse: Refuse, closed: str) -> None:
    said = refuse(changed((",131\n", ',"131\n'), (",118\n", f",118{closed}\n")))
    assert "quoted cell holds whole rows" in said
    assert "[row 2]" in said


def test_everything_at_once(refuse: Refuse) -> None:
    """Faults of the mapping, of the file and of its values come in one message."""
    text = changed(("sex,primary", "kps,primary"))
    said = refuse(text.replace(",", ";").encode("utf-16"), "missin: [x]\n" + MAPPING)
    for part in ("unknown key", "UTF-16", "wrong delimiter", "stands 2 times"):
        assert part in said
    said = refuse(
        changed(("Canary-C", "Canary-A"), (",80,", ",85,"), (",lung,", ",elbow,")),
        MAPPING.replace("from: sex", "from: gender"),
    )
    for part in ("ids stand twice", "gender", "not a step of 10", "not in the vocabulary"):
        assert part in said
    assert "4 faults" in said


def test_inclusion_rule_is_checked_with_the_rest(
    tmp_path: Path, run_stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "t.csv"
    table.write_text(changed(("Canary-C", "Canary-A")), encoding="utf-8")
    said = refused(run_stage, capfd, table, include="bone_metastasis == 1")
    assert "did you mean 'bone_metastases'" in said
    assert "ids stand twice" in said
