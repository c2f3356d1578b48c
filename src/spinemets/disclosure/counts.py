"""Counts of a private cohort: rounded, withheld when small, and protected against subtraction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Rule:
    """
    How counts of a private cohort are treated.

    Parameters
    ----------
    minimum : int
        A count whose rounded value lies above zero and below this is withheld.
    step : int
        Counts are rounded to the midpoints of steps of this size; 1 leaves them as they are.
    """

    minimum: int
    step: int

    def text(self) -> str:
        """
        Say the rule in words.

        Returns
        -------
        str
            Sentence for footnotes.

        Examples
        --------
        >>> Rule(11, 6).text()
        'Counts are rounded to the midpoints of steps of 6; rounded counts below 11 are withheld.'
        """
        return (
            f"Counts are rounded to the midpoints of steps of {self.step}; "
            f"rounded counts below {self.minimum} are withheld."
        )


def midpoint(n: pd.Series, step: int) -> pd.Series:
    """
    Round counts to the midpoints of steps: with steps of 6, 1-6 becomes 3 and 7-12 becomes 9.

    Parameters
    ----------
    n : pandas.Series
        Counts of patients, not negative; missing stays missing.
    step : int
        Size of a step; 1 leaves counts as they are.

    Returns
    -------
    pandas.Series
        ``Int64``; zero stays zero.

    Notes
    -----
    The same count always becomes the same number, so printing it twice tells nothing more (random
    noise would average out). Unlike rounding to multiples, no small count is turned into zero, and
    the expected error is half a patient at most.

    Examples
    --------
    >>> import pandas as pd
    >>> midpoint(pd.Series([0, 1, 6, 7, 13]), 6).tolist()
    [0, 3, 3, 9, 15]
    """
    whole = n.astype("Int64")
    zero = whole.eq(0).fillna(False).astype(bool)
    return (-(-whole // step) * step - step // 2).mask(zero, 0).astype("Int64")


def protect(n: pd.Series, rule: Rule) -> pd.Series:
    """
    Round counts and withhold what is still below the minimum.

    Parameters
    ----------
    n : pandas.Series
        Counts of patients; missing stays missing.
    rule : Rule
        Minimum and step.

    Returns
    -------
    pandas.Series
        ``Int64``; withheld counts are missing.

    Notes
    -----
    The minimum is compared with the rounded count: with steps of 6 and a minimum of 11, counts up
    to 12 are withheld. Comparing the count itself would print a 9 that can only be 11 or 12.

    Examples
    --------
    >>> import pandas as pd
    >>> protect(pd.Series([0, 5, 12, 13, 100]), Rule(11, 6)).tolist()
    [0, <NA>, <NA>, 15, 99]
    """
    rounded = midpoint(n, rule.step)
    return rounded.mask(is_small(n, rule))


def is_small(n: pd.Series, rule: Rule) -> pd.Series:
    """
    Tell which counts have to be withheld.

    Parameters
    ----------
    n : pandas.Series
        Counts of patients; missing counts as not small.
    rule : Rule
        Minimum and step.

    Returns
    -------
    pandas.Series
        Boolean.
    """
    rounded = midpoint(n, rule.step)
    return (rounded.gt(0) & rounded.lt(rule.minimum)).fillna(False).astype(bool)


def protect_part(part: pd.Series, whole: pd.Series, rule: Rule, *, everyone: bool) -> pd.Series:
    """
    Protect a count beside its whole: the rest must not be small either.

    Parameters
    ----------
    part, whole : pandas.Series
        Counts; ``part`` is contained in ``whole``.
    rule : Rule
        Minimum and step.
    everyone : bool
        Withhold the part also when it is the whole ("all of them died").

    Returns
    -------
    pandas.Series
        ``Int64``; withheld counts are missing.
    """
    rest = (whole.astype("Int64") - part.astype("Int64")).clip(lower=0)
    hidden = is_small(rest, rule)
    if everyone:
        hidden |= (rest.eq(0) & whole.astype("Int64").gt(0)).fillna(False).astype(bool)
    return protect(part, rule).mask(hidden)


def complement(protected: pd.Series, original: pd.Series) -> pd.Series:
    """
    Withhold a second cell where one withheld cell could be had by subtraction from the total.

    Parameters
    ----------
    protected : pandas.Series
        Cells of one group that add up to a known total, after ``protect``.
    original : pandas.Series
        The same cells before.

    Returns
    -------
    pandas.Series
        With exactly one cell withheld, the smallest other cell above zero is withheld too.

    Examples
    --------
    >>> import pandas as pd
    >>> cells = pd.Series([4, 40, 200])
    >>> complement(protect(cells, Rule(11, 6)), cells).tolist()
    [<NA>, <NA>, 201]
    """
    withheld = protected.isna() & original.notna()
    if int(withheld.sum()) != 1:
        return protected
    others = original[~withheld & original.astype("Int64").gt(0).fillna(False).astype(bool)]
    if others.empty:
        return protected
    smallest = others.astype("int64").idxmin()
    return protected.mask(protected.index == smallest)


def significant(x: pd.Series, digits: int) -> pd.Series:
    """
    Round numbers to significant digits, so that no exact count can be solved for.

    Parameters
    ----------
    x : pandas.Series
        Numbers; missing stays missing.
    digits : int
        Significant digits.

    Returns
    -------
    pandas.Series
        ``float64``.

    Examples
    --------
    >>> import pandas as pd
    >>> significant(pd.Series([0.6543219, 12345.0]), 3).tolist()
    [0.654, 12300.0]
    """
    return x.astype("float64").map(lambda v: float(f"{v:.{digits}g}"), na_action="ignore")
