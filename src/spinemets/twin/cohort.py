"""Order in which the columns of a simulated cohort are drawn, and the few that need code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spinemets import contract
from spinemets.params import Preset
from spinemets.sins import SINS_POINTS
from spinemets.twin.column import dependencies, draw
from spinemets.twin.draws import BOOLEAN, Draft, Drawn, uniform

#: Day of death or last contact; treatment that was planned for later wasn't given.
OBSERVED: Final = "_observed_days"


def _flag(values: npt.NDArray[np.bool_]) -> Drawn:
    return Drawn(values.astype(np.float64), BOOLEAN)


def solitary(draft: Draft, spec: Mapping[str, Any]) -> Drawn:
    """
    One skeletal metastasis in spine and elsewhere together.

    Parameters
    ----------
    draft : Draft
        Holds both counts.
    spec : mapping
        Not used.

    Returns
    -------
    Drawn
        Boolean.
    """
    spine = draft.columns["n_vertebral_metastases"].values
    return _flag((spine <= 1) & (draft.columns["n_extraspinal_bone_metastases"].values == 0))


def realised(draft: Draft, spec: Mapping[str, Any]) -> Drawn:
    """
    Whether what was planned for a day could still be done: the patient was alive and followed.

    Parameters
    ----------
    draft : Draft
        Holds plan, day and ``_observed_days``.
    spec : mapping
        ``plan``: boolean column (left out: planned for everybody); ``day``: column or number.

    Returns
    -------
    Drawn
        Boolean.
    """
    day = spec["day"]
    values = draft.columns[day].values if isinstance(day, str) else np.full(draft.n, float(day))
    done = values <= draft.columns[OBSERVED].values
    if "plan" in spec:
        done &= draft.columns[spec["plan"]].is_in([True])
    return _flag(done)


def any_of(draft: Draft, spec: Mapping[str, Any]) -> Drawn:
    """
    Whether any of some boolean columns is true.

    Parameters
    ----------
    draft : Draft
        Holds the columns.
    spec : mapping
        ``needs``: their names.

    Returns
    -------
    Drawn
        Boolean.
    """
    return _flag(np.any([draft.columns[c].is_in([True]) for c in spec["needs"]], axis=0))


def count_of(draft: Draft, spec: Mapping[str, Any]) -> Drawn:
    """
    How many of some boolean columns are true.

    Parameters
    ----------
    draft : Draft
        Holds the columns.
    spec : mapping
        ``needs``: their names.

    Returns
    -------
    Drawn
        Whole number.
    """
    found = [draft.columns[c].is_in([True]) for c in spec["needs"]]
    return Drawn(np.sum(found, axis=0).astype(float))


def copy(draft: Draft, spec: Mapping[str, Any]) -> Drawn:
    """
    The same values as another column.

    Parameters
    ----------
    draft : Draft
        Holds the column.
    spec : mapping
        ``from``: its name; ``only``: for whom.

    Returns
    -------
    Drawn
        The column, NaN for the others.
    """
    source = draft.columns[spec["from"]]
    return Drawn(np.where(draft.holds(spec["only"]), source.values, np.nan), source.levels)


def product(draft: Draft, spec: Mapping[str, Any]) -> Drawn:
    """
    Product of two columns.

    Parameters
    ----------
    draft : Draft
        Holds the columns.
    spec : mapping
        ``needs``: their names; ``decimals``: kept.

    Returns
    -------
    Drawn
        Number.
    """
    first, second = (draft.columns[c].values for c in spec["needs"])
    return Drawn(np.round(first * second, int(spec["decimals"])))


def sins(draft: Draft, spec: Mapping[str, Any]) -> Drawn:
    """
    SINS total.

    Parameters
    ----------
    draft : Draft
        Holds the items.
    spec : mapping
        Not used.

    Returns
    -------
    Drawn
        Sum of the items' points, 0 to 18.
    """
    total = np.zeros(draft.n)
    for name, points in SINS_POINTS.items():
        column = draft.columns[name]
        of_level = np.array([points[level] for level in column.levels or ()], dtype=float)
        total += of_level[column.values.astype(int)]
    return Drawn(total)


def radiotherapy_role(draft: Draft, spec: Mapping[str, Any]) -> Drawn:
    """
    Role of the radiotherapy: after surgery, again at the same level, or primary.

    Parameters
    ----------
    draft : Draft
        Holds treatments with their days.
    spec : mapping
        Not used.

    Returns
    -------
    Drawn
        Category, NaN without radiotherapy.
    """
    column = draft.columns
    given = column["radiotherapy"].is_in([True])
    day, surgery = column["radiotherapy_day"].values, column["surgery_day"].values
    again = column["previous_radiotherapy"].is_in([True])
    after = column["surgery"].is_in([True]) & (np.nan_to_num(surgery, nan=np.inf) <= day)
    values = np.where(after, 1.0, np.where(again, 2.0, 0.0))
    return Drawn(np.where(given, values, np.nan), ("primary", "adjuvant", "re_irradiation"))


#: Columns that need code: name used in a preset -> function and the columns that it reads.
CODED: Final[Mapping[str, tuple[Callable[[Draft, Mapping[str, Any]], Drawn], tuple[str, ...]]]] = {
    "solitary": (solitary, ("n_vertebral_metastases", "n_extraspinal_bone_metastases")),
    "realised": (realised, (OBSERVED,)),
    "any_of": (any_of, ()),
    "count_of": (count_of, ()),
    "copy": (copy, ()),
    "product": (product, ()),
    "sins": (sins, tuple(SINS_POINTS)),
    "radiotherapy_role": (
        radiotherapy_role,
        ("radiotherapy", "radiotherapy_day", "surgery", "surgery_day", "previous_radiotherapy"),
    ),
}


def needs(spec: Mapping[str, Any]) -> set[str]:
    """
    Columns that must be drawn before a column.

    Parameters
    ----------
    spec : mapping
        Its specification.

    Returns
    -------
    set of str
        Column names.
    """
    out = dependencies(spec)
    if "code" in spec:
        out |= set(CODED[spec["code"]][1])
        out |= {v for k, v in spec.items() if k in ("plan", "day") and isinstance(v, str)}
    return out


def ancestors(specs: Mapping[str, Any], wanted: Iterable[str]) -> set[str]:
    """
    Columns that must be drawn to have the wanted ones.

    Parameters
    ----------
    specs : mapping
        Specification of every column.
    wanted : iterable of str
        Column names.

    Returns
    -------
    set of str
        The wanted columns and all that they depend on.
    """
    todo, out = set(wanted), set()
    while todo:
        name = todo.pop()
        out.add(name)
        todo |= needs(specs.get(name, {})) - out
    return out


def draw_columns(draft: Draft, specs: Mapping[str, Any], wanted: set[str]) -> None:
    """
    Draw columns into a draft, each after those that it depends on.

    Parameters
    ----------
    draft : Draft
        Receives the columns; those it holds are kept.
    specs : mapping
        Specification of every column.
    wanted : set of str
        Which to draw.

    Raises
    ------
    ValueError
        When columns depend on each other in a circle.
    """
    try:
        order = list(TopologicalSorter({c: needs(specs.get(c, {})) for c in specs}).static_order())
    except CycleError as err:
        raise ValueError(f"columns depend on each other: {' -> '.join(err.args[1])}") from None
    known = contract.columns()
    for name in order:
        if name in draft.columns or name not in wanted or name not in specs:
            continue
        spec = specs[name]
        if "code" in spec:
            drawn = CODED[spec["code"]][0](draft, spec)
        else:
            kind = known[name].kind if name in known else spec.get("kind", "category")
            drawn = draw(draft, name, spec, kind)
        draft.columns[name] = _inside(drawn, known[name]) if name in known else drawn


def _inside(drawn: Drawn, column: contract.Column) -> Drawn:
    """Keep a number inside the range of the contract."""
    if drawn.levels is not None or not column.is_numeric:
        return drawn
    return Drawn(np.clip(drawn.values, column.minimum, column.maximum))


def centre_codes(sizes: npt.NDArray[np.float64], n: int, seed: int) -> npt.NDArray[np.float64]:
    """
    Divide patients among centres in proportion to their sizes, in random order.

    Parameters
    ----------
    sizes : ndarray of float, shape (c,)
        Sizes of the centres in the preset; exact when their sum is ``n``.
    n : int
        Number of patients.
    seed : int
        Seed of the cohort.

    Returns
    -------
    ndarray of float, shape (n,)
        Position of each patient's centre.
    """
    exact = sizes / sizes.sum() * n
    counts = np.floor(exact).astype(np.intp)
    spare = np.argsort(counts - exact, kind="stable")[: n - counts.sum()]
    counts[spare] += 1
    codes = np.repeat(np.arange(len(sizes), dtype=np.float64), counts)
    return codes[np.argsort(uniform(seed, "centre", n), kind="stable")]


def new_draft(preset: Preset, n: int, seed: int) -> Draft:
    """
    Start a cohort: patients in their centres, nothing else known of them.

    Parameters
    ----------
    preset : Preset
        Parameters.
    n : int
        Number of patients.
    seed : int
        Seed.

    Returns
    -------
    Draft
        With the column ``centre``.
    """
    centres = preset.value("cohort", "centres")
    draft = Draft(seed, n, {k: e.value for k, e in preset.sections["factors"].items()})
    sizes = np.asarray([float(c["size"]) for c in centres.values()])
    draft.columns["centre"] = Drawn(centre_codes(sizes, n, seed), tuple(centres))
    return draft
