"""Rows of the Cox models of a score."""

import numpy as np
import pandas as pd
import pytest

from spinemets.results import frame
from spinemets.survival.cox import cox_score
from spinemets.survival.cox_fit import fit_cox

BANDS = ("low", "middle", "high")


@pytest.fixture(scope="module")
def scored(synth) -> pd.DataFrame:
    """Points and bands; some patients without either."""
    band = pd.cut(synth.sA, [-1, 6, 9, 99], labels=list(BANDS)).astype("string")
    points = synth.sA.astype("Float64")
    return synth.assign(points=points.mask(synth.index % 50 == 0), band=band.mask(synth.index < 5))


def table(scored, **options) -> pd.DataFrame:
    return frame(
        cox_score(
            scored.time, scored.event, points=scored.points, band=scored.band, bands=BANDS,
            score="tok", cohort="c", **options,
        )
    )  # fmt: skip


def test_points_and_bands_with_and_without_strata(scored):
    strata = {"primary_group": scored.stratum, "era": scored.x2}
    found = table(scored, strata=strata)
    ratio = found[(found.measure == "hazard_ratio") & (found.form == "points")]
    assert ratio["stratum_set"].tolist() == ["overall", "primary_group", "era", "primary_group+era"]
    known = scored.points.notna()
    part = scored[known]
    fit = fit_cox(part.sA, part.time, part.event, strata=part.stratum)
    row = ratio[ratio.stratum_set == "primary_group"].iloc[0]
    assert row["estimate"] == pytest.approx(np.exp(fit.coef[0]), rel=1e-9)
    assert row["n"] == known.sum()
    bands = found[(found.measure == "hazard_ratio") & (found.form == "band")]
    assert set(bands["stratum_set"]) == {"band:tok"}
    assert set(bands["stratum"]) == {"middle", "high"}
    assert bands["method"].str.contains("against band low").all()
    assert found.loc[found.measure == "strata", "estimate"].tolist()[0] == 6
    assert {"lrt_chi2", "lrt_p", "ph_chi2", "ph_p", "strata_without_events"} <= set(found.measure)


def test_joint_strata_are_pairs_not_joined_words(scored):
    pairs = [("x", "y / z"), ("x / y", "z")]
    labels = [pairs[i % 2] for i in range(len(scored))]
    strata = {"a": [a for a, _ in labels], "b": [b for _, b in labels]}
    found = table(scored, strata=strata)
    joint = found[(found.measure == "strata") & (found.stratum_set == "a+b")]
    assert set(joint["estimate"]) == {2}


def test_both_engines_agree(scored):
    one, other = (table(scored, engine=e) for e in ("lifelines", "newton"))
    np.testing.assert_allclose(one["estimate"], other["estimate"], rtol=1e-8)


def test_separation_gives_penalised_rows(scored):
    quiet = scored.assign(event=scored.event.mask(scored.band == "low", 0))
    found = table(quiet)
    bands = found[(found.form == "band") & (found.measure == "hazard_ratio")]
    assert np.isfinite(bands[["estimate", "lower", "upper"]]).all(axis=None)
    assert bands["note"].str.contains("separation").all()
    assert bands["method"].str.contains("Firth").all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"event": 0}, "no events"),
        ({"points": 5.0, "band": "low"}, "do not vary|only one band"),
        ({"points": None, "band": None}, "no patient with"),
    ],
)
def test_what_cannot_be_estimated_is_a_row_with_the_reason(scored, change, reason):
    found = table(scored.head(60).assign(**change), strata={"g": scored.stratum.head(60)})
    ratio = found[found.measure == "hazard_ratio"]
    assert len(ratio) >= 4
    assert ratio["estimate"].isna().all()
    assert ratio["note"].str.contains(reason).all()


def test_strata_without_events_are_reported(scored):
    quiet = scored.assign(event=scored.event.mask(scored.stratum == 2, 0))
    found = table(quiet, strata={"g": quiet.stratum})
    row = found[(found.measure == "strata_without_events") & (found.form == "points")].iloc[0]
    assert row["estimate"] == 1
    assert row["note"] == "1 of 6 strata without events contribute nothing"


def test_few_events_are_a_caveat(scored):
    found = table(scored.head(50))
    assert (found.loc[found.measure == "hazard_ratio", "note"] == "fewer than 100 events").all()


def test_a_score_of_bands_only(scored):
    rows = cox_score(scored.time, scored.event, band=scored.band, bands=BANDS, score="s")
    assert {row.form for row in rows} == {"band"}
    with pytest.raises(ValueError, match="points or bands"):
        cox_score(scored.time, scored.event, score="s")
