"""Private tables that count: flow, Table 1, plausibility, what is missing; for a made-up cohort."""

import numpy as np
import pandas as pd

from spinemets import results
from spinemets.missing import lost
from spinemets.settings import SurvivalSettings


def table_one_rows(n: int) -> list[tuple[str, str, str, float, int]]:
    """Rows of Table 1: a category, a rare finding, a number and an empty column."""
    missing, rare = min(20, n // 3), min(5, n)
    known = n - missing
    women = known // 2
    rows: list[tuple[str, str, str, float, int]] = []
    for level, count in (("female", women), ("male", known - women)):
        rows += [("sex", level, "n", count, known)]
        rows += [("sex", level, "percent", 100 * count / max(known, 1), known)]
    rows += [("sex", "", "missing_n", missing, n)]
    rows += [("sex", "", "missing_percent", 100 * missing / max(n, 1), n)]
    for level, count in (("yes", rare), ("no", n - rare)):
        rows += [("metastasis_brain", level, "n", count, n)]
        rows += [("metastasis_brain", level, "percent", 100 * count / max(n, 1), n)]
    rows += [("metastasis_brain", "", "missing_n", 0, n)]
    rows += [("metastasis_brain", "", "missing_percent", 0.0, n)]
    rows += [("age_years", "", s, v, n) for s, v in (("median", 66), ("q1", 57.256), ("q3", 73))]
    rows += [("age_years", "", "missing_n", 0, n), ("age_years", "", "missing_percent", 0.0, n)]
    rows += [("escc", "", "missing_n", n, n), ("escc", "", "missing_percent", 100.0, n)]
    return rows


def _plausibility(p: pd.DataFrame) -> pd.DataFrame:
    """Findings of every size: none, a few, most of all, and a rule that couldn't be asked."""
    n = len(p)
    rows = [("prostate_in_woman", "impossible", 0, n),
            ("entry_after_exit", "impossible", min(4, n), n),
            ("solitary_but_many", "impossible", n // 3, max(n - 3, 0)),
            ("everybody_died", "design", max(n - 2, 0), n),
            ("psa_in_woman", "implausible", 0, 0)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["rule", "severity", "n", "of"])
    return table.assign(column="primary, sex", meaning="in words", repair="look", source="")


def _anonymity(p: pd.DataFrame) -> pd.DataFrame:
    """One class alone, few in middle ones, all others in large ones."""
    n = len(p)
    sizes = {"1": 1, "2 to 4": 9, "5 to 10": 20, "11 or more": n - 30}
    return pd.DataFrame(
        [("age_years, sex", size, max(count, 0)) for size, count in sizes.items()],
        columns=["quasi_identifiers", "class_size", "n"],
    )


def missing(p: pd.DataFrame, cohort: str, scores: list[str]) -> dict[str, pd.DataFrame]:
    """Values missing in none, few, many; one score that few lack, one that many lack."""
    rng = np.random.default_rng(len(p))
    made = pd.DataFrame(
        {
            "patient_id": range(len(p)), "survival_days": p["months"] * 30.4375,
            "died": p["died"], "age_years": rng.integers(30, 90, len(p)).astype(float),
            "sex": rng.choice(["male", "female"], len(p)), "primary": "breast",
            "kps": rng.choice([50.0, 70.0, 90.0], len(p)),
        }
    )  # fmt: skip
    made.loc[::3, "kps"] = np.nan
    made.loc[:4, "age_years"] = np.nan
    gaps = lost.absent(made, ["primary", "age_years", "kps", "albumin_g_per_l"])
    many = np.where(made["kps"].isna(), "missing", "determined")
    few = np.where(made["age_years"].isna(), "missing", "bounded")
    scores = pd.concat(
        pd.DataFrame({"patient_id": made["patient_id"], "score": s, "variant": "", "status": told})
        for s, told in zip(scores, (many, few, "determined"), strict=True)
    )
    settings = SurvivalSettings()
    labels = lost.groups(scores.reset_index(drop=True), made)
    told = lost.survival(labels, made, {"id": cohort, "resolution": "day"}, settings)
    return {
        "missing_items": lost.items(gaps, cohort),
        "missing_patterns": lost.patterns(gaps, cohort),
        "lost_patients": results.frame(lost.differences(labels, made, settings, cohort)),
        "kaplan_meier_scored": told.kaplan_meier,
        "survival_scored": told.summary,
    }


def counting(p: pd.DataFrame, primaries: list[str]) -> dict[str, pd.DataFrame]:
    """Flow, quality, Table 1, comparison sets: everything that counts patients."""
    n = len(p)
    rule = "not included (bone_metastases == 1)"
    flow = [("in", "", n + 25), ("excluded", "no follow-up time", 4), ("excluded", rule, 21)]
    flow.append(("analysed", "", n))
    one = pd.DataFrame(table_one_rows(n), columns=["variable", "level", "statistic", "value", "n"])
    left = p.index % 7 == 0
    quantities = [("patients", "", p.index >= 0), ("deaths", "", p["died"])]
    quantities += [("primary_group", g, p["primary_group"] == g) for g in primaries]
    sets = [("classic", q, lv, int((m & ~left).sum()), int((m & left).sum()))
            for q, lv, m in quantities]  # fmt: skip
    quality = [("kps", "not a multiple of ten", "value", 3, "set aside", "correct the source")]
    return {
        "flow": pd.DataFrame(flow, columns=["step", "reason", "n"]),
        "quality": pd.DataFrame(
            quality, columns=["column", "rule", "severity", "n", "action", "repair"]
        ),
        "transformations": pd.DataFrame(
            [("albumin_g_per_l", "g/dL to g/L", n, "")],
            columns=["column", "conversion", "n", "flag"],
        ),
        "plausibility": _plausibility(p),
        "k_anonymity": _anonymity(p),
        "table1": one.assign(stratum_set="overall", stratum="all", note=""),
        "comparison_sets": pd.DataFrame(
            sets, columns=["set", "quantity", "level", "in_set", "left_out"]
        ),
    }
