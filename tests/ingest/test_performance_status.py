"""KPS and ECOG: published tables, intervals, words."""

from collections.abc import Callable

import pandas as pd
import pytest

from spinemets.errors import InputError
from spinemets.ingest.patients import Ingested
from spinemets.vocabulary.performance import crosswalks, wordings

IngestText = Callable[..., Ingested]
HEAD = "columns:\n  survival_days: {from: days}\n  died: {from: died}\n"

#: KPS 100, 90 ... 10 as ECOG, read off the dossier (scores_radiotherapy.md 2.6).
PUBLISHED = {
    "ma_2010": [0, 1, 1, 2, 2, 3, 3, 4, 4, 4],
    "prasad_2018": [0, 1, 1, 2, 3, 3, 4, 4, 4, 4],
    "oken": [0, 0, 1, 1, 2, 2, 3, 3, 4, 4],
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_tables_as_published(name: str) -> None:
    table = crosswalks()[name]
    assert [table.kps_to_ecog[k] for k in range(100, 0, -10)] == PUBLISHED[name]


@pytest.mark.parametrize(
    ("kps", "grades"), [(60, (2, 3, 2)), (90, (1, 1, 0)), (40, (3, 4, 3)), (70, (2, 2, 1))]
)
def test_worked_values(kps: int, grades: tuple[int, int, int]) -> None:
    assert tuple(crosswalks()[n].ecog((kps, kps))[0] for n in PUBLISHED) == grades


@pytest.mark.parametrize("name", PUBLISHED)
def test_intervals_tile_the_scale(name: str) -> None:
    """Every KPS grade lies in the interval of exactly one ECOG grade, and comes back from it."""
    table = crosswalks()[name]
    covered = []
    for grade in range(5):
        low, high = table.kps((grade, grade))
        covered += list(range(low, high + 1, 10))
        assert table.ecog((low, high)) == (grade, grade)
    assert sorted(covered) == list(range(10, 101, 10))


def test_grades_outside_the_tables() -> None:
    with pytest.raises(ValueError, match="ECOG"):
        crosswalks()["ma_2010"].kps((5, 5))
    with pytest.raises(ValueError, match="KPS"):
        crosswalks()["ma_2010"].ecog((0, 0))


def test_words_are_flagged_and_ordered() -> None:
    for wording in wordings().values():
        assert wording.needs_verification
        assert all(0 <= low <= high <= 4 for low, high in wording.ecog.values())


def column(result: Ingested, name: str) -> list[tuple[int | None, int | None, int | None]]:
    names = [name, f"{name}_low", f"{name}_high"]
    rows = result.patients[names].to_numpy(dtype=object)
    return [tuple(None if pd.isna(v) else int(v) for v in row) for row in rows]  # type: ignore[misc]


def table_of(cells: list[str]) -> str:
    return "days,died,ps\n" + "".join(f"1,1,{c}\n" for c in cells)


def test_ecog_to_kps_is_an_interval(ingest_text: IngestText) -> None:
    text = table_of(["0", "1", "2", "", "4", "1-2"])
    result = ingest_text(text, HEAD + "  kps: {from: ps, crosswalk: ma_2010}\n")
    assert column(result, "kps") == [
        (100, None, None),
        (None, 80, 90),
        (None, 60, 70),
        (None, None, None),
        (None, 10, 30),
        (None, 60, 90),
    ]
    conversions = result.transformations.set_index(["column", "conversion"])["n"]
    assert conversions["kps", "crosswalk ma_2010"] == 5
    assert conversions["kps", "kept as an interval of grades"] == 4
    assert "KPS through the crosswalk Ma 2010, as an interval." in result.info["footnotes"]


def test_a_kps_between_two_steps_is_a_fault_unless_the_mapping_says_how_to_read_it(
    ingest_text: IngestText,
) -> None:
    text = table_of(["45", "75%", "80", "", "70-80"])
    (fault,) = ingest_text(text, HEAD + "  kps: {from: ps}\n").faults
    assert (fault.rule, fault.rows) == ("not a step of 10 percent", (2, 3))
    floor = ingest_text(text, HEAD + "  kps: {from: ps, between: floor}\n")
    assert column(floor, "kps") == [
        (40, None, None), (70, None, None), (80, None, None), (None, None, None), (None, 70, 80),
    ]  # fmt: skip
    both = ingest_text(text, HEAD + "  kps: {from: ps, between: interval}\n")
    assert column(both, "kps")[:2] == [(None, 40, 50), (None, 70, 80)]
    for result, words in ((floor, "to the lower step"), (both, "kept as an interval of both")):
        conversions = result.transformations
        moved = conversions[conversions["conversion"].str.startswith("KPS between two steps")]
        assert moved["n"].tolist() == [2]
        assert words in moved["conversion"].iloc[0]


def test_between_reads_a_kps_before_the_crosswalk(ingest_text: IngestText) -> None:
    how = "  ecog: {from: ps, crosswalk: ma_2010, between: interval}\n"
    assert column(ingest_text(table_of(["85", "55"]), HEAD + how), "ecog") == [
        (1, None, None),
        (None, 2, 3),
    ]


@pytest.mark.parametrize("cell", ["5", "105", "0", "fit", "1_5", "7.5e1"])
def test_between_reads_nothing_outside_the_scale(ingest_text: IngestText, cell: str) -> None:
    result = ingest_text(table_of([cell]), HEAD + "  kps: {from: ps, between: floor}\n")
    assert [fault.rows for fault in result.faults] == [(2,)]


@pytest.mark.parametrize("how", ["ecog: {from: ps", "kps: {from: ps, crosswalk: ma_2010"])
def test_between_is_for_cells_that_hold_a_kps(ingest_text: IngestText, how: str) -> None:
    with pytest.raises(InputError, match="`between` is for cells that hold a KPS"):
        ingest_text(table_of(["1"]), f"{HEAD}  {how}, between: floor}}\n")


def test_kps_to_ecog(ingest_text: IngestText) -> None:
    text = table_of(["90", "60 - 70", "70%", "50–60"])
    result = ingest_text(text, HEAD + "  ecog: {from: ps, crosswalk: prasad_2018}\n")
    assert column(result, "ecog") == [
        (1, None, None),
        (None, 2, 3),
        (2, None, None),
        (3, None, None),
    ]


def test_values_translate_before_the_crosswalk(ingest_text: IngestText) -> None:
    how = "  kps: {from: ps, values: {fit: 0, unwell: 2, unknown: null}, crosswalk: oken}\n"
    result = ingest_text(table_of(["fit", "unwell", "unknown", "3"]), HEAD + how)
    assert column(result, "kps") == [
        (None, 90, 100),
        (None, 50, 60),
        (None, None, None),
        (None, 30, 40),
    ]


@pytest.mark.parametrize("cell", ["5", "2.5", "-1", "fit", "70-60", "1-9"])
def test_what_is_no_ecog_grade(ingest_text: IngestText, cell: str) -> None:
    result = ingest_text(table_of([cell, "1"]), HEAD + "  ecog: {from: ps}\n", on_fault="set_aside")
    assert column(result, "ecog") == [(None, None, None), (1, None, None)]
    assert len(result.faults) == 1
    assert result.faults[0].rows == (2,)


def test_ecog_5_says_where_death_belongs(ingest_text: IngestText) -> None:
    fault = ingest_text(table_of(["5"]), HEAD + "  ecog: {from: ps}\n").faults[0]
    assert "ECOG 5 means dead, which belongs in `died`" in fault.repair


def test_words_that_are_not_known(ingest_text: IngestText) -> None:
    how = HEAD + "  ecog: {from: ps, crosswalk: va_wording}\n"
    result = ingest_text(table_of(["Confined to  BED", "asleep"]), how)
    assert column(result, "ecog") == [(4, None, None), (None, None, None)]
    assert result.faults[0].rule == "words that va_wording doesn't know"


def test_interval_columns_of_the_contract(ingest_text: IngestText) -> None:
    text = "survival_days,died,kps,kps_low,kps_high\n1,1,80,,\n1,0,,60,70\n"
    assert column(ingest_text(text), "kps") == [(80, None, None), (None, 60, 70)]
