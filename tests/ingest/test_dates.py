"""Dates become intervals in memory: orders of day and month, time zero, age, date of death."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets import contract
from spinemets.errors import InputError
from spinemets.ingest import dates
from spinemets.ingest.drafting.draft import draft
from spinemets.ingest.patients import Ingested

IngestText = Callable[..., Ingested]
HEAD = """\
time_zero: {from: op}
columns:
  patient_id: {from: id}
  survival_days: {from: death, date: auto, otherwise: contact}
  died: {from: death, filled: true}
"""
TABLE = """\
id,birth,diagnosis,op,death,contact,rt
a,12.03.1950,01.02.2018,15.03.2019,25.03.2019,,20.03.2019
b,16.03.1950,15.03.2019,15.03.2019,,15.03.2020,14.03.2019
c,,,28.02.2020,29.02.2020,,
"""
MORE = """\
  age_years: {from: birth, date: day_first}
  interval_diagnosis_days: {from: diagnosis, date: day_first}
  radiotherapy_day: {from: rt, date: day_first}
  calendar_year: {from: op, date: day_first}
"""


def column(result: Ingested, name: str) -> list[Any]:
    return [None if pd.isna(v) else v for v in result.patients[name].tolist()]


def test_dates_of_a_hospital_table_become_days(ingest_text: IngestText) -> None:
    found = ingest_text(TABLE, HEAD + MORE)
    assert column(found, "survival_days") == [10, 366, 1]
    assert column(found, "died") == [True, False, True]
    assert column(found, "age_years") == [69, 68, None]  # b: the day before the birthday
    assert column(found, "interval_diagnosis_days") == [407, 0, None]
    assert column(found, "radiotherapy_day") == [5, -1, None]
    assert column(found, "calendar_year") == [2019, 2019, 2020]
    assert found.info["resolution"] == "day"
    assert found.unused == []


def test_every_conversion_is_counted_by_name(ingest_text: IngestText) -> None:
    log = ingest_text(TABLE, HEAD + MORE).transformations
    counts = dict(zip(log["conversion"], log["n"], strict=False))
    assert counts["dates to days since time zero (day first)"] == 2  # the last of the name: rt
    assert counts["dates of birth to completed years at time zero (day first)"] == 2
    assert counts["a filled cell is yes, an empty one is no"] == 3


def test_no_date_is_in_what_is_written(ingest_text: IngestText) -> None:
    found = ingest_text(TABLE, HEAD + MORE)
    for table in (found.patients, found.flow, found.quality, found.transformations):
        text = table.to_csv()
        assert not any(d in text for d in ("1950", "2019-03", "15.03", "03.2019"))


@pytest.mark.parametrize(
    ("cells", "order", "first"),
    [
        (["03/04/2019", "25/04/2019"], "day_first", "2019-04-03"),
        (["03/04/2019", "04/25/2019"], "month_first", "2019-03-04"),
        (["03.04.2019"], "day_first", "2019-04-03"),
        (["2019-04-03", "2019-04-05 12:30"], "", "2019-04-03"),
        (["20190403"], "", "2019-04-03"),
        (["3-APR-2019"], "", "2019-04-03"),
        (["3. Mai 2019"], "", "2019-05-03"),
        (["April 3, 2019"], "", "2019-04-03"),
        (["3. März 2019"], "", "2019-03-03"),
    ],
)
def test_the_order_is_seen_in_the_whole_column(cells: list[str], order: str, first: str) -> None:
    calendar = dates.read(cells, "auto")
    assert calendar.order == order
    assert str(calendar.of_term[0]) == first
    assert not calendar.faults


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        (["03/04/2019", "05/06/2020"], "whether the day or the month comes first"),
        (["25/04/2019", "04/25/2019"], "dates with the month first"),
        (["03.04.19"], "two digits"),
        (["04/2019"], "incomplete"),
        (["2019"], "incomplete"),
        (["31.02.2019"], "not a date"),
        (["yesterday"], "not a date"),
        (["0001-01-01"], "not a date"),
    ],
)
def test_what_is_no_date_is_refused_not_guessed(cells: list[str], rule: str) -> None:
    calendar = dates.read(cells, "auto")
    assert len(calendar.faults) == 1
    assert rule in next(iter(calendar.faults))
    assert np.isnat(calendar.of_term).all()


def test_day_numbers_of_excel() -> None:
    calendar = dates.read(["43558", "0", "x", "1e30"], "excel")
    assert [str(d) for d in calendar.of_term] == ["2019-04-03", "NaT", "NaT", "NaT"]


@given(
    st.dates(dt.date(1850, 1, 1), dt.date(2150, 12, 31)), st.sampled_from(["%d.%m.%Y", "%Y/%m/%d"])
)
def test_a_date_is_read_as_it_was_written(day: dt.date, form: str) -> None:
    calendar = dates.read([day.strftime(form)], "auto")
    assert calendar.of_term[0].item() == day


# Up to 2029: the last day of the longest interval lies before the latest year that is read (2150).
@given(st.dates(dt.date(1900, 1, 1), dt.date(2029, 1, 1)), st.integers(0, 40000))
def test_days_since_time_zero_are_the_difference_of_dates(zero: dt.date, days: int) -> None:
    end = np.datetime64(zero) + np.timedelta64(days, "D")
    entry = _entry()
    cells = dates.Coded(np.array([0]), [str(end)])
    done = dates.interval(
        contract.columns()["surgery_day"], entry, cells, np.array([np.datetime64(zero)])
    )
    found = done.columns["surgery_day"].tolist()
    assert found == [days] if days <= 36525 else pd.isna(found[0])


@given(
    st.dates(dt.date(1900, 1, 1), dt.date(2000, 1, 1)),
    st.dates(dt.date(2000, 1, 2), dt.date(2019, 12, 31)),
)
def test_age_is_that_of_the_calendar(birth: dt.date, zero: dt.date) -> None:
    cells = dates.Coded(np.array([0]), [birth.isoformat()])
    done = dates.interval(
        contract.columns()["age_years"], _entry(), cells, np.array([np.datetime64(zero)])
    )
    expected = zero.year - birth.year - ((zero.month, zero.day) < (birth.month, birth.day))
    assert done.columns["age_years"].tolist() == [expected]


def _entry() -> Any:
    from spinemets.ingest.mapping import ColumnMap

    return ColumnMap(source="x", date="iso")


def test_death_before_time_zero_is_a_fault_with_its_row(ingest_text: IngestText) -> None:
    found = ingest_text(TABLE.replace("25.03.2019,", "14.03.2019,"), HEAD + MORE)
    (fault,) = found.faults
    assert fault.rule == "the date lies before time zero"
    assert fault.rows == (2,)
    assert len(found.patients) == 2


def test_without_a_date_of_time_zero_nothing_is_counted_as_zero(ingest_text: IngestText) -> None:
    found = ingest_text(TABLE.replace("01.02.2018,15.03.2019", "01.02.2018,"), HEAD + MORE)
    assert len(found.patients) == 2
    assert found.quality["column"].tolist() == ["time_zero"]
    assert not found.faults


def test_an_open_order_stops_the_run(ingest_text: IngestText) -> None:
    text = "id,op,death,contact\na,01/02/2019,03/04/2019,\n"
    with pytest.raises(InputError, match="write `date: day_first` or `date: month_first`"):
        ingest_text(text, HEAD)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("  age_years: {from: birth, date: auto}", "needs a date of time zero"),
        ("  sex: {from: birth, date: auto}", "`date` is for columns in days"),
        ("  kps: {from: birth, filled: true}", "`filled` is for columns that are true or false"),
        ("  kps: {from: birth, cap: 90}", "`cap` is for `age_years`"),
        ("  age_years: {from: birth, cap: 70}", "ages up to 89 need no cap"),
        ("  sex: {from: birth, system: icd}", "`system` is for `primary`"),
        ("  primary: {from: birth, morphology: m}", "`morphology` goes with `system: icd`"),
        ("  survival_days: {constant: 1, date: auto}", "a constant has no dates"),
    ],
)
def test_keys_stand_where_they_mean_something(
    ingest_text: IngestText, line: str, rule: str
) -> None:
    with pytest.raises(InputError, match=rule):
        ingest_text(TABLE, "columns:\n  died: {from: death, filled: true}\n" + line + "\n")


SHORT = "id,birth,op,death\na,03.05.28,01.02.19,03/2019\nb,01.01.09,15.03.19,15.04.19\n"
SHORT_MAP = """\
time_zero: {from: op, date: day_first, years_from: 1970}
columns:
  patient_id: {from: id}
  survival_days: {from: death, date: day_first, years_from: 1970, incomplete: HOW}
  died: {constant: true}
  age_years: {from: birth, date: day_first, years_from: 1910, cap: 90}
"""


def test_dates_that_do_not_say_everything_are_read_as_declared(ingest_text: IngestText) -> None:
    found = ingest_text(SHORT, SHORT_MAP.replace("HOW", "middle"))
    assert column(found, "survival_days") == [42, 31]  # 1 February to 15 March
    assert column(found, "age_years") == [90, 10]  # born 1928 and 2009
    log = {(r.column, r.conversion): r.n for r in found.transformations.itertuples()}
    middle = "incomplete dates read as the middle of their month or year"
    assert log[("survival_days", middle)] == 1
    assert log[("time_zero", "years of two digits read as 1970 to 2069")] == 2
    assert log[("age_years", "years of two digits read as 1910 to 2009")] == 2
    assert column(ingest_text(SHORT, SHORT_MAP.replace("HOW", "missing")), "survival_days") == [31]


def test_without_a_declaration_they_are_faults_that_name_it(ingest_text: IngestText) -> None:
    bare = SHORT_MAP.replace(", incomplete: HOW", "").replace(", years_from: 1910", "")
    faults = {f.rule: (f.rows, f.repair) for f in ingest_text(SHORT, bare).faults}
    assert faults[dates.INCOMPLETE][0] == (2,)
    assert "incomplete: middle" in faults[dates.INCOMPLETE][1]
    assert faults[dates.TWO_DIGITS][0] == (2, 3)
    assert "years_from: 1930" in faults[dates.TWO_DIGITS][1]


@given(year=st.integers(1850, 2050), digits=st.integers(0, 99))
def test_two_digits_lie_in_their_hundred_years(year: int, digits: int) -> None:
    (day,) = dates.read([f"01.06.{digits:02d}"], "day_first", years_from=year).of_term
    found = int(str(day)[:4])
    assert year <= found < year + 100
    assert found % 100 == digits


def test_what_makes_dates_whole_goes_with_dates(ingest_text: IngestText) -> None:
    text = "columns:\n  survival_days: {from: d, incomplete: middle}\n  died: {from: d}\n"
    with pytest.raises(InputError, match="go with `date`"):
        ingest_text("d\n1\n", text)


def test_a_draft_asks_for_the_century_and_the_day(tmp_path: Path) -> None:
    rows = "".join(
        f"{i},{i % 28 + 1:02d}.03.{40 + i % 20},{i % 28 + 1:02d}.04.19,0{i % 8 + 1}/2021\n"
        for i in range(60)
    )
    table = tmp_path / "t.csv"
    table.write_text("id,Geburtsdatum,OP-Datum,Sterbedatum\n" + rows, encoding="utf-8")
    drafted = draft(table)
    found = {g.column: g.entry for g in drafted.guesses}
    assert found["age_years"]["years_from"] == 1910
    assert found["survival_days"]["incomplete"] == "middle"
    assert drafted.zero is not None
    assert drafted.zero.entry == {"date": "day_first", "years_from": 1970}
    asked = " ".join(drafted.decide)
    assert "`Geburtsdatum`: are years of two digits those from 1910 on?" in asked
    assert "`Sterbedatum`: may dates without a day" in asked
