"""Propensity scores by scikit-learn, the weights made of them, and whether they balance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike

from spinemets.survival.covariates import read_covariates
from spinemets.survival.sample import Floats, Integers, codes, floats

if TYPE_CHECKING:
    import pandas as pd

SCHEMES: Final = ("overlap", "inverse", "stabilised", "treated")
#: A propensity below this (for any treatment) says that the treatment is hardly ever chosen.
POSITIVITY: Final = 0.05
#: Standardised differences above this count as imbalance.
IMBALANCE: Final = 0.1
LARGE_WEIGHT: Final = 20.0
#: Mean probability of the treatment received above which no comparison is left.
SEPARATION: Final = 0.99


@dataclass(frozen=True)
class Covariates:
    """
    Covariates as numbers, with a column for every missing value pattern of a column.

    Parameters
    ----------
    x : ndarray of shape (n, p)
        Columns.
    names : tuple of str
        Their names, ``column`` or ``column=level`` or ``column is missing``.
    """

    x: Floats
    names: tuple[str, ...]


def encode(table: pd.DataFrame) -> Covariates:
    """
    Turn covariates of mixed kind into numbers without losing patients.

    Parameters
    ----------
    table : pandas.DataFrame
        Numbers, booleans and categories. A missing number becomes the median with an indicator
        beside it; a missing category is a level of its own.

    Returns
    -------
    Covariates
        Constant columns are left out; the first level of a category is the reference.

    Examples
    --------
    >>> import pandas as pd
    >>> encode(pd.DataFrame({"age": [60.0, None, 70.0], "sex": ["f", "m", "m"]})).names
    ('age', 'age is missing', 'sex=m')
    """
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    columns: dict[str, Floats] = {}
    for name in table.columns:
        values = table[name]
        if is_numeric_dtype(values) or is_bool_dtype(values):
            number = floats(values)
            missing = np.isnan(number)
            middle = float(np.median(number[~missing])) if (~missing).any() else 0.0
            columns[str(name)] = np.where(missing, middle, number)
            columns[f"{name} is missing"] = missing.astype(np.float64)
            continue
        text = values.astype("string").fillna("missing").to_numpy(dtype=object)
        for level in sorted(set(text))[1:]:
            columns[f"{name}={level}"] = (text == level).astype(np.float64)
    kept = {k: v for k, v in columns.items() if v.size and np.ptp(v) > 0}
    x = np.column_stack(list(kept.values())) if kept else np.zeros((len(table), 0))
    return Covariates(x, tuple(kept))


@dataclass(frozen=True)
class Propensity:
    """
    Probability of each treatment given the covariates.

    Parameters
    ----------
    probability : ndarray of shape (n, k)
        One column per treatment.
    treatment : ndarray of int of shape (n,)
        Treatment received, as a column number.
    levels : tuple
        Treatments.
    note : str
        Why there is none; empty otherwise.
    """

    probability: Floats
    treatment: Integers
    levels: tuple[Any, ...]
    note: str = ""

    def weights(self, scheme: str = "overlap") -> Floats:
        """
        Weights that balance the treatments.

        Parameters
        ----------
        scheme : {"overlap", "inverse", "stabilised", "treated"}
            ``overlap`` weights towards patients for whom every treatment was an option (bounded,
            balances means exactly); ``inverse`` towards all patients; ``stabilised`` the same
            times the share of the treatment; ``treated`` towards those with the last treatment.

        Returns
        -------
        ndarray of shape (n,)
            Weights with mean 1.

        Raises
        ------
        ValueError
            When the scheme is unknown or there is no propensity.

        References
        ----------
        Li, Morgan, Zaslavsky 2018, doi:10.1080/01621459.2016.1260466.
        """
        if self.note:
            raise ValueError(f"no weights: {self.note}")
        if scheme not in SCHEMES:
            raise ValueError(f"unknown weights {scheme!r}; known: {', '.join(SCHEMES)}")
        rows = np.arange(self.treatment.size)
        own = self.probability[rows, self.treatment]
        if scheme == "overlap":
            top = 1.0 / (1.0 / self.probability).sum(axis=1)
        elif scheme == "inverse":
            top = np.ones(own.size)
        elif scheme == "stabilised":
            share = np.bincount(self.treatment, minlength=len(self.levels)) / own.size
            top = share[self.treatment]
        else:
            top = self.probability[:, -1]
        weight = top / own
        return np.asarray(weight / weight.mean())


def propensity(x: ArrayLike, treatment: ArrayLike, *, ridge: float = 0.0) -> Propensity:
    """
    Fit the probability of each treatment by (multinomial) logistic regression.

    Parameters
    ----------
    x : array_like of shape (n, p)
        Covariates known before treatment, without gaps (see ``encode``).
    treatment : array_like of shape (n,)
        Treatment of every patient, not missing.
    ridge : float
        Ridge penalty on standardised covariates; 0 is maximum likelihood.

    Returns
    -------
    Propensity
        Probabilities; a note instead when there is one treatment only, or when covariates predict
        it without error, so that nobody of one treatment resembles the other.

    Examples
    --------
    >>> found = propensity([[0], [0], [1], [1]], ["a", "b", "a", "b"])
    >>> found.probability.round(2)[0]
    array([0.5, 0.5])
    """
    from sklearn.linear_model import LogisticRegression

    number, levels = codes(treatment, len(np.asarray(treatment)))
    columns = read_covariates(x, number.size)
    blank = np.full((number.size, len(levels)), np.nan)
    if len(levels) < 2:
        return Propensity(blank, number, tuple(levels), "fewer than two treatments")
    if columns.shape[1] == 0:
        share = np.bincount(number) / number.size
        return Propensity(np.tile(share, (number.size, 1)), number, tuple(levels))
    spread = columns.std(axis=0)
    scaled = (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    # A trace of ridge keeps collinear columns apart; it moves probabilities by less than 1e-6.
    model = LogisticRegression(
        C=1.0 / max(ridge, 1e-8), solver="newton-cholesky", max_iter=200, tol=1e-8
    )
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(scaled, number)
    probability = np.asarray(model.predict_proba(scaled), dtype=np.float64)
    own = probability[np.arange(number.size), number]
    if own.mean() > SEPARATION or not np.isfinite(probability).all():
        return Propensity(blank, number, tuple(levels), "the covariates separate the treatments")
    tiny = np.finfo(float).tiny
    return Propensity(np.maximum(probability, tiny), number, tuple(levels))


@dataclass(frozen=True)
class Balance:
    """
    Standardised difference of one covariate between treatments.

    Parameters
    ----------
    name : str
        Covariate.
    before, after : float
        Largest absolute standardised difference between any two treatments, unweighted and
        weighted; both in units of the unweighted pooled standard deviation.
    """

    name: str
    before: float
    after: float


def balance(covariates: Covariates, treatment: Integers, weights: Floats) -> list[Balance]:
    """
    Balance of every covariate before and after weighting (the love plot).

    Parameters
    ----------
    covariates : Covariates
        Covariates.
    treatment : ndarray of int of shape (n,)
        Treatment of every patient, 0, 1, ...
    weights : ndarray of shape (n,)
        Weights.

    Returns
    -------
    list of Balance
        One per covariate.

    References
    ----------
    Austin, Stuart 2015, doi:10.1002/sim.6607.
    """
    groups = [treatment == g for g in range(int(treatment.max()) + 1)]
    out = []
    for j, name in enumerate(covariates.names):
        column = covariates.x[:, j]
        pooled = float(np.sqrt(np.mean([column[g].var() for g in groups])))
        spread = pooled if pooled > 0 else float("nan")
        plain = [float(column[g].mean()) for g in groups]
        weighted = [float(np.average(column[g], weights=weights[g])) for g in groups]
        out.append(Balance(name, float(np.ptp(plain)) / spread, float(np.ptp(weighted)) / spread))
    return out


def effective_size(weights: ArrayLike) -> float:
    """
    Effective sample size of weighted patients (Kish).

    Parameters
    ----------
    weights : array_like of shape (n,)
        Weights.

    Returns
    -------
    float
        (sum w)^2 / sum w^2.

    Examples
    --------
    >>> effective_size([1, 1, 1, 1])
    4.0
    """
    w = np.asarray(weights, dtype=np.float64)
    return float(w.sum() ** 2 / (w**2).sum()) if np.any(w > 0) else 0.0


def positivity_warnings(found: Propensity, weights: Floats) -> list[str]:
    """
    What speaks against comparing the treatments at all.

    Parameters
    ----------
    found : Propensity
        Propensities.
    weights : ndarray of shape (n,)
        Weights in use.

    Returns
    -------
    list of str
        Sentences; empty when nothing speaks against it.
    """
    out = []
    for column, level in enumerate(found.levels):
        rare = float((found.probability[:, column] < POSITIVITY).mean())
        if rare > 0:
            out.append(
                f"{100 * rare:.1f} % of patients had less than a {100 * POSITIVITY:.0f} % chance "
                f"of treatment {level}"
            )
        own = weights[found.treatment == column]
        if effective_size(own) < 0.5 * own.size:
            out.append(
                f"treatment {level}: {own.size} patients weigh as much as "
                f"{effective_size(own):.0f} after weighting"
            )
    if weights.max() > LARGE_WEIGHT * weights.mean():
        out.append(f"the largest weight is {weights.max() / weights.mean():.0f} times the mean")
    return out
