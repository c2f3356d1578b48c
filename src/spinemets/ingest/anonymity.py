"""k-anonymity: how many patients share what an acquaintance may know of each."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

#: What somebody who knows a patient may know, the most common knowledge first.
QUASI_IDENTIFIERS: Final = ("age_years", "sex", "primary", "calendar_year", "centre")
COLUMNS: Final = ("cohort", "quasi_identifiers", "class_size", "n")
#: Patients who share all their quasi-identifiers.
SIZES: Final = {"1": 1, "2 to 4": 4, "5 to 10": 10, "11 or more": 2**31}
AGE_STEP: Final = 5


def k_anonymity(patients: pd.DataFrame, cohort: str) -> pd.DataFrame:
    """
    Count patients by the number of patients who look the same to an acquaintance.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.
    cohort : str
        Cohort id.

    Returns
    -------
    pandas.DataFrame
        ``quasi_identifiers``: the columns known together (age in steps of five years), from two
        columns to all that the cohort has; ``class_size``: how many patients share their values;
        ``n``: patients in classes of that size. A missing value counts as a value: who isn't known
        to have one can't be told from others by it.

    References
    ----------
    Sweeney L. k-anonymity: a model for protecting privacy. Int J Uncertain Fuzz 2002;10:557-570.
    doi:10.1142/S0218488502001648

    Examples
    --------
    >>> import pandas as pd
    >>> found = k_anonymity(pd.DataFrame({"age_years": [61, 62, 80], "sex": ["male"] * 3}), "demo")
    >>> dict(zip(found["class_size"], found["n"]))
    {'1': 1, '2 to 4': 2, '5 to 10': 0, '11 or more': 0}
    """
    known = [c for c in QUASI_IDENTIFIERS if c in patients and patients[c].notna().any()]
    rows = []
    code = np.zeros(len(patients), dtype=np.int64)
    for number, name in enumerate(known, 1):
        values = patients[name]
        if name == "age_years":
            values = values.astype("float64") // AGE_STEP
        codes = pd.factorize(values, use_na_sentinel=False)[0].astype(np.int64)
        # Numbered afresh each time: the product of many columns would overflow.
        code = np.unique(code * (codes.max(initial=0) + 1) + codes, return_inverse=True)[1]
        if number < 2:
            continue
        sizes = np.bincount(code)[code] if len(code) else code
        low = 0
        for label, high in SIZES.items():
            n = int(((sizes > low) & (sizes <= high)).sum())
            rows.append((cohort, ", ".join(known[:number]), label, n))
            low = high
    return pd.DataFrame(rows, columns=list(COLUMNS))
