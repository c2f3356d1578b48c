"""Where compiled kernels are kept, and that importing them leaves heavy libraries alone."""

import subprocess
import sys
from pathlib import Path

import pytest

from spinemets.performance import _compile


def test_numba_finds_a_place_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    assert _compile.choose_cache_folder() is None
    monkeypatch.setattr(_compile, "_writable", lambda folder: "__pycache__" not in str(folder))
    assert _compile.choose_cache_folder() is None


def test_a_place_is_made_where_nothing_is_writable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(_compile, "_writable", lambda folder: False)
    folder = _compile.choose_cache_folder()
    assert folder is not None
    assert "spinemets-numba" in folder
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/somewhere")
    assert _compile.choose_cache_folder() is None


def test_compiled_code_is_kept_where_nobody_else_writes(tmp_path: Path) -> None:
    own = _compile._private_folder(tmp_path / "own")
    assert own == tmp_path / "own"
    assert own.stat().st_mode & 0o077 == 0
    assert _compile._private_folder(own) == own
    (tmp_path / "link").symlink_to(own)
    other = _compile._private_folder(tmp_path / "link")
    assert other not in (own, tmp_path / "link")
    assert other.stat().st_mode & 0o077 == 0
    other.rmdir()


def test_a_folder_that_cannot_be_made_is_not_writable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert _compile._writable(tmp_path / "new" / "folder")
    assert not _compile._writable(tmp_path / "file" / "folder")


def test_imports_stay_light() -> None:
    code = (
        "import sys; import spinemets.performance;"
        "print('numba' in sys.modules, 'pandas' in sys.modules);"
        "import spinemets.performance.discrimination, spinemets.performance.bootstrap;"
        "import spinemets.performance.compare;"
        "print('pandas' in sys.modules, 'lifelines' in sys.modules, 'scipy.stats' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False"] * 5
