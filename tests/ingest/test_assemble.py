"""Several tables and several rows per patient."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ingest.conftest import a_cohort

from spinemets.errors import InputError
from spinemets.ingest.patients import Ingested, ingest

PATIENTS = "#c\n#c\nPID\tT\tD\nP1\t10\t1\nP2\t20\t0\nP3\t30\t1\nP4\t40\t0\n"
SAMPLES = (
    "PID,SITE,TYPE\nP1,Liver,Breast\nP1,Bone,Breast\nP2,Bone,Lung\nP3,Liver,Lung\nP3,Lung,Colon\n"
)
HEAD = (
    "columns:\n  patient_id: {from: PID}\n  survival_days: {from: T}\n  died: {from: D}\n"
    "  primary: {from: TYPE}\n"
)
JOIN = """\
join:
  - file: samples.csv
    on: PID
    equals: PID
    one_row_per: {column: PID, prefer: {SITE: [Bone]}}
"""
Flow = Callable[[Ingested], dict[tuple[str, str], int]]


@pytest.fixture
def study(tmp_path: Path) -> Callable[..., Ingested]:
    def run(mapping: str, samples: str = SAMPLES, table: str = "patients.txt") -> Ingested:
        (tmp_path / "patients.txt").write_text(PATIENTS, encoding="utf-8")
        (tmp_path / "samples.csv").write_text(samples, encoding="utf-8")
        (tmp_path / "m.yaml").write_text(mapping, encoding="utf-8")
        return ingest(tmp_path / table, tmp_path / "m.yaml", a_cohort(tmp_path / table))

    return run


def test_join(study: Callable[..., Ingested]) -> None:
    result = study(HEAD + JOIN)
    assert result.patients["primary"].fillna("").tolist() == ["breast", "lung", "lung", ""]
    assert "joined table 1: has no row for rows of the first table" in set(result.quality["rule"])
    kinds = sorted(name.partition(".")[2] for name in result.info["sha256"])
    assert kinds == ["csv", "txt", "yaml"]
    assert result.unused == []


def test_select_prefers_then_counts(study: Callable[..., Ingested], flow_of: Flow) -> None:
    result = study(HEAD + JOIN + "select: {SITE: [bone]}\n")
    assert flow_of(result) == {
        ("in", ""): 4,
        ("excluded", "SITE is not bone"): 2,
        ("analysed", ""): 2,
    }


def test_faults_name_the_rows_of_the_second_file(study: Callable[..., Ingested]) -> None:
    result = study(HEAD + JOIN, SAMPLES.replace("P2,Bone,Lung", "P2,Bone,Elbow"))
    fault = result.faults[0]
    assert fault.file.endswith("samples.csv")
    assert fault.rows == (4,)


def test_several_rows_without_a_rule(study: Callable[..., Ingested]) -> None:
    with pytest.raises(InputError, match=r"samples.csv, PID: ids stand twice \[rows 2, 3, 5, 6\]"):
        study(HEAD + JOIN.replace("    one_row_per: {column: PID, prefer: {SITE: [Bone]}}\n", ""))


@pytest.mark.parametrize(("keep", "primary"), [("first", "lung"), ("last", "colon")])
def test_keep(study: Callable[..., Ingested], keep: str, primary: str) -> None:
    rule = f"one_row_per: {{column: PID, keep: {keep}}}"
    result = study(HEAD + JOIN.replace("one_row_per: {column: PID, prefer: {SITE: [Bone]}}", rule))
    assert result.patients["primary"].tolist()[2] == primary


def test_one_row_per_patient_of_the_first_table(
    study: Callable[..., Ingested], flow_of: Flow
) -> None:
    text = "PID,T,D,VISIT\nA,5,1,2\nA,9,1,1\n,3,0,1\n,4,0,1\nB,7,0,1\n"
    how = (
        "columns:\n  patient_id: {from: PID}\n  survival_days: {from: T}\n  died: {from: D}\n"
        "one_row_per: {column: PID, prefer: {VISIT: [1, 2]}}\n"
    )
    with pytest.raises(InputError):
        study(how.replace("VISIT", "VISITS"), text, "samples.csv")
    result = study(how, text, "samples.csv")
    assert result.patients["survival_days"].tolist() == [9, 7]
    assert flow_of(result)["excluded", "no patient id"] == 2
    assert "further rows of a patient were not used (`one_row_per`)" in set(result.quality["rule"])


@pytest.mark.parametrize("file", ["../samples.csv", "/etc/passwd", "a/../../b.csv"])
def test_joined_files_stay_beside_the_first(study: Callable[..., Ingested], file: str) -> None:
    with pytest.raises(InputError, match="beside the first table"):
        study(HEAD + JOIN.replace("samples.csv", file))


def test_join_columns_that_are_not_there(study: Callable[..., Ingested]) -> None:
    with pytest.raises(InputError) as caught:
        study(HEAD + JOIN.replace("on: PID", "on: PIDD").replace("equals: PID", "equals: PDI"))
    assert str(caught.value).count("did you mean 'PID'") == 2
