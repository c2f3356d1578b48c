"""Missing data of a private cohort: the five who lack a score can't be found again."""

import pandas as pd

from helpers import private_tables
from spinemets import disclosure
from spinemets.disclosure import Rule

MADE = private_tables.tables(600)
FEW, MANY = "tomita_2001", "tokuhashi_2005"  # five lack the one, two hundred the other


def released(*names: str) -> dict[str, pd.DataFrame]:
    tables = {n: MADE[n].astype("string").fillna("") for n in names}
    return disclosure.release(private_tables.info("private", 600), tables, Rule(11, 6))


def test_few_gaps_are_not_counted() -> None:
    items = released("missing_items")["missing_items"].set_index("column")["n_missing"]
    assert pd.isna(items["age_years"])
    assert items["kps"] % 6 == 3
    assert items["primary"] == 0


def test_a_rare_pattern_is_not_to_be_had_by_subtraction() -> None:
    exact = MADE["missing_patterns"].set_index("pattern")["n"]
    shown = released("missing_patterns")["missing_patterns"].set_index("pattern")["n"]
    rare = exact.index[exact < 6]
    assert len(rare)
    assert shown[rare].isna().all()
    # The total is known; a count shown as 9 was 7 to 12, so what is withheld lies in a range.
    assert shown.isna().sum() >= 2
    known = shown.dropna()
    least, most = 600 - (known + 3).sum(), 600 - (known - 2).sum()
    assert least <= exact[shown.index[shown.isna()]].sum() <= most
    assert most - least >= 6


def test_a_small_group_has_neither_differences_nor_a_curve() -> None:
    found = released("lost_patients", "kaplan_meier_scored", "survival_scored")
    lost = found["lost_patients"]
    assert lost.loc[lost["score"].eq(FEW), "estimate"].isna().all()
    assert lost.loc[lost["score"].eq(MANY), "estimate"].notna().any()
    summary, curves = found["survival_scored"], found["kaplan_meier_scored"]
    small = summary["stratum"].eq("not_scored") & summary["score"].eq(FEW)
    assert summary.loc[small, "estimate"].isna().all()
    assert summary.loc[small, "n"].isna().all()
    keys = set(zip(curves["stratum_set"], curves["stratum"], strict=True))
    assert (f"scored:{FEW}", "not_scored") not in keys
    assert (f"scored:{MANY}", "not_scored") in keys


def test_differences_have_two_digits() -> None:
    gaps = released("lost_patients")["lost_patients"]["estimate"].dropna()
    assert (gaps == gaps.map(lambda x: float(f"{x:.2g}"))).all()
