"""Models of every score: bends, histology and treatment, absolute risks, added value, eras."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spinemets.results import ModelRow, frame
from spinemets.settings import ModelSettings, ScoreSettings, SurvivalSettings
from spinemets.stages._common import exit_with, parser, run
from spinemets.writing import write_csv

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from spinemets.survival.sample import Sample
    from spinemets.survival.score_data import ScoreData
    from spinemets.survival.scored import Scored

#: Times of predicted curves: narrow while most deaths happen.
CURVE_MONTHS: Final = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 21, 24, 30, 36)


def score_data(
    one: Scored,
    sample: Sample,
    used: np.ndarray[Any, Any],
    strata: dict[str, np.ndarray[Any, Any]],
    cohort: str,
) -> tuple[ScoreData, np.ndarray[Any, Any]]:
    """
    Keep the patients in whom a score is determined.

    Parameters
    ----------
    one : Scored
        The score.
    sample : Sample
        Follow-up of the usable rows.
    used : ndarray of bool
        Which rows of the patient table they are.
    strata : dict of str to ndarray
        Groupings of the usable rows.
    cohort : str
        Cohort id.

    Returns
    -------
    data : ScoreData
        The score.
    known : ndarray of bool
        Which usable rows have it.
    """
    import numpy as np

    from spinemets.survival.sample import floats
    from spinemets.survival.score_data import ScoreData

    points = floats(one.table["points"])[used]
    band = one.table["band"].astype("string").fillna("").to_numpy(dtype=object)[used]
    known = np.isfinite(points)
    every = ScoreData(one.score, one.variant, cohort, points, band, tuple(one.bands),
                      not one.higher_is_better, sample, strata)  # fmt: skip
    return every.take(known), known


class Models:
    """
    Models of the scores of one cohort.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.
    cohort : str
        Cohort id.
    settings : ModelSettings
        Covariates, knots, periods, horizon.
    survival : SurvivalSettings
        Groupings.
    """

    def __init__(
        self,
        patients: pd.DataFrame,
        cohort: str,
        settings: ModelSettings,
        survival: SurvivalSettings,
    ) -> None:
        from spinemets import strata
        from spinemets.survival.describe import read_sample

        self.settings, self.survival, self.cohort = settings, survival, cohort
        self.sample, self.used, self.left_out = read_sample(patients)
        self.patients = patients[self.used].reset_index(drop=True)
        self.missing = {n: strata.recorded(patients, n, survival) for n in survival.strata}
        self.strata = {
            n: self._labels(n) for n in survival.strata if not self.missing[n]
        }  # fmt: skip
        self.eras = self._labels("era")
        self.centres = self._labels("centre")
        self.covariates = self._encode()

    def _labels(self, name: str) -> np.ndarray[Any, Any]:
        from spinemets import strata

        found = strata.group(self.patients, name, self.survival)
        labels: np.ndarray[Any, Any] = found.to_numpy(dtype=object)
        return labels

    def _encode(self) -> Any:
        """Covariates of the multivariable model as numbers; small groups are one level."""
        import pandas as pd

        from spinemets import contract, strata
        from spinemets.survival.propensity import encode

        merged = self.survival.model_copy(update={"small_groups": "merged"})
        columns = {}
        for name in self.settings.covariates:
            if strata.recorded(self.patients, name, self.survival):
                continue
            column = contract.columns().get(name)
            if column is not None and column.is_numeric:
                columns[name] = self.patients[name]
            else:
                columns[name] = strata.group(self.patients, name, merged)
        return encode(pd.DataFrame(columns, index=self.patients.index))

    def of_score(self, one: Scored) -> Iterator[ModelRow]:
        """
        Every model of one score.

        Parameters
        ----------
        one : Scored
            The score.

        Yields
        ------
        ModelRow
            Estimates; one row with the reason when there is too little to fit anything.
        """
        from spinemets import strata
        from spinemets.survival import absolute, added_value, drift, score_models

        data, known = score_data(one, self.sample, self.used, self.strata, self.cohort)
        if why := data.why_not():
            yield data.row("all", "hazard_ratio", note=why)
            return
        yield from score_models.spline(data, self.settings.spline_knots)
        yield from score_models.centre(data, self.centres[known])
        x = self.covariates.x[known]
        yield from score_models.multivariable(data, x, self.covariates.names)
        yield from score_models.periods(data, self.settings.period_months)
        months = sorted({*CURVE_MONTHS, *self.survival.times_months})
        for name, why in self.missing.items():
            if why:
                yield data.row("beyond_strata", "strata_share", stratum_set=name, note=why)
                continue
            yield from score_models.beyond_strata(data, name, strata.title(name))
            yield from score_models.by_stratum(data, name)
            minimum = self.survival.minimum_group
            horizon = self.settings.horizon_months
            yield from added_value.added_value(data, name, horizon, minimum)
            yield from absolute.absolute_risks(
                data, name, months, self.settings.flexible_knots, minimum
            )
        yield from drift.score_drift(data, self.eras[known], self.settings.horizon_months)

    def of_cohort(self) -> list[ModelRow]:
        """
        What doesn't depend on a score: who is in no model, drift of survival over calendar time.

        Returns
        -------
        list of ModelRow
            Estimates.
        """
        from spinemets import groupings
        from spinemets.survival.drift import survival_drift
        from spinemets.survival.sample import floats

        year = floats(groupings.column(self.patients, "calendar_year"))
        used = ModelRow("left_out", model="all", cohort=self.cohort, n=self.sample.n,
                        events=self.sample.n_events,
                        note=self.left_out or "nobody is left out")  # fmt: skip
        return [used, *survival_drift(self.sample, year, self.strata, self.cohort)]


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
    options.add_argument("--scores", required=True, help="long score table (parquet)")
    options.add_argument("--cohort-info", type=Path, required=True, help="cohort.json")
    for name, model in (
        ("settings", ModelSettings),
        ("survival-settings", SurvivalSettings),
        ("score-settings", ScoreSettings),
    ):
        options.add_argument(
            f"--{name}", type=model.model_validate_json, required=True, help="JSON"
        )
    options.add_argument("--out-models", required=True, help="CSV to write")
    args = options.parse_args(argv)

    def work() -> None:
        import pandas as pd

        from spinemets.survival.scored import scored

        cohort = json.loads(args.cohort_info.read_text(encoding="utf-8"))["id"]
        patients = pd.read_parquet(args.patients)
        models = Models(patients, cohort, args.settings, args.survival_settings)
        rows = models.of_cohort()
        for one in scored(pd.read_parquet(args.scores), patients, args.score_settings):
            rows += models.of_score(one)
        write_csv(frame(rows, ModelRow), args.out_models)

    return run("model", work)


if __name__ == "__main__":
    exit_with(main)
