"""Performance status: named tables between KPS and ECOG, and words read as ECOG grades."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from spinemets import yamlfile

PERFORMANCE_FILE: Final = Path(__file__).with_name("performance.yaml")
DATA_FILES: Final = ("performance.yaml",)
Interval = tuple[int, int]


@dataclass(frozen=True)
class Crosswalk:
    """
    One named table from KPS to ECOG.

    Parameters
    ----------
    id : str
        Name used in mappings.
    label, citation, agreement : str
        For footnotes and documentation.
    kps_to_ecog : dict of int to int
        ECOG grade of each KPS decile, 10 to 100 percent.
    needs_verification : bool
        True when the table isn't read from a published source.
    """

    id: str
    label: str
    citation: str
    agreement: str
    kps_to_ecog: dict[int, int]
    needs_verification: bool = False

    def ecog(self, kps: Interval) -> Interval:
        """
        ECOG grades compatible with a KPS interval.

        Parameters
        ----------
        kps : tuple of int
            Lowest and highest KPS, percent.

        Returns
        -------
        tuple of int
            Lowest and highest ECOG grade.

        Raises
        ------
        ValueError
            When no grade of the table lies in the interval.

        Examples
        --------
        >>> crosswalks()["prasad_2018"].ecog((60, 60))
        (3, 3)
        """
        grades = [e for k, e in self.kps_to_ecog.items() if kps[0] <= k <= kps[1]]
        if not grades:
            raise ValueError("no KPS grade of the table lies in the interval")
        return min(grades), max(grades)

    def kps(self, ecog: Interval) -> Interval:
        """
        KPS grades compatible with an ECOG interval.

        Parameters
        ----------
        ecog : tuple of int
            Lowest and highest ECOG grade.

        Returns
        -------
        tuple of int
            Lowest and highest KPS, percent.

        Raises
        ------
        ValueError
            When the table holds no grade of the interval (ECOG 5 is death).

        Examples
        --------
        >>> crosswalks()["ma_2010"].kps((2, 2))
        (60, 70)
        """
        grades = [k for k, e in self.kps_to_ecog.items() if ecog[0] <= e <= ecog[1]]
        if not grades:
            raise ValueError("no ECOG grade of the table lies in the interval")
        return min(grades), max(grades)


@dataclass(frozen=True)
class Wording:
    """
    Recorded words and the ECOG grades they allow.

    Parameters
    ----------
    id : str
        Name used in mappings.
    label, citation : str
        For footnotes and documentation.
    ecog : dict of str to tuple of int
        Lower-case words to lowest and highest ECOG grade.
    needs_verification : bool
        True when the reading isn't taken from a published source.
    """

    id: str
    label: str
    citation: str
    ecog: dict[str, Interval]
    needs_verification: bool = True


@cache
def crosswalks() -> dict[str, Crosswalk]:
    """
    The named KPS-ECOG tables.

    Returns
    -------
    dict of str to Crosswalk
        Keyed by name.

    Examples
    --------
    >>> list(crosswalks())
    ['ma_2010', 'prasad_2018', 'oken']
    """
    data = yamlfile.load(PERFORMANCE_FILE).data["crosswalks"]
    return {name: Crosswalk(id=name, **entry) for name, entry in data.items()}


@cache
def wordings() -> dict[str, Wording]:
    """
    The named readings of words as ECOG grades.

    Returns
    -------
    dict of str to Wording
        Keyed by name.

    Examples
    --------
    >>> wordings()["va_wording"].ecog["normal activity"]
    (0, 1)
    """
    data = yamlfile.load(PERFORMANCE_FILE).data["wordings"]
    out = {}
    for name, entry in data.items():
        grades = {str(k).lower(): (int(v[0]), int(v[1])) for k, v in entry.pop("ecog").items()}
        out[name] = Wording(id=name, ecog=grades, **entry)
    return out
