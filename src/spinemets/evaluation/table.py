"""Evaluate any columns of a table: scores, bands, risks or survival probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spinemets.errors import ArgumentError
from spinemets.evaluation.call import Call, names, read
from spinemets.evaluation.columns import UNITS, Reader, horizon_labels
from spinemets.evaluation.design import Design, Options, Outcome, Thresholds, settled
from spinemets.evaluation.scores import BoolArray, FloatArray, comparison_set, take
from spinemets.evaluation.sets import set_table
from spinemets.performance.decisions import decisions
from spinemets.performance.risks import Risk, supplied_risk
from spinemets.performance.utility import DEFAULT_THRESHOLDS
from spinemets.writing import write_csv

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Evaluation:
    """
    What `evaluate` found.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        Long tidy tables by name; ``docs/reference/tables.md`` describes them.
    suspect : dict of str to str
        Scores that the cohort says point the other way, with the explanation.
    """

    tables: dict[str, pd.DataFrame]
    suspect: dict[str, str]

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    def write(self, folder: str | Path) -> None:
        """
        Write every table as CSV.

        Parameters
        ----------
        folder : str or Path
            Folder; made when it is missing.
        """
        for name, table in self.tables.items():
            write_csv(table, Path(folder) / f"{name}.csv")


def evaluate(
    table: pd.DataFrame | str | Path,
    *,
    time: str,
    event: str,
    entry: str | None = None,
    scores: Sequence[str] | str = (),
    risks: Mapping[str, str] | None = None,
    survival: Mapping[str, str] | None = None,
    hazards: Mapping[str, str] | None = None,
    higher_is_better: Sequence[str] | str = (),
    by: Sequence[str] | str = (),
    centre: str | None = None,
    horizons: Sequence[float] = (3, 6, 12),
    unit: str = "months",
    sets: Mapping[str, Sequence[str]] | None = None,
    thresholds: Sequence[float] | None = None,
    decision: str | None = None,
    reference: str | None = None,
    bootstrap: int = 1000,
    folds: int = 10,
    optimism: int = 100,
    seed: int = 20240101,
    minimum_group: int = 10,
    request: Sequence[str] | str = (),
    cohort: str = "table",
    event_codes: Mapping[str, str] | None = None,
    reference_table: pd.DataFrame | str | Path | None = None,
) -> Evaluation:
    """
    Evaluate prognostic scores and predicted risks on censored survival data.

    Parameters
    ----------
    table : pandas.DataFrame, str or Path
        One row per patient; a CSV, TSV or parquet file.
    time : str
        Column of follow-up, in ``unit``. Patients whose time is missing, infinite or negative, or
        whose event is missing, are set aside and counted in table ``flow``.
    event : str
        Column: 1 or true for the event (death), 0 or false for censored.
    entry : str, optional
        Column of the time at which observation began (delayed entry), in ``unit``; missing or 0 is
        time zero. Harrell's C, its differences, and O:E then take it into account; what isn't
        defined for such patients is a row with that reason.
    scores : sequence of str or str
        Columns of points or bands; several names may be joined by commas. Levels of text are put in
        order by the numbers in them ("0-8", ">=12"), as Roman numbers or as single letters, and
        every row says so; other words have no order and are refused. A missing value keeps a
        patient out of that score's own evaluation and of sets that hold the score.
    risks : mapping of str to str, optional
        ``"name@12mo"`` to the column with the predicted risk of the event by that horizon (0 to 1).
        ``name`` may be one of the scores; otherwise it becomes a score of its own, whose points are
        its risk at the longest horizon given.
    survival : mapping of str to str, optional
        The same with predicted survival probabilities.
    hazards : mapping of str to str, optional
        Name to the column with the predicted cumulative hazard at each patient's own time, for
        D-calibration and the Poisson intercept and slope.
    higher_is_better : sequence of str or str
        Scores whose higher values mean longer survival; in all others they mean shorter survival.
    by : sequence of str or str
        Columns that group patients: C within and per group.
    centre : str, optional
        Column of centres, for performance per centre and pooled.
    horizons : sequence of float
        Prediction horizons in ``unit``.
    unit : {"months", "days", "weeks", "years"}
        Unit of ``time`` and ``horizons``; a month has 30.4375 days.
    sets : mapping of str to sequence of str, optional
        Named sets of scores to compare on the same patients; one of all scores by default. A score
        whose entry takes a set below 100 events or half of the patients is compared by twos
        instead (set ``<set>:pairwise``).
    thresholds : sequence of float, optional
        Threshold probabilities of the event for net benefit; .2 to .8 by default.
    decision : str, optional
        Named decision that the thresholds belong to (``spinemets.performance.decisions``).
    reference : str, optional
        Score that reclassification compares with; the first by default.
    bootstrap : int
        Paired bootstrap replicates behind the rankings; 0 leaves them out.
    folds : int
        Folds of risks that are cross-fitted where none is supplied.
    optimism : int
        Bootstrap resamples behind the optimism of those risks (table ``optimism``); 0 leaves it
        out.
    seed : int
        Seed of bootstrap and folds.
    minimum_group : int
        Groups with fewer patients get a row with that reason.
    request : sequence of str or str
        ``"apparent"``: also judge risks fitted to the patients themselves, labelled so;
        ``"nri"``: reclassification statistics, with a warning.
    cohort : str
        Name for the first column of every table.
    event_codes : mapping of str to str, optional
        What the codes in ``event`` mean: ``event``, ``competing`` or ``censored`` (0 is censored
        unless named). With a competing code the tables are those of
        `spinemets.evaluation.competing.run_competing`.
    reference_table : pandas.DataFrame, str or Path, optional
        Another cohort with the same columns of follow-up, event and ``scores``, in the same unit,
        for instance the one in which a score was developed: the difference in C is split into case
        mix and validity (table ``transport``).

    Returns
    -------
    Evaluation
        Tables ``flow``, ``comparison_sets`` and those of `spinemets.evaluation.run.run`. What can't
        be estimated is a row whose ``note`` says why.

    Raises
    ------
    ArgumentError
        A `ValueError` that lists every wrong argument by name.

    References
    ----------
    McLernon DJ et al. Ann Intern Med 2023;176:105-114, doi 10.7326/M22-0844.
    Collins GS et al. BMJ 2024;384:e074819, doi 10.1136/bmj-2023-074819.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"months": [2, 4, 6, 9, 12, 15], "died": [1, 1, 1, 0, 1, 0],
    ...                       "points": [9, 7, 8, 3, 4, 2]})
    >>> found = evaluate(table, time="months", event="died", scores=["points"], horizons=[6],
    ...                  bootstrap=0)
    >>> rows = found["performance"]
    >>> float(rows.loc[rows["measure"].eq("harrell_c"), "estimate"].iloc[0].round(4))
    0.9231
    """
    call = Call(
        Reader(read(table)), names(scores), names(higher_is_better), names(by), names(request)
    )
    whole = {"bootstrap": bootstrap, "optimism": optimism, "folds": folds, "seed": seed,
             "minimum_group": minimum_group}  # fmt: skip
    call.check(horizons, unit, thresholds, decision, whole)
    kept = call.outcome(time, event, event_codes)
    began = None if entry is None else call.entry(entry)
    by_name = call.scores()
    labels = horizon_labels(horizons, unit) if call.sound else {}
    given = call.risks(by_name, risks or {}, survival or {}, labels)
    predicted = call.hazards(by_name, hazards or {})
    strata = call.groups()
    centres = None if centre is None else call.reader.groups("centre", centre)
    wanted = call.sets(by_name, sets)
    other = None
    if reference_table is not None:
        other = call.reference(reference_table, time, event, event_codes, by_name)
    call.known("reference", [reference] if reference else [], by_name)
    competes = "competing" in (event_codes or {}).values()
    if competes:
        call.unused("with competing events", entry=entry, centre=centre, hazards=hazards,
                    request=request, reference_table=reference_table is not None)  # fmt: skip
    elif began is not None and bool((began > 0).any()):
        call.unused("with delayed entry", hazards=hazards, request=request,
                    reference_table=reference_table is not None)  # fmt: skip
    if call.reader.faults:
        raise ArgumentError(call.reader.faults)
    assert kept is not None  # a missing one is among the faults
    when, died, use = kept
    when, began = settled(when, began, labels)
    never = np.zeros(when.size, dtype=bool) if began is None else (began > 0) & (began >= when)
    use = use & ~never
    cause = died[use].astype(np.int64) if competes else None
    late = None if began is None else began[use]
    outcome = Outcome(when[use], died[use] == 1, labels, {}, UNITS[unit][1], cause, late)
    chosen = {key: take(one, use) for key, one in by_name.items()}
    design = Design(
        outcome=outcome,
        scores=chosen,
        sets=[comparison_set(name, keys, chosen, outcome.event) for name, keys in wanted.items()],
        strata={name: g[use] for name, g in strata.items() if g is not None},
        risks=_supplied(given, use),
        hazards={key: values[use] for key, values in predicted.items()},
        centre=None if centres is None else centres[use],
        reference=other,
        options=Options(
            **whole,
            thresholds=_thresholds(labels, thresholds, decision),
            request=frozenset(call.request),
            reference=reference or "",
        ),
    )
    return _carry_out(design, cohort, wanted, call.flow(when, died, never, use, cohort))


def _supplied(
    given: Mapping[str, Mapping[str, tuple[FloatArray, str]]], use: BoolArray
) -> dict[str, dict[str, Risk]]:
    return {
        key: {label: supplied_risk(values[use], column) for label, (values, column) in by.items()}
        for key, by in given.items()
    }


def _carry_out(
    design: Design, cohort: str, wanted: dict[str, list[str]], flow: pd.DataFrame
) -> Evaluation:
    from spinemets.evaluation.competing import run_competing
    from spinemets.evaluation.run import Found, run

    if design.outcome.cause is None:
        found = run(design, cohort, wanted)
    else:
        found = Found(run_competing(design, cohort), {})
    groupings = {name: (codes, sorted(set(codes))) for name, codes in design.strata.items()}
    mix = set_table(design.sets, design.outcome.event, groupings, cohort)
    return Evaluation({"flow": flow, "comparison_sets": mix, **found.tables}, found.suspect)


def _thresholds(
    labels: Iterable[str], thresholds: Sequence[float] | None, decision: str | None
) -> dict[str, Thresholds]:
    preset = None if decision is None else decisions()[decision]
    cuts = tuple(DEFAULT_THRESHOLDS) if preset is None else preset.thresholds
    if thresholds is not None:
        cuts = tuple(float(cut) for cut in np.atleast_1d(thresholds))
    name = "" if preset is None else preset.id
    return {label: Thresholds(cuts, name) for label in labels}


__all__ = ["Evaluation", "evaluate", "names"]
