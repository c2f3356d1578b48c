"""Dates become intervals in memory: orders of day and month, time zero, age, date of death."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets import contract
from spinemets.errors import InputError
from spinemets.ingest import dates
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
