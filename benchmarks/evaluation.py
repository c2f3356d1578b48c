"""Time the evaluation engine against its peers: one process, one thread, one run.

    python benchmarks/evaluation.py [--largest 1000000] [--out benchmarks/results/evaluation.md]

Peers: lifelines and scikit-survival; R's survival and riskRegression where ``Rscript`` finds them
(timed inside R, without reading the data). statsmodels has none of these measures. A peer whose
next size would take longer than ``PATIENCE`` is left out, and bootstraps by peers are scaled up
from a few replicates. Every number is the least of several runs.
"""

import argparse
import math
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spinemets.evaluation.table import evaluate
from spinemets.performance.bootstrap import bootstrap
from spinemets.performance.brier import brier_t
from spinemets.performance.compare import differences, ranking
from spinemets.performance.discrimination import auc_t, harrell_c, uno_c
from spinemets.performance.discrimination_models import gonen_heller_k, royston_d

SEED = 20240229
SIZES = (1_000, 10_000, 100_000, 1_000_000)
HORIZONS = (91.0, 182.0, 365.0)
SCORES = 12
PATIENCE = 40.0


@dataclass
class Cohort:
    """Whole days, scores 0-15 that matter, about 39 % censored, all followed at most ten years."""

    n: int
    time: np.ndarray = field(init=False)
    event: np.ndarray = field(init=False)
    scores: np.ndarray = field(init=False)
    marker: np.ndarray = field(init=False)
    risks: np.ndarray = field(init=False)
    risk: np.ndarray = field(init=False)
    outcome: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(SEED)
        self.scores = rng.integers(0, 16, (self.n, SCORES))
        hazard = np.exp(0.03 * self.scores.sum(axis=1) - 2.7)
        death = np.maximum(np.ceil(rng.exponential(400.0, self.n) / hazard), 1.0)
        leaving = np.minimum(np.ceil(rng.uniform(0.0, 900.0, self.n)), 3_650.0)
        self.time = np.minimum(death, leaving)
        self.event = death <= leaving
        self.marker = self.scores[:, 0] + rng.normal(size=self.n)
        # by level of each score: patients x scores x horizons
        self.risks = (self.scores[:, :, np.newaxis] + 1) / np.array([40.0, 30.0, 20.0])
        self.risk = np.ascontiguousarray(self.risks[:, 0])
        # what scikit-survival wants
        self.outcome = np.empty(self.n, dtype=[("event", "?"), ("time", "f8")])
        self.outcome["event"], self.outcome["time"] = self.event, self.time


def least(run: Callable[[], Any], budget: float = 1.0) -> float:
    """Time a call: the least of as many runs as fit into the budget, at least two."""
    run()
    best, spent, runs = math.inf, 0.0, 0
    while runs < 2 or (spent < budget and runs < 50):
        begin = time.perf_counter()
        run()
        took = time.perf_counter() - begin
        best, spent, runs = min(best, took), spent + took, runs + 1
    return best


class Peer:
    """One way to do a task; remembers its times so as to stop before a size that takes too long."""

    def __init__(self, label: str, run: Callable[[Cohort], Any] | None) -> None:
        self.label = label
        self.run = run
        self.seconds: dict[int, float] = {}
        self.remark = ""

    def measure(self, cohort: Cohort) -> None:
        """Time one size, unless an earlier one says that it takes too long."""
        if self.remark or self.run is None:
            return
        if self.seconds:
            size, before = max(self.seconds.items())
            if before * (cohort.n / size) ** 1.2 > PATIENCE:
                self.remark = "stopped: too slow"
                return
        run = self.run
        try:
            self.seconds[cohort.n] = least(lambda: run(cohort))
        except (ValueError, MemoryError) as error:
            self.remark = f"raises: {str(error)[:60]}"


def ours() -> dict[str, list[Peer]]:
    """Name every task with our way of doing it."""
    worse = {"higher_is_worse": True}
    first = lambda c: c.scores[:, 0]  # noqa: E731
    return {
        "Harrell's C, one integer score": [
            Peer(
                "spinemets",
                lambda c: harrell_c(c.time, c.event, first(c), std_error=False, **worse),
            )
        ],
        "Harrell's C with standard error": [
            Peer("spinemets", lambda c: harrell_c(c.time, c.event, first(c), **worse))
        ],
        "Uno's C, one integer score": [
            Peer("spinemets", lambda c: uno_c(c.time, c.event, first(c), std_error=False, **worse))
        ],
        "Uno's C with standard error": [
            Peer("spinemets", lambda c: uno_c(c.time, c.event, first(c), **worse))
        ],
        "Harrell's C of a real-valued risk": [
            Peer(
                "spinemets",
                lambda c: harrell_c(c.time, c.event, c.marker, std_error=False, **worse),
            )
        ],
        "Harrell's C of a real-valued risk with standard error": [
            Peer("spinemets", lambda c: harrell_c(c.time, c.event, c.marker, **worse))
        ],
        "AUC(t) at three horizons": [
            Peer(
                "spinemets",
                lambda c: auc_t(c.time, c.event, first(c), HORIZONS, std_error=False, **worse),
            )
        ],
        "AUC(t) at three horizons with standard error": [
            Peer("spinemets", lambda c: auc_t(c.time, c.event, first(c), HORIZONS, **worse))
        ],
        "Brier(t) at three horizons": [
            Peer(
                "spinemets",
                lambda c: brier_t(c.time, c.event, c.risk, HORIZONS, std_error=False),
            )
        ],
        "Brier(t) at three horizons with standard error": [
            Peer("spinemets", lambda c: brier_t(c.time, c.event, c.risk, HORIZONS))
        ],
        "AUC(t) of 12 scores with standard errors and all differences": [
            Peer("spinemets", all_areas)
        ],
    }


def all_areas(cohort: Cohort) -> list[Any]:
    """AUC of all scores at all horizons, and every difference with its test."""
    found = auc_t(cohort.time, cohort.event, cohort.scores, HORIZONS, higher_is_worse=True)
    return [differences(*pair) for pair in zip(found.estimate, found.covariance, strict=True)]


def add_lifelines(tasks: dict[str, list[Peer]]) -> None:
    """Add lifelines: it has Harrell's C without a standard error."""
    from lifelines.utils import concordance_index

    for task, value in (
        ("Harrell's C, one integer score", lambda c: c.scores[:, 0]),
        ("Harrell's C of a real-valued risk", lambda c: c.marker),
    ):
        tasks[task].append(
            Peer("lifelines", lambda c, value=value: concordance_index(c.time, -value(c), c.event))
        )


def add_scikit_survival(tasks: dict[str, list[Peer]]) -> None:
    """Add scikit-survival: C, Uno's C, AUC(t) and Brier(t), without standard errors."""
    try:
        from sksurv import metrics
    except ImportError:
        return
    label = "scikit-survival"

    tasks["Harrell's C, one integer score"].append(
        Peer(label, lambda c: metrics.concordance_index_censored(c.event, c.time, c.scores[:, 0]))
    )
    tasks["Harrell's C of a real-valued risk"].append(
        Peer(label, lambda c: metrics.concordance_index_censored(c.event, c.time, c.marker))
    )
    tasks["Uno's C, one integer score"].append(
        Peer(
            label,
            lambda c: metrics.concordance_index_ipcw(
                c.outcome, c.outcome, c.scores[:, 0], tau=1_000
            ),
        )
    )
    tasks["AUC(t) at three horizons"].append(
        Peer(
            label,
            lambda c: metrics.cumulative_dynamic_auc(
                c.outcome, c.outcome, c.scores[:, 0], HORIZONS
            ),
        )
    )
    tasks["Brier(t) at three horizons"].append(
        Peer(label, lambda c: metrics.brier_score(c.outcome, c.outcome, 1 - c.risk, HORIZONS))
    )


R_SCRIPT = r"""
suppressMessages({library(survival); rr <- suppressWarnings(require(riskRegression, quietly=TRUE))})
arguments <- commandArgs(TRUE)
n <- as.integer(arguments[1]); con <- file(arguments[2], "rb")
v <- matrix(readBin(con, "double", 15 * n), n); close(con)
y <- Surv(v[, 1], v[, 2]); s <- v[, 3]; x <- v[, 15]
least <- function(f) {
  one <- system.time(f())[["elapsed"]]; m <- max(1, min(200, ceiling(.2 / max(one, .001))))
  runs <- if (one > 5) 1 else 3
  min(sapply(1:runs, function(i) system.time(for (j in 1:m) f())[["elapsed"]] / m)) }
say <- function(task, label, t) cat(task, label, t, sep = "\t", "\n")
# only the inner function can leave out the standard error
cf <- function(x, w, e) if (e) concordance(y ~ x, timewt = w, reverse = TRUE) else
  concordancefit(y, x, timewt = w, std.err = FALSE, reverse = TRUE)
R <- "R survival"
say("Harrell's C, one integer score", R, least(function() cf(s, "n", FALSE)))
say("Harrell's C with standard error", R, least(function() cf(s, "n", TRUE)))
say("Uno's C, one integer score", R, least(function() cf(s, "n/G2", FALSE)))
say("Uno's C with standard error", R, least(function() cf(s, "n/G2", TRUE)))
say("Harrell's C of a real-valued risk", R, least(function() cf(x, "n", FALSE)))
say("Harrell's C of a real-valued risk with standard error", R, least(function() cf(x, "n", TRUE)))
h <- c(91, 182, 365)
if (rr && n <= as.integer(arguments[3])) {
  d <- data.frame(time = v[, 1], event = v[, 2])
  sc <- function(o, m, se) Score(o, formula = Surv(time, event) ~ 1, data = d, times = h,
    metrics = m, null.model = m == "brier", se.fit = se, cens.model = "km",
    contrasts = length(o) > 1)
  risk <- cbind((s + 1) / 40, (s + 1) / 30, (s + 1) / 20)
  R <- "R riskRegression"
  say("AUC(t) at three horizons", R, least(function() sc(list(a = s), "auc", FALSE)))
  say("AUC(t) at three horizons with standard error", R,
      least(function() sc(list(a = s), "auc", TRUE)))
  say("Brier(t) at three horizons", R, least(function() sc(list(a = risk), "brier", FALSE)))
  say("Brier(t) at three horizons with standard error", R,
      least(function() sc(list(a = risk), "brier", TRUE)))
  many <- lapply(1:12, function(k) v[, 2 + k]); names(many) <- paste0("s", 1:12)
  say("AUC(t) of 12 scores with standard errors and all differences", R,
      system.time(sc(many, "auc", TRUE))[["elapsed"]])
}
"""


def add_r(tasks: dict[str, list[Peer]], cohort: Cohort) -> str:
    """Time R on the same data in its own process; return its versions, or nothing."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return ""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "run.R"
        script.write_text(R_SCRIPT)
        values = np.column_stack([cohort.time, cohort.event, cohort.scores, cohort.marker])
        data = Path(folder) / "data.bin"
        values.astype("<f8").T.tofile(data)
        run = subprocess.run(
            [rscript, str(script), str(cohort.n), str(data), "100000"],
            capture_output=True,
            text=True,
            check=False,
        )
    for line in run.stdout.splitlines():
        if line.count("\t") < 2:
            continue
        task, label, seconds = line.split("\t")[:3]
        found = next((p for p in tasks[task] if p.label == label), None)
        if found is None:
            found = Peer(label, None)  # R times itself
            tasks[task].append(found)
        found.seconds[cohort.n] = float(seconds)
    asked = "cat(R.version$major, R.version$minor, as.character(packageVersion('survival')))"
    version = subprocess.run(
        [rscript, "-e", asked], capture_output=True, text=True, check=False
    ).stdout.split()
    return f"R {version[0]}.{version[1]}, survival {version[2]}" if len(version) == 3 else ""


def exponent(seconds: dict[int, float]) -> str:
    """Growth exponent between the two largest sizes."""
    sizes = sorted(size for size, value in seconds.items() if value > 0)
    if len(sizes) < 2:
        return ""
    small, large = sizes[-2:]
    return f"{math.log(seconds[large] / seconds[small]) / math.log(large / small):.2f}"


def show(seconds: float | None) -> str:
    """Write a time for people."""
    if seconds is None:
        return ""
    if seconds < 0.1:
        return f"{1e3 * seconds:.3g} ms"
    return f"{seconds:.3g} s"


def table(task: str, peers: list[Peer], sizes: list[int]) -> list[str]:
    """Write one task as a table with times and, for peers, how many times slower they are."""
    lines = [f"### {task}", ""]
    lines += ["| | " + " | ".join(f"n = {n:,}" for n in sizes) + " | growth | |"]
    lines += ["|---" * (len(sizes) + 3) + "|"]
    own = peers[0].seconds
    for peer in peers:
        cells = []
        for n in sizes:
            value = peer.seconds.get(n)
            ratio = (
                f" ({value / own[n]:.3g}x)" if value is not None and peer is not peers[0] else ""
            )
            cells.append(show(value) + ratio)
        lines.append(
            f"| {peer.label} | {' | '.join(cells)} | {exponent(peer.seconds)} | {peer.remark} |"
        )
    return [*lines, ""]


def everything(cohort: Cohort) -> None:
    """Evaluate 12 scores overall and in four strata as a study would, with intervals."""
    strata = cohort.scores[:, 11] % 4
    risks = cohort.risks
    groups = [np.ones(cohort.n, bool), *(strata == level for level in range(4))]
    for rows in groups:
        follow_up = cohort.time[rows], cohort.event[rows]
        scores = cohort.scores[rows]
        for estimator in (harrell_c, uno_c):
            found = estimator(*follow_up, scores, higher_is_worse=True)
            found.interval()
            differences(found.estimate, found.covariance)
        area = auc_t(*follow_up, scores, HORIZONS, higher_is_worse=True)
        brier = brier_t(*follow_up, risks[rows], HORIZONS)
        for h in range(3):
            differences(area.estimate[h], area.covariance[h])
            differences(brier.estimate[h], brier.covariance[h])
        royston_d(*follow_up, scores, higher_is_worse=True)
        gonen_heller_k(*follow_up, scores, higher_is_worse=True)
    harrell_c(cohort.time, cohort.event, cohort.scores, higher_is_worse=True, strata=strata)
    samples = bootstrap(
        *(cohort.time, cohort.event, cohort.scores),
        higher_is_worse=True,
        horizons=HORIZONS,
        risks=risks,
    )
    ranking(samples.harrell)


def whole_table(n: int) -> list[str]:
    """Processor time of the whole of `spinemets.evaluate`, and whether its target was met."""
    cohort = Cohort(n)
    table = pd.DataFrame(cohort.scores, columns=[f"s{k}" for k in range(SCORES)])
    table = table.assign(t=cohort.time, e=cohort.event, g=np.arange(n) % 4)
    call: dict[str, Any] = {"time": "t", "event": "e", "scores": list(table.columns[:SCORES]),
                            "by": "g", "horizons": [90, 180, 365], "unit": "days"}  # fmt: skip

    def used(optimism: int) -> float:
        start = time.process_time()
        evaluate(table, **call, optimism=optimism)
        return time.process_time() - start

    used(100)  # the first run warms up
    full, without = (min(used(optimism) for _ in range(3)) for optimism in (100, 0))
    verdict = "met" if full < 1 else f"missed {full:.1f}-fold ({without:.1f}-fold without optimism)"
    return [
        "The whole of `spinemets.evaluate` on that size, which also fits and cross-fits risks, and",
        "computes calibration with curves, net benefit with all differences, planned sizes and the",
        f"optimism of 36 risks by 100 refits each: **{show(full)}** of processor time, without",
        f"optimism {show(without)}. The target of 1 s for everything is {verdict}.",
        "",
    ]


def one_bootstrap(cohort: Cohort) -> float:
    """Time 1,000 paired replicates of C, AUC(3) and Brier(3) of 12 scores."""
    risks = cohort.risks
    begin = time.perf_counter()
    bootstrap(
        *(cohort.time, cohort.event, cohort.scores),
        higher_is_worse=True,
        horizons=HORIZONS,
        risks=risks,
        replicates=1_000,
    )
    return time.perf_counter() - begin


def peers_bootstrap(cohort: Cohort) -> float | None:
    """Time the best mix of published Python, from two replicates scaled to 1,000."""
    try:
        from lifelines.utils import concordance_index
        from sksurv import metrics
    except ImportError:
        return None
    rng = np.random.default_rng(1)
    risks = cohort.risks
    begin = time.perf_counter()
    for _ in range(2):
        pick = rng.integers(0, cohort.n, cohort.n)
        t, e, s = cohort.time[pick], cohort.event[pick], cohort.scores[pick]
        y = np.empty(cohort.n, dtype=[("e", "?"), ("t", "f8")])
        y["e"], y["t"] = e, t
        for k in range(SCORES):
            concordance_index(t, -s[:, k], e)
            metrics.cumulative_dynamic_auc(y, y, s[:, k], HORIZONS)
            metrics.brier_score(y, y, 1 - risks[pick, k], HORIZONS)
    return (time.perf_counter() - begin) * 500


def bootstrap_table(sizes: list[int]) -> list[str]:
    """Write the bootstrap's times, and the memory of the largest."""
    lines = ["### 1,000 paired bootstrap replicates: C, AUC(3), Brier(3) of 12 scores", ""]
    lines += [
        "| n | spinemets | published Python (scaled) | ratio | memory so far |",
        "|---" * 5 + "|",
    ]
    for n in sizes:
        cohort = Cohort(n)
        own = min(one_bootstrap(cohort) for _ in range(2 if n < 1_000_000 else 1))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        peer = peers_bootstrap(cohort) if n <= 10_000 else None
        ratio = f"{peer / own:,.0f}x" if peer else ""
        lines.append(f"| {n:,} | {show(own)} | {show(peer)} | {ratio} | {memory:.2f} GB |")
    return [*lines, ""]


FIRST_CALL = """
import time
begin = time.perf_counter()
import sys; sys.path.insert(0, {folder!r})
import evaluation as e
ready = time.perf_counter()
e.everything(e.Cohort(1000))
print(ready - begin, time.perf_counter() - ready)
"""


def first_calls() -> list[str]:
    """Time imports and the first evaluation, with an empty and with a filled cache."""
    code = FIRST_CALL.format(folder=str(Path(__file__).resolve().parent))
    lines = ["### First call (import, then the realistic size once)", ""]
    lines += ["| cache | import | first evaluation |", "|---|---|---|"]
    with tempfile.TemporaryDirectory() as cache:
        for state in ("empty: everything is compiled", "filled"):
            run = subprocess.run(
                [sys.executable, "-c", code],
                env={**os.environ, "NUMBA_CACHE_DIR": cache},
                capture_output=True,
                text=True,
                check=True,
            )
            ready, took = (float(word) for word in run.stdout.split())
            lines.append(f"| {state} | {show(ready)} | {show(took)} |")
    return [*lines, ""]


def versions(r: str) -> str:
    """Say what was compared."""
    names = ("lifelines", "scikit-survival", "numba", "numpy")
    found = []
    for name in names:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join([f"Python {platform.python_version()}", *found, r or "R not found"])


def main() -> None:
    """Run everything and write a report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=SIZES[-1])
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    sizes = [n for n in SIZES if n <= arguments.largest]
    first = first_calls()
    small = least(lambda: everything(Cohort(1_000)))
    samples = bootstrap_table(sizes)
    tasks = ours()
    add_lifelines(tasks)
    add_scikit_survival(tasks)
    r = ""
    for n in sizes:
        cohort = Cohort(n)
        for peers in tasks.values():
            for peer in peers:
                peer.measure(cohort)
        r = add_r(tasks, cohort) or r
        print(f"n = {n:,} done", file=sys.stderr)
    censored = 1 - Cohort(10_000).event.mean()
    lines = [
        "# The evaluation engine against its peers",
        "",
        "Written by `benchmarks/evaluation.py`: one process, one thread, least of several runs.",
        f"Whole days, scores 0-15, {censored:.0%} censored. {versions(r)}.",
        "Ratios say how many times longer a peer takes. Growth is the exponent of n between the",
        "two largest sizes.",
        "",
        "### Realistic size: n = 1,000, 12 scores, overall and 4 strata, 3 horizons",
        "",
        "C (Harrell, Uno, within strata), AUC(t), Brier(t), IPA, D, K, all differences with Holm",
        f"and simultaneous limits, 1,000 bootstrap replicates and ranks: **{show(small)}**.",
        "",
        *whole_table(1_000),
        *first,
        *(line for task, peers in tasks.items() for line in table(task, peers, sizes)),
        *samples,
    ]
    report = "\n".join(lines)
    print(report)
    if arguments.out is not None:
        arguments.out.write_text(report)


if __name__ == "__main__":
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    if any(os.environ.get(name) != "1" for name in names):
        # Libraries read these when they are imported, which has happened: start again.
        environment = {**os.environ, **dict.fromkeys(names, "1")}
        os.execve(sys.executable, [sys.executable, *sys.argv], environment)
    main()
