"""Pooling one measure over centres or studies: fixed and random effects, prediction intervals."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri, expit, logit, stdtrit

from spinemets.performance._arrays import FloatArray
from spinemets.performance._estimate import Z95

METHODS: Final = ("FE", "DL", "REML", "ML", "PM")
FEW_CENTRES: Final = 5


@dataclass(frozen=True)
class PooledEffect:
    """
    A measure pooled over centres.

    Parameters
    ----------
    estimate, std_error, lower, upper : float
        Mean over centres with its 95 % interval, on the scale of pooling.
    prediction_lower, prediction_upper : float
        95 % interval for the measure in a new centre; NaN with a reason when there are too few.
    tau2, tau2_lower, tau2_upper : float
        Variance between centres with its Q-profile interval.
    i2, q, q_p : float
        Share of the variance that lies between centres (percent), Cochran's Q and its p-value.
    k : int
        Centres pooled.
    method : str
        Estimator of tau2, and whether Knapp and Hartung's standard error was used.
    reason : str
        Why something is missing, or a caveat.
    """

    estimate: float
    std_error: float
    lower: float
    upper: float
    prediction_lower: float
    prediction_upper: float
    tau2: float
    tau2_lower: float
    tau2_upper: float
    i2: float
    q: float
    q_p: float
    k: int
    method: str
    reason: str = ""

    def back(self, scale: str) -> "PooledEffect":
        """
        Carry estimate and intervals back from the scale of pooling.

        Parameters
        ----------
        scale : {"logit", "log"}
            Scale that the effects were put on.

        Returns
        -------
        PooledEffect
            Estimate and both intervals as C (logit) or O:E (log); standard error, tau2 and Q stay
            on the scale of pooling.
        """
        carry = {"logit": expit, "log": np.exp}.get(scale)
        if carry is None:
            raise ValueError("scale: must be 'logit' or 'log'")
        names = ("estimate", "lower", "upper", "prediction_lower", "prediction_upper")
        return PooledEffect(
            **{**self.__dict__, **{name: float(carry(getattr(self, name))) for name in names}}
        )


def pool_effects(
    effects: npt.ArrayLike,
    variances: npt.ArrayLike,
    *,
    method: str = "REML",
    knapp_hartung: bool = True,
    never_narrower: bool = False,
    prediction_df: str = "k-1",
) -> PooledEffect:
    """
    Pool effects of centres.

    Parameters
    ----------
    effects, variances : array_like of float, shape (k,)
        Effect and squared standard error per centre, on a scale where effects are about normal:
        logit C, log O:E, slope. A centre with a missing effect or no variance is left out and
        counted.
    method : {"REML", "FE", "DL", "ML", "PM"}
        Restricted maximum likelihood; fixed effect; DerSimonian and Laird; maximum likelihood;
        Paule and Mandel.
    knapp_hartung : bool
        Hartung's and Knapp's standard error with a t distribution on k - 1 degrees of freedom.
        Better than a normal interval with few centres; ignored for ``FE``.
    never_narrower : bool
        Keep Knapp-Hartung's standard error from falling below the ordinary one, which happens when
        centres agree by chance.
    prediction_df : {"k-1", "k-2"}
        Degrees of freedom of the prediction interval under Knapp-Hartung: those of ``metafor``, or
        of Higgins, Thompson and Spiegelhalter. Without Knapp-Hartung, ``k-1`` stands for a normal
        quantile, again as ``metafor`` does.

    Returns
    -------
    PooledEffect
        No prediction interval below three centres; below five it carries a caveat.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Agrees with ``metafor::rma`` and its ``predict``; tau2 is solved to machine precision where
    ``metafor`` stops at a step of 1e-5.

    References
    ----------
    Debray TPA et al. BMJ 2017;356:i6460, doi 10.1136/bmj.i6460.
    Viechtbauer W. J Stat Softw 2010;36(3), doi 10.18637/jss.v036.i03.

    Examples
    --------
    >>> found = pool_effects([0.5, 0.8, 0.6], [0.01, 0.02, 0.01], method="FE")
    >>> round(found.estimate, 2), round(found.std_error, 4)
    (0.6, 0.0632)
    """
    y, v, left_out = _check(effects, variances)
    if method not in METHODS:
        raise ValueError(f"method: must be one of {', '.join(METHODS)}")
    if prediction_df not in ("k-1", "k-2"):
        raise ValueError("prediction_df: must be 'k-1' or 'k-2'")
    k = y.size
    label = method + (" Knapp-Hartung" if knapp_hartung and method != "FE" and k > 1 else "")
    caveats = [f"{left_out} centres without an effect left out"] if left_out else []
    if k == 0:
        nan = np.nan
        why = "; ".join([*caveats, "no centre has an effect"])
        return PooledEffect(
            nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, 0, label, why
        )
    tau2 = _tau2(y, v, method) if k > 1 else 0.0
    mean, error, q = _summary(y, v, tau2)
    quantile = Z95
    if "Knapp" in label:
        ratio = float(np.sum((y - mean) ** 2 / (v + tau2)) / (k - 1))
        factor = float(np.sqrt(max(ratio, 1.0) if never_narrower else ratio))
        quantile = float(stdtrit(k - 1, 0.975))
        if factor * quantile < Z95:
            caveats.append("centres scatter less than modelled: Knapp-Hartung narrows the interval")
        error *= factor
    low, high, why = _prediction(mean, error, tau2, k, label, quantile, prediction_df)
    caveats += [why] if why else []
    if k == 1:
        caveats.append("one centre: nothing to pool")
    tau_low, tau_high = _profile(y, v) if k > 1 else (np.nan, np.nan)
    return PooledEffect(
        *(mean, error, mean - quantile * error, mean + quantile * error, low, high),
        *(tau2 if k > 1 else np.nan, tau_low, tau_high, _i2(v, tau2, q, method), q),
        *(float(chdtrc(k - 1, q)) if k > 1 else np.nan, k, label, "; ".join(caveats)),
    )


def pool_c(c: npt.ArrayLike, std_error: npt.ArrayLike, **options: object) -> PooledEffect:
    """
    Pool concordances over centres on the logit scale.

    Parameters
    ----------
    c, std_error : array_like of float, shape (k,)
        Concordance and its standard error per centre.
    **options
        As `pool_effects`.

    Returns
    -------
    PooledEffect
        Estimate and intervals as C. Centres with C of 0 or 1 are left out and counted.

    Examples
    --------
    >>> found = pool_c([0.6, 0.7, 0.65], [0.03, 0.03, 0.03])
    >>> round(found.estimate, 2)
    0.65
    """
    value = np.asarray(c, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (np.asarray(std_error, dtype=np.float64) / (value * (1 - value))) ** 2
        return pool_effects(logit(value), variance, **options).back("logit")  # type: ignore[arg-type]


def pool_ratio(ratio: npt.ArrayLike, std_error: npt.ArrayLike, **options: object) -> PooledEffect:
    """
    Pool ratios such as O:E over centres on the log scale.

    Parameters
    ----------
    ratio, std_error : array_like of float, shape (k,)
        Ratio and its standard error (of the ratio, not of its logarithm) per centre.
    **options
        As `pool_effects`.

    Returns
    -------
    PooledEffect
        Estimate and intervals as ratios.

    Examples
    --------
    >>> round(pool_ratio([1.0, 4.0], [0.1, 0.4], method="FE").estimate, 6)
    2.0
    """
    value = np.asarray(ratio, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (np.asarray(std_error, dtype=np.float64) / value) ** 2
        return pool_effects(np.log(value), variance, **options).back("log")  # type: ignore[arg-type]


def _check(effects: npt.ArrayLike, variances: npt.ArrayLike) -> tuple[FloatArray, FloatArray, int]:
    y = np.atleast_1d(np.asarray(effects, dtype=np.float64))
    v = np.atleast_1d(np.asarray(variances, dtype=np.float64))
    if y.ndim != 1:
        raise ValueError("effects: must have one dimension")
    if v.shape != y.shape:
        raise ValueError("variances: must have the shape of effects")
    if bool(np.any(v < 0)):
        raise ValueError("variances: must not be negative")
    use = np.isfinite(y) & np.isfinite(v) & (v > 0)
    return y[use], v[use], int((~use).sum())


def _summary(y: FloatArray, v: FloatArray, tau2: float) -> tuple[float, float, float]:
    """Mean and standard error for a given tau2, and Cochran's Q (at tau2 = 0)."""
    weight = 1.0 / (v + tau2)
    mean = float(weight @ y / weight.sum())
    fixed = 1.0 / v
    centre = float(fixed @ y / fixed.sum())
    return mean, float(weight.sum()) ** -0.5, float(fixed @ (y - centre) ** 2)


def _generalised_q(tau2: float, y: FloatArray, v: FloatArray) -> float:
    weight = 1.0 / (v + tau2)
    return float(weight @ (y - weight @ y / weight.sum()) ** 2)


def _tau2(y: FloatArray, v: FloatArray, method: str) -> float:
    k = y.size
    if method == "FE":
        return 0.0
    if method == "DL":
        weight = 1.0 / v
        scale = float(weight.sum() - (weight**2).sum() / weight.sum())
        return max(0.0, (_generalised_q(0.0, y, v) - (k - 1)) / scale)
    top = _upper_end(y, v)
    if method == "PM":
        return _solve(y, v, k - 1.0, top)
    return _maximise(y, v, method == "REML", top)


def _upper_end(y: FloatArray, v: FloatArray) -> float:
    return float(10.0 * (np.ptp(y) ** 2 + v.max()) + 1.0)


def _solve(y: FloatArray, v: FloatArray, target: float, top: float) -> float:
    """Tau2 at which the generalised Q equals a target; 0 when it never does."""
    if _generalised_q(0.0, y, v) <= target:
        return 0.0
    while _generalised_q(top, y, v) > target:
        top *= 10.0
    return float(brentq(lambda t: _generalised_q(t, y, v) - target, 0.0, top, xtol=1e-15))


def _maximise(y: FloatArray, v: FloatArray, restricted: bool, top: float) -> float:
    """Maximum of the (restricted) likelihood over tau2 >= 0, from the zeros of its derivative."""

    def slope(tau2: float) -> float:
        weight = 1.0 / (v + tau2)
        total = float(weight.sum())
        residual = y - float(weight @ y) / total
        value = float((weight**2) @ residual**2) - total
        return value + (float((weight**2).sum()) / total if restricted else 0.0)

    def height(tau2: float) -> float:
        weight = 1.0 / (v + tau2)
        value = 0.5 * float(np.log(weight).sum()) - 0.5 * _generalised_q(tau2, y, v)
        return value - (0.5 * float(np.log(weight.sum())) if restricted else 0.0)

    grid = np.concatenate([[0.0], np.geomspace(top * 1e-9, top, 200)])
    signs = np.array([slope(float(t)) for t in grid])
    found = [0.0]
    for left, right, a, b in zip(grid[:-1], grid[1:], signs[:-1], signs[1:], strict=True):
        if a > 0 >= b:
            found.append(float(brentq(slope, left, right, xtol=1e-15)))
    return max(found, key=height)


def _profile(y: FloatArray, v: FloatArray) -> tuple[float, float]:
    """Q-profile 95 % interval of tau2."""
    k, top = y.size, _upper_end(y, v)
    low = _solve(y, v, float(chdtri(k - 1, 0.025)), top)
    return low, _solve(y, v, float(chdtri(k - 1, 0.975)), top)


def _i2(v: FloatArray, tau2: float, q: float, method: str) -> float:
    k = v.size
    if k < 2:
        return np.nan
    if method == "FE":
        return max(0.0, 100.0 * (q - (k - 1)) / q) if q > 0 else 0.0
    weight = 1.0 / v
    typical = (k - 1) * weight.sum() / (weight.sum() ** 2 - (weight**2).sum())
    return float(100.0 * tau2 / (tau2 + typical))


def _prediction(
    mean: float, error: float, tau2: float, k: int, label: str, quantile: float, df: str
) -> tuple[float, float, str]:
    if label == "FE":
        return np.nan, np.nan, "no prediction interval under a fixed effect"
    if k < 3:
        return np.nan, np.nan, "fewer than 3 centres: no prediction interval"
    if df == "k-2":
        quantile = float(stdtrit(k - 2, 0.975))
    half = quantile * float(np.sqrt(error**2 + tau2))
    few = f"fewer than {FEW_CENTRES} centres: prediction interval unstable"
    return mean - half, mean + half, few if k < FEW_CENTRES else ""
