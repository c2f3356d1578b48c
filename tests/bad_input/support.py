"""A small good table, and what a refused run looks like."""

from collections.abc import Callable
from pathlib import Path

import pytest

GOOD = """\
patient_id,survival_days,died,age_years,sex,primary,kps,haemoglobin_g_per_l
Canary-A,120,true,61.5,female,breast,80,131
Canary-B,365,false,70,male,prostate,70,118
Canary-C,0,true,55,male,lung,40,99
Canary-D,900,true,48,female,kidney,90,140
"""
MAPPING = """\
columns:
  patient_id: {from: patient_id}
  survival_days: {from: survival_days}
  died: {from: died}
  age_years: {from: age_years}
  sex: {from: sex}
  primary: {from: primary}
  kps: {from: kps}
  haemoglobin_g_per_l: {from: haemoglobin_g_per_l, unit: g/L}
"""
Stage = Callable[..., tuple[int, Path]]


def changed(*changes: tuple[str, str], text: str = GOOD) -> str:
    """The good table with texts replaced; each must stand in it."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def refused(
    stage: Stage,
    capfd: pytest.CaptureFixture[str],
    table: Path,
    mapping: Path | None = None,
    **more: object,
) -> str:
    """Run a stage that must stop with exit code 2 and write nothing; gives what it said."""
    code, out = stage(table, mapping, **more)
    said = capfd.readouterr().err
    assert code == 2, said
    assert not out.exists() or not list(out.iterdir())
    assert "Canary" not in said
    assert "repair: " in said
    assert "Traceback" not in said
    return said
