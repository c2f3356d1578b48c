"""Which items are missing together: the patterns behind any talk of missing data."""

import pandas as pd

__all__ = ["missing_patterns"]


def missing_patterns(table: pd.DataFrame) -> pd.DataFrame:
    """
    Count the patterns of missing values.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per patient; NA and NaN are missing.

    Returns
    -------
    pandas.DataFrame
        One row per pattern, the most complete and then the most frequent first: a column of bool
        for each column of ``table`` (True: observed), columns in rising order of what is missing,
        ``patients`` and ``missing`` (number of items).

    Raises
    ------
    ValueError
        When a column is called ``patients`` or ``missing``.

    Notes
    -----
    The patterns of R's ``mice::md.pattern``, whose last row is ``table.isna().sum()``.

    Examples
    --------
    >>> found = missing_patterns(pd.DataFrame({"age": [60, 70, 65], "albumin": [35, None, None]}))
    >>> found["patients"].tolist(), found["missing"].tolist()
    ([1, 2], [0, 1])
    """
    taken = {"patients", "missing"} & set(table.columns)
    if taken:
        raise ValueError(f"table: columns {', '.join(sorted(taken))} are names of the result")
    absent = table.isna()
    order = absent.sum().sort_values(kind="stable").index
    observed = ~absent[list(order)]
    if observed.shape[1] == 0 or observed.shape[0] == 0:
        return observed.iloc[:0].assign(patients=0, missing=0)
    counted = observed.groupby(list(order), sort=True).size().rename("patients").reset_index()
    counted["missing"] = (~counted[list(order)].astype(bool)).sum(axis=1)
    by = ["missing", "patients", *order]
    ascending = [True, False, *([False] * len(order))]
    return counted.sort_values(by, ascending=ascending, ignore_index=True)
