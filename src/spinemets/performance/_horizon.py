"""Kernels for what is measured at a horizon with inverse-probability-of-censoring weights.

A *cell* is a time rank and an outcome (0 censored, 1 the event of interest, 2 a competing event),
numbered ``3 * rank + outcome``. Whatever depends on these two alone is looked up in a table by
cell, so that the loops over patients have no branches: with times in random order the processor
can't guess them. ``as_case`` and ``as_control`` are the weights of a patient of each cell.
"""

import numpy as np
import numpy.typing as npt

from spinemets.performance._compile import kernel
from spinemets.performance._products import covariance as covariance

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]


@kernel
def number_cells(rank: IntArray, outcome: npt.NDArray[np.int8]) -> IntArray:
    """Number each patient's cell."""
    cell = np.empty(rank.size, np.int32)
    for i in range(rank.size):
        cell[i] = 3 * rank[i] + outcome[i]
    return cell


@kernel
def weigh_levels(
    cell: IntArray,
    level: IntArray,
    weights: FloatArray,
    as_case: FloatArray,
    as_control: FloatArray,
    level_count: int,
) -> tuple[FloatArray, FloatArray]:
    """Sum the weights of cases and of controls per score level."""
    cases = np.zeros(level_count)
    controls = np.zeros(level_count)
    if weights.size == 0:
        for i in range(cell.size):
            cases[level[i]] += as_case[cell[i]]
            controls[level[i]] += as_control[cell[i]]
    else:
        for i in range(cell.size):
            cases[level[i]] += weights[i] * as_case[cell[i]]
            controls[level[i]] += weights[i] * as_control[cell[i]]
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
    cell: IntArray,
    level: IntArray,
    weights: FloatArray,
    as_case: FloatArray,
    as_control: FloatArray,
    of_case: FloatArray,
    of_control: FloatArray,
    out: FloatArray,
) -> FloatArray:
    """Write each patient's own term of the AUC into ``out``; return its sums by cell."""
    sums = np.zeros(as_case.size)
    for i in range(cell.size):
        c = cell[i]
        value = as_case[c] * of_case[level[i]] + as_control[c] * of_control[level[i]]
        if weights.size > 0:
            value *= weights[i]
        out[i] = value
        sums[c] += value
    return sums


@kernel
def brier_parts(
    cell: IntArray,
    risk: FloatArray,
    weights: FloatArray,
    as_case: FloatArray,
    as_control: FloatArray,
    total: float,
    out: FloatArray,
) -> FloatArray:
    """Write each patient's weighted squared residual, divided by ``total``, into ``out``.

    Returns the sums by cell.
    """
    sums = np.zeros(as_case.size)
    share = 1.0 / total
    for i in range(cell.size):
        c = cell[i]
        missed = 1.0 - risk[i]
        value = (as_case[c] * missed * missed + as_control[c] * risk[i] * risk[i]) * share
        if weights.size > 0:
            value *= weights[i]
        out[i] = value
        sums[c] += value
    return sums


@kernel
def brier_sum(
    cell: IntArray,
    risk: FloatArray,
    weights: FloatArray,
    as_case: FloatArray,
    as_control: FloatArray,
) -> float:
    """Sum the weighted squared residuals."""
    total = 0.0
    for i in range(cell.size):
        missed = 1.0 - risk[i]
        value = as_case[cell[i]] * missed * missed + as_control[cell[i]] * risk[i] * risk[i]
        total += value if weights.size == 0 else weights[i] * value
    return total


@kernel
def censoring_terms(
    sums: FloatArray, hazard: FloatArray, at_risk: FloatArray, upto: int
) -> FloatArray:
    """Return, per cell, what a patient contributes by his part in the estimate of G.

    ``sums`` holds all patients' own terms by cell: what a change of G acts on. ``hazard`` is the
    cumulative sum of censorings / at_risk^2. The term is the integral of those sums against the
    martingale of the patient's censoring, per unit of his weight.
    """
    terms = np.empty(sums.size)
    times = sums.size // 3
    own = np.zeros(upto)
    end = 0.0
    for d in range(times):
        value = sums[3 * d] + sums[3 * d + 1] + sums[3 * d + 2]
        if d < upto:
            own[d] = value
        else:
            end += value
    later = end + own.sum()
    past = 0.0
    for d in range(upto):
        later -= own[d]
        past -= own[d] * (hazard[d - 1] if d > 0 else 0.0)
        terms[3 * d + 1 : 3 * d + 3] = past - later * hazard[d]
        terms[3 * d] = past + later * (1.0 / at_risk[d] - hazard[d])
    terms[3 * upto :] = past - end * (hazard[upto - 1] if upto > 0 else 0.0)
    return terms


@kernel
def sum_cells(cell: IntArray, values: FloatArray, cells: int) -> FloatArray:
    """Sum patients' values by cell."""
    sums = np.zeros(cells)
    for i in range(cell.size):
        sums[cell[i]] += values[i]
    return sums


@kernel
def add_terms(cell: IntArray, terms: FloatArray, weights: FloatArray, out: FloatArray) -> None:
    """Add each patient's term, times his weight, to ``out``."""
    for i in range(cell.size):
        out[i] += terms[cell[i]] if weights.size == 0 else terms[cell[i]] * weights[i]
