"""
Survival: estimates by stratum, hazard models of a score, competing risks, weighting, time zero.

Everything takes times in days and delayed entry, and returns numbers or a reason, never an
exception for data that are merely thin. `lifelines` and scikit-learn fit where they are right;
own code stands where they are measured to be wrong (see docs/explanation).
"""
