"""Where a figure's data come from: released tables and the released description of the cohort."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spinemets.errors import Fault, InputError
from spinemets.results import SUSPECT
from spinemets.settings import FigureSettings
from spinemets.tables import COUNT, NUMBER, TABLES

if TYPE_CHECKING:
    import pandas as pd

#: In place of a count that disclosure control withheld.
NOT_SHOWN: Final = "n/s"
#: Words of ids that are names or abbreviations.
CAPITALS: Final = {
    **{w: w.upper() for w in ("asia", "ecog", "escc", "kps", "noms", "osri", "sins")},
    **{w: w.capitalize() for w in ("delank", "frankel", "karnofsky", "rades", "tokuhashi",
                                   "tomita")},
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """
    Everything a figure may read: released tables and the released description of the cohort.

    Parameters
    ----------
    folder : Path
        Folder of released tables.
    info : dict
        Released ``cohort.json``.
    settings : FigureSettings
        Sizes and extent of time.
    """

    folder: Path
    info: dict[str, Any]
    settings: FigureSettings

    def table(self, name: str) -> pd.DataFrame:
        """
        Read a released table.

        Parameters
        ----------
        name : str
            Name in the registry.

        Returns
        -------
        pandas.DataFrame
            Keys and texts as strings (empty, never missing), counts ``Int64``, numbers float.

        Raises
        ------
        InputError
            When the file isn't there or lacks a registered column.
        """
        if name not in self._tables:
            self._tables[name] = self._read(name)
        return self._tables[name].copy()

    @cached_property
    def _tables(self) -> dict[str, pd.DataFrame]:
        """Tables read so far: several figures of a job show the same."""
        return {}

    def _read(self, name: str) -> pd.DataFrame:
        import pandas as pd

        path = self.folder / f"{name}.csv"
        if not path.is_file():
            raise InputError([Fault(path.name, "released table is missing", "release it first")])
        table = pd.read_csv(path, dtype="string", keep_default_na=False, na_values=[])
        spec = TABLES[name]
        if lacking := [c for c in spec.columns if c not in table]:
            rule = f"columns are missing: {', '.join(lacking)}"
            raise InputError([Fault(path.name, rule, "release the table again")])
        for column in spec.of_kind(COUNT):
            numbers = pd.to_numeric(table[column].replace("", pd.NA))
            table[column] = numbers.astype("Float64").round().astype("Int64")
        for column in spec.of_kind(NUMBER):
            table[column] = pd.to_numeric(table[column].replace("", pd.NA)).astype("float64")
        return table

    @cached_property
    def notes(self) -> pd.DataFrame:
        """Facts of the score definitions; empty where they weren't released."""
        import pandas as pd

        if (self.folder / "score_notes.csv").is_file():
            return self.table("score_notes")
        return pd.DataFrame(columns=list(TABLES["score_notes"].columns), dtype="string")

    def facts(self, score: str, fact: str) -> dict[str, str]:
        """
        Facts of one score.

        Parameters
        ----------
        score : str
            Score id.
        fact : str
            Which fact, for example ``"band"``.

        Returns
        -------
        dict of str to str
            Key to text, in the order of the definition.
        """
        rows = self.notes[self.notes["score"].eq(score) & self.notes["fact"].eq(fact)]
        return dict(zip(rows["key"], rows["text"], strict=True))

    def score(self, score: str, variant: str = "") -> str:
        """
        Name a score for a figure.

        Parameters
        ----------
        score, variant : str
            Ids.

        Returns
        -------
        str
            Its short name, with the variant where there is one.
        """
        short = next(iter(self.facts(score, "short").values()), plain(score))
        return f"{short}, {named(variant)}" if variant else short

    def guarded(self, table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
        """
        Withhold scores whose direction the cohort contradicts from a figure that orders scores.

        Parameters
        ----------
        table : pandas.DataFrame
            Rows of ``performance``.

        Returns
        -------
        table : pandas.DataFrame
            The same rows, without estimates for such scores; the note says why.
        remarks : list of str
            The explanation that stands in the figure, if there is such a score.
        """
        doubted = table["note"].str.contains(SUSPECT, regex=False)
        pairs = zip(table["score"], table["variant"], strict=True)
        keys = list(dict.fromkeys(k for k, bad in zip(pairs, doubted, strict=True) if bad))
        if not keys:
            return table, []
        pairs = zip(table["score"], table["variant"], strict=True)
        out = [key in keys for key in pairs]
        table = table.copy()
        table.loc[out, ["estimate", "lower", "upper"]] = float("nan")
        table.loc[out, "note"] = SUSPECT
        names = ", ".join(self.score(*key) for key in keys)
        return table, [
            f"Withheld: {names}. This cohort contradicts the declared direction (99.9 % interval "
            "of Harrell's C below one half); check the direction and the coding of the items."
        ]

    def without(self, shown: Iterable[str]) -> list[str]:
        """
        Scores of the cohort that a figure doesn't show.

        Parameters
        ----------
        shown : iterable of str
            Ids of the scores that it shows.

        Returns
        -------
        list of str
            Short names, in the order of the notes.
        """
        known = set(shown)
        every = dict.fromkeys(self.notes["score"])
        return [self.score(str(s)) for s in every if s not in known]

    def score_footnotes(self, scores: Sequence[str]) -> list[str]:
        """
        What is unsure about the scores that a figure shows.

        Parameters
        ----------
        scores : sequence of str
            Score ids.

        Returns
        -------
        list of str
            One sentence that names them, or none; what is unsure stands in ``score_notes``.
        """
        notes = self.notes[self.notes["score"].isin(list(scores))]
        flagged = notes.loc[notes["fact"].eq("needs_verification"), "score"]
        names = [self.score(str(s)) for s in dict.fromkeys(flagged)]
        text = "To be verified against the paper before use (tables/score_notes.csv): "
        return [f"{text}{', '.join(names)}."] if names else []

    @property
    def simulated(self) -> bool:
        """Whether the patients are simulated."""
        return bool(self.info.get("simulated")) or self.info.get("visibility") == "simulated"

    @property
    def label(self) -> str:
        """Honest name of the cohort."""
        return str(self.info.get("label") or self.info.get("id") or "cohort")


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """
    Give the rows of a table one by one.

    Parameters
    ----------
    table : DataFrame
        Table.

    Returns
    -------
    list of dict
        Column to value.
    """
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def named(identifier: str) -> str:
    """
    Turn an id into words for the middle of a sentence; names keep their capitals.

    Parameters
    ----------
    identifier : str
        Snake case.

    Returns
    -------
    str
        Words.

    Examples
    --------
    >>> named("asia_as_frankel")
    'ASIA as Frankel'
    """
    words = identifier.replace("_", " ").split()
    return " ".join(CAPITALS.get(w, w) for w in words)


def horizon_words(horizon: str) -> str:
    """
    Say a horizon of a table in words.

    Parameters
    ----------
    horizon : str
        For example ``3mo`` or ``90d``.

    Returns
    -------
    str
        Number and unit; what is no horizon stays as it is.

    Examples
    --------
    >>> horizon_words("3mo"), horizon_words("90d"), horizon_words("1mo")
    ('3 months', '90 days', '1 month')
    """
    for ending, unit in (("mo", "month"), ("d", "day")):
        number_of = horizon.removesuffix(ending)
        if number_of != horizon and number_of.replace(".", "", 1).isdigit():
            return f"{number_of} {unit}" + ("" if number_of == "1" else "s")
    return horizon


def plain(identifier: str) -> str:
    """
    Turn an id into words, where nothing better is known.

    Parameters
    ----------
    identifier : str
        Snake case.

    Returns
    -------
    str
        Words.

    Examples
    --------
    >>> plain("not_recorded")
    'Not recorded'
    """
    words = named(identifier)
    return words[:1].upper() + words[1:]


def count(n: Any) -> str:
    """
    Print a count; a withheld one says so.

    Parameters
    ----------
    n : int or missing
        Count.

    Returns
    -------
    str
        Digits, or ``"n/s"`` for a count that isn't shown.
    """
    return NOT_SHOWN if n is None or str(n) in ("<NA>", "nan") else f"{int(n)}"


def span(values: Sequence[int]) -> str:
    """
    Print the smallest and the largest of several counts.

    Parameters
    ----------
    values : sequence of int
        Counts; may be empty.

    Returns
    -------
    str
        One number where all are equal.

    Examples
    --------
    >>> span([73, 63, 73])
    '63 to 73'
    """
    if not values:
        return "not shown"
    low, high = min(values), max(values)
    return f"{low}" if low == high else f"{low} to {high}"


def number(x: Any, digits: int = 1) -> str:
    """
    Print a number with fixed decimals.

    Parameters
    ----------
    x : float or missing
        Number.
    digits : int
        Decimals.

    Returns
    -------
    str
        ``"NR"`` (not reached, not estimable) when there is none.
    """
    return "NR" if x is None or x != x else f"{float(x):.{digits}f}"
