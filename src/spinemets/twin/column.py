"""
A column drawn from its specification in a preset.

``docs/explanation/simulated_cohorts.md`` explains the specification.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import ndtr

from spinemets.twin.draws import BOOLEAN, Draft, Drawn, Floats, level_name
from spinemets.vocabulary.performance import crosswalks


def dependencies(spec: Any) -> set[str]:
    """
    Columns that a specification looks at.

    Parameters
    ----------
    spec : object
        Specification of a column or of an effect.

    Returns
    -------
    set of str
        Column names.

    Examples
    --------
    >>> spec = {"probability": {"by": "primary", "default": 0}, "only": {"sex": ["male"]}}
    >>> sorted(dependencies(spec))
    ['primary', 'sex']
    """
    found: set[str] = set()
    if isinstance(spec, dict):
        for key, value in spec.items():
            if key in ("by", "from", "column") and isinstance(value, str):
                found.add(value)
            elif key in ("only", "when", "needs"):
                found |= set(value)
            else:
                found |= dependencies(value)
    elif isinstance(spec, list):
        for value in spec:
            found |= dependencies(value)
    return found


def draw(draft: Draft, name: str, spec: Mapping[str, Any], kind: str) -> Drawn:
    """
    Draw one column from its specification.

    Parameters
    ----------
    draft : Draft
        The cohort so far.
    name : str
        Column.
    spec : mapping
        Its entry in the preset; see ``docs/explanation/simulated_cohorts.md``.
    kind : str
        Kind of the column in the contract (``category`` for hidden ones).

    Returns
    -------
    Drawn
        The column, NaN where ``only`` doesn't hold.
    """
    if "crosswalk" in spec:
        table = crosswalks()[spec["crosswalk"]].kps_to_ecog
        out = Drawn(draft.resolve({"by": spec["from"], **table}))
    elif "equals" in spec:
        out = _equal(draft, spec["equals"], kind)
    else:
        latent = draft.latent(name, spec.get("load", {}))
        for term in spec.get("plus", []):
            latent = latent + draft.resolve(term)
        out = _transform(draft, spec, kind, latent)
    if out.levels is None:
        out = Drawn(_limit(draft, spec, kind, out.values))
    return _restrict(draft, spec, out)


def _equal(draft: Draft, value: Any, kind: str) -> Drawn:
    """A column that another one decides, or a constant."""
    if kind in ("integer", "number"):
        return Drawn(np.broadcast_to(draft.resolve(value), draft.n).astype(np.float64))
    entries, codes = [value], np.zeros(draft.n, dtype=np.intp)
    if isinstance(value, dict):
        codes, _, entries = draft.cases(value)
    names = [level_name(e) for e in entries]
    levels = BOOLEAN if kind == "boolean" else tuple(dict.fromkeys(names))
    return Drawn(np.asarray([levels.index(x) for x in names], dtype=np.float64)[codes], levels)


def _transform(draft: Draft, spec: Mapping[str, Any], kind: str, latent: Floats) -> Drawn:
    """From a standard normal to the column's own scale."""
    if "probability" in spec:
        p = np.broadcast_to(draft.resolve(spec["probability"]), draft.n)
        return Drawn((ndtr(latent) > 1.0 - p).astype(np.float64), BOOLEAN)
    if "levels" in spec:
        return _choose(draft, spec["levels"], kind, latent)
    if "uniform" in spec:
        low, high = spec["uniform"]
        return Drawn(low + (high - low) * ndtr(latent))
    if "median" in spec:
        sigma = draft.resolve(spec["sigma"])
        return Drawn(np.asarray(draft.resolve(spec["median"]) * np.exp(sigma * latent)))
    return Drawn(np.asarray(draft.resolve(spec["mean"]) + draft.resolve(spec["sd"]) * latent))


def _choose(draft: Draft, levels: Mapping[Any, Any], kind: str, latent: Floats) -> Drawn:
    """Cut the latent variable at the cumulated shares of the levels, lowest first."""
    tables, codes = [levels], np.zeros(draft.n, dtype=np.intp)
    if "by" in levels:
        codes, _, tables = draft.cases(levels)
    names = list(dict.fromkeys(level_name(k) for t in tables for k in t))
    shares = np.zeros((len(tables), len(names)))
    for i, table in enumerate(tables):
        for key, share in table.items():
            shares[i, names.index(level_name(key))] = float(share)
    cuts = np.cumsum(shares, axis=1)
    cuts = cuts[:, :-1] / cuts[:, -1:]
    place = np.zeros(draft.n)
    u = ndtr(latent)
    for j in range(len(names) - 1):
        place += u > cuts[codes, j]
    if kind in ("integer", "number"):
        return Drawn(np.asarray([float(x) for x in names])[place.astype(np.intp)])
    return Drawn(place, tuple(names))


def _limit(draft: Draft, spec: Mapping[str, Any], kind: str, values: Floats) -> Floats:
    """Round, and keep inside the limits that the specification sets."""
    values = np.round(values, 0 if kind == "integer" else int(spec.get("decimals", 6)))
    if "at_least" in spec:
        values = np.maximum(values, draft.resolve(spec["at_least"]))
    if "at_most" in spec:
        values = np.minimum(values, draft.resolve(spec["at_most"]))
    return np.asarray(values + 0.0, dtype=np.float64)


def _restrict(draft: Draft, spec: Mapping[str, Any], drawn: Drawn) -> Drawn:
    """Blank, or set to `otherwise`, those for whom the column doesn't apply."""
    if "only" not in spec:
        return drawn
    levels, fill = drawn.levels, np.nan
    if "otherwise" in spec:
        name = level_name(spec["otherwise"])
        if levels is not None and name not in levels:
            levels = (*levels, name)
        fill = Drawn(drawn.values, levels).position(spec["otherwise"])
    return Drawn(np.where(draft.holds(spec["only"]), drawn.values, fill), levels)
