"""
Disclosure control: the only door from private to released results.

A public or simulated cohort passes unchanged. Of a private cohort every count is rounded to the
midpoints of steps, what is still below the minimum cell is withheld, and everything that would
give a count away (percentages, Kaplan-Meier curves, medians) is computed again from the rounded
counts. The docstrings of its modules say why each rule is there and what it doesn't protect.
"""

from spinemets.disclosure.counts import Rule
from spinemets.disclosure.door import read, release, release_cohort

__all__ = ["Rule", "read", "release", "release_cohort"]
