"""
Write data/made_up: invented patients in the true layout of sources that people have.

The patients are drawn by spinemets.twin (SIMULATED, nobody's data); this file only dresses them as
a REDCap project (raw and labelled export, data dictionary), a cBioPortal study (files of the study
folder, export of the portal) and a hospital's table coded in ICD-10 and ICD-O-3.
``python tools/make_up_sources.py`` writes the same bytes again.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from spinemets.twin import simulate
from spinemets.units import DAYS_PER_MONTH

ROOT = Path(__file__).parents[1] / "data" / "made_up"
PATIENTS, SEED = 160, 20260301
DAY_ZERO = np.datetime64("2015-02-01")
# contract value -> label in the project, ICD-10, ICD-O-3 morphology, cBioPortal cancer type
PRIMARIES = {
    "breast": ("Breast", "C50.9", "8500/3", "Breast Cancer"),
    "prostate": ("Prostate", "C61", "8140/3", "Prostate Cancer"),
    "lung": ("Lung", "C34.1", "8140/3", "Non-Small Cell Lung Cancer"),
    "kidney": ("Kidney", "C64", "8312/3", "Renal Cell Carcinoma"),
    "colon": ("Colon", "C18.7", "8140/3", "Colorectal Cancer"),
    "rectum": ("Rectum", "C20", "8140/3", "Colorectal Cancer"),
    "melanoma": ("Melanoma", "C43.5", "8720/3", "Melanoma"),
    "thyroid": ("Thyroid", "C73", "8260/3", "Thyroid Cancer"),
    "urothelial": ("Bladder or urothelial", "C67.9", "8120/3", "Bladder Cancer"),
    "myeloma": ("Myeloma", "C90.0", "9732/3", "Mature B-Cell Neoplasms"),
    "unknown_primary": ("Unknown primary", "C80.9", "8000/3", "Cancer of Unknown Primary"),
}
ORGANS = ("lung", "liver", "brain", "adrenal")
Row = dict[str, object]


def patients() -> pd.DataFrame:
    """Simulated patients whose primary the sources know, with dates of their own."""
    table = simulate("surgical_modern", 400, SEED).table
    table = table[table["primary"].isin(list(PRIMARIES))].head(PATIENTS).reset_index(drop=True)
    rng = np.random.default_rng(SEED)
    table["zero"] = DAY_ZERO + rng.integers(0, 2500, len(table)).astype("timedelta64[D]")
    days = table["survival_days"].astype(float).round().astype(int).to_numpy()
    table["end"] = table["zero"].to_numpy().astype("datetime64[D]") + days.astype("timedelta64[D]")
    age = (table["age_years"].astype(float) * 365.25).round().astype(int).to_numpy()
    table["birth"] = table["zero"].to_numpy().astype("datetime64[D]") - age.astype("timedelta64[D]")
    return table


def text(value: object, digits: int = 1) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, pd.Timestamp | np.datetime64):
        return str(np.datetime64(value, "D"))
    if isinstance(value, bool | np.bool_):
        return "1" if value else "0"
    if isinstance(value, float | np.floating):
        return f"{value:.{digits}f}"
    return str(value)


def scaled(value: object, by: float, digits: int = 1) -> str:
    return "" if pd.isna(value) else f"{float(value) / by:.{digits}f}"


def write(name: str, header: list[str], rows: Iterable[list[str]], **options: str) -> None:
    path = ROOT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    encoding = options.pop("encoding", "utf-8")
    before = options.pop("before", "")
    with path.open("w", encoding=encoding, newline="") as file:
        file.write(before)
        writer = csv.writer(file, lineterminator="\n", **options)
        writer.writerow(header)
        writer.writerows(rows)


# -- REDCap ----------------------------------------------------------------------------------------
HEAD = [
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note",
    "Text Validation Type OR Show Slider Number", "Text Validation Min", "Text Validation Max",
    "Identifier?", "Branching Logic (Show field only if...)", "Required Field?",
    "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
]  # fmt: skip
_TUMOURS = [label for label, *_ in PRIMARIES.values()]
# name, form, type, label, choices, validation, identifier
FIELDS = [
    ("record_id", "baseline", "text", "Record ID", "", "", ""),
    ("dob", "baseline", "text", "Date of birth", "", "date_ymd", "y"),
    ("sex", "baseline", "radio", "Sex", "1, Male | 2, Female", "", ""),
    ("date_tx", "baseline", "text", "Date of treatment decision", "", "date_ymd", ""),
    ("primary_tumor", "baseline", "dropdown", "<b>Primary tumor</b>",
     " | ".join(f"{i}, {t}" for i, t in enumerate(_TUMOURS, 1)), "", ""),
    ("mets", "baseline", "checkbox", "Organ metastases",
     " | ".join(f"{i}, {o.capitalize()}" for i, o in enumerate(ORGANS, 1)), "", ""),
    ("n_vert", "baseline", "text", "Number of vertebral metastases", "", "integer", ""),
    ("kps", "baseline", "dropdown", "Karnofsky performance status (%)",
     " | ".join(f"{i}, {k}" for i, k in enumerate(range(100, 0, -10), 1)), "", ""),
    ("frankel", "baseline", "radio", "Frankel grade before treatment",
     " | ".join(f"{i}, {g}" for i, g in enumerate("ABCDE", 1)), "", ""),
    ("hb", "laboratory", "text", "Hemoglobin (g/dL)", "", "number", ""),
    ("alb", "laboratory", "text", "Serum albumin (g/L)", "", "number", ""),
    ("crp", "laboratory", "text", "CRP (mg/L)", "", "number", ""),
    ("op_date", "surgery", "text", "Date of operation", "", "date_ymd", ""),
    ("op_type", "surgery", "checkbox", "Procedure",
     "1, Decompression | 2, Stabilisation | 3, Vertebroplasty", "", ""),
    ("fu_date", "follow_up", "text", "Date of last contact", "", "date_ymd", ""),
    ("death_date", "follow_up", "text", "Date of death", "", "date_ymd", ""),
    ("fu_walks", "follow_up", "yesno", "Able to walk?", "", "", ""),
]  # fmt: skip
EVENTS = {"baseline_arm_1": "Baseline", "month_3_arm_1": "Month 3", "last_arm_1": "Last contact"}
SYSTEM = {
    "redcap_event_name": "Event Name",
    "redcap_repeat_instrument": "Repeat Instrument",
    "redcap_repeat_instance": "Repeat Instance",
    "redcap_data_access_group": "Data Access Group",
}


def choices(spec: str) -> dict[str, str]:
    pairs = [c.split(", ", 1) for c in spec.split(" | ") if c]
    return {code: label for code, label in pairs}  # noqa: C416 - pairs are lists


def redcap_rows(table: pd.DataFrame) -> list[Row]:
    """Rows of the raw export: baseline, repeated operations, follow-up events."""
    code = {key: str(i) for i, key in enumerate(PRIMARIES, 1)}
    rows: list[Row] = []
    for number, p in enumerate(table.to_dict("records"), 1):
        own = {"record_id": str(number), "redcap_data_access_group": str(p["centre"])}
        kps = p["kps"]
        grade = p["frankel_before"]
        base = {
            **own, "redcap_event_name": "baseline_arm_1",
            "dob": text(p["birth"]), "sex": {"male": "1", "female": "2"}[str(p["sex"])],
            "date_tx": text(p["zero"]), "primary_tumor": code[str(p["primary"])],
            "n_vert": text(p["n_vertebral_metastases"]) or "NI",
            "kps": "" if pd.isna(kps) else str(11 - int(kps) // 10),
            "frankel": "" if pd.isna(grade) else str("ABCDE".index(str(grade)) + 1),
            "hb": scaled(p["haemoglobin_g_per_l"], 10), "alb": text(p["albumin_g_per_l"]),
            "crp": text(p["crp_mg_per_l"]), "baseline_complete": "2", "laboratory_complete": "2",
        }  # fmt: skip
        for i, organ in enumerate(ORGANS, 1):
            base[f"mets___{i}"] = "1" if p[f"metastasis_{organ}"] == 1 else "0"
        rows.append(base)
        operations = 0 if p["surgery"] is not True else 1 + (number % 9 == 0)
        for instance in range(1, operations + 1):
            day = p["zero"] + pd.Timedelta(days=3 + 60 * (instance - 1))
            kinds = ("decompression", "stabilisation", "vertebroplasty")
            boxes = {
                f"op_type___{i}": "1" if p[f"procedure_{k}"] == 1 else "0"
                for i, k in enumerate(kinds, 1)
            }
            rows.append(
                {**own, "redcap_event_name": "baseline_arm_1",
                 "redcap_repeat_instrument": "surgery", "redcap_repeat_instance": str(instance),
                 "op_date": text(day), **boxes, "surgery_complete": "2"}
            )  # fmt: skip
        early = p["zero"] + pd.Timedelta(days=91)
        if p["end"] > early:
            walks = text(p["ambulatory_after"])
            rows.append(
                {**own, "redcap_event_name": "month_3_arm_1", "fu_date": text(early),
                 "fu_walks": walks, "follow_up_complete": "2"}
            )  # fmt: skip
        last = {"death_date": text(p["end"])} if p["died"] == 1 else {}
        rows.append(
            {**own, "redcap_event_name": "last_arm_1", "fu_date": text(p["end"]), **last,
             "follow_up_complete": "2"}
        )  # fmt: skip
    return rows


def redcap(table: pd.DataFrame) -> None:
    dictionary = [
        [name, form, "", kind, label, spec, "", check, "", "", secret, "", "", "", "", "", "", ""]
        for name, form, kind, label, spec, check, secret in FIELDS
    ]
    write("redcap/data_dictionary.csv", HEAD, dictionary)
    columns: list[tuple[str, str, dict[str, str]]] = []
    for i, (name, form, kind, label, spec, _, _) in enumerate(FIELDS):
        plain = label.removeprefix("<b>").removesuffix("</b>")
        words = {"1": "Yes", "0": "No"} if kind == "yesno" else choices(spec)
        if kind == "checkbox":
            columns += [
                (f"{name}___{code}", f"{plain} (choice={word})", {"1": "Checked", "0": "Unchecked"})
                for code, word in words.items()
            ]
        else:
            columns.append((name, plain, words))
        if i == 0:
            columns += [(key, word, {}) for key, word in SYSTEM.items()]
        if i + 1 == len(FIELDS) or FIELDS[i + 1][1] != form:
            columns.append((f"{form}_complete", "Complete?", {"2": "Complete"}))
    rows = redcap_rows(table)
    raw = [[str(r.get(name, "")) for name, _, _ in columns] for r in rows]
    write("redcap/export_raw.csv", [name for name, _, _ in columns], raw)
    special = {"redcap_event_name": EVENTS, "redcap_repeat_instrument": {"surgery": "Surgery"}}
    labelled = [
        [
            {**words, **special.get(name, {})}.get(str(r.get(name, "")), str(r.get(name, "")))
            for name, _, words in columns
        ]
        for r in rows
    ]
    write("redcap/export_labelled.csv", [label for _, label, _ in columns], labelled)


# -- cBioPortal ------------------------------------------------------------------------------------
def cbioportal(table: pd.DataFrame) -> None:
    names = ["PATIENT_ID", "SEX", "OS_MONTHS", "OS_STATUS"]
    before = (
        "#Patient Identifier\tSex\tOverall Survival (Months)\tOverall Survival Status\n"
        "#Identifier of the patient\tSex\tMonths from sequencing\tVital status\n"
        "#STRING\tSTRING\tNUMBER\tSTRING\n#1\t1\t1\t1\n"
    )
    people, samples, portal = [], [], []
    for number, p in enumerate(table.to_dict("records"), 1):
        name = f"P-{number:07d}"
        months = f"{p['survival_days'] / DAYS_PER_MONTH:.2f}"
        status = "1:DECEASED" if p["died"] else "0:LIVING"
        sex = str(p["sex"]).capitalize()
        people.append([name, sex, months, status])
        kind = PRIMARIES[str(p["primary"])][3]
        sites = ["Bone"] if number % 3 else ["Liver", "Bone"] if number % 2 else ["Lymph Node"]
        for k, site in enumerate(sites, 1):
            sample = f"{name}-T{k:02d}"
            age = text(min(90.0, float(p["age_years"])))
            samples.append([sample, name, kind, site, age])
            portal.append(["made_up", name, sample, age, kind, site, months, status, sex])
    tab = {"delimiter": "\t"}
    write("cbioportal/data_clinical_patient.txt", names, people, before=before, **tab)
    head = ["SAMPLE_ID", "PATIENT_ID", "CANCER_TYPE", "METASTATIC_SITE", "AGE_AT_SEQUENCING"]
    before = (
        "#Sample Identifier\tPatient Identifier\tCancer Type\tMetastatic Site\tAge at Sequencing\n"
        "#Identifier of the sample\tIdentifier of the patient\tCancer type\tSite of the specimen"
        "\tAge in years, capped at 90\n#STRING\tSTRING\tSTRING\tSTRING\tNUMBER\n#1\t1\t1\t1\t1\n"
    )
    write("cbioportal/data_clinical_sample.txt", head, samples, before=before, **tab)
    head = [
        "Study ID", "Patient ID", "Sample ID", "Age at Sequencing", "Cancer Type",
        "Metastatic Site", "Overall Survival (Months)", "Overall Survival Status", "Sex",
    ]  # fmt: skip
    write("cbioportal/portal_clinical_data.tsv", head, portal, **tab)


# -- hospital --------------------------------------------------------------------------------------
def hospital(table: pd.DataFrame) -> None:
    """A German hospital's export: semicolons, Windows' encoding, decimal commas, days first."""
    head = [
        "Fallnummer", "Geburtsdatum", "Geschlecht", "Hauptdiagnose", "Nebendiagnosen",
        "Tumor ICD-10", "Morphologie ICD-O-3", "OP-Datum", "Sterbedatum", "Letzter Kontakt",
        "Hämoglobin g/dl", "Kreatinin mg/dl", "ASA", "Aufnahme als Notfall",
    ]  # fmt: skip
    rows = []
    for number, p in enumerate(table.to_dict("records"), 1):
        _, icd, morphology, _ = PRIMARIES[str(p["primary"])]
        if p["small_cell"] == 1 and p["primary"] == "lung":
            morphology = "8041/3"
        fracture = p["pathological_fracture"] == 1
        others = ["M49.5"] if fracture else []
        others += [c for o, c in (("lung", "C78.0"), ("liver", "C78.7"), ("brain", "C79.3"))
                   if p[f"metastasis_{o}"] == 1]  # fmt: skip
        creatinine = p["creatinine_umol_per_l"]
        rows.append(
            [
                str(70010000 + 7 * number),
                day(p["birth"]), {"male": "m", "female": "w"}[str(p["sex"])], "C79.5",
                ", ".join(others), icd, morphology, day(p["zero"]),
                day(p["end"]) if p["died"] == 1 else "", day(p["end"]),
                scaled(p["haemoglobin_g_per_l"], 10).replace(".", ","),
                scaled(creatinine, 88.4, 2).replace(".", ","),
                text(p["asa_class"]), {True: "ja", False: "nein"}.get(p["urgent_admission"], ""),
            ]
        )  # fmt: skip
    write("hospital_icd.csv", head, rows, delimiter=";", encoding="cp1252")


def day(value: pd.Timestamp) -> str:
    return f"{value:%d.%m.%Y}"


def main() -> None:
    table = patients()
    redcap(table)
    cbioportal(table)
    hospital(table)


if __name__ == "__main__":
    main()
