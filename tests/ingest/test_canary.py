"""Nothing private is left anywhere: canaries are planted and the whole tree is searched."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from helpers.study import ROOT

NAMES = [f"Kanarienvogel{i:03d}" for i in range(40)]
#: Texts that may stand nowhere but in the table itself.
CANARIES = (
    "Kanarienvogel",
    "kanari@example.org",
    "MRN77",
    "0316/555",
    "Gelbgasse",
    # The birthday in every usual form; the bare year stands in hashes by chance.
    "17.04.",
    "1931-04-17",
    "19310417",
    "17/04/1931",
)
HEAD = "Name,Mail,Fall,Tel,Strasse,Geburt,OP,Tod,Kontakt,Geschlecht,Tumor,KPS,Notiz\n"
MAPPING = """\
delimiter: ","
time_zero: {from: OP, date: day_first}
columns:
  patient_id: {from: Fall}
  survival_days: {from: Tod, date: day_first, otherwise: Kontakt}
  died: {from: Tod, filled: true}
  age_years: {from: Geburt, date: day_first}
  sex: {from: Geschlecht, values: {w: female, m: male}}
  primary: {from: Tumor}
  kps: {from: KPS}
"""
DROP = "drop: [Name, Mail, Tel, Strasse, Notiz]\n"
COHORTS = """\
cohorts:
  - id: haus
    label: a hospital
    file: data/haus.csv
    mapping: config/mappings/haus.yaml
    time_zero: surgery
    visibility: private
    include: age_years >= 18
"""
CONFIG = """\
scores: {ids: [tomita_2001, van_der_linden_2005]}
evaluation: {comparison_sets: []}
"""


def rows(kps: str = "80") -> Iterator[str]:
    for i, name in enumerate(NAMES):
        dead = f"17.04.{2012 + i % 3}" if i % 3 else ""
        yield (
            f"{name},kanari@example.org,MRN77{i:04d},0316/555{i:03d},Gelbgasse {i},"
            f"17.04.1931,17.04.2011,{dead},17.04.2016,{'wm'[i % 2]},"
            f"{['Mammakarzinom', 'Lung'][i % 2]},{kps},{name} kam mit {name} aus der Gelbgasse {i}"
        )


def study(folder: Path, mapping: str, kps: str = "80") -> Path:
    for name, text in {
        "Snakefile": _snakefile(),
        "data/haus.csv": HEAD + "\n".join(rows(kps)) + "\n",
        "config/mappings/haus.yaml": mapping,
        "config/cohorts.yaml": COHORTS,
        "config/config.yaml": CONFIG,
        "profiles/default/config.yaml": "cores: 2\nprintshellcmds: true\nshow-failed-logs: true\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _snakefile() -> str:
    from spinemets.ingest.study import SNAKEFILE

    return SNAKEFILE


def run(folder: Path, temporary: Path) -> tuple[int, str]:
    """Run the workflow with a temporary folder and a home of its own; give what it printed."""
    temporary.mkdir()
    environment = os.environ | {
        "TMPDIR": str(temporary),
        "HOME": str(temporary),
        "XDG_CACHE_HOME": str(temporary / "cache"),
        "PYTHONPATH": str(ROOT / "src"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "snakemake"],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def readable(path: Path) -> str:
    """Everything a file says; Parquet is unpacked."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path).to_csv()
    raw = path.read_bytes()
    return raw.decode("utf-8", errors="replace") + raw.decode("utf-16-le", errors="replace")


def leaks(top: Path, but: set[Path]) -> list[str]:
    found = []
    for path in sorted(p for p in top.rglob("*") if p.is_file() and p not in but):
        text = readable(path) + path.name
        found += [f"{path.relative_to(top)}: {c}" for c in CANARIES if c in text]
    return found


@pytest.mark.parametrize(
    ("mapping", "kps", "said"),
    [
        (MAPPING, "80", "the column may identify patients"),
        (MAPPING + DROP, "Kanarienvogel", "not a grade"),
        (MAPPING.replace("Tumor}", "Name}") + DROP, "80", "not in the vocabulary"),
        (MAPPING.replace("Geburt,", "Notiz,") + DROP, "80", "not a date"),
    ],
)  # fmt: skip
def test_a_run_that_stops_leaves_nothing(tmp_path: Path, mapping: str, kps: str, said: str) -> None:
    folder = study(tmp_path / "study", mapping, kps)
    code, text = run(folder, tmp_path / "tmp")
    assert code != 0
    assert said in text
    assert not [c for c in CANARIES if c in text]
    own = {folder / "data/haus.csv"}
    assert leaks(tmp_path, own) == []
    assert not (folder / "results/private/haus/patients.parquet").exists()


@pytest.mark.slow
def test_a_whole_run_leaves_nothing(tmp_path: Path) -> None:
    folder = study(tmp_path / "study", MAPPING + DROP)
    code, text = run(folder, tmp_path / "tmp")
    assert code == 0, text[-3000:]
    assert not [c for c in CANARIES if c in text]
    assert (folder / "results/release/haus/report.html").exists()
    assert leaks(tmp_path, {folder / "data/haus.csv"}) == []
    patients = pd.read_parquet(folder / "results/private/haus/patients.parquet")
    assert patients["patient_id"].tolist() == [str(i + 1) for i in range(len(NAMES))]
    assert patients["age_years"].unique().tolist() == [80]
