"""The private tables of a made-up cohort, in the shape in which the stages write them.

Only the shape matters: disclosure, figures and report are tested on it without running the stages
before them. The patients are random numbers.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import private_counts, private_survival
from spinemets import results, strata
from spinemets.evaluation.design import Bands, Design, Options, Outcome
from spinemets.evaluation.other_outcomes import other_outcomes
from spinemets.evaluation.run import run
from spinemets.evaluation.scores import OneScore, comparison_set
from spinemets.performance.risks import PublishedRates, Risk
from spinemets.tables import TABLES
from spinemets.writing import write_csv

#: Score -> short name, highest total, direction, bands from best to worst.
SCORES = {
    "tokuhashi_2005": ("Tokuhashi 2005", 15, 1, ("12-15", "9-11", "0-8")),
    "tomita_2001": ("Tomita 2001", 10, -1, ("2-3", "4-5", "6-7", "8-10")),
    "osri_2013": ("OSRI 2013", 7, -1, ("1", "2", "3", "4", "5", "6", "7")),
}
#: Group -> weight and median survival in months, roughly a published series.
PRIMARIES = {
    "breast": (388, 18.6), "prostate": (259, 7.4), "lung": (318, 2.0), "kidney": (90, 7.8),
    "thyroid": (15, 7.3), "colorectal": (73, 3.1), "upper_gi": (70, 2.1), "melanoma": (28, 1.5),
    "haematological": (40, 25.0), "other": (6, 4.0), "unknown_primary": (31, 2.8),
}  # fmt: skip
TREATMENTS = {"decompression": 0.2, "radiotherapy": 0.7, "none": 0.07, "not_recorded": 0.03}
RISK_MONTHS = (0, 6, 12, 24, 36)
MINIMUM_GROUP = 10


def patients(n: int, seed: int = 1) -> pd.DataFrame:
    """Draw patients with a primary, a treatment, a follow-up and a latent prognosis."""
    rng = np.random.default_rng(seed)
    weights = np.array([w for w, _ in PRIMARIES.values()], float)
    group = rng.choice(list(PRIMARIES), n, p=weights / weights.sum())
    latent = rng.normal(size=n)
    scale = np.array([PRIMARIES[g][1] for g in group]) / np.log(2)
    death = rng.exponential(scale) * np.exp(-0.7 * latent)
    end = rng.uniform(4, 90, n)
    return pd.DataFrame(
        {
            "primary_group": group,
            "treatment": rng.choice(list(TREATMENTS), n, p=list(TREATMENTS.values())),
            "months": np.round(np.minimum(death, end) * 30.4375) / 30.4375,
            "died": death <= end,
            "risk": latent - np.log(scale) / 2,
        }
    )


def curve(p: pd.DataFrame) -> pd.DataFrame:
    """Kaplan-Meier rows at every distinct time, log-log intervals."""
    columns = ["time_months", "survival", "lower", "upper", "at_risk", "events", "censored"]
    counts = p.groupby("months")["died"].agg(["sum", "count"]).sort_index()
    died = counts["sum"].to_numpy()
    lost = counts["count"].to_numpy() - died
    at_risk = len(p) - np.concatenate([[0], np.cumsum(died + lost)[:-1]])
    survival = np.cumprod(1 - died / at_risk)
    with np.errstate(all="ignore"):
        variance = np.cumsum(died / (at_risk * (at_risk - died)))
        width = 1.959963984540054 * np.sqrt(variance) / np.abs(np.log(survival))
        lower, upper = survival ** np.exp(width), survival ** np.exp(-width)
    rows = zip(
        counts.index, survival, lower, upper, at_risk, np.cumsum(died), np.cumsum(lost),
        strict=True,
    )  # fmt: skip
    start = [] if counts.index[0] == 0 else [(0.0, 1.0, np.nan, np.nan, len(p), 0, 0)]
    return pd.DataFrame([*start, *rows], columns=columns)


def risk_table(p: pd.DataFrame) -> pd.DataFrame:
    """Numbers at risk and deaths on the grid."""
    return pd.DataFrame(
        [
            (t, int((p["months"] >= t).sum()), int((p["died"] & (p["months"] <= t)).sum()))
            for t in RISK_MONTHS
        ],
        columns=["time_months", "at_risk", "events"],
    )


def _median(c: pd.DataFrame, column: str) -> float | None:
    reached = c.loc[c[column] <= 0.5, "time_months"]
    return None if reached.empty else float(reached.iloc[0])


def summary(p: pd.DataFrame, **where: str) -> Iterator[results.Row]:
    """Median, follow-up and survival at the horizons, or why there are none."""
    common = {"n": len(p), "events": int(p["died"].sum()), **where}
    why = "no patients" if p.empty else f"fewer than {MINIMUM_GROUP} patients"
    c = curve(p) if len(p) >= MINIMUM_GROUP else None
    if c is None:
        yield results.Row("median_survival_months", note=why, **common)
        yield results.Row("survival", horizon="6mo", note=why, **common)
        return
    ends = [_median(c, e) for e in ("survival", "lower", "upper")]
    yield results.Row("median_survival_months", *ends, method="Kaplan-Meier", **common)
    followed = _median(curve(p.assign(died=~p["died"])), "survival")
    yield results.Row("median_follow_up_months", followed, method="reverse", **common)
    for month in (1, 3, 6, 12, 24):
        at = c[c["time_months"] <= month].iloc[-1]
        yield results.Row(
            "survival", at["survival"], at["lower"], at["upper"], 0.02, horizon=f"{month}mo",
            method="Kaplan-Meier", **common,
        )  # fmt: skip


def concordance(p: pd.DataFrame, risk: np.ndarray) -> tuple[float | None, ...]:
    """Harrell's C by pairs, with an interval that is good enough for a picture."""
    months, died = p["months"].to_numpy(), p["died"].to_numpy()
    earlier = (months[:, None] < months[None, :]) & died[:, None]
    more = (risk[:, None] > risk[None, :]) + 0.5 * (risk[:, None] == risk[None, :])
    if not earlier.sum():
        return (None,) * 4
    value, error = float((earlier * more).sum() / earlier.sum()), 0.32 / np.sqrt(died.sum())
    return value, value - 1.96 * error, value + 1.96 * error, error


def _survival(p: pd.DataFrame, groupings: dict[str, pd.Series], cohort: str) -> list[pd.DataFrame]:
    curves, risks, rows = [pd.DataFrame()], [pd.DataFrame()], []
    for name, keys in groupings.items():
        order = list(strata.labels(name)) if name in strata.DERIVED else sorted(set(keys))
        for stratum in [s for s in order if (keys == s).any()]:
            some = p[keys == stratum]
            where = {"stratum_set": name, "stratum": stratum}
            if len(some) >= MINIMUM_GROUP:
                curves.append(curve(some).assign(**where))
            risks.append(risk_table(some).assign(**where))
            rows += summary(some, cohort=cohort, **where)
        if len(set(keys)) > 1:
            at = {"stratum_set": name, "n": len(p), "events": int(p["died"].sum())}
            rows.append(results.Row("logrank_chi2", 9.0, method="log-rank, 1 df", **at))
            rows.append(results.Row("logrank_p", 0.0027, method="log-rank, 1 df", **at))
    return [pd.concat(curves), pd.concat(risks), results.frame(rows)]


class Scored:
    """One score of every patient: total, band, and whether it is known."""

    def __init__(self, p: pd.DataFrame, score: str, rng: np.random.Generator) -> None:
        self.score = score
        self.short, top, self.sign, self.bands = SCORES[score]
        rank = (-p["risk"] + rng.normal(scale=1.3, size=len(p))).rank(pct=True)
        best = np.clip(np.round(rank * top), 0, top).astype(int)
        self.points = best if self.sign > 0 else top - best
        edges = np.linspace(0, 1, len(self.bands) + 1)
        cut = pd.cut(rank, edges, labels=self.bands[::-1], include_lowest=True)
        self.band = pd.Series(cut, index=p.index).astype(str)
        self.known = pd.Series(rng.random(len(p)) > 0.15, index=p.index)

    def risk(self, form: str) -> pd.Series:
        """Higher is worse."""
        worse = {band: i for i, band in enumerate(self.bands)}
        return -self.sign * self.points if form == "points" else self.band.map(worse)

    def notes(self) -> list[tuple[str, ...]]:
        """Facts of the definition."""
        better = "higher is better" if self.sign > 0 else "higher is worse"
        facts = [("short", "", self.short), ("citation", "", f"{self.short}, a journal."),
                 ("doi", "", "10.1000/x"), ("direction", "", better)]  # fmt: skip
        facts += [("band", band, band) for band in self.bands]
        if self.score == "osri_2013":
            facts.append(("needs_verification", "", "true"))
            facts.append(("footnote", "", "OSRI 2013 needs verification: primary tumour."))
        return [(self.score, *fact, "read") for fact in facts]


def _performance(p: pd.DataFrame, one: Scored) -> Iterator[results.Row]:
    groups = [("overall", "all", one.known)]
    for name in ("primary_group", "treatment"):
        groups.append((name, "within", one.known))
        groups += [(name, g, one.known & (p[name] == g)) for g in sorted(set(p[name]))]
    for which in ("classic", "own"):
        for name, stratum, members in groups:
            inside = members & (which == "own" or p.index % 7 > 0)
            for form in ("points", "band"):
                where = {"set": which, "stratum_set": name, "stratum": stratum, "form": form,
                         "score": one.score, "n": int(inside.sum()),
                         "events": int(p.loc[inside, "died"].sum())}  # fmt: skip
                if inside.sum() < MINIMUM_GROUP:
                    yield results.Row("harrell_c", note="fewer than 10 patients", **where)
                    continue
                found = concordance(p[inside], one.risk(form)[inside].to_numpy(float))
                yield results.Row("harrell_c", *found, method="jackknife", **where)
                if stratum == "all":
                    for horizon in ("3mo", "6mo", "12mo"):
                        yield results.Row("auc", *found, horizon=horizon, **where)


def _one_score(one: Scored) -> OneScore:
    known = one.known.to_numpy()
    points = np.where(known, one.points, np.nan).astype(float)
    ascending = one.bands if one.sign < 0 else one.bands[::-1]
    place = one.band.map({band: float(i) for i, band in enumerate(ascending)})
    band = np.where(known, place, np.nan).astype(float)
    low = np.where(known, points, 0.0)
    high = np.where(known, points, SCORES[one.score][1]).astype(float)
    return OneScore(
        one.score, "", one.sign < 0, points, band, low, high, known, np.ones(len(points), bool)
    )


def evaluation(p: pd.DataFrame, seed: int, cohort: str) -> dict[str, pd.DataFrame]:
    """The evaluation's tables, by the evaluation itself; one score has published risks."""
    rng = np.random.default_rng(seed)
    every = [Scored(p, score, rng) for score in SCORES]
    scores = {one.score: _one_score(one) for one in every}
    labels = {"3mo": 3.0, "6mo": 6.0, "12mo": 12.0}
    rates = {"0-8": 0.8, "9-11": 0.5, "12-15": 0.2}
    band = every[0].band.where(every[0].known)
    risk = Risk(band.map(rates).to_numpy(float), "published", "Tokuhashi 2005")
    bands = {
        one.score: Bands(
            tuple(one.bands if one.sign < 0 else one.bands[::-1]),
            {"6mo": PublishedRates(rates, "Tokuhashi 2005")} if one is every[0] else {},
        )
        for one in every
    }
    outcome = Outcome(p["months"].to_numpy(), p["died"].to_numpy(bool), labels)
    wanted = {"classic": list(scores)}
    design = Design(
        outcome=outcome,
        scores=scores,
        sets=[comparison_set("classic", wanted["classic"], scores, outcome.event)],
        risks={every[0].score: {"6mo": risk}},
        bands=bands,
        centre=np.array(["A", "B", "C", "D"], dtype=object)[np.arange(len(p)) % 4],
        options=Options(bootstrap=32, optimism=16),
    )
    failed = rng.random(len(p)) < 0.2
    days = p["months"].to_numpy()  # one unit for all: only the shape matters
    beside = pd.DataFrame(
        {
            "survival_days": days,
            "died": p["died"],
            "local_failure": pd.array(failed, dtype="boolean"),
            "local_failure_day": np.where(failed, days * rng.random(len(p)), np.nan),
        }
    )
    found = run(design, cohort, wanted).tables
    return found | {"other_outcomes": other_outcomes(beside, design, cohort)}


def _scoring(p: pd.DataFrame, cohort: str, seed: int) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    every = [Scored(p, score, rng) for score in SCORES]
    six = np.where(p["months"] > 6, "alive", np.where(p["died"], "dead", "censored"))
    parts, performance, cox, distribution, computable, items = [], [], [], [], [], []
    for one in every:
        bands = {f"band:{one.score}": one.band[one.known]}
        parts.append(_survival(p[one.known], bands, cohort))
        performance += _performance(p, one)
        n, events = int(one.known.sum()), int(p.loc[one.known, "died"].sum())
        for grouping in ("overall", "primary_group", "treatment"):
            cox.append(
                results.Row(
                    "hazard_ratio", 0.85123456, 0.8, 0.9, set="own", stratum_set=grouping,
                    score=one.score, form="points", n=n, events=events, method="Cox, Efron",
                )
            )  # fmt: skip
        cox.append(results.Row("ph_p", 0.0312, score=one.score, form="points", n=n, events=events))
        for form, value in (("points", one.points.astype(str)), ("band", one.band)):
            table = pd.DataFrame({"value": value, "outcome_6mo": six})[one.known]
            counted = table.value_counts(sort=False).rename("n").reset_index()
            distribution.append(counted.assign(score=one.score, variant="", form=form))
        lost = len(p) - n
        computable += [(one.score, "", "determined", "", n),
                       (one.score, "", "bounded", "both ends in one band; missing: KPS", lost // 3),
                       (one.score, "", "missing", "missing: KPS", lost - lost // 3)]  # fmt: skip
        items += [(one.score, item, int(rng.integers(0, 1 + len(p) // 4)), len(p))
                  for item in ("primary", "kps", "visceral")]  # fmt: skip
    columns = ["score", "variant", "status", "reason", "n"]
    return {
        "kaplan_meier_bands": pd.concat([c for c, _, _ in parts]),
        "at_risk_bands": pd.concat([r for _, r, _ in parts]),
        "survival_bands": pd.concat([s for _, _, s in parts]),
        "performance": results.frame(performance),
        "cox": results.frame(cox),
        "score_distribution": pd.concat(distribution),
        "computability": pd.DataFrame(computable, columns=columns),
        "score_items_missing": pd.DataFrame(items, columns=["score", "item", "n_missing", "n"]),
        "score_notes": pd.DataFrame(
            [note for one in every for note in one.notes()],
            columns=["score", "fact", "key", "text", "confidence"],
        ),
        "score_coverage": pd.DataFrame(
            [(one.score, "lung", "named", "0") for one in every],
            columns=["score", "primary", "coverage", "points"],
        ),
    }


def tables(n: int = 600, seed: int = 1, cohort: str = "demo") -> dict[str, pd.DataFrame]:
    """Every table of the private folder, with the registered columns; a caller may change them."""
    return {name: table.copy() for name, table in _tables(n, seed, cohort).items()}


@cache
def _tables(n: int, seed: int, cohort: str) -> dict[str, pd.DataFrame]:
    """The tables themselves: made once, for they hold a whole evaluation."""
    p = patients(n, seed)
    included = pd.Series(np.where(p.index % 5 > 0, "included", "left_out"), index=p.index)
    groupings = {
        "overall": pd.Series("all", index=p.index),
        "primary_group": p["primary_group"],
        "treatment": p["treatment"],
        "primary_group_x_treatment": p["primary_group"] + strata.JOIN + p["treatment"],
        "era": pd.Series(np.where(p.index % 3, "2005-2009", "2000-2004"), index=p.index),
        "inclusion": included,
    }
    names = ("kaplan_meier", "at_risk", "survival_summary")
    out = dict(zip(names, _survival(p, groupings, cohort), strict=True))
    out |= (
        evaluation(p, seed + 1, cohort)
        | _scoring(p, cohort, seed + 1)
        | private_counts.counting(p, list(PRIMARIES))
    )
    out |= private_survival.tables(p, cohort) | private_counts.missing(p, cohort, list(SCORES))
    return {
        name: table.assign(cohort=cohort).reindex(columns=list(TABLES[name].columns))
        for name, table in out.items()
    }


def info(visibility: str = "simulated", n: int = 600) -> dict[str, object]:
    """Content of ``cohort.json``."""
    made_up = visibility == "simulated"
    return {
        "id": "demo", "label": "SIMULATED series" if made_up else "A hospital's series",
        "visibility": visibility, "simulated": made_up, "time_zero": "start_of_treatment",
        "resolution": "day", "n": n, "notes": ["One centre."], "source": "table.csv",
        "sha256": {"table.csv": "0" * 64}, "footnotes": [], "include": "bone_metastases == 1",
    }  # fmt: skip


def write(folder: Path, n: int = 600, visibility: str = "simulated", seed: int = 1) -> Path:
    """Write a private folder and return it."""
    for name, table in tables(n, seed).items():
        write_csv(table, folder / f"{name}.csv")
    text = json.dumps(info(visibility, n))
    (folder / "cohort.json").write_text(text, encoding="utf-8")
    return folder
