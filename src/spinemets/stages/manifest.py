"""
Write MANIFEST.json: every released file with its hash, rule, code fingerprint and inputs.

One cohort: ``--settings JSON --cohort ID --out FILE``.
All cohorts: ``--release DIR --join A B --out FILE``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spinemets.lineage import Step, steps
from spinemets.plan import Plan
from spinemets.provenance import nameless, sha256, versions
from spinemets.released import RUN_FILES
from spinemets.stages._common import exit_with, json_argument, parser, run
from spinemets.writing import atomic

RELEASE_FOLDER = "release"
#: Marks a hash that only those can make again who have the raw files.
KEYED = "hmac-sha256:"


def key_of(paths: Sequence[str]) -> bytes:
    """
    Make the key of the hashes of a private cohort from its raw files.

    Parameters
    ----------
    paths : sequence of str
        The files that the cohort is read from.

    Returns
    -------
    bytes
        Known to nobody who hasn't these files; the hashes of the files don't lead to it.
    """
    digest = hashlib.sha256(b"key of a spinemets manifest")
    for path in sorted(paths):
        digest.update(Path(path).read_bytes())
    return digest.digest()


def cohort_manifest(jobs: Sequence[Step], key: bytes | None = None) -> dict[str, Any]:
    """
    Describe every file that a cohort's jobs made.

    Parameters
    ----------
    jobs : sequence of Step
        Jobs in order.
    key : bytes, optional
        Of a private cohort: the hashes of its intermediate files are keyed. A table of a few
        counts has so few possible contents that its plain hash would give the counts away. The
        raw files stand in it by the beginning of their hash, not by name.

    Returns
    -------
    dict
        ``files``: the released ones; ``private``: those they were made from, without content;
        each with sha256, rule, code fingerprint and the hashes of its inputs.
    """
    made = {p for s in jobs for p in s.outputs}
    hashes: dict[str, str] = {}
    # A file can be called after a patient: of a private cohort the raw ones go without their name.
    raw = () if key is None else jobs[0].inputs
    named = {path: nameless(path, sha256(path)) for path in raw}

    def fingerprint(path: str) -> str:
        plain = sha256(path)
        if key is None or path not in made or _released(path):
            return plain
        return KEYED + hmac.new(key, plain.encode(), "sha256").hexdigest()

    files: dict[str, Any] = {}
    private: dict[str, Any] = {}
    for step in jobs:
        inputs = {p: hashes.setdefault(p, fingerprint(p)) for p in sorted(step.inputs)}
        for path in step.outputs:
            hashes[path] = fingerprint(path)
            entry = {
                "sha256": hashes[path],
                "rule": step.rule,
                "code": step.code,
                "inputs": {named.get(p, p): h for p, h in inputs.items()},
            }
            (files if _released(path) else private)[path] = entry
    sources = {named.get(p, p): h for p, h in sorted(hashes.items()) if p not in made}
    return {"versions": versions(), "sources": sources, "files": files, "private": private}


def _released(path: str) -> bool:
    return RELEASE_FOLDER in Path(path).parts


def _of_cohort(plan: Plan, cohort: str) -> dict[str, Any]:
    jobs = steps(plan, cohort)
    private = plan.cohorts[cohort].visibility == "private"
    return cohort_manifest(jobs, key_of(jobs[0].inputs) if private else None)


def joined_manifest(release: str, parts: Sequence[str]) -> dict[str, Any]:
    """
    Join the manifests of all cohorts.

    Parameters
    ----------
    release : str
        Release folder.
    parts : sequence of str
        Manifest of each cohort.

    Returns
    -------
    dict
        Files of all cohorts, the cohort manifests themselves, and the names (not hashes: they
        differ from run to run) of the files of the run.
    """
    files: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for part in parts:
        content = json.loads(Path(part).read_text(encoding="utf-8"))
        files |= content["files"]
        sources |= content["sources"]
        files[part] = {"sha256": sha256(part), "rule": "manifest"}
    run_files = [f"{release}/run/{name}" for name in RUN_FILES]
    return {
        "versions": versions(),
        "sources": dict(sorted(sources.items())),
        "files": dict(sorted(files.items())),
        "run": {"note": "differ from run to run and so carry no hash", "files": run_files},
    }


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
    options.add_argument("--settings", type=json_argument, help="configuration, as JSON")
    options.add_argument("--cohort", help="cohort whose files are listed")
    options.add_argument("--release", help="release folder, with --join")
    options.add_argument("--join", nargs="*", default=[], help="manifests to join")
    options.add_argument("--out", required=True, help="manifest to write")
    args = options.parse_args(argv)

    def work() -> None:
        content = (
            joined_manifest(args.release, args.join)
            if args.settings is None
            else _of_cohort(Plan(args.settings), args.cohort)
        )
        with atomic(args.out) as temporary:
            text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
            temporary.write_text(text + "\n", encoding="utf-8")

    return run("manifest", work)


if __name__ == "__main__":
    exit_with(main)
