"""Patients for the tests of scores: complete ones, and ones with cells taken away."""

import numpy as np
import pandas as pd

from spinemets import contract, vocabulary
from spinemets.scores.cells import levels_of
from spinemets.sins import SINS_POINTS

#: Columns in which a complete random patient is drawn by rule, see ``consistent``.
ORGANS = ("lung", "liver", "kidney", "brain")


def random_value(column, rng):
    """A value that the contract allows."""
    if column.name == "primary":
        precise = [p for p in levels_of("primary") if not vocabulary.primaries()[p].could_be]
        return str(rng.choice(precise))
    if column.kind == "boolean":
        return bool(rng.random() < 0.5)
    if column.levels:
        return str(rng.choice(list(column.levels)))
    if column.is_numeric:
        low, high = float(column.minimum), float(column.maximum)
        step = column.step or (1.0 if column.kind == "integer" else 0.0)
        if step:
            top = min(high, low + 12 * step)
            return float(low + step * rng.integers(0, int((top - low) / step) + 1))
        return float(round(rng.choice([low, high, rng.uniform(low, high)]), 3))
    return "1"


def consistent(patient, rng):
    """Make the columns of a patient agree with each other, as a real patient's do."""
    organs = {f"metastasis_{o}": bool(rng.random() < 0.3) for o in ORGANS}
    # Neither the brain alone nor the adrenal alone: how an organ that wasn't recorded is read
    # (concepts.yaml) leaves these out.
    organs["metastasis_lung"] |= sum(organs.values()) == organs["metastasis_brain"] == 1
    adrenal = any(organs.values()) and bool(rng.random() < 0.3)
    patient.update(organs, metastasis_adrenal=adrenal, visceral_metastases=any(organs.values()))
    if rng.random() < 0.4:
        patient.update(n_vertebral_metastases=1, n_extraspinal_bone_metastases=0)
    one = patient["n_vertebral_metastases"] == 1 and patient["n_extraspinal_bone_metastases"] == 0
    none = patient["n_vertebral_metastases"] + patient["n_extraspinal_bone_metastases"] == 0
    patient["solitary_skeletal_metastasis"] = one or (none and bool(rng.random() < 0.5))
    solitary = patient["solitary_skeletal_metastasis"]
    patient["other_bone_metastases"] = not solitary
    patient["bone_metastases"] = True
    elsewhere = bool(rng.random() < 0.2)
    patient["metastasis_disseminated"] = elsewhere
    outside = any(organs.values()) or elsewhere
    patient["metastases_outside_bone"] = outside
    patient["n_organ_systems_beyond_bone"] = float(sum(organs.values()) + adrenal + elsewhere)
    patient["n_organ_systems"] = patient["n_organ_systems_beyond_bone"] + 1
    patient["n_extraspinal_organs"] = float(sum(organs.values()) + adrenal)
    patient["total_sins"] = sum(points[patient[c]] for c, points in SINS_POINTS.items())
    patient["sole_metastasis"] = solitary and not outside
    for name in [n for n in patient if n.startswith("survival_") and n != "survival_days"]:
        months = float(name.rsplit("_", 1)[1].rstrip("mod")) / (30 if name.endswith("d") else 1)
        patient[name] = round(0.9**months, 3)
    return patient


def complete_patients(n, seed=0):
    """A table of patients in whom everything is recorded and consistent."""
    rng = np.random.default_rng(seed)
    columns = [
        c
        for c in contract.columns().values()
        if c.kind != "identifier" and not c.name.endswith(("_low", "_high"))
    ]
    rows = [consistent({c.name: random_value(c, rng) for c in columns}, rng) for _ in range(n)]
    frame = pd.DataFrame(rows)
    frame.insert(0, "patient_id", [str(i + 1) for i in range(n)])
    for column in columns:
        frame[column.name] = frame[column.name].astype(contract.pandas_dtype(column))
    return frame


def with_gaps(frame, share, seed=0):
    """The same patients with cells taken away at random."""
    rng = np.random.default_rng(seed)
    out = frame.copy()
    for name in out.columns:
        if name != "patient_id":
            out.loc[rng.random(len(out)) < share, name] = pd.NA
    return out


def roughened(frame, seed=0):
    """The same patients, some with KPS and ECOG as intervals and an imprecise primary."""
    rng = np.random.default_rng(seed)
    out = frame.copy()
    for name, step, low, high in (("kps", 10, 10, 100), ("ecog", 1, 0, 4)):
        where = rng.random(len(out)) < 0.5
        values = out[name].to_numpy(dtype=float)
        for side, sign, end in (("low", -1, low), ("high", 1, high)):
            moved = values + sign * step * rng.integers(0, 3, len(out))
            clipped = np.maximum(moved, end) if sign < 0 else np.minimum(moved, end)
            cells = pd.array(clipped, dtype="Int64")
            cells[~where] = pd.NA
            out[f"{name}_{side}"] = cells
        out.loc[where, name] = pd.NA
    wider = {}
    for term, entry in vocabulary.primaries().items():
        for precise in entry.could_be:
            wider.setdefault(precise, []).append(term)
    primaries = [
        str(rng.choice(wider[p])) if p in wider and rng.random() < 0.5 else p
        for p in out["primary"]
    ]
    out["primary"] = pd.array(primaries, dtype="string")
    return out
