"""
Exports of three invented hospitals that no part of the code was written for.

Each writer gives a file as its owner would export it, and the truth behind it in terms of the
contract, so that a test can go the way of a new user and compare what arrives with what was meant.
All patients are drawn here at random (SIMULATED, nobody's data).
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd

PATIENTS, SEED = 90, 77
PRIMARIES = ("breast", "lung", "prostate", "kidney", "myeloma", "unknown_primary", "melanoma")
ORGANS = ("liver", "lung", "brain", "adrenal")
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Export:
    """A file, its dictionary if it has one, and the truth by column of the contract."""

    file: Path
    truth: pd.DataFrame
    dictionary: Path | None = None


def truth() -> pd.DataFrame:
    """Patients by columns of the contract, with days of the calendar beside them."""
    rng = np.random.default_rng(SEED)
    n = PATIENTS
    out = pd.DataFrame({"number": [f"{7000 + i}" for i in range(n)]})
    out["primary"] = rng.choice(PRIMARIES, n)
    woman = (out["primary"] == "breast") | ((out["primary"] != "prostate") & (rng.random(n) < 0.4))
    out["sex"] = np.where(woman, "female", "male")
    out["zero"] = np.datetime64("2013-02-01") + rng.integers(0, 3000, n) * DAY
    out["survival_days"] = rng.exponential(300, n).astype(int) + 1
    out["end"] = out["zero"] + out["survival_days"].to_numpy() * DAY
    out["age_years"] = rng.integers(38, 88, n)
    birthday = out["age_years"].to_numpy() * 365.25 + rng.integers(1, 360, n)
    out["birth"] = out["zero"] - np.floor(birthday).astype(int) * DAY
    out["died"] = rng.random(n) < 0.75
    for organ in ORGANS:
        out[f"metastasis_{organ}"] = rng.random(n) < 0.18
    out["visceral_metastases"] = out[[f"metastasis_{o}" for o in ORGANS]].any(axis=1)
    out["ecog"] = rng.integers(0, 5, n)
    out["kps"] = rng.integers(3, 11, n) * 10
    out["frankel_before"] = rng.choice(list("BCDE"), n)
    out["n_vertebral_metastases"] = rng.integers(1, 7, n)
    out["haemoglobin_g_per_l"] = np.round(rng.normal(118, 14, n))
    out["platelets_10e9_per_l"] = np.round(rng.normal(250, 60, n))
    out["approach"] = rng.choice(["dorsal", "ventral", "dorsoventral"], n, p=[0.8, 0.1, 0.1])
    out["radiotherapy_fractions"] = rng.choice([1, 5, 10], n)
    out["radiotherapy_gy_per_fraction"] = out["radiotherapy_fractions"].map({1: 8, 5: 4, 10: 3})
    out["total_sins"] = rng.integers(3, 17, n)
    out["centre"] = rng.choice(["North", "South", "Lakeside"], n)
    return out


def _day(values: pd.Series, layout: str) -> pd.Series:
    return pd.to_datetime(values).dt.strftime(layout)


# -- REDCap, labels ------------------------------------------------------------------------------
FIELDS = (
    # variable, form, type, label, choices, validation, identifier
    ("record_id", "person", "text", "Record ID", "", "", ""),
    ("mrn", "person", "text", "Medical record number", "", "", "y"),
    ("dob", "person", "text", "Date of birth", "", "date_mdy", "y"),
    ("gender", "person", "radio", "Gender", "0, Female | 1, Male", "", ""),
    ("ca_type", "tumour", "dropdown", "Primary cancer",
     "1, Breast | 2, Lung - NSCLC | 3, Prostate | 4, Kidney (RCC) | 5, Myeloma "
     "| 6, Unknown primary | 7, Melanoma", "", ""),
    ("visc", "tumour", "checkbox", "Visceral metastases (check all that apply)",
     "1, Liver | 2, Lung | 3, Brain | 4, Adrenal | 0, None", "", ""),
    ("n_spine", "tumour", "text", "Number of spinal levels with metastasis", "", "integer", ""),
    ("ecog", "status", "radio", "ECOG performance status",
     "0, 0 - Fully active | 1, 1 - Restricted | 2, 2 - Ambulatory, capable of self-care "
     "| 3, 3 - Limited self-care | 4, 4 - Completely disabled", "", ""),
    ("sins", "status", "text", "SINS total score", "", "integer", ""),
    ("hgb", "labs", "text", "Hemoglobin (g/dL)", "", "number", ""),
    ("plt", "labs", "text", "Platelets (x10^3/uL)", "", "number", ""),
    ("or_date", "treatment", "text", "Date of index surgery", "", "date_mdy", ""),
    ("appr", "treatment", "radio", "Surgical approach",
     "1, Posterior | 2, Anterior | 3, Combined", "", ""),
    ("rt_sched", "treatment", "text", "RT schedule (fractions x Gy)", "", "", ""),
    ("chemo", "treatment", "yesno", "Systemic therapy after surgery", "", "", ""),
    ("comments", "treatment", "notes", "Comments", "", "", ""),
    ("vital", "follow_up", "radio", "Vital status at last contact", "1, Alive | 2, Dead", "", ""),
    ("fu_date", "follow_up", "text", "Date of last follow-up or death", "", "date_mdy", ""),
)  # fmt: skip
DICTIONARY = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note",
    "Text Validation Type OR Show Slider Number", "Text Validation Min", "Text Validation Max",
    "Identifier?", "Branching Logic (Show field only if...)", "Required Field?",
    "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
)  # fmt: skip
_CANCER = dict(zip(PRIMARIES, ("Breast", "Lung - NSCLC", "Prostate", "Kidney (RCC)", "Myeloma",
                               "Unknown primary", "Melanoma"), strict=True))  # fmt: skip
_ECOG = dict(enumerate(("0 - Fully active", "1 - Restricted",
                        "2 - Ambulatory, capable of self-care", "3 - Limited self-care",
                        "4 - Completely disabled")))  # fmt: skip


def redcap_labels(folder: Path) -> Export:
    """Labelled export of a REDCap project in American dates, with its data dictionary."""
    true = truth()
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"Record ID": [f"{i + 1}" for i in range(len(true))]})
    table["Data Access Group"] = true["centre"]
    table["Medical record number"] = "MRN" + true["number"] + "31"
    table["Date of birth"] = _day(true["birth"], "%m/%d/%Y")
    table["Gender"] = true["sex"].str.capitalize()
    table["Primary cancer"] = true["primary"].map(_CANCER)
    for organ in (*ORGANS, "none"):
        ticked = ~true["visceral_metastases"] if organ == "none" else true[f"metastasis_{organ}"]
        heading = f"Visceral metastases (check all that apply) (choice={organ.capitalize()})"
        table[heading] = np.where(ticked, "Checked", "Unchecked")
    table["Number of spinal levels with metastasis"] = true["n_vertebral_metastases"]
    table["ECOG performance status"] = true["ecog"].map(_ECOG)
    table["SINS total score"] = true["total_sins"]
    table["Hemoglobin (g/dL)"] = (true["haemoglobin_g_per_l"] / 10).map("{:.1f}".format)
    table["Platelets (x10^3/uL)"] = true["platelets_10e9_per_l"].astype(int)
    table["Date of index surgery"] = _day(true["zero"], "%m/%d/%Y")
    words = {"dorsal": "Posterior", "ventral": "Anterior", "dorsoventral": "Combined"}
    table["Surgical approach"] = true["approach"].map(words)
    n, dose = true["radiotherapy_fractions"], true["radiotherapy_gy_per_fraction"]
    table["RT schedule (fractions x Gy)"] = n.astype(str) + " x " + dose.astype(str)
    table["Systemic therapy after surgery"] = rng.choice(["Yes", "No"], len(true))
    table["Comments"] = rng.choice(["", "Called wife 555-201-9988", "Dr. Smith: wound"], len(true))
    table["Vital status at last contact"] = np.where(true["died"], "Dead", "Alive")
    table["Date of last follow-up or death"] = _day(true["end"], "%m/%d/%Y")
    table["Complete?"] = "Complete"
    file, dictionary = folder / "SpineOnc_DATA_LABELS_2026-11-02.csv", folder / "SpineOnc_dict.csv"
    table.to_csv(file, index=False)
    with dictionary.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, quoting=csv.QUOTE_ALL)
        writer.writerow(DICTIONARY)
        for name, form, kind, label, choices, check, secret in FIELDS:
            head = [name, form, "", kind, label, choices, "", check, "", "", secret]
            writer.writerow([*head, *[""] * (len(DICTIONARY) - len(head))])
    return Export(file, true, dictionary)


# -- a registry's text file ----------------------------------------------------------------------
_ICD = dict(zip(PRIMARIES, ("C50.4", "C34.9", "C61", "C64", "C90.0", "C80.0", "C43.9"),
                strict=True))  # fmt: skip


def registry(folder: Path) -> Export:
    """English registry: ICD-10, survival in weeks, codes explained in the headers, a tab file."""
    true = truth()
    weeks = np.ceil(true["survival_days"] / 7).astype(int)
    true["survival_days"] = weeks * 7
    table = pd.DataFrame({"RegNo": "R" + true["number"]})
    table["Gender (1=M, 2=F)"] = np.where(true["sex"] == "male", 1, 2)
    table["AgeAtOp"] = true["age_years"]
    table["ICD10_primary"] = true["primary"].map(_ICD)
    table["Frankel_preop"] = true["frankel_before"]
    table["KPS_preop"] = true["kps"]
    table["NoOfVertebrae"] = true["n_vertebral_metastases"]
    table["Hb_gdl"] = (true["haemoglobin_g_per_l"] / 10).map("{:.1f}".format)
    table["LiverMets"] = np.where(true["metastasis_liver"], "Y", "N")
    table["BrainMets"] = np.where(true["metastasis_brain"], "Y", "N")
    table["VisceralMets"] = np.where(true["visceral_metastases"], "Y", "N")
    table["RTDoseFractionation"] = [
        f"{n * d} Gy/{n}" for n, d in
        zip(true["radiotherapy_fractions"], true["radiotherapy_gy_per_fraction"], strict=True)
    ]  # fmt: skip
    table["SurvivalWeeks"] = weeks
    table["Vital_status (0=alive, 1=dead)"] = true["died"].astype(int)
    table.loc[[4, 9, 31], "KPS_preop"] = -9
    true["kps"] = true["kps"].astype("Int64")
    true.loc[[4, 9, 31], "kps"] = pd.NA
    file = folder / "registry_extract.txt"
    table.to_csv(file, sep="\t", index=False)
    return Export(file, true)


# -- a German clinic's workbook ------------------------------------------------------------------
_TUMOUR = dict(zip(PRIMARIES, ("Mamma-Ca", "Bronchial-Ca", "Prostata-Ca", "Nierenzell-Ca",
                               "Plasmozytom", "CUP", "Melanom"), strict=True))  # fmt: skip


def workbook(folder: Path) -> Export:
    """German workbook: a title above the header, decimal commas as text, a second sheet."""
    true = truth()
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "Patienten"
    first.append(["Wirbelsäulenmetastasen, Auszug vom 02.11.2026"])
    first.append(["Pat.-Nr.", "Name", "Geschlecht", "Geb.-Datum", "Primärtumor", "OP-Datum",
                  "Karnofsky (%)", "Hb (g/dl)", "Lebermetastasen", "Anzahl befallener WK",
                  "Zugang", "Telefon"])  # fmt: skip
    approach = {"dorsal": "dorsal", "ventral": "ventral", "dorsoventral": "kombiniert"}
    for i, row in enumerate(true.to_dict("records")):
        first.append([
            int(row["number"]), f"Muster{i}, Max", "m" if row["sex"] == "male" else "w",
            row["birth"].strftime("%d.%m.%Y"), _TUMOUR[row["primary"]],
            row["zero"].strftime("%d.%m.%Y"), row["kps"],
            f"{row['haemoglobin_g_per_l'] / 10:.1f}".replace(".", ","),
            "ja" if row["metastasis_liver"] else "nein", row["n_vertebral_metastases"],
            approach[row["approach"]], f"0160 {5550000 + i}",
        ])  # fmt: skip
    second = book.create_sheet("Nachsorge")
    second.append(["Pat.-Nr.", "Letzter Kontakt", "Status (1=verstorben, 0=lebt)"])
    for row in true.iloc[::-1].to_dict("records"):
        second.append([int(row["number"]), row["end"].strftime("%d.%m.%Y"), int(row["died"])])
    file = folder / "Klinik Müller.xlsx"
    book.save(file)
    return Export(file, true)


WRITERS: dict[str, Callable[[Path], Export]] = {
    "redcap_labels": redcap_labels,
    "registry": registry,
    "workbook": workbook,
}
