"""Tables of a made-up cohort, in the shape that the stages before disclosure write them.

Only the shape matters here: figures and report are tested on it without running the stages.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from spinemets import results, strata

SCORES = {
    "tokuhashi_2005": ("Tokuhashi 2005", 15, 1, ("≥ 12 months", "6-12 months", "< 6 months")),
    "tomita_2001": ("Tomita 2001", 10, -1, ("2-3", "4-5", "6-7", "8-10")),
    "bauer_modified_2008": (
        "modified Bauer",
        4,
        1,
        ("good (3-4)", "intermediate (2)", "poor (0-1)"),
    ),
    "van_der_linden_2005": ("van der Linden", 6, 1, ("group C", "group B", "group A")),
    "osri_2013": ("OSRI", 5, 1, ("5", "3-4", "1-2")),
    "katagiri_2014": ("Katagiri 2014", 10, -1, ("low (0-3)", "intermediate (4-6)", "high (7-10)")),
}
#: Group -> weight and median survival in months, roughly the published series.
PRIMARIES = {
    "breast": (388, 18.6), "prostate": (259, 7.4), "lung": (318, 2.0), "kidney": (90, 7.8),
    "thyroid": (15, 7.3), "colorectal": (73, 3.1), "upper_gi": (70, 2.1), "urothelial": (36, 1.7),
    "gynaecological": (31, 3.0), "melanoma": (28, 1.5), "sarcoma": (33, 5.0),
    "haematological": (40, 25.0), "other": (6, 4.0), "unknown_primary": (31, 2.8),
}  # fmt: skip
MEASURES = {"harrell_c": "", "auc_3": "3mo", "auc_6": "6mo", "auc_12": "12mo"}


def patients(n: int, seed: int = 1) -> pd.DataFrame:
    """Draw patients with a primary, a treatment, a follow-up and a latent prognosis."""
    rng = np.random.default_rng(seed)
    weights = np.array([w for w, _ in PRIMARIES.values()], float)
    group = rng.choice(list(PRIMARIES), n, p=weights / weights.sum())
    treatments = list(strata.labels("treatment"))
    shares = np.array([0.02, 0.09, 0.8, 0.06, 0.03][: len(treatments)])
    shares = np.resize(shares, len(treatments))
    latent = rng.normal(size=n)
    scale = np.array([PRIMARIES[g][1] for g in group]) / np.log(2)
    death = rng.exponential(scale) * np.exp(-0.7 * latent)
    end = rng.uniform(4, 90, n)
    return pd.DataFrame(
        {
            "primary_group": group,
            "treatment": rng.choice(treatments, n, p=shares / shares.sum()),
            "months": np.round(np.minimum(death, end) * 30.4375) / 30.4375,
            "died": death <= end,
            "latent": latent + np.log(scale) / 2,
        }
    )


def curve(p: pd.DataFrame) -> pd.DataFrame:
    """Kaplan-Meier rows at every distinct time, log-log intervals."""
    n = len(p)
    grouped = p.groupby("months")["died"].agg(["sum", "count"]).sort_index()
    d, lost = grouped["sum"].to_numpy(), (grouped["count"] - grouped["sum"]).to_numpy()
    at_risk = n - np.concatenate([[0], np.cumsum(d + lost)[:-1]])
    s = np.cumprod(1 - d / at_risk)
    with np.errstate(all="ignore"):
        variance = np.cumsum(d / (at_risk * (at_risk - d)))
        width = 1.959963984540054 * np.sqrt(variance) / np.abs(np.log(s))
        lower, upper = s ** np.exp(width), s ** np.exp(-width)
    rows = pd.DataFrame(
        {"time_months": grouped.index, "survival": s, "lower": lower, "upper": upper,
         "at_risk": at_risk, "events": np.cumsum(d), "censored": np.cumsum(lost)}
    )  # fmt: skip
    rows.loc[rows["survival"].eq(1), ["lower", "upper"]] = 1.0
    start = pd.DataFrame(
        [{"time_months": 0.0, "survival": 1.0, "lower": 1.0, "upper": 1.0, "at_risk": n,
          "events": 0, "censored": 0}]
    )  # fmt: skip
    return pd.concat([start, rows[rows["time_months"] > 0]], ignore_index=True)


def at_risk(p: pd.DataFrame, grid: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        [{"time_months": t, "at_risk": int((p["months"] >= t).sum()),
          "events": int((p["died"] & (p["months"] <= t)).sum())} for t in grid]
    )  # fmt: skip


def median(c: pd.DataFrame, column: str) -> float | None:
    reached = c.loc[c[column] <= 0.5, "time_months"]
    return None if reached.empty else float(reached.iloc[0])


def summary(p: pd.DataFrame, c: pd.DataFrame, **where: str) -> list[results.Row]:
    common = {"n": len(p), "events": int(p["died"].sum()), **where}
    flipped = curve(p.assign(died=~p["died"]))
    rows = [
        results.Row("median_survival_months", median(c, "survival"), median(c, "lower"),
                    median(c, "upper"), method="product-limit, log-log", **common),
        results.Row("median_follow_up_months", median(flipped, "survival"),
                    method="reverse Kaplan-Meier", **common),
    ]  # fmt: skip
    for month in (1, 3, 6, 12, 24):
        at = c[c["time_months"] <= month].iloc[-1]
        rows.append(
            results.Row("survival", at["survival"], at["lower"], at["upper"], horizon=f"{month}mo",
                        method="product-limit, log-log", **common)
        )  # fmt: skip
    return rows


def concordance(months: np.ndarray, died: np.ndarray, risk: np.ndarray) -> tuple[float, float]:
    """Harrell's C by pairs; good enough for a picture."""
    earlier = (months[:, None] < months[None, :]) & died[:, None]
    more = (risk[:, None] > risk[None, :]) + 0.5 * (risk[:, None] == risk[None, :])
    pairs = earlier.sum()
    if not pairs:
        return float("nan"), float("nan")
    return float((earlier * more).sum() / pairs), 0.32 / np.sqrt(max(died.sum(), 1))


def tables(n: int = 600, cohort: str = "demo", seed: int = 1) -> dict[str, pd.DataFrame]:
    """Every table of the private folder."""
    p = patients(n, seed)
    rng = np.random.default_rng(seed + 1)
    grid = [0, 6, 12, 24, 36]
    curves, risk, rows = [], [], []
    for stratum_set in ("overall", "inclusion", "primary_group", "treatment"):
        keys = {
            "overall": pd.Series("all", index=p.index),
            "inclusion": pd.Series(np.where(p.index % 5, "included", "left_out"), index=p.index),
        }.get(stratum_set, p.get(stratum_set))
        order = (
            list(strata.labels(stratum_set)) if stratum_set in strata.DERIVED else sorted(set(keys))
        )
        for stratum in [s for s in order if (keys == s).any()]:
            some = p[keys == stratum]
            c = curve(some)
            where = {"stratum_set": stratum_set, "stratum": stratum}
            curves.append(c.assign(**where))
            risk.append(at_risk(some, grid).assign(**where))
            rows += summary(some, c, cohort=cohort, **where)
    out = {
        "kaplan_meier": pd.concat(curves),
        "at_risk": pd.concat(risk),
        "survival_summary": results.frame(rows),
        **scoring(p, cohort, rng, grid),
        **counting(p, cohort),
    }
    from spinemets.tables import TABLES

    for name, table in out.items():
        out[name] = table.assign(cohort=cohort)[list(TABLES[name].columns)].reset_index(drop=True)
    return out


def scoring(p: pd.DataFrame, cohort: str, rng: np.random.Generator, grid: list[int]) -> dict:
    curves, risk, rows, performance, cox, distribution, computable, items, notes = (
        [] for _ in range(9)
    )
    for score, (short, top, sign, bands) in SCORES.items():
        raw = -p["latent"] + rng.normal(scale=1.3, size=len(p))
        rank = raw.rank(pct=True)
        points = np.clip(np.round(rank * top), 0, top).astype(int)
        points = points if sign > 0 else top - points
        cut = pd.cut(
            rank, np.linspace(0, 1, len(bands) + 1), labels=list(bands)[::-1], include_lowest=True
        ).astype(str)
        known = rng.random(len(p)) > 0.15
        notes += [
            (score, "short", "", short, "read"),
            (score, "citation", "", f"{short}, a journal.", "read"),
            (score, "direction", "", "higher_is_better" if sign > 0 else "higher_is_worse", "read"),
            *((score, "band", b, b, "read") for b in bands),
        ]
        if score == "osri_2013":
            notes.append(
                (score, "needs_verification", "", "weights of the primary groups", "memory")
            )
        for band in bands:
            some = p[known & (cut == band)]
            c = curve(some)
            where = {"stratum_set": f"band:{score}", "stratum": band}
            curves.append(c.assign(**where))
            risk.append(at_risk(some, grid).assign(**where))
            rows += summary(some, c, score=score, **where)
        bad = points * -sign
        strata_sets = [("overall", "all", known)] + [
            (s, g, known & (p[s] == g))
            for s in ("primary_group", "treatment")
            for g in strata.labels(s)
        ]
        for which in ("classic", "own"):
            for stratum_set, stratum, mask in strata_sets:
                if which == "classic":
                    mask = mask & (np.arange(len(p)) % 7 > 0)
                m, d = p.loc[mask, "months"].to_numpy(), p.loc[mask, "died"].to_numpy()
                for form, value in (
                    ("points", bad[mask]),
                    ("band", cut[mask].map({b: i for i, b in enumerate(bands)})),
                ):
                    where = {
                        "cohort": cohort,
                        "set": which,
                        "stratum_set": stratum_set,
                        "stratum": stratum,
                        "score": score,
                        "form": form,
                        "n": int(mask.sum()),
                        "events": int(d.sum()),
                    }
                    if d.sum() < 10:
                        performance.append(
                            results.Row("harrell_c", note="fewer than 10 deaths", **where)
                        )
                        continue
                    est, se = concordance(m, d, value.to_numpy(float))
                    performance.append(
                        results.Row(
                            "harrell_c",
                            est,
                            est - 1.96 * se,
                            est + 1.96 * se,
                            se,
                            method="Harrell",
                            **where,
                        )
                    )
                    if stratum_set == "overall":
                        for h in ("3mo", "6mo", "12mo"):
                            performance.append(
                                results.Row(
                                    "auc",
                                    est + 0.05,
                                    est,
                                    est + 0.1,
                                    0.02,
                                    horizon=h,
                                    method="IPCW",
                                    **where,
                                )
                            )
        cox.append(
            results.Row(
                "hazard_ratio",
                0.85,
                0.8,
                0.9,
                0.02,
                cohort=cohort,
                score=score,
                form="points",
                method="Efron",
                n=len(p),
                events=int(p["died"].sum()),
            )
        )
        six = np.where(p["months"] > 6, "alive", np.where(p["died"], "dead", "censored"))
        for form, value in (("points", points.astype(str)), ("band", cut)):
            t = (
                pd.DataFrame({"value": value, "outcome_6mo": six})[known]
                .value_counts()
                .rename("n")
                .reset_index()
            )
            distribution.append(t.assign(score=score, variant="", form=form))
        miss = int((~known).sum())
        computable += [
            (score, "", "determined", "", int(known.sum()) - 20),
            (score, "", "determined", "determined although visceral is missing", 20),
            (score, "", "bounded", "band known, total between two values", miss // 3),
            (score, "", "missing", "kps", miss // 3),
            (score, "", "missing", "kps, visceral", miss - 2 * (miss // 3)),
            (score, "", "not_applicable", "primary is haematological", 0),
        ]
        items += [
            (score, i, int(rng.integers(0, len(p) // 4)), len(p))
            for i in ("primary", "kps", "visceral")
        ]
    return {
        "kaplan_meier_bands": pd.concat(curves),
        "at_risk_bands": pd.concat(risk),
        "survival_bands": results.frame(rows),
        "performance": results.frame(performance),
        "cox": results.frame(cox),
        "score_distribution": pd.concat(distribution),
        "computability": pd.DataFrame(computable, columns=["score", "variant", "status", "reason", "n"]),
        "score_items_missing": pd.DataFrame(items, columns=["score", "item", "n_missing", "n"]),
        "score_notes": pd.DataFrame(notes, columns=["score", "fact", "key", "text", "confidence"]),
    }  # fmt: skip


def counting(p: pd.DataFrame, cohort: str) -> dict[str, pd.DataFrame]:
    n = len(p)
    flow = [
        ("in", "", n + 25),
        ("excluded", "no follow-up time", 4),
        ("excluded", "include: bone metastases", 21),
        ("analysed", "", n),
    ]
    one = []
    for level, count in (("female", n // 2 - 20), ("male", n - n // 2)):
        one += [
            ("sex", level, "n", count, n - 20),
            ("sex", level, "percent", 100 * count / (n - 20), n - 20),
        ]
    one += [("sex", "", "missing_n", 20, n), ("sex", "", "missing_percent", 2000 / n, n)]
    for level, count in (("yes", 5), ("no", n - 5)):
        one += [
            ("metastasis_brain", level, "n", count, n),
            ("metastasis_brain", level, "percent", 100 * count / n, n),
        ]
    one += [
        ("metastasis_brain", "", "missing_n", 0, n),
        ("metastasis_brain", "", "missing_percent", 0.0, n),
    ]
    one += [("age_years", "", s, v, n - 3) for s, v in (("median", 66), ("q1", 57.25), ("q3", 73))]
    one += [("age_years", "", "missing_n", 3, n), ("age_years", "", "missing_percent", 300 / n, n)]
    one += [("escc", "", "missing_n", n, n), ("escc", "", "missing_percent", 100.0, n)]
    table1 = pd.DataFrame(one, columns=["variable", "level", "statistic", "value", "n"])
    sets = [
        ("classic", "patients", "all", n - n // 7, n // 7),
        ("classic", "deaths", "all", 4 * n // 5, n // 9),
    ]
    sets += [
        ("classic", "primary_group", g, int(k), int(k) // 7)
        for g, k in p["primary_group"].value_counts().items()
    ]
    return {
        "flow": pd.DataFrame(flow, columns=["step", "reason", "n"]),
        "quality": pd.DataFrame([("kps", "not a multiple of 10", "value", 3, "set aside", "correct the source")],
                                columns=["column", "rule", "severity", "n", "action", "repair"]),
        "transformations": pd.DataFrame([("albumin_g_per_l", "g/dL to g/L", n, "")], columns=["column", "conversion", "n", "flag"]),
        "table1": table1.assign(stratum_set="overall", stratum="all"),
        "comparison_sets": pd.DataFrame(sets, columns=["set", "quantity", "level", "in_set", "left_out"]),
    }  # fmt: skip


def info(cohort: str = "demo", visibility: str = "simulated", n: int = 600) -> dict[str, object]:
    label = "SIMULATED spinal metastases" if visibility == "simulated" else "A hospital's series"
    return {
        "id": cohort, "label": label, "visibility": visibility, "simulated": visibility == "simulated",
        "time_zero": "start_of_treatment", "resolution": "day", "n": n, "notes": [],
        "source": "a.csv", "sha256": "0" * 64, "footnotes": [],
    }  # fmt: skip


def write(folder: Path, n: int = 600, visibility: str = "simulated", seed: int = 1) -> Path:
    """Write a private folder and return it."""
    for name, table in tables(n, seed=seed).items():
        results.write_csv(table, folder / f"{name}.csv")
    text = json.dumps(info(visibility=visibility, n=n))
    (folder / "cohort.json").write_text(text, encoding="utf-8")
    return folder


if __name__ == "__main__":
    import sys

    write(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
