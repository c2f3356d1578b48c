"""The cells of `coverage.py`: cohorts, verdicts, counts and the report."""

import argparse
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from populations import LOG_RATIOS, Scores, Treated, hazard_ratio_cohort
from scipy.special import ndtri

from spinemets.performance.brier import brier_t
from spinemets.performance.calibration import observed_expected
from spinemets.performance.compare import differences
from spinemets.performance.discrimination import auc_t, harrell_c, uno_c
from spinemets.survival.cox_fit import fit_cox
from spinemets.survival.propensity import Covariates
from spinemets.survival.weighting import compare_weighted

SEED = 20260301
REPLICATES = 2_000
SIZES = (200, 1_000)
HORIZONS = (91.0, 182.0, 365.0)
COVERAGE, TYPE_ONE = (0.93, 0.97), (0.04, 0.06)
#: Two scores of unequal and of equal worth.
UNEQUAL, EQUAL = Scores((0.25, 0.10)), Scores((0.2, 0.2))
TREATED = Treated()
#: By the (B + 1) p rule the least and the largest of 39 are the ends of a 95 % interval.
BOOTSTRAPS = 39
#: Predictions on the hazard scale are this factor off, so that O:E isn't 1.
FACTOR = 1.2
#: Cells that fail for a reason that is understood: (group, measure, n) -> the reason.
EXPLAINED: dict[tuple[str, str, int], str] = {}

#: One cohort's verdicts: measure -> (estimate, whether the interval holds the truth or, for a true
#: null hypothesis, whether it was rejected). None: no estimate.
Verdicts = dict[str, tuple[float, bool] | None]


def holds(lower: float, upper: float, truth: float) -> bool:
    """Whether an interval holds the truth."""
    return bool(lower <= truth <= upper)


def discrimination(n: int, rng: np.random.Generator) -> Verdicts:
    """C, AUC(t), Brier(t), O:E and differences of two unequal scores."""
    cohort = UNEQUAL.draw(n, rng)
    out: Verdicts = {}
    follow_up = cohort.time, cohort.event
    for name, estimator, uno in (("Harrell C", harrell_c, False), ("Uno C", uno_c, True)):
        found = estimator(*follow_up, cohort.scores, higher_is_worse=True)
        truth = [UNEQUAL.concordance(k, uno=uno) for k in (0, 1)]
        compare(out, name, found.estimate, found.covariance, found.interval(), truth)
    area = auc_t(*follow_up, cohort.scores, HORIZONS, higher_is_worse=True)
    limits = area.interval()
    for h, t in enumerate(HORIZONS):
        truth = [UNEQUAL.auc(k, t) for k in (0, 1)]
        both = limits[0][h], limits[1][h]
        compare(out, f"AUC({t:.0f} d)", area.estimate[h], area.covariance[h], both, truth)
    for t in HORIZONS:
        risks = [UNEQUAL.risk(k, t, factor=FACTOR) for k in (0, 1)]
        table = np.column_stack([risks[k][cohort.scores[:, k]] for k in (0, 1)])
        ratio = observed_expected(*follow_up, table[:, 0], t)
        truth_ratio = UNEQUAL.observed_expected(0, t, risks[0])
        key = f"O:E({t:.0f} d)"
        out[key] = ratio.value, holds(ratio.lower, ratio.upper, truth_ratio)
        loss = brier_t(*follow_up, table[:, :, np.newaxis], [t])
        truth = [UNEQUAL.brier(k, t, risks[k]) for k in (0, 1)]
        both = tuple(limit[0] for limit in loss.interval())
        compare(out, f"Brier({t:.0f} d)", loss.estimate[0], loss.covariance[0], both, truth)
    return out


def compare(
    out: Verdicts, name: str, estimate: Any, covariance: Any, limits: Any, truth: Sequence[float]
) -> None:
    """Enter the first score's interval and that of the difference."""
    if not np.isfinite(estimate).all():
        out[name] = out[f"{name}, difference"] = None
        return
    out[name] = float(estimate[0]), holds(limits[0][0], limits[1][0], truth[0])
    gap = differences(estimate, covariance)
    held = holds(gap.lower[0], gap.upper[0], truth[0] - truth[1])
    out[f"{name}, difference"] = float(gap.difference[0]), held


def null_hypothesis(n: int, rng: np.random.Generator) -> Verdicts:
    """Tests of the difference of two equally good scores."""
    cohort = EQUAL.draw(n, rng)
    out: Verdicts = {}
    for name, estimator in (("Harrell C", harrell_c), ("Uno C", uno_c)):
        found = estimator(cohort.time, cohort.event, cohort.scores, higher_is_worse=True)
        rejected(out, name, found.estimate, found.covariance)
    area = auc_t(cohort.time, cohort.event, cohort.scores, HORIZONS, higher_is_worse=True)
    for h, t in enumerate(HORIZONS):
        rejected(out, f"AUC({t:.0f} d)", area.estimate[h], area.covariance[h])
        risks = EQUAL.risk(0, t)[cohort.scores]
        loss = brier_t(cohort.time, cohort.event, risks[:, :, np.newaxis], [t])
        rejected(out, f"Brier({t:.0f} d)", loss.estimate[0], loss.covariance[0])
    return out


def rejected(out: Verdicts, name: str, estimate: Any, covariance: Any) -> None:
    """Enter whether equality was rejected at 5 %."""
    gap = differences(estimate, covariance)
    known = np.isfinite(gap.p[0])
    out[name] = (float(gap.difference[0]), bool(gap.p[0] < 0.05)) if known else None


def hazard_ratios(n: int, rng: np.random.Generator, *, stratified: bool) -> Verdicts:
    """Log hazard ratios of a Cox model."""
    x, time, event, stratum = hazard_ratio_cohort(n, rng, stratified=stratified)
    fit = fit_cox(x, time, event, strata=stratum)
    half = ndtri(0.975) * fit.std_error
    names = ("log HR of an item", "log HR of a count", "log HR of a marker")
    return {
        name: (float(b), holds(b - h, b + h, truth))
        for name, b, h, truth in zip(names, fit.coef, half, LOG_RATIOS, strict=True)
    }


def cox(n: int, rng: np.random.Generator) -> Verdicts:
    """Cox model, Efron ties."""
    return hazard_ratios(n, rng, stratified=False)


def stratified_cox(n: int, rng: np.random.Generator) -> Verdicts:
    """Cox model with four strata."""
    return hazard_ratios(n, rng, stratified=True)


def weighted_mean(n: int, rng: np.random.Generator) -> Verdicts:
    """Difference of restricted means after weighting, bootstrap interval."""
    level, treatment, time, event = TREATED.draw(n, rng)
    seed = int(rng.integers(2**31))
    covariates = Covariates(level[:, np.newaxis], ("level",))
    found = compare_weighted(
        covariates, treatment, time, event, tau=TREATED.tau, replicates=BOOTSTRAPS, seed=seed
    )
    name = "difference of mean days lived"
    if found.note:
        return {name: None}
    gap = next(iter(found.differences.values()))
    return {name: (gap.value, holds(gap.lower, gap.upper, TREATED.difference("overlap")))}


@dataclass(frozen=True)
class Group:
    """Cells that share their cohorts."""

    name: str
    title: str
    run: Callable[[int, np.random.Generator], Verdicts]
    truth: Callable[[], dict[str, float]]
    band: tuple[float, float] = COVERAGE


def true_performance() -> dict[str, float]:
    """Truth of every measure of `discrimination`."""
    out = {}
    pairs = {
        "Harrell C": [UNEQUAL.concordance(k, uno=False) for k in (0, 1)],
        "Uno C": [UNEQUAL.concordance(k, uno=True) for k in (0, 1)],
    }
    for t in HORIZONS:
        risks = [UNEQUAL.risk(k, t, factor=FACTOR) for k in (0, 1)]
        pairs[f"AUC({t:.0f} d)"] = [UNEQUAL.auc(k, t) for k in (0, 1)]
        pairs[f"Brier({t:.0f} d)"] = [UNEQUAL.brier(k, t, risks[k]) for k in (0, 1)]
        out[f"O:E({t:.0f} d)"] = UNEQUAL.observed_expected(0, t, risks[0])
    for name, (one, other) in pairs.items():
        out[name], out[f"{name}, difference"] = one, one - other
    return out


def no_difference() -> dict[str, float]:
    """Nothing but zeros."""
    names = ["Harrell C", "Uno C", *(f"{m}({t:.0f} d)" for t in HORIZONS for m in ("AUC", "Brier"))]
    return dict.fromkeys(names, 0.0)


def true_log_ratios() -> dict[str, float]:
    """Log hazard ratios."""
    names = ("log HR of an item", "log HR of a count", "log HR of a marker")
    return dict(zip(names, map(float, LOG_RATIOS), strict=True))


def true_days() -> dict[str, float]:
    """Days, in the overlap population."""
    return {"difference of mean days lived": TREATED.difference("overlap")}


GROUPS = {
    g.name: g
    for g in (
        Group("performance", "Coverage of 95 % intervals", discrimination, true_performance),
        Group("null", "Rejections of a true null hypothesis at 5 %", null_hypothesis,
              no_difference, TYPE_ONE),
        Group("cox", "Cox model (Efron ties)", cox, true_log_ratios),
        Group("stratified_cox", "Stratified Cox model", stratified_cox, true_log_ratios),
        Group("weighted", f"Overlap-weighted restricted mean, {BOOTSTRAPS} bootstraps",
              weighted_mean, true_days),
    )
}  # fmt: skip


@dataclass
class Cell:
    """One measure at one size: how often, of how many."""

    group: str
    measure: str
    n: int
    truth: float
    hits: int = 0
    runs: int = 0
    without: int = 0
    total: float = 0.0
    band: tuple[float, float] = field(default=COVERAGE)

    @property
    def rate(self) -> float:
        """Share of intervals that hold the truth, or of tests that reject."""
        return self.hits / self.runs if self.runs else float("nan")

    def interval(self) -> tuple[float, float]:
        """99 % Monte-Carlo interval of the rate (Wilson)."""
        z2 = float(ndtri(0.995)) ** 2
        middle = (self.hits + z2 / 2) / (self.runs + z2)
        spread = self.hits * (self.runs - self.hits) / self.runs + z2 / 4
        half = float(np.sqrt(z2 * spread)) / (self.runs + z2)
        return middle - half, middle + half

    @property
    def passes(self) -> bool:
        """Whether the Monte-Carlo interval meets the band."""
        if self.runs == 0:
            return False
        lower, upper = self.interval()
        return lower <= self.band[1] and upper >= self.band[0]


def run_some(name: str, n: int, first: int, last: int) -> list[Verdicts]:
    """Verdicts of some cohorts; cohort i has its own seed."""
    place = list(GROUPS).index(name)
    run = GROUPS[name].run
    return [run(n, np.random.default_rng((SEED, place, n, i))) for i in range(first, last)]


def count(name: str, n: int, verdicts: Iterator[Verdicts]) -> list[Cell]:
    """Count the verdicts of one group at one size."""
    group = GROUPS[name]
    cells = {m: Cell(name, m, n, t, band=group.band) for m, t in group.truth().items()}
    for verdict in verdicts:
        for measure, outcome in verdict.items():
            cell = cells[measure]
            if outcome is None:
                cell.without += 1
                continue
            cell.runs += 1
            cell.total += outcome[0]
            cell.hits += outcome[1]
    return list(cells.values())


def simulate(names: Sequence[str], replicates: int, workers: int) -> list[Cell]:
    """Every cell of the groups named."""
    step = max(10, replicates // 40)
    starts = range(0, replicates, step)
    cells = []
    with ProcessPoolExecutor(workers) as pool:
        for name in names:
            for n in SIZES:
                jobs = [
                    pool.submit(run_some, name, n, i, min(i + step, replicates)) for i in starts
                ]
                cells += count(name, n, (verdict for job in jobs for verdict in job.result()))
    return cells


def report(cells: Sequence[Cell], replicates: int) -> str:
    """Markdown: one table for each group, failing cells below with their explanation."""
    versions = ", ".join(f"{p} {metadata.version(p)}" for p in ("numpy", "scipy", "scikit-learn"))
    out = [
        "# Simulated coverage",
        "",
        f"Written by `make coverage` ({replicates:,} cohorts a cell, seed {SEED}; Python "
        f"{platform.python_version()}, {versions}).",
        "Whole days, 40 % censored, two correlated scores of eight levels; truth is exact, by "
        "summation over levels and days.",
        "Limits of C and AUC are symmetric on the logit scale. A cell passes when its 99 % "
        "Monte-Carlo interval meets 93-97 %, or 4-6 % for the rejections.",
    ]
    for group in GROUPS.values():
        rows = [cell for cell in cells if cell.group == group.name]
        if rows:
            out += ["", f"## {group.title}", "", *table(rows)]
    failing = [cell for cell in cells if not cell.passes]
    out += ["", "## Failing cells", ""]
    out += [
        f"- {GROUPS[c.group].title}, {c.measure}, n = {c.n}: {c.rate:.1%}. {explain(c)}"
        for c in failing
    ] or ["None."]
    return "\n".join(out) + "\n"


def table(rows: Sequence[Cell]) -> list[str]:
    """One line for each cell."""
    out = [
        "| measure | n | truth | mean estimate | rate | 99 % interval | no estimate | |",
        "|---|---:|---:|---:|---:|---|---:|---|",
    ]
    for cell in rows:
        mean = cell.total / cell.runs if cell.runs else float("nan")
        lower, upper = cell.interval() if cell.runs else (float("nan"),) * 2
        out.append(
            f"| {cell.measure} | {cell.n:,} | {cell.truth:.4f} | {mean:.4f} | {cell.rate:.1%} "
            f"| {lower:.1%} to {upper:.1%} | {cell.without} "
            f"| {'pass' if cell.passes else '**fails**'} |"
        )
    return out


def explain(cell: Cell) -> str:
    """Why a cell fails."""
    return EXPLAINED.get((cell.group, cell.measure, cell.n), "Not explained.")


def main(argv: Sequence[str] | None = None) -> int:
    """Simulate, print and write the table; say which cells fail."""
    parser = argparse.ArgumentParser(description="Simulated coverage of intervals and tests.")
    parser.add_argument("--replicates", type=int, default=REPLICATES)
    parser.add_argument("--only", choices=list(GROUPS), nargs="+", default=list(GROUPS))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(argv)
    cells = simulate(options.only, options.replicates, options.workers)
    text = report(cells, options.replicates)
    print(text, end="")
    if options.out is not None:
        options.out.write_text(text, encoding="utf-8")
    return int(any(not c.passes and explain(c) == "Not explained." for c in cells))
