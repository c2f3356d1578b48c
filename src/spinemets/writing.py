"""How files are written: complete or not at all, and equal content with equal bytes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def write_csv(table: pd.DataFrame, path: str | Path) -> None:
    """
    Write a table so that equal content gives equal bytes, and nothing half-written stays.

    Parameters
    ----------
    table : pandas.DataFrame
        Table to write; missing cells become empty.
    path : str or Path
        Target; its folder is made when it is missing.
    """
    with atomic(path) as temporary:
        table.to_csv(
            temporary, index=False, float_format="%.10g", lineterminator="\n", encoding="utf-8"
        )


class atomic:  # noqa: N801 - reads like a verb where it is used
    """
    Write to a neighbour file first and move it into place only when it is complete.

    Parameters
    ----------
    path : str or Path
        Final place of the file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")

    def __enter__(self) -> Path:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return self.temporary

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.temporary.replace(self.path)
        else:
            self.temporary.unlink(missing_ok=True)
