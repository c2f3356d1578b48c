"""One patient from the command line: texts become values of the contract."""

from __future__ import annotations

from typing import Any

from spinemets import contract
from spinemets.errors import Fault, InputError
from spinemets.scores import terms


def read_patient(given: dict[str, str]) -> dict[str, Any]:
    """
    Give the options of one patient the types of the contract.

    Parameters
    ----------
    given : dict of str to str
        Column to text.

    Returns
    -------
    dict of str to object
        Column to value in the contract's unit; with what the words for the primary tell of its
        biology.

    Raises
    ------
    InputError
        With every value that the contract doesn't allow.

    Examples
    --------
    >>> read_patient({"kps": "80", "albumin_g_per_l": "3.5 g/dL", "smoker": "no"})
    {'kps': 80.0, 'albumin_g_per_l': 35.0, 'smoker': False}
    >>> read_patient({"primary": "NSCLC"})
    {'primary': 'lung', 'small_cell': False}
    """
    out, faults = {}, []
    for name, text in given.items():
        try:
            out[name] = terms.value(contract.columns()[name], text)
        except ValueError as err:
            option = f"--{name.replace('_', '-')}"
            rule = "not a value of the contract"
            faults.append(Fault("spinemets score", rule, str(err), option))
    told = terms.biology(given.get("primary", ""))
    for name, flag in told.items():
        if out.setdefault(name, flag) != flag:
            rule = "contradicts the words given for the primary"
            option = f"--{name.replace('_', '-')}"
            faults.append(Fault("spinemets score", rule, "correct one of the two", option))
    if faults:
        raise InputError(faults)
    return out
