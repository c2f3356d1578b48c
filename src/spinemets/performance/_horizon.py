"""Kernels for what is measured at a horizon with inverse-probability-of-censoring weights.

``outcome`` is 0 censored, 1 the event of interest, 2 a competing event. Time ranks below ``upto``
lie at or before the horizon. Cases are events of interest by the horizon; controls are patients
followed beyond it and, with competing risks, competing events by the horizon.
"""

import numpy as np
import numpy.typing as npt

from spinemets.performance._compile import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
CodeArray = npt.NDArray[np.int8]


@kernel
def weigh_levels(
    rank: IntArray,
    outcome: CodeArray,
    level: IntArray,
    weights: FloatArray,
    inverse: FloatArray,
    inverse_end: float,
    upto: int,
    level_count: int,
) -> tuple[FloatArray, FloatArray]:
    """Sum the weights of cases and of controls per score level."""
    cases = np.zeros(level_count)
    controls = np.zeros(level_count)
    for i in range(rank.size):
        weight = 1.0 if weights.size == 0 else weights[i]
        if rank[i] >= upto:
            controls[level[i]] += weight * inverse_end
        elif outcome[i] == 1:
            cases[level[i]] += weight * inverse[rank[i]]
        elif outcome[i] == 2:
            controls[level[i]] += weight * inverse[rank[i]]
    return cases, controls


@kernel
def level_influence(
    cases: FloatArray, controls: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Return the AUC and its derivative with respect to a case's and a control's weight."""
    size = cases.size
    case_total = cases.sum()
    control_total = controls.sum()
    product = case_total * control_total
    of_case = np.zeros(size)
    of_control = np.zeros(size)
    won = 0.0
    below = 0.0
    for v in range(size):
        of_case[v] = below + 0.5 * controls[v]
        won += cases[v] * of_case[v]
        below += controls[v]
    auc = won / product
    above = 0.0
    for v in range(size - 1, -1, -1):
        of_control[v] = (above + 0.5 * cases[v] - auc * case_total) / product
        of_case[v] = (of_case[v] - auc * control_total) / product
        above += cases[v]
    return auc, of_case, of_control


@kernel
def auc_parts(
    rank: IntArray,
    outcome: CodeArray,
    level: IntArray,
    weights: FloatArray,
    inverse: FloatArray,
    inverse_end: float,
    upto: int,
    of_case: FloatArray,
    of_control: FloatArray,
    out: FloatArray,
) -> None:
    """Write each patient's own term of the AUC (weights taken as known) into ``out``."""
    for i in range(rank.size):
        value = 0.0
        if rank[i] >= upto:
            value = of_control[level[i]] * inverse_end
        elif outcome[i] == 1:
            value = of_case[level[i]] * inverse[rank[i]]
        elif outcome[i] == 2:
            value = of_control[level[i]] * inverse[rank[i]]
        out[i] = value if weights.size == 0 else value * weights[i]


@kernel
def brier_parts(
    rank: IntArray,
    outcome: CodeArray,
    risk: FloatArray,
    weights: FloatArray,
    inverse: FloatArray,
    inverse_end: float,
    upto: int,
    total: float,
    out: FloatArray,
) -> float:
    """Write each patient's weighted squared residual, divided by ``total``, into ``out``."""
    score = 0.0
    for i in range(rank.size):
        value = 0.0
        if rank[i] >= upto:
            value = risk[i] * risk[i] * inverse_end
        elif outcome[i] == 1:
            value = (1.0 - risk[i]) * (1.0 - risk[i]) * inverse[rank[i]]
        elif outcome[i] == 2:
            value = risk[i] * risk[i] * inverse[rank[i]]
        value = value / total if weights.size == 0 else value * weights[i] / total
        out[i] = value
        score += value
    return score


@kernel
def add_censoring_term(
    rank: IntArray,
    outcome: CodeArray,
    weights: FloatArray,
    hazard: FloatArray,
    at_risk: FloatArray,
    upto: int,
    out: FloatArray,
) -> None:
    """Add what each patient contributes by his part in the estimate of G.

    ``out`` holds every patient's own term; its sums per time are what a change of G acts on.
    ``hazard`` is the cumulative sum of censorings / at_risk^2. A patient's term is the integral
    of those sums against the martingale of his censoring, per unit of his weight.
    """
    own = np.zeros(upto)
    end = 0.0
    for i in range(rank.size):
        if rank[i] < upto:
            own[rank[i]] += out[i]
        else:
            end += out[i]
    later = np.zeros(upto + 1)
    later[upto] = end
    for d in range(upto - 1, -1, -1):
        later[d] = later[d + 1] + own[d]
    past = np.zeros(upto + 1)
    for d in range(upto):
        past[d + 1] = past[d] - own[d] * (hazard[d - 1] if d > 0 else 0.0)
    beyond = past[upto] - end * (hazard[upto - 1] if upto > 0 else 0.0)
    for i in range(rank.size):
        d = rank[i]
        value = beyond
        if d < upto:
            jump = 1.0 / at_risk[d] if outcome[i] == 0 else 0.0
            value = past[d + 1] + later[d + 1] * (jump - hazard[d])
        out[i] += value if weights.size == 0 else value * weights[i]


@kernel
def covariance(rows: FloatArray) -> FloatArray:
    """Covariance of sums of influence values: n/(n-1) times centred cross-products.

    ``rows`` has one row per score. Blocks of patients are turned round first, so that the inner
    loop runs over scores and the order of summation never depends on threads.
    """
    size, n = rows.shape
    if n < 2:
        return np.full((size, size), np.nan)
    mean = np.zeros(size)
    for a in range(size):
        mean[a] = rows[a].sum() / n
    total = np.zeros((size, size))
    block = np.zeros((256, size))
    for begin in range(0, n, 256):
        length = min(256, n - begin)
        for a in range(size):
            for i in range(length):
                block[i, a] = rows[a, begin + i] - mean[a]
        for i in range(length):
            for a in range(size):
                left = block[i, a]
                for b in range(size):
                    total[a, b] += left * block[i, b]
    total *= n / (n - 1.0)
    return total
