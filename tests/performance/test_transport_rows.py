"""Rows of performance pooled over centres say what was pooled."""

import numpy as np
import pytest

from spinemets.performance.meta_analysis import pool_effects
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


@pytest.mark.parametrize("effects", [[0.6, 0.7], [0.5, 0.52, 0.9], [0.5, 0.5, 0.501, 0.5]])
def test_narrowed_is_said_where_the_interval_is_narrower(effects: list[float]) -> None:
    variances = [0.04] * len(effects)
    found, plain = (pool_effects(effects, variances, knapp_hartung=k) for k in (True, False))
    narrower = found.upper - found.lower < plain.upper - plain.lower
    assert ("narrows" in found.reason) == narrower


def test_one_centre_has_no_spread_between_centres() -> None:
    found = pool_effects([0.6, np.nan], [0.04, 0.04])
    assert found.estimate == pytest.approx(0.6)
    assert np.isnan(found.tau2)
    assert np.isnan(found.i2)
    assert "one centre: nothing to pool" in found.reason
