"""Keep what differs from run to run beside the release: timings, logs, environment, commit."""

from __future__ import annotations

import csv
import importlib.metadata
import json
import os
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path

from spinemets.provenance import commit
from spinemets.stages._common import exit_with, parser, run
from spinemets.writing import atomic

#: Lines of a private cohort's log that hold no count: the first and the last of every stage.
_HARMLESS = (": started", ": done in ")


def environment() -> dict[str, object]:
    """
    Describe the interpreter, the machine's kind and every installed package.

    Returns
    -------
    dict
        No host name, user name or path.
    """
    packages = {d.metadata["Name"]: d.version for d in importlib.metadata.distributions()}
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "packages": dict(sorted(packages.items(), key=lambda item: item[0].lower())),
    }


def timings(private: Path) -> Iterator[dict[str, str]]:
    """
    Read what Snakemake measured of every job.

    Parameters
    ----------
    private : Path
        Folder of the private results.

    Yields
    ------
    dict
        Cohort, job, seconds and peak memory in MB.
    """
    for path in sorted(private.rglob("benchmarks/*.tsv")):
        with path.open(encoding="utf-8", newline="") as handle:
            row = next(csv.DictReader(handle, delimiter="\t"), {})
        cohort = path.parent.parent.name if path.parent.parent != private else "all"
        yield {
            "cohort": cohort,
            "job": path.stem,
            "seconds": row.get("s", ""),
            "max_rss_mb": row.get("max_rss", ""),
        }


def logs(private: Path, release: Path) -> Iterator[str]:
    """
    Collect the logs, without the counts of private cohorts.

    Parameters
    ----------
    private, release : Path
        Folders of the private and the released results.

    Yields
    ------
    str
        Lines, each headed by cohort and job.
    """
    for path in sorted(private.rglob("logs/*.log")):
        cohort = path.parent.parent.name if path.parent.parent != private else "all"
        info = release / cohort / "cohort.json"
        open_to_all = cohort == "all" or (
            info.is_file()
            and json.loads(info.read_text(encoding="utf-8"))["visibility"] != "private"
        )
        for line in path.read_text(encoding="utf-8").splitlines():
            if open_to_all or any(part in line for part in _HARMLESS):
                yield f"{cohort}/{path.stem}: {line}"


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
    options.add_argument("--private", type=Path, required=True, help="private results")
    options.add_argument("--release", type=Path, required=True, help="released results")
    for name in ("commit", "environment", "logs", "timings"):
        options.add_argument(f"--out-{name}", required=True, help=f"{name} to write")
    args = options.parse_args(argv)

    def work() -> None:
        with atomic(args.out_commit) as temporary:
            temporary.write_text(commit() + "\n", encoding="utf-8")
        with atomic(args.out_environment) as temporary:
            temporary.write_text(json.dumps(environment(), indent=1) + "\n", encoding="utf-8")
        with atomic(args.out_logs) as temporary:
            lines = logs(args.private, args.release)
            temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        with (
            atomic(args.out_timings) as temporary,
            temporary.open("w", encoding="utf-8", newline="") as handle,
        ):
            fields = ["cohort", "job", "seconds", "max_rss_mb"]
            writer = csv.DictWriter(handle, fields, lineterminator="\n")
            writer.writeheader()
            writer.writerows(timings(args.private))

    return run("record_run", work)


if __name__ == "__main__":
    exit_with(main)
