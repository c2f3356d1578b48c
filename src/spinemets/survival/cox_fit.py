"""Cox regression: fitted by lifelines, certified and completed by an own Newton step."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from spinemets.survival.covariates import read_covariates, scale_covariates
from spinemets.survival.newton import Likelihood, Optimum, half_log_determinant, maximise
from spinemets.survival.partial_likelihood import RiskSets, derivatives, loglik
from spinemets.survival.sample import Z95, Bools, Floats, Integers, Sample, codes, make_sample
from spinemets.survival.tails import chi2_tail, normal_tails

ENGINES: Final = ("lifelines", "newton")
#: Spread of the linear predictor beyond which an answer of lifelines is taken for separation.
FARTHEST_START: Final = 15.0
NO_EVENTS: Final = "no events"
NO_INFORMATION: Final = "too little information to tell the covariates apart"
NO_VARIATION: Final = "the covariates do not vary where patients are at risk"


@dataclass(frozen=True)
class CoxFit:
    """
    Fitted Cox model.

    Parameters
    ----------
    names : tuple of str
        Covariates.
    coef, std_error : ndarray of shape (p,)
        Log hazard ratios and their standard errors (robust ones when asked for); NaN for a
        covariate that is a combination of others (``aliased``), and everywhere when ``note`` says
        why nothing could be estimated.
    variance, naive_variance : ndarray of shape (p, p)
        Covariance of the coefficients; naive is the inverse information.
    loglik_null, loglik : float
        Log partial likelihood at 0 and at the maximum; with the penalty in a Firth fit.
    score_test, wald, lrt : float
        Chi-square statistics with ``df`` degrees of freedom.
    df, n, n_events, n_strata, strata_without_events, n_clusters : int
        Sizes; strata without events contribute nothing and are counted.
    aliased : ndarray of bool of shape (p,)
        Covariates left out because they don't vary beside the others.
    note : str
        Empty when there is a maximum, else the reason.
    x : ndarray of shape (n, p)
        Covariates as given.
    sample, stratum, strata_levels, sets, offset
        What was fitted; ``strata_levels`` names the strata that ``stratum`` numbers.
    firth : bool
        Whether the likelihood was penalised.
    """

    names: tuple[str, ...]
    coef: Floats
    std_error: Floats
    variance: Floats
    naive_variance: Floats
    loglik_null: float
    loglik: float
    score_test: float
    wald: float
    lrt: float
    df: int
    n: int
    n_events: int
    n_strata: int
    strata_without_events: int
    n_clusters: int
    aliased: Bools
    note: str
    x: Floats
    sample: Sample
    stratum: Integers
    strata_levels: tuple[object, ...]
    sets: RiskSets
    offset: Floats
    firth: bool = False

    @property
    def linear_predictor(self) -> Floats:
        """Linear predictor of every row, not centred, with the offset."""
        return self.x @ np.where(self.aliased, 0.0, self.coef) + self.offset

    @property
    def p(self) -> Floats:
        """Two-sided Wald P values."""
        return normal_tails(self.coef / self.std_error)

    @property
    def lrt_p(self) -> float:
        """P value of the likelihood-ratio test of all covariates."""
        return chi2_tail(self.lrt, self.df) if self.df else float("nan")

    @property
    def interval(self) -> tuple[Floats, Floats]:
        """95 % Wald limits of the log hazard ratios."""
        return self.coef - Z95 * self.std_error, self.coef + Z95 * self.std_error

    @property
    def aic(self) -> float:
        """Akaike's criterion on the partial likelihood."""
        return -2.0 * self.loglik + 2.0 * self.df

    @property
    def bic(self) -> float:
        """Schwarz's criterion with the number of events as sample size."""
        return -2.0 * self.loglik + self.df * float(np.log(self.n_events))


def fit_cox(
    x: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    names: Sequence[str] | None = None,
    ties: str = "efron",
    offset: ArrayLike | None = None,
    robust: bool = False,
    cluster: ArrayLike | None = None,
    firth: bool = False,
    engine: str = "newton",
) -> CoxFit:
    """
    Fit a Cox model.

    Estimand: log hazard ratio per unit of each covariate, the baseline hazard of each stratum free.

    Parameters
    ----------
    x : array_like of shape (n, p) or (n,)
        Covariates, not missing.
    time : array_like of shape (n,)
        Days to event or end of observation (of the row, in counting-process form).
    event : array_like of shape (n,)
        1 for the event, 0 for censored.
    entry : array_like of shape (n,), optional
        Days at which observation of the row began: delayed entry, or the start of an interval of
        constant covariates. Missing means from time zero.
    strata : array_like of shape (n,), optional
        Stratum of every row.
    weights : array_like of shape (n,), optional
        Case weights; rows of weight 0 are left out. The naive variance takes them as numbers of
        patients; with other weights ask for ``robust``.
    names : sequence of str, optional
        Names of the covariates.
    ties : {"efron", "breslow"}
        Handling of tied deaths.
    offset : array_like of shape (n,), optional
        Known part of the linear predictor.
    robust : bool
        Lin-Wei sandwich variance.
    cluster : array_like of shape (n,), optional
        Rows of one patient or centre; implies ``robust``.
    firth : bool
        Penalise by Jeffreys' prior: finite estimates also under separation.
    engine : {"newton", "lifelines"}
        What finds the maximum. lifelines' answer is polished and certified by the same Newton
        step; where lifelines can't (offset, Firth, Breslow) or fails, Newton starts from 0.

    Returns
    -------
    CoxFit
        Fit; without events, without variation or under separation a fit of NaN with the reason.

    Raises
    ------
    ValueError
        When the sample is impossible, a covariate is missing or an option unknown.

    References
    ----------
    Cox 1972, doi:10.1111/j.2517-6161.1972.tb00899.x.
    Efron 1977, doi:10.1080/01621459.1977.10480613.
    Heinze, Schemper 2001, doi:10.1111/j.0006-341x.2001.00114.x (Firth).

    Examples
    --------
    >>> fit = fit_cox([0, 1, 0, 1], [4, 2, 3, 1], [1, 0, 1, 1], names=["treated"])
    >>> fit.n_events, fit.note[:10]
    (3, 'separation')
    >>> round(float(fit_cox([0, 1, 0, 1, 1], [4, 2, 3, 1, 5], [1, 1, 1, 1, 1]).coef[0]), 4)
    0.0692
    """
    if engine not in ENGINES:
        raise ValueError(f"unknown engine {engine!r}; known: {', '.join(ENGINES)}")
    sample = make_sample(time, event, entry, weights)
    given = read_covariates(x, sample.n)
    label = tuple(names) if names is not None else tuple(f"x{i + 1}" for i in range(given.shape[1]))
    number, levels = codes(strata, sample.n)
    known = np.zeros(sample.n) if offset is None else np.asarray(offset, dtype=np.float64)
    groups = None if cluster is None else codes(cluster, sample.n)[0]
    use = sample.weight > 0
    if not use.all():
        sample, given, number, known = sample.take(use), given[use], number[use], known[use]
        groups = None if groups is None else groups[use]
    sets = RiskSets(sample, number, ties)
    blank = _blank(label, given, sample, number, tuple(levels), sets, known, firth)
    if not sample.n_events:
        return replace(blank, note=NO_EVENTS)
    scaled, scale = scale_covariates(given)
    keep = _independent(sets, scaled, known)
    if not keep.any():
        return replace(blank, note=NO_VARIATION)
    problem = Likelihood(sets, scaled[:, keep], known, firth)
    plain = engine == "lifelines" and not firth and ties == "efron" and offset is None
    start = _lifelines_start(scaled[:, keep], sample, number) if plain else np.zeros(keep.sum())
    best = maximise(problem, start, 200 if firth else 30)
    fit = _complete(blank, problem, best, keep, scale)
    if fit.note or (groups is None and not robust):
        return fit
    return with_robust_variance(fit, groups)


def _independent(sets: RiskSets, x: Floats, offset: Floats) -> Bools:
    """Covariates that vary within risk sets beside those before them (as R's NA coefficients)."""
    information = derivatives(sets, x, offset).information / max(float(sets.term_weight.sum()), 1.0)
    keep: Bools = np.zeros(x.shape[1], dtype=bool)
    for j in range(x.shape[1]):
        left = information[j, j]
        if keep.any():
            cross = information[j, keep]
            left -= cross @ np.linalg.solve(information[np.ix_(keep, keep)], cross)
        keep[j] = left > 1e-9 * max(information[j, j], 1e-3)
    return keep


def _lifelines_start(x: Floats, sample: Sample, stratum: Integers) -> Floats:
    """Coefficients found by lifelines; zeros when it gives up, which Newton then does better."""
    import pandas as pd
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError

    table = pd.DataFrame(x, columns=[f"x{i}" for i in range(x.shape[1])])
    columns: dict[str, str] = {}
    table["time"], table["event"] = sample.time, sample.event
    if sample.delayed:
        # lifelines wants a finite entry before the exit; nothing happens before the first exit.
        table["entry"] = np.where(np.isfinite(sample.entry), sample.entry, -1.0)
        columns["entry_col"] = "entry"
    if np.any(sample.weight != 1):
        table["weight"] = sample.weight
        columns["weights_col"] = "weight"
    if stratum.max() > 0:
        table["stratum"] = stratum
        columns["strata"] = "stratum"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fitted = CoxPHFitter().fit(table, "time", "event", **columns)
        except (ConvergenceError, ValueError, ArithmeticError, np.linalg.LinAlgError):
            return np.zeros(x.shape[1])
    found = fitted.params_.to_numpy(dtype=np.float64)
    # Far out the likelihood is flat and every point there looks like a maximum.
    usable = np.isfinite(found).all() and np.ptp(x @ found) < FARTHEST_START
    return found if usable else np.zeros(x.shape[1])


def _blank(
    names: tuple[str, ...], x: Floats, sample: Sample, stratum: Integers,
    levels: tuple[object, ...], sets: RiskSets, offset: Floats, firth: bool,
) -> CoxFit:  # fmt: skip
    """Everything that is known before the fit, and NaN for the rest."""
    p, nan = x.shape[1], float("nan")
    none, square = np.full(p, np.nan), np.full((p, p), np.nan)
    n_strata = int(np.unique(stratum).size)
    silent = n_strata - sets.strata_with_events
    return CoxFit(
        names, none, none, square, square, nan, nan, nan, nan, nan, 0, sample.n, sample.n_events,
        n_strata, silent, 0, np.ones(p, dtype=bool), "", x, sample, stratum, levels, sets,
        offset, firth,
    )  # fmt: skip


def _complete(
    blank: CoxFit, problem: Likelihood, best: Optimum, keep: Bools, scale: Floats
) -> CoxFit:
    """Tests and covariance, back on the covariates' own scale."""
    zero = derivatives(problem.sets, problem.x, problem.offset)
    null, value = zero.loglik, best.value
    if problem.firth:
        # The penalty depends on the scale of the covariates: report it on theirs.
        rescale = float(np.log(scale[keep]).sum())
        null += half_log_determinant(zero.information) + rescale
        value += rescale
    reason = best.problem or _collinear(best.information)
    if reason:
        return replace(blank, aliased=~keep, loglik_null=null, note=reason)
    p = keep.size
    inner = np.linalg.inv(best.information)
    naive, coef = np.zeros((p, p)), np.full(p, np.nan)
    naive[np.ix_(keep, keep)] = inner / np.outer(scale[keep], scale[keep])
    coef[keep] = best.beta / scale[keep]
    error = np.sqrt(np.diag(naive))
    error[~keep] = np.nan
    return replace(
        blank,
        coef=coef,
        std_error=error,
        variance=naive,
        naive_variance=naive,
        loglik_null=null,
        loglik=value,
        score_test=float(zero.score @ np.linalg.solve(zero.information, zero.score)),
        wald=float(best.beta @ best.information @ best.beta),
        lrt=2.0 * (value - null),
        df=int(keep.sum()),
        aliased=~keep,
    )


def _collinear(information: Floats) -> str:
    """Reason when the covariates can't be told apart at the estimate."""
    size = np.sqrt(np.diag(information))
    spread = np.linalg.eigvalsh(information / np.outer(size, size))
    return NO_INFORMATION if spread[0] < 1e-11 else ""


def with_robust_variance(fit: CoxFit, groups: Integers | None) -> CoxFit:
    """
    Replace the variance by the Lin-Wei sandwich.

    Parameters
    ----------
    fit : CoxFit
        Fitted model.
    groups : ndarray of int of shape (n,) or None
        Cluster number of every row; None makes every row its own cluster.

    Returns
    -------
    CoxFit
        The same coefficients with robust variance and Wald test.

    References
    ----------
    Lin, Wei 1989, doi:10.1080/01621459.1989.10478874.
    """
    from spinemets.survival.residuals import dfbeta

    influence = dfbeta(fit)
    if groups is not None:
        total = np.zeros((int(groups.max()) + 1, influence.shape[1]))
        np.add.at(total, groups, influence)
        influence = total
    variance = influence.T @ influence
    keep = ~fit.aliased
    coef, inner = fit.coef[keep], variance[np.ix_(keep, keep)]
    size = fit.n if groups is None else int(np.unique(groups).size)
    singular = np.linalg.matrix_rank(inner, hermitian=True) < coef.size
    error = np.sqrt(np.diag(variance))
    error[~keep] = np.nan
    return replace(
        fit,
        variance=variance,
        std_error=error,
        wald=float("nan") if singular else float(coef @ np.linalg.solve(inner, coef)),
        n_clusters=size,
    )


def loglik_at(fit: CoxFit, coef: ArrayLike) -> float:
    """
    Log partial likelihood of a fitted model's data at other coefficients.

    Parameters
    ----------
    fit : CoxFit
        Fitted model.
    coef : array_like of shape (p,)
        Coefficients.

    Returns
    -------
    float
        Log partial likelihood without penalty.
    """
    return loglik(fit.sets, fit.x @ np.asarray(coef, dtype=np.float64) + fit.offset)
