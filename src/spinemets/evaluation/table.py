"""Evaluate any columns of a table: scores, bands, risks or survival probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemets.errors import ArgumentError, Fault, suggest
from spinemets.evaluation.columns import MEANINGS, UNITS, Reader, horizon_labels, one_score
from spinemets.evaluation.design import REQUESTS, Design, Options, Outcome, Reference, Thresholds
from spinemets.evaluation.scores import BoolArray, FloatArray, OneScore, comparison_set
from spinemets.evaluation.sets import set_table
from spinemets.performance.decisions import decisions
from spinemets.performance.risks import Risk, supplied_risk
from spinemets.performance.utility import DEFAULT_THRESHOLDS, TREAT_ALL, TREAT_NONE
from spinemets.results import write_csv

if TYPE_CHECKING:
    import pandas as pd

EVERYTHING: Final = "all_scores"
_RESERVED: Final = (TREAT_ALL, TREAT_NONE)


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
    scores : sequence of str or str
        Columns of points or bands; several names may be joined by commas. Text levels are put in
        their natural order, and every row says so. A missing value keeps a patient out of that
        score's own evaluation and of sets that hold the score.
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
    call = _Call(
        Reader(_read(table)), names(scores), names(higher_is_better), names(by), names(request)
    )
    call.check(horizons, unit, thresholds, decision, bootstrap, folds, seed, minimum_group)
    kept = call.outcome(time, event, event_codes)
    by_name = call.scores()
    labels = horizon_labels(horizons, unit) if call.sound else {}
    given = call.risks(by_name, risks or {}, survival or {}, labels)
    predicted = call.hazards(by_name, hazards or {})
    strata = {name: call.reader.groups("by", name) for name in call.by}
    centres = None if centre is None else call.reader.groups("centre", centre)
    wanted = call.sets(by_name, sets)
    other = None
    if reference_table is not None:
        other = call.reference(reference_table, time, event, event_codes, by_name)
    call.known("reference", [reference] if reference else [], by_name)
    if call.reader.faults:
        raise ArgumentError(call.reader.faults)
    assert kept is not None  # a missing one is among the faults
    when, died, use = kept
    at = _thresholds(labels, thresholds, decision)
    options = Options(
        minimum_group, bootstrap, seed, folds, at, frozenset(call.request), reference or ""
    )
    chosen = {key: _take(one, use) for key, one in by_name.items()}
    competes = "competing" in (event_codes or {}).values()
    cause = died[use].astype(np.int64) if competes else None
    outcome = Outcome(when[use], died[use] == 1, labels, {}, UNITS[unit][1], cause)
    design = Design(
        outcome=outcome,
        scores=chosen,
        sets=[comparison_set(name, keys, chosen, outcome.event) for name, keys in wanted.items()],
        strata={name: g[use] for name, g in strata.items() if g is not None},
        risks={
            key: {
                label: supplied_risk(values[use], column) for label, (values, column) in r.items()
            }
            for key, r in given.items()
        },
        hazards={key: values[use] for key, values in predicted.items()},
        centre=None if centres is None else centres[use],
        reference=other,
        options=options,
    )
    return _carry_out(design, cohort, wanted, call.flow(when, died, use, cohort))


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


def names(given: Sequence[str] | str) -> list[str]:
    """
    Take names apart.

    Parameters
    ----------
    given : sequence of str or str
        Names, or one text of names joined by commas.

    Returns
    -------
    list of str
        Names without repetition.

    Examples
    --------
    >>> names("a, b,a")
    ['a', 'b']
    """
    parts = given.split(",") if isinstance(given, str) else [str(name) for name in given]
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _read(table: pd.DataFrame | str | Path, argument: str = "table") -> pd.DataFrame:
    import pandas as pd

    if isinstance(table, pd.DataFrame):
        return table
    path = Path(table)
    if not path.is_file():
        raise ArgumentError([Fault(argument, f"no file {path.name!r}", "give an existing file")])
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return pd.read_parquet(path)
        separator = "\t" if path.suffix.lower() in (".tsv", ".tab") else ","
        return pd.read_csv(path, sep=separator, skiprows=_remarks(path), encoding="utf-8-sig")
    except (ValueError, OSError) as err:  # parsing, decoding and arrow errors are ValueErrors
        rule = f"{path.name} can't be read as a table ({type(err).__name__})"
        repair = "give a CSV (comma, UTF-8), TSV or parquet file with one header line"
        raise ArgumentError([Fault(argument, rule, repair)]) from None


def _remarks(path: Path) -> int:
    """Lines before the header that are remarks (`# SIMULATED ...`); a `#` in a cell is none."""
    with path.open(encoding="utf-8-sig") as handle:
        return sum(1 for _ in takewhile(lambda line: line.startswith("# "), handle))


@dataclass
class _Call:
    """The arguments, read one after another so that every fault is found."""

    reader: Reader
    wanted: list[str]
    better: list[str]
    by: list[str]
    request: list[str]
    sound: bool = True

    def check(
        self,
        horizons: Sequence[float],
        unit: str,
        thresholds: Sequence[float] | None,
        decision: str | None,
        bootstrap: int,
        folds: int,
        seed: int,
        minimum_group: int,
    ) -> None:
        """Check what isn't a column."""
        fault = self.reader.fault
        if unit not in UNITS:
            fault("unit", f"no unit {unit!r}{suggest(str(unit), UNITS)}", f"one of: {_or(UNITS)}")
            self.sound = False
        if not _all_numbers(horizons, 0, np.inf):
            fault("horizons", "must be positive finite numbers", "for example 3, 6, 12")
            self.sound = False
        if thresholds is not None and not _all_numbers(thresholds, 0, 1):
            fault("thresholds", "must lie between 0 and 1", "for example 0.2, 0.5")
        known = decisions()
        if decision is not None and decision not in known:
            rule = f"no decision {decision!r}{suggest(decision, known)}"
            fault("decision", rule, f"one of: {_or(known)}")
        for name, value, least in (
            ("bootstrap", bootstrap, 0), ("folds", folds, 2), ("seed", seed, 0),
            ("minimum_group", minimum_group, 1),
        ):  # fmt: skip
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                fault(name, f"must be a whole number, at least {least}", f"for example {least}")
        for asked in self.request:
            if asked not in REQUESTS:
                rule = f"nothing called {asked!r}{suggest(asked, REQUESTS)}"
                fault("request", rule, f"one of: {_or(REQUESTS)}")

    def outcome(
        self, time: str, event: str, codes: Mapping[str, str] | None
    ) -> tuple[FloatArray, FloatArray, BoolArray] | None:
        """Read follow-up, and say which patients can be used."""
        wrong = {key: what for key, what in (codes or {}).items() if what not in MEANINGS}
        for key, what in wrong.items():
            rule = f"code {key!r} has an unknown meaning{suggest(str(what), MEANINGS)}"
            self.reader.fault("event_codes", rule, f"one of: {_or(MEANINGS)}")
        if codes is not None and "event" not in codes.values() and not wrong:
            self.reader.fault("event_codes", "no code is the event", "for example 1=event")
        if wrong:
            codes = None
        when = self.reader.numbers("time", time)
        died = self.reader.event("event", event, codes)
        if when is None or died is None:
            return None
        return when, died, np.isfinite(when) & (when >= 0) & ~np.isnan(died)

    def scores(self) -> dict[str, OneScore]:
        """Read the scores."""
        found = {}
        for name in self.wanted:
            if name in _RESERVED:
                self.reader.fault("scores", f"the name {name!r} is reserved", "rename the column")
            one = self.reader.score("scores", name, name in self.better)
            if one is not None:
                found[name] = one
        return found

    def risks(
        self,
        by_name: dict[str, OneScore],
        risks: Mapping[str, str],
        survival: Mapping[str, str],
        labels: Mapping[str, float],
    ) -> dict[str, dict[str, tuple[FloatArray, str]]]:
        """Read risks; a name that isn't a score becomes one."""
        found: dict[str, dict[str, tuple[FloatArray, str]]] = {}
        for argument, given in (("risks", risks), ("survival", survival)):
            for key, column in given.items():
                name, label = self._place(argument, key, labels)
                values = self.reader.probabilities(argument, column)
                if values is None or not label:
                    continue
                if label in found.get(name, {}):
                    self.reader.fault(argument, f"{name}@{label} is given twice", "give it once")
                if name in _RESERVED:
                    self.reader.fault(argument, f"the name {name!r} is reserved", "rename it")
                risk = values if argument == "risks" else 1.0 - values
                found.setdefault(name, {})[label] = (risk, column)
        for name, by_label in found.items():
            if name not in by_name:
                last = max(by_label, key=lambda label: labels[label])
                note = f"ordered by its risk at {last}"
                by_name[name] = one_score(name, by_label[last][0], name in self.better, note)
        if not by_name and not self.reader.faults:
            self.reader.fault("scores", "neither a score nor a risk is named", "name a column")
        self.known("higher_is_better", self.better, by_name)
        return found

    def _place(self, argument: str, key: str, labels: Mapping[str, float]) -> tuple[str, str]:
        """Name and horizon of ``name@12mo``; the unit may be left out."""
        name, at, text = str(key).rpartition("@")
        if not at or not name or not text:
            self.reader.fault(argument, f"{key!r} has no horizon", "write name@12mo=column")
            return str(key), ""
        for label, value in labels.items():
            if text == label or _is_number(text, value):
                return name, label
        if self.sound:
            self.reader.fault(
                argument, f"{key!r}: {text} isn't one of the horizons", f"one of: {_or(labels)}"
            )
        return name, ""

    def reference(
        self,
        table: pd.DataFrame | str | Path,
        time: str,
        event: str,
        codes: Mapping[str, str] | None,
        by_name: Mapping[str, OneScore],
    ) -> Reference | None:
        """Read the cohort that C is compared with; its faults are those of `reference_table`."""
        fault = self.reader.fault
        if "competing" in (codes or {}).values():
            fault("reference_table", "C isn't split with competing events", "leave it out")
        theirs = _Call(Reader(_read(table, "reference_table")), self.wanted, self.better, [], [])
        kept, scores = theirs.outcome(time, event, codes), theirs.scores()
        for found in theirs.reader.faults:
            fault("reference_table", f"{found.file}: {found.rule}", found.repair)
        for name, one in scores.items():
            if name in by_name and _levels(one) != _levels(by_name[name]):
                rule = f"column {name!r} doesn't have the same text levels in both tables"
                fault("reference_table", rule, "give numbers in both")
        if kept is None:
            return None
        when, died, use = kept
        called = "reference" if not isinstance(table, str | Path) else Path(table).stem
        chosen = {name: _take(one, use) for name, one in scores.items()}
        return Reference(called, when[use], died[use] == 1, chosen)

    def hazards(
        self, by_name: Mapping[str, OneScore], given: Mapping[str, str]
    ) -> dict[str, FloatArray]:
        """Read cumulative hazards."""
        self.known("hazards", given, by_name)
        found = {}
        for name, column in given.items():
            values = self.reader.numbers("hazards", column)
            if values is None:
                continue
            if bool(np.any(values < 0)):
                self.reader.fault("hazards", f"column {column!r} has negative values", "check it")
            found[name] = values
        return found

    def sets(
        self, by_name: Mapping[str, OneScore], given: Mapping[str, Sequence[str]] | None
    ) -> dict[str, list[str]]:
        """Comparison sets, or one of everything."""
        if given is None:
            return {EVERYTHING: list(by_name)}
        for scores in given.values():
            self.known("sets", names(scores), by_name)
        return {name: names(scores) for name, scores in given.items()}

    def known(self, argument: str, given: Iterable[str], by_name: Mapping[str, OneScore]) -> None:
        """Refuse names that aren't scores."""
        for name in given:
            if name not in by_name and not (set(self.wanted) - set(by_name)):
                rule = f"{name!r} isn't one of the scores{suggest(name, by_name)}"
                self.reader.fault(argument, rule, f"one of: {_or(by_name)}")

    @staticmethod
    def flow(when: FloatArray, died: FloatArray, use: BoolArray, cohort: str) -> pd.DataFrame:
        """Count everybody."""
        import pandas as pd

        reasons = {
            "follow-up time is missing": np.isnan(when),
            "follow-up time is infinite": np.isinf(when),
            "follow-up time is negative": when < 0,
            "event is missing": np.isnan(died),
        }
        rows: list[dict[str, Any]] = [{"step": "in", "reason": "", "n": when.size}]
        left = np.ones(when.size, dtype=bool)
        for reason, who in reasons.items():
            count = int((who & left).sum())
            left &= ~who
            if count:
                rows.append({"step": "excluded", "reason": reason, "n": count})
        rows.append({"step": "analysed", "reason": "", "n": int(use.sum())})
        table = pd.DataFrame(rows)
        table.insert(0, "cohort", cohort)
        return table


def _or(values: Iterable[str]) -> str:
    return ", ".join(values) or "none"


def _all_numbers(values: Any, low: float, high: float) -> bool:
    try:
        found = np.atleast_1d(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError):
        return False
    return bool(found.size) and bool(np.all((found > low) & (found < high)))


def _is_number(text: str, value: float) -> bool:
    try:
        return abs(float(text) - value) < 1e-9
    except ValueError:
        return False


def _levels(one: OneScore) -> str:
    """Text levels of a score, from its note; empty for numbers."""
    return one.note.partition("; infinite")[0] if "levels" in one.note else ""


def _take(one: OneScore, use: BoolArray) -> OneScore:
    arrays = ("points", "band", "low", "high", "determined", "applicable")
    return replace(one, **{name: getattr(one, name)[use] for name in arrays})


def _thresholds(
    labels: Iterable[str], thresholds: Sequence[float] | None, decision: str | None
) -> dict[str, Thresholds]:
    preset = None if decision is None else decisions()[decision]
    cuts = tuple(DEFAULT_THRESHOLDS) if preset is None else preset.thresholds
    if thresholds is not None:
        cuts = tuple(float(cut) for cut in np.atleast_1d(thresholds))
    name = "" if preset is None else preset.id
    return {label: Thresholds(cuts, name) for label in labels}


__all__ = ["Evaluation", "Risk", "evaluate", "names"]
