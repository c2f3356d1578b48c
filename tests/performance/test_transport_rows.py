"""Rows of performance pooled over centres say what was pooled."""

import numpy as np

from spinemets.performance.transport import internal_external
from spinemets.performance.transport_rows import transport_rows


def test_pooled_ratio_counts_deaths_by_the_horizon_in_the_centres_that_were_pooled() -> None:
    random = np.random.default_rng(3)
    time, event = random.exponential(10, 300), np.full(300, True)
    centre = np.repeat(["a", "b", "c"], 100)
    time[200:] += 4  # nobody dies by the horizon in c: no ratio, not in the mean
    found = internal_external(
        time, event, centre, score=random.normal(size=300), risk=np.full(300, 0.3), horizon=3
    )
    rows = {r.measure: r for r in transport_rows(found) if r.stratum == "all"}
    assert rows["pooled_oe_ratio"].n == 200
    assert rows["pooled_oe_ratio"].events == int((time[:200] <= 3).sum())
    assert rows["tau2_oe_ratio"].events == rows["pooled_oe_ratio"].events
    assert rows["pooled_harrell_c"].n == 300
    assert rows["pooled_harrell_c"].events == 300
