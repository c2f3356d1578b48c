"""A column of radiotherapy schemes: fractions and dose are drafted from it."""

from __future__ import annotations

from typing import Final

from spinemets.ingest import scheme
from spinemets.ingest.drafting.guess import LIKELY, Guess, name_score
from spinemets.ingest.drafting.sources import Source, hints

#: Share of the cells that have to be schemes.
_MOST: Final = 0.5
_ASK: Final = (
    "some cells give two numbers without a unit: is `scheme` what they are (n_x_d fractions and "
    "dose of one, d_x_n the reverse, total_in_n whole dose and fractions, total_by_d)?"
)


def guesses(sources: list[Source]) -> list[Guess]:
    """
    Draft fractions and dose of one fraction from a column of schemes.

    Parameters
    ----------
    sources : list of Source
        Columns that nothing else is taken from.

    Returns
    -------
    list of Guess
        Two, both from the column whose name fits best; none where no column holds schemes. Where
        some cells have no unit, a person says what their numbers are.
    """
    named = [(name_score(s.names(), hints()["scheme"])[0], s) for s in sources]
    for score, source in sorted(named, key=lambda p: (-p[0], p[1].name)):
        if score >= LIKELY and (entry := _entry(source)) is not None:
            order, share, open_ = entry
            words = f"radiotherapy schemes in {share:.0%} of the filled cells"
            ask = [_ASK] if open_ else []
            if share < 1.0:
                ask.append(f"{1 - share:.0%} of the cells are no scheme: translate them (`values`)")
            return [
                Guess(column, source.name, {"scheme": order}, score, [words], list(ask))
                for column in scheme.COLUMNS
            ]
    return []


def _entry(source: Source) -> tuple[str, float, bool] | None:
    """Order of the numbers, share of the cells that are schemes, and whether it is open."""
    counts = source.counts
    told = {term: scheme.told(term) for term in counts}
    divided = sum(n for t, n in counts.items() if "/" in t or "in" in t.casefold().split())
    plain = "total_in_n" if 2 * divided > source.filled else "n_x_d"
    said = {order for order in told.values() if order}
    order = said.pop() if len(said) == 1 else plain
    good = {t for t in counts if scheme.read(t, order) is not None}
    share = sum(counts[t] for t in good) / max(source.filled, 1)
    open_ = any(told[t] is None for t in good)
    return (order, share, open_) if share >= _MOST else None
