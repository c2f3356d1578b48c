"""Write the self-contained HTML report of a cohort from what was released of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spinemets.settings import Cohort, Settings
from spinemets.stages._common import exit_with, json_argument, parser, run
from spinemets.writing import atomic


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
    options.add_argument("--release", type=Path, required=True, help="release folder of the cohort")
    options.add_argument("--settings", type=json_argument, required=True, help="settings as JSON")
    options.add_argument(
        "--cohort", type=Cohort.model_validate_json, required=True, help="cohort's entry as JSON"
    )
    options.add_argument("--out", required=True, help="HTML file to write")
    args = options.parse_args(argv)

    def work() -> None:
        from spinemets.reporting.page import render

        settings = Settings.model_validate({**args.settings, "cohorts": [args.cohort]})
        page = render(args.release, settings, args.cohort)
        with atomic(args.out) as temporary:
            temporary.write_text(page, encoding="utf-8", newline="\n")

    return run("report", work)


if __name__ == "__main__":
    exit_with(main)
