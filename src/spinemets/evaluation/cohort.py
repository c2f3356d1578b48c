"""The evaluation of a cohort of the workflow: from patients and scores to a design."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemets import contract, strata
from spinemets.evaluation.design import (
    Bands,
    Design,
    ObjectArray,
    Options,
    Outcome,
    Reference,
    Thresholds,
    settled,
)
from spinemets.evaluation.scores import FloatArray, OneScore, comparison_set, read_scores
from spinemets.performance.decisions import decisions
from spinemets.performance.risks import (
    PublishedRates,
    Risk,
    published_rates,
    published_risk,
    supplied_risk,
)
from spinemets.scores.definition import horizon_label
from spinemets.scores.imports import days
from spinemets.settings import EvaluationSettings, SurvivalSettings
from spinemets.survival import grid
from spinemets.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd

#: Case mix of a comparison set against those left out of it, beside age.
CASE_MIX: Final = ("sex", "visceral_metastases", "ambulatory_before", "primary_group", "treatment")
AGE_EDGES: Final = (0, 50, 60, 70, 80, 200)
NOT_RECORDED: Final = "not recorded"


def outcome_of(
    patients: pd.DataFrame,
    settings: EvaluationSettings,
    resolution: str,
    further: Iterable[grid.Horizon] = (),
) -> Outcome:
    """
    Follow-up of the patients with the horizons that this cohort can answer.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.
    settings : EvaluationSettings
        Horizons.
    resolution : {"day", "month"}
        Time resolution of the source: whole months can't answer a horizon between two months.
    further : iterable of Horizon
        Horizons of supplied probabilities, beside those of the settings.

    Returns
    -------
    Outcome
        Days, deaths, horizons in days and the refused ones with the reason.
    """
    asked = sorted({*_horizons(settings), *further}, key=lambda horizon: horizon.days)
    refused = {h.label: why for h in asked if (why := grid.off_grid(h.days, resolution))}
    horizons = {h.label: h.days for h in asked if h.label not in refused}
    days = patients["survival_days"].to_numpy(dtype="float64")
    time, entry = settled(days, _entry(patients), horizons)
    return Outcome(
        time=time,
        event=patients["died"].to_numpy(dtype=bool),
        horizons=horizons,
        refused=refused,
        per_month=DAYS_PER_MONTH,
        entry=entry,
    )


def _entry(patients: pd.DataFrame) -> FloatArray | None:
    """Day on which observation began, where the cohort records it."""
    if "entry_days" not in patients:
        return None
    days = patients["entry_days"].astype("Float64")
    return np.asarray(days.to_numpy(dtype="float64", na_value=float("nan")), dtype=np.float64)


def _horizons(settings: EvaluationSettings) -> list[grid.Horizon]:
    asked = [grid.month_horizon(m) for m in settings.horizons_months]
    asked += [grid.day_horizon(d) for d in settings.horizons_days]
    return sorted(asked, key=lambda horizon: horizon.days)


def _printed(outcome: Outcome) -> dict[str, dict[str, float]]:
    """Each horizon in the unit in which survival was printed for it."""
    return {
        label: {"horizon_months": float(label.removesuffix("mo"))}
        if label.endswith("mo")
        else {"horizon_days": days}
        for label, days in outcome.horizons.items()
    }


def design_of(
    patients: pd.DataFrame,
    scores: pd.DataFrame,
    definitions: Mapping[str, Any],
    info: Mapping[str, Any],
    settings: EvaluationSettings,
    survival: SurvivalSettings,
) -> tuple[Design, dict[str, list[str]]]:
    """
    Put a cohort's evaluation together.

    Parameters
    ----------
    patients, scores : pandas.DataFrame
        Patient table and long score table.
    definitions : mapping of str to Definition
        Score definitions.
    info : mapping
        Content of ``cohort.json``.
    settings : EvaluationSettings
        Horizons, sets, thresholds, requests.
    survival : SurvivalSettings
        Strata and the smallest group.

    Returns
    -------
    design : Design
        What is evaluated.
    wanted : dict of str to list of str
        Scores asked for, per comparison set.
    """
    known = read_scores(scores, patients["patient_id"], definitions)
    asked = supplied_horizons(known, definitions)
    outcome = outcome_of(patients, settings, info["resolution"], set(asked.values()))
    bands = {key: _bands(definitions[one.score], outcome) for key, one in known.items()}
    wanted = {g.id: _with_horizons(g.scores, known, asked) for g in settings.comparison_sets}
    sets = [comparison_set(name, keys, known, outcome.event) for name, keys in wanted.items()]
    centre = None
    if "centre" in patients and patients["centre"].notna().any():
        centre = strata.group(patients, "centre").to_numpy(dtype=object)
    design = Design(
        outcome=outcome,
        scores=known,
        sets=sets,
        strata={s: strata.group(patients, s).to_numpy(dtype=object) for s in survival.strata},
        risks={
            key: _supplied(one, asked[key], outcome)
            if key in asked
            else _published(one, bands[key], definitions[one.score], outcome)
            for key, one in known.items()
        },
        bands={key: found for key, found in bands.items() if found.names},
        centre=centre,
        options=Options(
            minimum_group=survival.minimum_group,
            bootstrap=settings.bootstrap,
            seed=settings.seed,
            folds=settings.folds,
            optimism=settings.optimism,
            thresholds=thresholds_of(settings, outcome),
            request=frozenset(settings.request),
        ),
    )
    return design, wanted


def reference_of(
    patients: pd.DataFrame,
    scores: pd.DataFrame,
    info: Mapping[str, Any],
    definitions: Mapping[str, Any],
) -> Reference:
    """
    Take the cohort that concordance is compared with.

    Parameters
    ----------
    patients, scores : pandas.DataFrame
        Its patient table and long score table.
    info : mapping
        Content of its ``cohort.json``.
    definitions : mapping of str to Definition
        Score definitions.

    Returns
    -------
    Reference
        Follow-up in days and scores; a simulated one says so in its name.
    """
    entry = _entry(patients)
    simulated = "SIMULATED " if info.get("visibility") == "simulated" else ""
    return Reference(
        name=f"{simulated}{info['id']}",
        time=patients["survival_days"].to_numpy(dtype="float64"),
        event=patients["died"].to_numpy(dtype=bool),
        scores=read_scores(scores, patients["patient_id"], definitions),
        delayed=entry is not None and bool(np.any(entry > 0)),
    )


def supplied_horizons(
    scores: Mapping[str, OneScore], definitions: Mapping[str, Any]
) -> dict[str, grid.Horizon]:
    """
    Horizons of probabilities of survival that were computed elsewhere.

    Parameters
    ----------
    scores : mapping of str to OneScore
        Scores by key; an imported model has one entry per horizon.
    definitions : mapping of str to Definition
        Score definitions.

    Returns
    -------
    dict of str to Horizon
        By key, for imported models that somebody has a probability of.
    """
    found = {}
    for key, one in scores.items():
        for prediction in definitions[one.score].data.predictions:
            at = prediction.horizon
            if horizon_label(at) == one.variant and one.determined.any():
                found[key] = grid.Horizon(days(at), one.variant)
    return found


def _with_horizons(
    wanted: Iterable[str], known: Mapping[str, OneScore], asked: Mapping[str, grid.Horizon]
) -> list[str]:
    """Scores of a set; an imported model named without its horizon stands for all of them."""
    found = []
    for key in wanted:
        every = [k for k in asked if known[k].score == key]
        found += every if every and key not in asked else [key]
    return list(dict.fromkeys(found))


def _supplied(one: OneScore, at: grid.Horizon, outcome: Outcome) -> dict[str, Risk]:
    """The risk at its own horizon; none is made up for the others."""
    why = f"a supplied probability of survival at {at.label}, not at this horizon"
    nothing = np.full(outcome.n, np.nan)
    found = {label: Risk(nothing, "supplied", reason=why) for label in outcome.horizons}
    if at.label in outcome.horizons:
        risk = np.where(one.determined, 1 - one.points, np.nan)
        found[at.label] = supplied_risk(risk, f"supplied: {one.key}")
    return found


def thresholds_of(settings: EvaluationSettings, outcome: Outcome) -> dict[str, Thresholds]:
    """
    Threshold probabilities of every horizon, with the decision that they belong to.

    Parameters
    ----------
    settings : EvaluationSettings
        Named decisions, and the thresholds of horizons without one.
    outcome : Outcome
        Horizons.

    Returns
    -------
    dict of str to Thresholds
        By horizon label.
    """
    known = decisions()
    found = {label: Thresholds(tuple(settings.thresholds)) for label in outcome.horizons}
    for name in settings.decisions:
        preset = known[name]
        label = grid.month_horizon(preset.horizon_months).label
        if label in found:
            doubt = preset.needs_verification
            caveat = f"needs verification: {doubt}" if doubt else ""
            found[label] = Thresholds(preset.thresholds, preset.id, caveat)
    return found


def _bands(definition: Any, outcome: Outcome) -> Bands:
    rates: dict[str, PublishedRates] = {}
    for label, at in _printed(outcome).items():
        rates[label] = published_rates(definition.bands, **at)
    return Bands(tuple(band.id for band in definition.bands), rates, _expected(definition))


def _expected(definition: Any) -> dict[str, tuple[float, float]]:
    """Survival that a score expects of its bands, where it says so in months."""
    found = {}
    for band in definition.bands:
        low, high = 0.0, float("inf")
        said = False
        for fact in band.survival:
            if fact.measure == "predicted_below_months" and fact.value is not None:
                high, said = float(fact.value), True
            if fact.measure == "predicted_at_least_months" and fact.value is not None:
                low, said = float(fact.value), True
        if said and low < high:
            found[band.id] = (low, high)
    return found


def _published(
    one: OneScore,
    bands: Bands,
    definition: Any,
    outcome: Outcome,
) -> dict[str, Risk]:
    names = np.array([*bands.names, None], dtype=object)
    place = np.where(np.isnan(one.band), len(bands.names), one.band).astype(int)
    labels = names[place]
    return {
        label: published_risk(labels, definition.bands, **at)
        for label, at in _printed(outcome).items()
    }


def groupings_of(patients: pd.DataFrame) -> dict[str, tuple[ObjectArray, Sequence[str]]]:
    """
    Groupings in which comparison sets are described.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.

    Returns
    -------
    dict of str to (ndarray of object, sequence of str)
        Age, performance, and `CASE_MIX` as far as the cohort has it: group of every patient and
        the order of groups.
    """
    found = {"age_years": _cut(patients, "age_years", AGE_EDGES, False,
                               ("under 50", "50-59", "60-69", "70-79", "80 and over")),
             "kps": _cut(patients, "kps", (0, 40, 70, 100), True,
                         ("10-40", "50-70", "80-100"))}  # fmt: skip
    for name in CASE_MIX:
        if name in patients or name not in contract.columns():
            values = strata.group(patients, name).to_numpy(dtype=object)
            found[name] = (values, list(strata.labels(name)))
    return found


def _cut(
    patients: pd.DataFrame, name: str, edges: Sequence[float], right: bool, labels: Sequence[str]
) -> tuple[ObjectArray, Sequence[str]]:
    import pandas as pd

    every = [*labels, NOT_RECORDED]
    if name not in patients:
        return np.full(len(patients), NOT_RECORDED, dtype=object), every
    values = patients[name].astype("Float64").to_numpy(dtype="float64", na_value=float("nan"))
    cut = pd.Series(pd.cut(values, list(edges), right=right, labels=list(labels)))
    return cut.astype(object).where(cut.notna(), NOT_RECORDED).to_numpy(dtype=object), every
