"""Risks of the scores at the horizons, each with its source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from spinemets.evaluation.design import Design
from spinemets.evaluation.scores import FloatArray, OneScore
from spinemets.performance.fitted_risks import fitted_risk
from spinemets.performance.risks import Risk
from spinemets.results import FOREIGN, kind_of

#: With more distinct values than this, risks are fitted by a spline instead of value by value.
MANY_VALUES: Final = 20


def by_kind(sources: Sequence[str]) -> list[list[int]]:
    """
    Sort risks into those that may be compared.

    Parameters
    ----------
    sources : sequence of str
        Source of every risk.

    Returns
    -------
    list of list of int
        Their places, kind by kind.

    Examples
    --------
    >>> by_kind(["published", "cross_fitted", "supplied"])
    [[0, 2], [1]]
    """
    kinds = [kind_of(source) for source in sources]
    return [[i for i, k in enumerate(kinds) if k == one] for one in dict.fromkeys(kinds)]


def joined(sources: Iterable[str]) -> str:
    """
    Name the sources of several risks.

    Parameters
    ----------
    sources : iterable of str
        Sources.

    Returns
    -------
    str
        Each once, joined by ``+``.
    """
    return "+".join(dict.fromkeys(sources))


@dataclass(frozen=True)
class RiskTable:
    """
    Risks by score and horizon.

    Parameters
    ----------
    by_source : dict of (str, str) to dict of str to Risk
        Score key and horizon label to source to risk; the first source is the one that Brier score,
        calibration and net benefit use.
    over_time : dict of str to dict of str to Risk
        Score key to horizon label to risk, all of one kind, for what joins horizons: where
        published and fitted risks alternate, those cross-fitted at every horizon.
    """

    by_source: dict[tuple[str, str], dict[str, Risk]]
    over_time: dict[str, dict[str, Risk]] = field(default_factory=dict)

    def default(self, key: str, label: str) -> Risk:
        """
        Risk that a score is judged by at a horizon.

        Parameters
        ----------
        key : str
            Score.
        label : str
            Horizon.

        Returns
        -------
        Risk
            Published or supplied, else cross-fitted; possibly unavailable, with the reason.
        """
        return next(iter(self.by_source[key, label].values()))

    def every(self, key: str, label: str) -> list[Risk]:
        """
        All risks of a score at a horizon.

        Parameters
        ----------
        key : str
            Score.
        label : str
            Horizon.

        Returns
        -------
        list of Risk
            The default first, then the apparent one where it was asked for.
        """
        return list(self.by_source[key, label].values())


def risk_table(design: Design) -> RiskTable:
    """
    Take published and supplied risks, and fit those that are lacking.

    Parameters
    ----------
    design : Design
        The evaluation.

    Returns
    -------
    RiskTable
        One entry per score and horizon.
    """
    found: dict[tuple[str, str], dict[str, Risk]] = {}
    for key, one in design.scores.items():
        for label in design.outcome.horizons:
            given = design.risks.get(key, {}).get(label)
            sources: dict[str, Risk] = {}
            # No risk is fitted in place of one that was to be supplied.
            if given is not None and (given.available or given.source == "supplied"):
                sources[given.source] = given
            else:
                sources["cross_fitted"] = _fitted(design, one, label, design.options.folds)
            if "apparent" in design.options.request:
                sources["apparent"] = _fitted(design, one, label, None)
            found[key, label] = sources
    labels = list(design.outcome.horizons)
    over_time = {}
    for key, one in design.scores.items():
        chosen = {label: next(iter(found[key, label].values())) for label in labels}
        if len(by_kind([risk.source for risk in chosen.values()])) > 1:
            chosen = {
                label: _fitted(design, one, label, design.options.folds)
                if risk.source in FOREIGN
                else risk
                for label, risk in chosen.items()
            }
        over_time[key] = chosen
    return RiskTable(found, over_time)


def model_for(values: FloatArray) -> str:
    """
    Say how the risk of a score is fitted.

    Parameters
    ----------
    values : ndarray of float
        Its values.

    Returns
    -------
    str
        ``kaplan_meier`` value by value, or ``cox`` with a spline where there are many.
    """
    return "kaplan_meier" if np.unique(values).size <= MANY_VALUES else "cox"


def _fitted(design: Design, one: OneScore, label: str, folds: int | None) -> Risk:
    outcome = design.outcome
    inside = one.determined
    source = "apparent" if folds is None else "cross_fitted"
    nothing = np.full(outcome.n, np.nan)
    if inside.sum() < 2:
        return Risk(nothing, source, reason="fewer than two patients with this score")
    values = one.points[inside]
    risk = fitted_risk(
        outcome.time[inside],
        outcome.event[inside],
        values,
        outcome.horizons[label],
        model=model_for(values),
        folds=folds,
        seed=design.options.seed,
    )
    whole = nothing.copy()
    whole[inside] = risk.probability
    caveat = "apparent: fitted to the patients it is judged on" if folds is None else risk.caveat
    return Risk(whole, risk.source, risk.detail, risk.reason, caveat)
