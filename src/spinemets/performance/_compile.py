"""Compiling the kernels of this package with numba.

Every kernel calls only functions of its own file: numba notices an edit in the file of a cached
function but not in the file of a function it calls, and would run the old code.
"""

import getpass
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _owner() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "anybody"


def choose_cache_folder() -> str | None:
    """Say where compiled code should be kept when numba's own two places can't be written.

    Returns
    -------
    str or None
        A folder to hand to numba, or None where numba finds a place itself: the variable
        ``NUMBA_CACHE_DIR``, the package folder, or the user's cache folder.
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return None
    beside_source = Path(__file__).parent / "__pycache__"
    if _writable(beside_source):
        return None
    home_cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    if _writable(home_cache):
        return None
    return str(_private_folder(Path(tempfile.gettempdir()) / f"spinemets-numba-{_owner()}"))


def _private_folder(folder: Path) -> Path:
    """Make a folder of one's own, or another where the name is someone else's: code lies there."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        own = not folder.is_symlink() and folder.stat().st_uid == os.getuid()
    except (OSError, AttributeError):
        own = False
    return folder if own else Path(tempfile.mkdtemp(prefix="spinemets-numba-"))


_FOLDER = choose_cache_folder()
if _FOLDER is not None:  # numba reads the variable when it is imported
    os.environ["NUMBA_CACHE_DIR"] = _FOLDER

import numba  # noqa: E402

if _FOLDER is not None:
    numba.config.CACHE_DIR = _FOLDER


def kernel(function: F) -> F:
    """Compile a function without the interpreter lock and keep the machine code on disk."""
    compiled: F = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return compiled
