"""How sure the ranking of a set's scores is, from paired bootstrap samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from spinemets.evaluation.comparison import known_in, paired_risks
from spinemets.evaluation.design import FORMS, Design
from spinemets.evaluation.risks import RiskTable, by_kind, joined
from spinemets.evaluation.scores import BoolArray, ComparisonSet, FloatArray, OneScore
from spinemets.performance.bootstrap import bootstrap
from spinemets.performance.compare import ranking
from spinemets.performance.precision import caution
from spinemets.results import RiskRow, finite

TOP = 3


def ranking_rows(design: Design, risks: RiskTable, suspect: Mapping[str, str]) -> Iterator[RiskRow]:
    """
    How sure the order of the scores of every set is.

    Parameters
    ----------
    design : Design
        The evaluation.
    risks : RiskTable
        Risks of the scores.
    suspect : mapping of str to str
        Scores that the orientation guard stopped: they aren't ranked, and a row says why.

    Yields
    ------
    RiskRow
        Per score and ranked measure (``harrell_c``, ``uno_c``, ``auc``, ``brier``):
        ``rank_<measure>`` (median rank and 95 % rank interval), ``p_best_<measure>``,
        ``p_top3_<measure>``, from a paired bootstrap. Brier scores are ranked among risks of one
        kind only.
    """
    if design.options.bootstrap == 0:
        return
    for group in design.sets:
        for form in FORMS:
            scores, members = known_in(design, group, form)
            kept = tuple(one for one in scores if one.key not in suspect)
            for one in scores:
                if one.key in suspect:
                    yield RiskRow(
                        "rank_harrell_c", set=group.id, score=one.score, variant=one.variant,
                        form=form, n=int(members.sum()),
                        events=int(design.outcome.event[members].sum()),
                        note=f"not ranked: {suspect[one.key]}",
                    )  # fmt: skip
            if len(kept) > 1 and members.any():
                yield from _ranked(design, group.id, kept, members, form)
        for label in design.outcome.horizons:
            yield from _ranked_brier(design, group, risks, label, suspect)


def _ranked(
    design: Design, set_id: str, scores: tuple[OneScore, ...], members: BoolArray, form: str
) -> Iterator[RiskRow]:
    outcome, options = design.outcome, design.options
    found = bootstrap(
        outcome.time[members],
        outcome.event[members],
        np.column_stack([one.values(form)[members] for one in scores]),
        higher_is_worse=[one.higher_is_worse for one in scores],
        horizons=list(outcome.horizons.values()),
        replicates=options.bootstrap,
        seed=options.seed,
    )
    base = RiskRow("", set=set_id, form=form, n=found.n, events=found.events)
    yield from _ranks(base, "harrell_c", scores, found.harrell, True)
    yield from _ranks(base, "uno_c", scores, found.uno, True)
    for h, label in enumerate(outcome.horizons):
        events = int((outcome.event & (outcome.time <= outcome.horizons[label]))[members].sum())
        at = replace(base, horizon=label, events=events)
        yield from _ranks(at, "auc", scores, found.auc[:, h], True)


def _ranked_brier(
    design: Design,
    group: ComparisonSet,
    risks: RiskTable,
    label: str,
    suspect: Mapping[str, str],
) -> Iterator[RiskRow]:
    for scores, members, table, sources in paired_risks(group, risks, label):
        trusted = [k for k, one in enumerate(scores) if one.key not in suspect]
        for places in by_kind([sources[k] for k in trusted]):
            keep = [trusted[k] for k in places]
            ranked = tuple(scores[k] for k in keep)
            source = joined(sources[k] for k in keep)
            base = RiskRow("", set=group.id, horizon=label, source=source)
            if len(keep) > 1:
                yield from _ranked_risks(design, base, ranked, members, table[:, keep])
            elif len(trusted) > 1:
                yield replace(
                    base, measure="rank_brier", score=ranked[0].score, variant=ranked[0].variant,
                    n=int(members.sum()), note=f"not ranked: the only {source} risk of the set",
                )  # fmt: skip


def _ranked_risks(
    design: Design,
    base: RiskRow,
    scores: tuple[OneScore, ...],
    members: BoolArray,
    table: FloatArray,
) -> Iterator[RiskRow]:
    """Ranks of the Brier scores of risks of one source at the horizon of ``base``."""
    outcome, options = design.outcome, design.options
    horizon = outcome.horizons[base.horizon]
    found = bootstrap(
        outcome.time[members],
        outcome.event[members],
        table[:, :0],  # only Brier scores are ranked here: no score needs pairs
        higher_is_worse=True,
        horizons=[horizon],
        risks=table[:, :, np.newaxis],
        replicates=options.bootstrap,
        seed=options.seed,
    )
    events = int((outcome.event & (outcome.time <= horizon))[members].sum())
    row = replace(base, n=found.n, events=events)
    yield from _ranks(row, "brier", scores, found.brier[:, 0], False)


def _ranks(
    base: RiskRow,
    measure: str,
    scores: tuple[OneScore, ...],
    replicates: npt.NDArray[np.float64],
    higher_is_better: bool,
) -> Iterator[RiskRow]:
    found = ranking(replicates, higher_is_better=higher_is_better, top=TOP)
    method = f"paired bootstrap, {found.replicates} replicates"
    note = found.reason or caution(base.events or 0)
    for k, one in enumerate(scores):
        row = replace(base, score=one.score, variant=one.variant, method=method, note=note)
        yield replace(
            row,
            measure=f"rank_{measure}",
            estimate=finite(found.median[k]),
            lower=finite(found.lower[k]),
            upper=finite(found.upper[k]),
        )
        yield replace(row, measure=f"p_best_{measure}", estimate=finite(found.p_best[k]))
        yield replace(row, measure=f"p_top{TOP}_{measure}", estimate=finite(found.p_top[k]))
