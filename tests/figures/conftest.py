"""Releases that figures are drawn from: ordinary, private, thin."""

import json
from pathlib import Path

import pytest

from helpers import private_tables
from spinemets.figures import Source
from spinemets.settings import FigureSettings
from spinemets.stages import disclose

#: Kind of release -> patients and visibility.
KINDS = {
    "simulated": (600, "simulated"),
    "private": (600, "private"),
    "small": (90, "private"),
    "thin": (12, "private"),
    "one": (1, "public"),
}


@pytest.fixture(scope="session")
def releases(tmp_path_factory) -> dict[str, Path]:
    """Folder of the release of each kind."""
    out = {}
    for kind, (n, visibility) in KINDS.items():
        top = tmp_path_factory.mktemp(kind)
        private = private_tables.write(top / "private", n, visibility)
        code = disclose.main(
            ["--cohort-info", str(private / "cohort.json"), "--out-folder", str(top / "tables"),
             "--out-cohort-info", str(top / "cohort.json"),
             "--tables", *sorted(str(p) for p in private.glob("*.csv"))]
        )  # fmt: skip
        assert code == 0
        out[kind] = top
    return out


@pytest.fixture(scope="session")
def source(releases):
    """Make the source of a kind of release."""

    def make(kind: str, **settings: float) -> Source:
        info = json.loads((releases[kind] / "cohort.json").read_text("utf-8"))
        return Source(releases[kind] / "tables", info, FigureSettings(**settings))

    return make
