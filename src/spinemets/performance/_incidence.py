"""The cohort's own risk: Kaplan-Meier, or Aalen-Johansen with competing events."""

import numpy as np

from spinemets.performance._arrays import FloatArray
from spinemets.performance._ipcw import Setting


def incidence_at(setting: Setting) -> FloatArray:
    """Return the probability of the event of interest by each horizon (0 before any event)."""
    panel = setting.panel
    if panel.n == 0:
        return np.zeros(setting.horizons.size)
    at_risk, survival, _ = panel.risk_sets
    weights = panel.weights if panel.weights.size else None
    hits = np.bincount(setting.cell, weights, minlength=3 * panel.size)[1::3]
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.where(hits > 0, survival * hits / at_risk, 0.0)
    return np.asarray(np.append(0.0, np.cumsum(steps))[setting.upto])
