"""A score as the engine and its readers see it: a definition file with one of its variants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from spinemets.scores import concepts
from spinemets.scores.schema import (
    Band,
    Condition,
    DefinitionFile,
    Formula,
    Horizon,
    Item,
    Level,
    Maybe,
    Patch,
    Prediction,
    Range,
    Term,
)
from spinemets.yamlfile import Document

DIRECTIONS: Final = {"higher_is_better": 1, "higher_is_worse": -1, "none": 0}
DOUBTFUL: Final = ("memory", "unsure")
ASSUMED_PRIMARIES: Final = "assumed_primaries"


@dataclass(frozen=True)
class Definition:
    """
    One score, in its published form or in one of its variants.

    Parameters
    ----------
    data : DefinitionFile
        Content of the file.
    document : Document
        The same with line numbers.
    variant : str
        Name of the variant; empty for the published form.
    patch : Patch or None
        What the variant changes.
    """

    data: DefinitionFile
    document: Document
    variant: str = ""
    patch: Patch | None = None

    @property
    def id(self) -> str:
        """Identifier, the file's name without its ending."""
        return self.data.id

    @property
    def short(self) -> str:
        """Name for figures; with the variant, if it is one."""
        label = self.variant.replace("_", " ")
        return f"{self.data.short} ({label})" if label else self.data.short

    @property
    def direction(self) -> int:
        """+1 when a higher total means longer survival, -1 when shorter, 0 for neither."""
        return DIRECTIONS[self.data.direction]

    @property
    def predicts_survival(self) -> bool:
        """Whether overall survival is what the score was made for, as its `endpoint` says."""
        return self.data.endpoint == "survival"

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """Items with the variant's changes."""
        patch = self.patch or Patch()
        changed = {item.id: item for item in patch.items}
        kept = [changed.pop(i.id, i) for i in self.data.items if i.id not in patch.drop_items]
        kept += changed.values()
        return tuple(_with_last_level(item, patch.otherwise.get(item.id)) for item in kept)

    @property
    def range(self) -> Range:
        """Smallest and largest total."""
        found = (self.patch.range if self.patch else None) or self.data.range
        return found or Range(minimum=0.0, maximum=1.0, step=None)

    @property
    def minimum(self) -> float:
        """Smallest total."""
        return self.range.minimum

    @property
    def maximum(self) -> float:
        """Largest total."""
        return self.range.maximum

    @property
    def recorded_total(self) -> str:
        """Column with the total as a source has it; a variant's total is none that is recorded."""
        return "" if self.patch else self.data.recorded_total

    @property
    def ceiling(self) -> float | None:
        """Total above which every total counts as this one."""
        if self.patch is None:
            return self.data.ceiling
        if self.patch.no_ceiling:
            return None
        return self.data.ceiling if self.patch.ceiling is None else self.patch.ceiling

    @property
    def bands(self) -> tuple[Band, ...]:
        """Published groups of totals, in the order of the file."""
        if self.patch is not None and self.patch.bands is not None:
            return tuple(self.patch.bands)
        return tuple(self.data.bands)

    @property
    def maybe(self) -> Maybe:
        """How values that the score leaves open are read."""
        if self.patch is not None and self.patch.assume_maybe:
            return "in"
        return "out" if self.patch is not None and self.patch.exclude_maybe else "open"

    @property
    def needs_verification(self) -> bool:
        """True when a point, list, band or the whole score is from memory or unsure."""
        return self.data.status == "flag" or bool(self._doubtful_points())

    @cached_property
    def depends_on(self) -> tuple[str, ...]:
        """Scores whose totals or items this one reads."""
        found = [c.score for c in self.conditions() if c.score is not None]
        terms = [t for i in self.items if i.formula is not None for t in i.formula.terms]
        found += [t.score for t in terms if t.score is not None]
        return tuple(dict.fromkeys(found))

    @property
    def reads(self) -> dict[str, str]:
        """Variants of other scores that are read instead of their published form."""
        return {} if self.patch is None else self.patch.reads

    @property
    def variant_names(self) -> tuple[str, ...]:
        """Variants and computable misprints, in the order of the file."""
        if self.data.predictions:
            return tuple(horizon_label(p.horizon) for p in self.data.predictions)
        names = [v.id for v in self.data.variants]
        names += [m.id for m in self.data.misprints if is_computable(m)]
        if self._leaves_primaries_open():
            names.append(ASSUMED_PRIMARIES)
        return tuple(names)

    def with_variant(self, name: str) -> Definition:
        """
        Give the same score in another form.

        Parameters
        ----------
        name : str
            Variant, computable misprint or ``assumed_primaries``; empty for the published form.

        Returns
        -------
        Definition
            With the variant's changes.

        Raises
        ------
        KeyError
            When the score has no such variant.
        """
        if not name:
            return Definition(self.data, self.document)
        known: dict[str, Patch] = {v.id: v for v in self.data.variants}
        known.update({horizon_label(p.horizon): _probability(p) for p in self.data.predictions})
        known.update({m.id: m for m in self.data.misprints if is_computable(m)})
        if name in known:
            return Definition(self.data, self.document, name, known[name])
        if name == ASSUMED_PRIMARIES and self._leaves_primaries_open():
            return Definition(self.data, self.document, name, Patch(assume_maybe=True))
        raise KeyError(f"{self.id} has no variant {name!r}; it has {list(self.variant_names)}")

    def conditions(self) -> Iterator[Condition]:
        """
        Walk every condition of the items, of named conditions and of the population.

        Yields
        ------
        Condition
            Nodes and leaves.
        """
        for item in self.items:
            yield from item_conditions(item)
        if self.data.population.applies_if is not None:
            yield from walk(self.data.population.applies_if)

    def footnotes(self) -> list[str]:
        """
        Sentences that go with every number of this score.

        Returns
        -------
        list of str
            What needs verification, then what is unsure; empty when all was read in a source.
        """
        return self.doubts() + [f"{self.data.short}: {text}" for text in self.data.unsure]

    def doubts(self) -> list[str]:
        """
        Say which points and which published survival need verification.

        Returns
        -------
        list of str
            None, one or two sentences.
        """
        out = []
        doubtful = self._doubtful_points()
        if self.needs_verification:
            what = f": {', '.join(doubtful)}" if doubtful else ""
            out.append(f"{self.data.short} needs verification against the paper before use{what}.")
        survival = sorted(
            {
                f"{band.label} ({s.measure.replace('_', ' ')})"
                for band in self.bands
                for s in band.survival
                if s.confidence in DOUBTFUL
            }
        )
        if survival:
            out.append(
                f"{self.data.short}: published survival from memory, to be checked: "
                f"{', '.join(survival)}."
            )
        return out

    def _doubtful_points(self) -> list[str]:
        found = []
        for item in self.items:
            parts = [item.confidence, *(level.confidence for level in item.levels)]
            if any(c in DOUBTFUL for c in parts):
                found.append(item.name)
        found += [f"band {b.label}" for b in self.bands if b.confidence in DOUBTFUL]
        return found

    def _leaves_primaries_open(self) -> bool:
        return any(c.maybe for c in self.conditions())


def horizon_label(horizon: Horizon) -> str:
    """
    Name a horizon as result tables do.

    Parameters
    ----------
    horizon : Horizon
        Time with its unit.

    Returns
    -------
    str
        For example ``"90d"`` or ``"6mo"``.

    Examples
    --------
    >>> horizon_label(Horizon(value=90, unit="days"))
    '90d'
    """
    short = {"days": "d", "weeks": "wk", "months": "mo", "years": "y"}[horizon.unit]
    return f"{horizon.value:g}{short}"


def _probability(prediction: Prediction) -> Patch:
    """A supplied probability as a score of one item."""
    label = horizon_label(prediction.horizon)
    term = Term(column=prediction.column)
    item = Item(
        id="probability", name=f"supplied probability of survival at {label}",
        formula=Formula(terms=[term]),
    )  # fmt: skip
    return Patch(items=[item], range=Range(minimum=0.0, maximum=1.0, step=None))


def is_computable(patch: Patch) -> bool:
    """
    Whether a variant or misprint changes anything that can be computed.

    Parameters
    ----------
    patch : Patch
        Variant or misprint.

    Returns
    -------
    bool
        False for an entry that is only described.
    """
    fields = set(Patch.model_fields)
    return any(getattr(patch, f) != Patch.model_fields[f].get_default(call_default_factory=True)
               for f in fields)  # fmt: skip


def _with_last_level(item: Item, level: Level | None) -> Item:
    if level is None:
        return item
    return item.model_copy(
        update={"levels": [*item.levels, level], "unlisted": None, "unlisted_when": None}
    )


def walk(condition: Condition) -> Iterator[Condition]:
    """
    Walk a condition and everything below it, named conditions included.

    Parameters
    ----------
    condition : Condition
        Start.

    Yields
    ------
    Condition
        Nodes and leaves.
    """
    yield condition
    below = [*(condition.any or ()), *(condition.all or ())]
    below += [c for c in (condition.not_, condition.recorded) if c is not None]
    if condition.concept is not None:
        named = concepts.load().concepts.get(condition.concept)
        below += [named.when] if named else []
    for child in below:
        yield from walk(child)


def item_conditions(item: Item) -> Iterator[Condition]:
    """
    Walk the conditions of one item.

    Parameters
    ----------
    item : Item
        Item of a score.

    Yields
    ------
    Condition
        Nodes and leaves of all its levels.
    """
    for level in item.levels:
        if level.when is not None:
            yield from walk(level.when)
    if item.unlisted_when is not None:
        yield from walk(item.unlisted_when)


def item_columns(item: Item) -> tuple[str, ...]:
    """
    Columns of the patient table that an item reads.

    Parameters
    ----------
    item : Item
        Item of a score.

    Returns
    -------
    tuple of str
        Without repetition, in the order of appearance.
    """
    names = [c.column for c in item_conditions(item) if c.column is not None]
    terms = item.formula.terms if item.formula else []
    names += [t.column for t in terms if t.column is not None]
    return tuple(dict.fromkeys(names))
