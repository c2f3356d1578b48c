"""The section on histology and treatment says what the released tables say, or why it can't."""

import pytest

from helpers import private_tables
from spinemets.reporting import cells, survival_cells
from spinemets.stages import disclose

NAMES = {"tokuhashi_2005": "Tokuhashi 2005", "noms_2013": "NOMS 2013"}


@pytest.fixture(scope="module", params=["simulated", "private"])
def shown(request, tmp_path_factory):
    """Tables of the section, of a cohort released as it is and of a protected one."""
    top = tmp_path_factory.mktemp(request.param)
    private = private_tables.write(top / "private", 600, request.param)
    tables = sorted(str(p) for p in private.glob("*.csv"))
    arguments = ["--cohort-info", str(private / "cohort.json"), "--tables", *tables]
    assert disclose.main([*arguments, "--out-folder", str(top / "tables")]) == 0
    found = cells.read(top)
    return request.param, survival_cells.tables(found, NAMES)


def test_every_table_has_rows_of_the_width_of_its_head(shown):
    for tables in shown[1].values():
        for table in tables:
            assert table.rows, table.title
            assert {len(row) for row in table.rows} == {len(table.head)}, table.title
            assert all(isinstance(cell, str) for row in table.rows for cell in row)


def test_the_stratified_result_stands_beside_the_unstratified_one(shown):
    row = shown[1]["models"][0].rows[0]
    assert row[0] == "Tokuhashi 2005 within primary histology"
    assert row[1:3] == ["0.79 (0.75 to 0.83)", "0.85 (0.81 to 0.89)"]
    assert row[3] == "0.210"
    assert "of the variance" in row[4]


def test_a_difference_between_treatments_is_called_an_association(shown):
    comparison = shown[1]["treatment"][0]
    assert any("association" in note for note in comparison.notes)
    assert any("chance of treatment" in note for note in comparison.notes)


def test_a_private_cohort_shows_no_small_count(shown):
    kind, tables = shown
    panel = " ".join(" ".join(row) for row in tables["treatment"][1].rows)
    assert "7 patient" not in panel
    if kind == "private":
        counts = [row[1] for row in tables["treatment"][2].rows]
        assert all(n == cells.NOT_SHOWN or int(n) % 6 == 3 for n in counts)


def test_outcomes_that_the_cohort_lacks_are_named(shown):
    notes = " ".join(shown[1]["outcomes"][0].notes)
    assert "Not recorded in this cohort: reoperation." in notes
    assert "Gray's test" in notes


@pytest.mark.parametrize(("value", "text"), [(0.0001, "< 0.001"), (0.04567, "0.046")])
def test_p_values_are_printed_as_journals_do(value, text):
    assert survival_cells.p_value({"estimate": value, "note": ""}) == text
    assert survival_cells.p_value({"estimate": None, "note": "too few"}) == "too few"
