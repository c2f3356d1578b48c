"""Treatments of a cohort: compared after weighting, timed, and held against what scores advise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spinemets.results import ModelRow, frame, stack
from spinemets.settings import (
    ScoreSettings,
    SurvivalSettings,
    TreatmentComparison,
    TreatmentSettings,
)
from spinemets.stages._common import exit_with, parser, run
from spinemets.writing import write_csv

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from spinemets.survival.describe import Description
    from spinemets.survival.propensity import Covariates

#: Months at which weighted survival is given.
CURVE_MONTHS: Final = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 21, 24)
#: Treatments that may begin after time zero: column, day, values that mean none.
TIMED: Final = {
    "surgery": ("surgery_day", ()),
    "radiotherapy": ("radiotherapy_day", ()),
    "systemic_therapy": ("systemic_therapy_day", ("none",)),
}
ADVICE_COLUMNS: Final = ("cohort", "score", "advised", "given", "answer", "n", "deaths")


class Treatments:
    """
    Treatments of one cohort.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.
    info : dict
        Content of ``cohort.json``.
    settings : TreatmentSettings
        Comparisons, confounders, horizon, bootstrap, landmarks.
    survival : SurvivalSettings
        Groupings and times.
    """

    def __init__(
        self,
        patients: pd.DataFrame,
        info: dict[str, Any],
        settings: TreatmentSettings,
        survival: SurvivalSettings,
    ) -> None:
        from spinemets.survival.describe import read_sample

        self.settings, self.survival, self.info = settings, survival, info
        self.cohort = str(info["id"])
        self.sample, used, left_out = read_sample(patients)
        self.patients = patients[used].reset_index(drop=True)
        self.left_out = ModelRow("left_out", model="all", cohort=self.cohort, n=self.sample.n,
                                 events=self.sample.n_events,
                                 note=left_out or "nobody is left out")  # fmt: skip

    def covariates(self, rows: np.ndarray[Any, Any]) -> Covariates:
        """
        Confounders of some patients, as numbers.

        Parameters
        ----------
        rows : ndarray of bool
            Which patients.

        Returns
        -------
        Covariates
            Columns that are recorded in the cohort; small groups are one level.
        """
        import pandas as pd

        from spinemets import contract, strata
        from spinemets.survival.propensity import encode

        merged = self.survival.model_copy(update={"small_groups": "merged"})
        part = self.patients[rows].reset_index(drop=True)
        columns = {}
        for name in self.settings.confounders:
            if strata.recorded(part, name, self.survival):
                continue
            column = contract.columns().get(name)
            numeric = column is not None and column.is_numeric
            columns[name] = part[name] if numeric else strata.group(part, name, merged)
        return encode(pd.DataFrame(columns, index=part.index))

    def comparison(self, one: TreatmentComparison) -> list[ModelRow]:
        """
        One comparison of two treatment groups.

        Parameters
        ----------
        one : TreatmentComparison
            Groups.

        Returns
        -------
        list of ModelRow
            Estimates, or one row with the reason.
        """
        from spinemets import strata
        from spinemets.survival.treatment_rows import Compared, comparison_rows

        if why := strata.recorded(self.patients, one.grouping, self.survival):
            return [ModelRow("restricted_mean_difference_months", cohort=self.cohort, note=why,
                             model="comparison", stratum_set=one.id)]  # fmt: skip
        group = strata.group(self.patients, one.grouping, self.survival)
        first, second = (group.isin(g).to_numpy(dtype=bool) for g in (one.first, one.second))
        rows = first | second
        notes: tuple[str, ...] = ()
        if not one.randomised and self._late(rows).any():
            notes = ("treatment began after time zero in some: read the immortal-time panel too",)
        data = Compared(one.id, self.cohort, first[rows], self.sample.take(rows),
                        self.covariates(rows), one.randomised, one.names, notes)  # fmt: skip
        options = self.settings
        return comparison_rows(
            data, options.horizon_months, CURVE_MONTHS, options.replicates, options.seed
        )

    def _late(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Who of some patients was operated or irradiated after time zero."""
        import numpy as np

        from spinemets import groupings
        from spinemets.survival.sample import floats

        days = [floats(groupings.column(self.patients, d)) for d, _ in list(TIMED.values())[:2]]
        late: np.ndarray[Any, Any] = (np.nanmin(np.nan_to_num(days, nan=np.inf), axis=0) > 0) & (
            np.isfinite(days).any(axis=0)
        )
        found: np.ndarray[Any, Any] = late & rows
        return found

    def panel(self, name: str) -> tuple[list[ModelRow], list[Description]]:
        """
        Immortal-time panel of one treatment.

        Parameters
        ----------
        name : str
            Column of the treatment.

        Returns
        -------
        rows : list of ModelRow
            Estimates, or one row with the reason.
        curves : list of Description
            Treated and untreated in every analysis; none where there is nothing to time.
        """
        from spinemets import groupings
        from spinemets.survival import timed
        from spinemets.survival.sample import floats

        day, none = TIMED[name]
        given = groupings.column(self.patients, name)
        known = given.notna().to_numpy(dtype=bool)
        if not known.any():
            note = f"not recorded in this cohort: {name}"
            return [ModelRow("hazard_ratio", cohort=self.cohort, model="immortal_time",
                             stratum_set=name, note=note)], []  # fmt: skip
        yes = ~given.isin(none) if none else given
        data = timed.TimedTreatment(
            name, self.cohort, self.sample.take(known),
            yes.fillna(False).to_numpy(dtype=bool)[known],
            floats(groupings.column(self.patients, day))[known],
        )  # fmt: skip
        entries = data.entries(self.settings.landmark_months)
        curves = timed.panel_curves(
            data, entries, self.survival.risk_table_months, self.survival.minimum_group,
            self.info["resolution"],
        )  # fmt: skip
        return timed.panel_rows(data, entries, self.settings.horizon_months), curves

    def advice(
        self, scores: ScoreSettings
    ) -> tuple[pd.DataFrame, list[Description], list[ModelRow]]:
        """
        Treatment given against treatment advised, with outcomes.

        Parameters
        ----------
        scores : ScoreSettings
            Readings of judgement items.

        Returns
        -------
        counts : pandas.DataFrame
            ``ADVICE_COLUMNS``.
        survival : list of Description
            Kaplan-Meier by answer.
        rows : list of ModelRow
            Hazard ratio of concordant against discordant within the bands; ambulation after.
        """
        import pandas as pd

        from spinemets import advice as rules
        from spinemets import strata
        from spinemets.scores import frames, registry

        wanted = list(rules.advice())
        library = registry.with_dependencies(registry.load_definitions(wanted, []))
        reading = frames.Settings.configured(scores, {})
        table = frames.compute(self.patients, library, reading, only=wanted)
        given = strata.group(self.patients, "treatment", self.survival)
        counts, parts, rows = [], [], []
        for score in wanted:
            part = table[table["score"].eq(score)].drop_duplicates("patient_id")
            band = part.set_index("patient_id")["band"].reindex(self.patients["patient_id"])
            band = band.reset_index(drop=True)
            answer = rules.concordance(self.patients, score, band)
            counts.append(self._counts(score, band, given, answer))
            parts.append(self._survival(score, answer))
            rows += self._outcomes(score, band, answer)
        return pd.concat(counts, ignore_index=True), parts, rows

    def _counts(
        self, score: str, band: pd.Series, given: pd.Series, answer: pd.Series
    ) -> pd.DataFrame:
        import pandas as pd

        table = pd.DataFrame(
            {"advised": band.astype("string").fillna("not determined"), "given": given,
             "answer": answer, "died": self.sample.event}
        )  # fmt: skip
        keys = ["advised", "given", "answer"]
        found = table.groupby(keys, observed=True)["died"].agg(["size", "sum"]).reset_index()
        found = found.rename(columns={"size": "n", "sum": "deaths"})
        return found.assign(cohort=self.cohort, score=score)[list(ADVICE_COLUMNS)]

    def _survival(self, score: str, answer: pd.Series) -> Description:
        from spinemets import advice as rules
        from spinemets.survival.describe import describe_survival

        return describe_survival(
            self.patients, f"advice:{score}", answer, self.survival.times_months,
            levels=rules.ANSWERS, cohort=self.cohort, resolution=self.info["resolution"],
            risk_months=self.survival.risk_table_months,
            minimum_group=self.survival.minimum_group,
            restricted_months=self.settings.horizon_months,
        )  # fmt: skip

    def _outcomes(self, score: str, band: pd.Series, answer: pd.Series) -> list[ModelRow]:
        """Concordant against discordant within bands, and walking after treatment."""
        from spinemets import advice as rules
        from spinemets import groupings
        from spinemets.survival.sample import floats
        from spinemets.survival.score_data import cox, hazard_ratio
        from spinemets.survival.treatment_rows import ASSOCIATION

        rows = answer.isin([rules.CONCORDANT, rules.DISCORDANT]).to_numpy(dtype=bool)
        part, yes = (
            self.sample.take(rows),
            floats(answer[rows].eq(rules.CONCORDANT).astype("float64")),
        )
        where: dict[str, Any] = {"cohort": self.cohort, "model": "advice", "score": score,
                                 "stratum_set": f"advice:{score}"}  # fmt: skip
        base = {**where, "n": part.n, "events": part.n_events}
        method = "Cox, Efron, stratified by band"
        contrast = "concordant against discordant"
        if not part.n_events or yes.min() == yes.max():
            note = "no two answers to compare"
            return [ModelRow("hazard_ratio", note=note, method=method, contrast=contrast, **base)]
        fit, penalised = cox(yes[:, None], part, band[rows].to_numpy(dtype=object))
        found = hazard_ratio(fit, 0, penalised=penalised)
        note = "; ".join(x for x in (found.pop("note"), ASSOCIATION) if x)
        out = [ModelRow("hazard_ratio", found.pop("value", None), note=note, method=method,
                        contrast=contrast, **found, **base)]  # fmt: skip
        walks = groupings.column(self.patients, "ambulatory_after")
        for name in rules.ANSWERS:
            known = walks[answer.eq(name).to_numpy(dtype=bool)].dropna()
            out.append(_share("ambulatory_after", int(known.sum()), len(known),
                              {**where, "stratum": name}))  # fmt: skip
        return out


def _share(measure: str, count: int, n: int, where: dict[str, Any]) -> ModelRow:
    """Share of patients with Wilson's interval; ``events`` is the count."""
    from spinemets.survival.shares import wilson

    if not n:
        return ModelRow(measure, n=0, events=0, note="not recorded in any of them", **where)
    low, high = wilson(count, n)
    return ModelRow(measure, count / n, low, high, n=n, events=count,
                    method="share of those recorded, Wilson interval", **where)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run the stage.

    Parameters
    ----------
    argv : sequence of str, optional
        Command-line arguments.

    Returns
    -------
    int
        Exit code.
    """
    options = parser(__doc__)
    options.add_argument("--patients", required=True, help="patient table (parquet)")
    options.add_argument("--cohort-info", type=Path, required=True, help="cohort.json")
    for name, model in (
        ("settings", TreatmentSettings),
        ("survival-settings", SurvivalSettings),
        ("score-settings", ScoreSettings),
    ):
        options.add_argument(
            f"--{name}", type=model.model_validate_json, required=True, help="JSON"
        )
    curves = ("kaplan-meier", "at-risk", "summary")
    for name in ("treatment", "advice", *curves, *(f"{c}-timed" for c in curves)):
        options.add_argument(f"--out-{name}", required=True, help="CSV to write")
    args = options.parse_args(argv)

    def work() -> None:
        import pandas as pd

        from spinemets.survival.describe import nothing

        info = json.loads(args.cohort_info.read_text(encoding="utf-8"))
        patients = pd.read_parquet(args.patients)
        cohort = Treatments(patients, info, args.settings, args.survival_settings)
        panels = [cohort.panel(name) for name in TIMED]
        rows = [cohort.left_out, *(row for found, _ in panels for row in found)]
        rows += [row for one in args.settings.comparisons for row in cohort.comparison(one)]
        counts, survival, outcomes = cohort.advice(args.score_settings)
        write_csv(frame([*rows, *outcomes], ModelRow), args.out_treatment)
        write_csv(counts, args.out_advice)
        write_csv(stack(d.kaplan_meier for d in survival), args.out_kaplan_meier)
        write_csv(stack(d.at_risk for d in survival), args.out_at_risk)
        write_csv(stack(d.summary for d in survival), args.out_summary)
        timed = [d for _, found in panels for d in found] or [nothing()]
        write_csv(stack(d.kaplan_meier for d in timed), args.out_kaplan_meier_timed)
        write_csv(stack(d.at_risk for d in timed), args.out_at_risk_timed)
        write_csv(stack(d.summary for d in timed), args.out_summary_timed)

    return run("compare_treatments", work)


if __name__ == "__main__":
    exit_with(main)
