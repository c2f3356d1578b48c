"""
Compute every configured score for every patient.

Writes one row per patient, score and variant (``scores.parquet``), how many could be computed and
why not, which items were missing, the facts of the definitions that go with the numbers, and which
primaries each score knows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from spinemets.stages._common import exit_with, json_argument, log, parser, run


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run the stage.

    Parameters
    ----------
    argv : sequence of str, optional
        Command-line arguments; those of the process when left out.

    Returns
    -------
    int
        Exit code.
    """
    options = parser(__doc__)
    options.add_argument("--patients", type=Path, required=True, help="patients.parquet")
    options.add_argument("--cohort-info", type=Path, required=True, help="cohort.json")
    options.add_argument("--settings", type=json_argument, required=True, help="section `scores`")
    options.add_argument("--out-scores", type=Path, required=True)
    options.add_argument("--out-computability", type=Path, required=True)
    options.add_argument("--out-items-missing", type=Path, required=True)
    options.add_argument("--out-notes", type=Path, required=True)
    options.add_argument("--out-coverage", type=Path, required=True)
    args = options.parse_args(argv)

    def work() -> None:
        import pandas as pd

        from spinemets.scores import coverage, forms, frames, notes, registry
        from spinemets.settings import ScoreSettings
        from spinemets.writing import atomic, write_csv

        settings = ScoreSettings.model_validate(args.settings)
        cohort = str(json.loads(args.cohort_info.read_text(encoding="utf-8"))["id"])
        wanted = registry.load_definitions(settings.ids, settings.folders)
        variants = forms.named_variants(settings.variants, wanted, "config", "scores.variants")
        library = registry.with_dependencies(wanted, settings.folders)
        patients = pd.read_parquet(args.patients)
        reading = frames.Settings.configured(settings, variants)
        results = frames.compute_results(patients, library, reading, list(wanted))
        table = frames.to_frame(patients, results)
        for score in wanted:
            n = ((table["score"] == score) & (table["status"] == "determined")).sum()
            log.info("score: %s determined in %d of %d rows", score, n, len(patients))
        with atomic(args.out_scores) as path:
            table.to_parquet(path, index=False)
        write_csv(frames.computability(table, cohort), args.out_computability)
        write_csv(frames.items_missing(results, cohort), args.out_items_missing)
        write_csv(notes.notes(library, list(wanted), cohort, reading.crosswalk), args.out_notes)
        known = {name: forms.base_form(d, settings.unlisted) for name, d in library.items()}
        matrix = coverage.matrix([known[name] for name in wanted], known)
        matrix.insert(0, "cohort", cohort)
        columns = ["cohort", "score", "primary", "coverage", "points"]
        write_csv(matrix[columns], args.out_coverage)

    return run("score", work)


if __name__ == "__main__":
    exit_with(main)
