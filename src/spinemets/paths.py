"""Where a path leads that somebody else wrote."""

from __future__ import annotations

from pathlib import Path


def inside(folder: Path, path: str) -> bool:
    """
    Whether a path, links followed, leads to a place in a folder.

    Parameters
    ----------
    folder : Path
        The folder.
    path : str
        Path, relative to it or absolute; need not exist.

    Returns
    -------
    bool
        False also for ``..`` on the way, for a loop of links and for what can't be a path.

    Examples
    --------
    >>> inside(Path(), "data/table.csv"), inside(Path(), "../table.csv")
    (True, False)
    """
    if ".." in Path(path).parts:
        return False
    try:
        found = (folder / path).resolve()
        # From Python 3.13 on a loop of links is no error: its path still names a link.
        return found.is_relative_to(folder.resolve()) and not found.is_symlink()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a NUL character
        return False
