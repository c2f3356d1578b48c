"""k-anonymity, against counts by hand and against pandas' own grouping."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from spinemets.ingest.anonymity import COLUMNS, QUASI_IDENTIFIERS, k_anonymity


def counts(patients: pd.DataFrame, known: str) -> dict[str, int]:
    table = k_anonymity(patients, "demo")
    mine = table[table["quasi_identifiers"].eq(known)]
    return dict(zip(mine["class_size"], mine["n"], strict=True))


def test_worked_by_hand() -> None:
    patients = pd.DataFrame(
        {
            "age_years": [60, 61, 64, 65, 80, None, None],
            "sex": ["male"] * 5 + ["female", "female"],
            "primary": ["lung", "lung", "lung", "lung", "lung", "breast", "kidney"],
        }
    )
    assert counts(patients, "age_years, sex") == {
        "1": 2,
        "2 to 4": 5,
        "5 to 10": 0,
        "11 or more": 0,
    }
    assert counts(patients, "age_years, sex, primary")["1"] == 4


@given(
    st.lists(
        st.tuples(st.integers(20, 99), st.sampled_from("fm"), st.sampled_from("abc")), max_size=60
    )
)
def test_it_agrees_with_grouping(rows: list[tuple[int, str, str]]) -> None:
    patients = pd.DataFrame(rows, columns=["age_years", "sex", "centre"])
    found = k_anonymity(patients, "demo")
    if not rows:
        assert found.empty
        return
    groups = patients.assign(age_years=patients["age_years"] // 5).groupby(
        ["age_years", "sex", "centre"]
    )
    sizes = groups["sex"].transform("size").to_numpy()
    mine = found[found["quasi_identifiers"].eq("age_years, sex, centre")]
    assert mine["n"].sum() == len(rows)
    assert mine.loc[mine["class_size"].eq("1"), "n"].item() == np.sum(sizes == 1)
    assert mine.loc[mine["class_size"].eq("11 or more"), "n"].item() == np.sum(sizes > 10)


def test_a_cohort_without_quasi_identifiers_has_no_rows() -> None:
    table = k_anonymity(pd.DataFrame({"sex": ["male", None]}), "demo")
    assert table.empty
    assert list(table.columns) == list(COLUMNS)
    assert "centre" in QUASI_IDENTIFIERS
