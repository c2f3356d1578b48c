"""
Random numbers with names, and a cohort while it is drawn.

Every column has a stream of its own (derived from the seed and the column's name), so that a new
column leaves the others as they were. Only uniform doubles are taken from the generator: their
sequence is what numpy keeps stable, and the transforms to other distributions stand here.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]
BOOLEAN = ("false", "true")
#: Uniforms are kept this far from 0 and 1, so that no transform becomes infinite.
_EDGE = 2.0**-40


def uniform(seed: int, name: str, n: int) -> Floats:
    """
    Draw from the stream of a name.

    Parameters
    ----------
    seed : int
        Seed of the cohort.
    name : str
        Name of the stream, usually a column.
    n : int
        How many.

    Returns
    -------
    ndarray of float, shape (n,)
        Uniform in (0, 1).

    Examples
    --------
    >>> bool((uniform(1, "kps", 3) == uniform(1, "kps", 5)[:3]).all())
    True
    """
    sequence = np.random.SeedSequence(entropy=seed, spawn_key=(zlib.crc32(name.encode()),))
    raw = np.random.Generator(np.random.PCG64(sequence)).random(n)
    return np.asarray(np.clip(raw, _EDGE, 1 - _EDGE), dtype=np.float64)


@dataclass(frozen=True)
class Drawn:
    """
    A column while it is drawn.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        Numbers, or positions in ``levels``; NaN where the column doesn't apply.
    levels : tuple of str or None
        Names of the positions; None for a number.
    """

    values: Floats
    levels: tuple[str, ...] | None = None

    def is_in(self, wanted: Iterable[Any]) -> npt.NDArray[np.bool_]:
        """
        Which patients have one of these values.

        Parameters
        ----------
        wanted : iterable
            Level names, booleans or numbers.

        Returns
        -------
        ndarray of bool, shape (n,)
            False where the column doesn't apply.
        """
        return np.asarray(np.isin(self.values, [self.position(w) for w in wanted]))

    def position(self, key: Any) -> float:
        """
        How a level or number is stored.

        Parameters
        ----------
        key : object
            As written in a parameter file.

        Returns
        -------
        float
            Position among the levels, or the number itself.

        Raises
        ------
        KeyError
            When there is no such level.
        """
        if self.levels is None:
            return float(key)
        name = level_name(key)
        if name not in self.levels:
            raise KeyError(f"no level {name!r} among {self.levels}")
        return float(self.levels.index(name))


def level_name(key: Any) -> str:
    """
    Write a key of a parameter file as a level.

    Parameters
    ----------
    key : object
        Text, number or boolean.

    Returns
    -------
    str
        Booleans in lower case.

    Examples
    --------
    >>> level_name(True)
    'true'
    """
    return str(key).lower() if isinstance(key, bool) else str(key)


@dataclass
class Draft:
    """
    A cohort while it is drawn: columns so far, and the shared factors behind them.

    Parameters
    ----------
    seed : int
        Seed of the cohort.
    n : int
        Number of patients.
    factors : dict of str to dict
        Specification ``{load: {other factor: weight}}`` of each shared factor, in order.
    columns : dict of str to Drawn
        Drawn so far.
    """

    seed: int
    n: int
    factors: Mapping[str, Any]
    columns: dict[str, Drawn] = field(default_factory=dict)
    _z: dict[str, Floats] = field(default_factory=dict)
    _innovations: dict[str, dict[str, float]] = field(default_factory=dict)

    def factor(self, name: str) -> Floats:
        """
        Values of a shared factor.

        Parameters
        ----------
        name : str
            Factor of the preset.

        Returns
        -------
        ndarray of float, shape (n,)
            Standard normal.
        """
        if name not in self._z:
            spec = self.factors[name] or {}
            self._z[name] = self.latent(f"factor {name}", spec.get("load", {}))
        return self._z[name]

    def latent(self, name: str, load: Mapping[str, float]) -> Floats:
        """
        Standard normal variable that loads on shared factors; the rest is its own.

        Parameters
        ----------
        name : str
            Name of its stream.
        load : mapping of str to float
            Weight of each factor.

        Returns
        -------
        ndarray of float, shape (n,)
            Standard normal; correlated through the factors.

        Raises
        ------
        ValueError
            When the factors alone have a variance above 1.
        """
        shared = self._combine(load)
        rest = 1.0 - sum(w * w for w in shared.values())
        if rest < -1e-9:
            raise ValueError(f"{name}: the loads leave a negative variance of its own")
        own = float(np.sqrt(max(rest, 0.0)))
        self._innovations[name] = {**shared, name: own}
        out = own * ndtri(uniform(self.seed, name, self.n))
        for factor, weight in load.items():
            out = out + weight * self.factor(factor)
        return np.asarray(out, dtype=np.float64)

    def _combine(self, load: Mapping[str, float]) -> dict[str, float]:
        """Weights on the independent innovations behind a weighted sum of factors."""
        out: dict[str, float] = {}
        for factor, weight in load.items():
            self.factor(factor)
            for name, w in self._innovations[f"factor {factor}"].items():
                out[name] = out.get(name, 0.0) + weight * w
        return out

    def resolve(self, value: Any) -> Any:
        """
        Look up a parameter that may depend on a column drawn before.

        Parameters
        ----------
        value : float or dict
            A number, or ``{by: column, level: number, ..., default: number}``.

        Returns
        -------
        float or ndarray of float, shape (n,)
            The number for each patient.
        """
        if not isinstance(value, dict):
            return float(value)
        codes, _, entries = self.cases(value)
        return np.asarray([float(e) for e in entries], dtype=np.float64)[codes]

    def cases(self, value: Mapping[Any, Any]) -> tuple[npt.NDArray[np.intp], list[str], list[Any]]:
        """
        Split patients by the column that a parameter depends on.

        Parameters
        ----------
        value : mapping
            ``{by: column, level: entry, ..., default: entry}``.

        Returns
        -------
        codes : ndarray of int, shape (n,)
            Which entry holds for each patient.
        keys : list of str
            Names of the entries.
        entries : list
            The entries.

        Raises
        ------
        KeyError
            When a patient falls in none and there is no default.
        """
        column = self.columns[value["by"]]
        keys = [k for k in value if k not in ("by", "default")]
        entries = [value[k] for k in keys]
        codes = np.full(self.n, -1, dtype=np.intp)
        for i, key in enumerate(keys):
            codes[column.values == column.position(key)] = i
        if "default" in value:
            codes[codes < 0] = len(entries)
            entries.append(value["default"])
        elif (codes < 0).any():
            raise KeyError(f"no entry for some value of {value['by']!r}, and no default")
        return codes, [level_name(k) for k in keys], entries

    def holds(self, conditions: Mapping[str, Any]) -> npt.NDArray[np.bool_]:
        """
        Which patients fulfil every condition.

        Parameters
        ----------
        conditions : mapping of str to list or dict
            Column to its levels, or to ``{below: x}`` / ``{at_least: x}``.

        Returns
        -------
        ndarray of bool, shape (n,)
            True where all hold.
        """
        out = np.ones(self.n, dtype=bool)
        for name, wanted in conditions.items():
            column = self.columns[name]
            if isinstance(wanted, dict):
                out &= column.values < wanted.get("below", np.inf)
                out &= column.values >= wanted.get("at_least", -np.inf)
            else:
                out &= column.is_in(wanted)
        return out
