"""The identifier gate: every Safe Harbor class is found, and nothing else."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ingest.conftest import a_cohort

from spinemets import contract, yamlfile
from spinemets.errors import InputError
from spinemets.ingest import gate
from spinemets.ingest.mapping import Mapping
from spinemets.ingest.patients import ingest

HOW = "columns:\n  survival_days: {from: t}\n  died: {from: d}\n"
N = 30
NAMES = ["Maria", "Jürgen", "Susan", "Peter", "Ursula", "James", "Heike", "Robert", "Anna", "Paul"]
FAMILIES = ["Huber", "Smith", "Schäfer", "Jones", "Vogel", "Brown", "Weiß", "Clark", "Lang", "Hill"]
MIXED = random.Random(1)


def digits(n: int) -> str:
    return "".join(MIXED.choice("0123456789") for _ in range(n))


def letters(n: int) -> str:
    return "".join(MIXED.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(n))


def many(make: Callable[[int], str]) -> list[str]:
    return [make(i) for i in range(N)]


def date(i: int, form: str) -> str:
    year, month, day = 1930 + i, 1 + i % 12, 1 + i % 28
    return form.format(y=year, m=month, d=day)


#: Safe Harbor letter, column's name, cells. Names that say nothing test the cells alone.
PLANTED = [
    ("A", "Nachname", many(lambda i: FAMILIES[i % 10])),
    ("A", "last_name", many(lambda i: FAMILIES[i % 10])),
    ("A", "Vorname", many(lambda i: NAMES[i % 10])),
    ("A", "V7", many(lambda i: f"{FAMILIES[i % 10]}, {NAMES[i // 10]}")),
    ("A", "V8", many(lambda i: f"{NAMES[i % 10]} {FAMILIES[i // 3]}")),
    ("A", "Operateur", many(lambda i: FAMILIES[i % 4])),
    ("A", "behandelt_von", many(lambda i: f"Dr. {FAMILIES[i % 4]}")),
    ("B", "PLZ", many(lambda i: str(80331 + 7 * i))),
    ("B", "zip", many(lambda i: f"{2101 + i:05d}")),
    ("B", "V9", many(lambda i: str(10115 + 37 * i))),
    ("B", "Wohnort", many(lambda i: ["Graz", "Leiden", "Ulm"][i % 3])),
    ("B", "V10", many(lambda i: f"Lindenstraße {i}")),
    ("B", "V11", many(lambda i: f"{i} Elm Street")),
    ("B", "county", many(lambda i: ["Kent", "Essex"][i % 2])),
    ("C", "Geburtsdatum", many(lambda i: date(i, "{d:02d}.{m:02d}.{y}"))),
    ("C", "V12", many(lambda i: date(i, "{y}-{m:02d}-{d:02d}"))),
    ("C", "V13", many(lambda i: date(i, "{m:02d}/{d:02d}/{y}"))),
    ("C", "V14", ["", *many(lambda i: date(i, "{d}. Mai {y}"))[1:]]),
    ("C", "V15", ["01.02.2019", *[""] * (N - 1)]),
    ("C", "Alter_bei_Tod", many(lambda i: str(66 + i))),
    ("D", "Telefon", many(lambda i: f"0316/{digits(6)}")),
    ("D", "V16", many(lambda i: f"+43 664 {digits(7)}")),
    ("D", "V17", many(lambda i: f"(617) 555-{digits(4)}")),
    ("E", "Faxnummer", many(lambda i: digits(9))),
    ("E", "fax", many(lambda i: digits(9))),
    ("F", "V18", ["", "m.huber@example.org", *[""] * (N - 2)]),
    ("F", "E-Mail", many(lambda i: f"p{i}@example.org")),
    ("G", "V19", many(lambda i: f"{digits(3)}-{digits(2)}-{digits(4)}")),
    ("G", "Sozialversicherungsnummer", many(lambda i: f"{digits(2)}{digits(6)}H{digits(3)}")),
    ("G", "V20", many(lambda i: f"{digits(2)} {digits(6)} M {digits(3)}")),
    ("G", "SV-Nr", many(lambda i: digits(10))),
    ("H", "Fallnummer", many(lambda i: digits(7))),
    ("H", "MRN", many(lambda i: digits(7))),
    ("H", "Patient ID", many(lambda i: digits(3))),
    ("I", "Versichertennummer", many(lambda i: digits(9))),
    ("I", "V21", many(lambda i: f"A{digits(9)}")),
    ("I", "insurance number", many(lambda i: digits(9))),
    ("J", "V22", many(lambda i: f"DE{digits(20)}")),
    ("J", "Kontonummer", many(lambda i: digits(8))),
    ("J", "account_no", many(lambda i: digits(8))),
    ("K", "Führerschein", many(lambda i: letters(1) + digits(9))),
    ("K", "driver's license", many(lambda i: letters(1) + digits(7))),
    ("L", "Kennzeichen", many(lambda i: f"G-{letters(2)} {digits(3)}")),
    ("L", "V23", many(lambda i: f"M-{letters(2)} {1000 + i}")),
    ("L", "VIN", many(lambda i: f"WVWZZZ1JZ{letters(2)}{digits(6)}")),
    ("M", "Seriennummer", many(lambda i: digits(8))),
    ("M", "implant serial no", many(lambda i: digits(8))),
    ("M", "V24", many(lambda i: f"(01){digits(14)}")),
    ("N", "V25", ["https://example.org/p/1", *[""] * (N - 1)]),
    ("N", "Internetseite", many(lambda i: f"seite{i}")),
    ("O", "V26", many(lambda i: f"10.0.{i}.{i + 1}")),
    ("P", "fingerprint", many(lambda i: letters(12))),
    ("P", "Fingerabdruck", many(lambda i: letters(12))),
    ("Q", "V27", many(lambda i: f"gesicht_{i}.jpg")),
    ("Q", "Lichtbild", many(lambda i: f"b{i}")),
    ("R", "merkmal", [f"{f[:2].upper()}{digits(6)}" for f in ["Müller", "Öztürk", "Jäger"] * 10]),
    ("R", "V28", many(lambda i: f"{digits(8)}-{digits(4)}-4{digits(3)}-8{digits(3)}-{digits(12)}")),
    ("R", "V29", many(lambda i: f"1.2.840.113619.2.{digits(6)}.{i}")),
    ("R", "V30", many(lambda i: f"KH{i + 100}X{digits(3)}")),
    ("R", "Pseudonym", many(lambda i: letters(5))),
    ("R", "V31", many(lambda i: digits(8))),
    ("", "Bemerkung", many(lambda i: f"Patient seen by his family doctor in week {i}, doing well")),
]
#: Clinical columns that a hospital's table has beside those that are mapped.
HARMLESS = {
    "name_of_drug": many(lambda i: ["Denosumab", "Zoledronate"][i % 2]),
    "Cancer Type Detailed": many(
        lambda i: ["Breast Invasive Ductal Carcinoma", "Lung, NOS"][i % 2]
    ),
    "Site": many(lambda i: ["Lung, Left", "Lung, Right", "Liver, Right"][i % 3]),
    "Thrombozyten": many(lambda i: str(150000 + 1000 * i)),
    "LDH": many(lambda i: str(180 + 13 * i)),
    "PSA": many(lambda i: f"{12345.5 + 311 * i}"),
    "Leukozyten": many(lambda i: str(4300 + 317 * i)),
    "number of levels": many(lambda i: str(i % 9)),
    "Telefon vorhanden": many(lambda i: ["ja", "nein"][i % 2]),
    "phone follow-up": many(lambda i: str(i % 2)),
    "nr": many(lambda i: str(10001 + i)),
    "Alter Kategorie": many(lambda i: ["<65", ">65"][i % 2]),
    "AGE_AT_X": many(lambda i: str(min(61 + i, 90))),
    "Stage": many(lambda i: ["T1 N0", "T2 N1", "IIB"][i % 3]),
    "Study ID": ["msk_met_2021"] * N,
    "Gene": many(lambda i: ["BRCA1", "EGFR-L858R", "TP53", "KRAS G12C"][i % 4]),
    "year": many(lambda i: str(2001 + i % 20)),
    "Dose": many(lambda i: ["10 x 3 Gy", "1 x 8 Gy"][i % 2]),
    "Segment": many(lambda i: ["T10-L1", "L5-S1", "C7"][i % 3]),
    "levels_text": many(lambda i: ["Th 10, Th 11", "L 5"][i % 2]),
    "Frankel bei Entlassung": many(lambda i: "ABCDE"[i % 5]),
    "SINS total": many(lambda i: str(i % 19)),
    "operation_minutes": many(lambda i: str(61 + 11 * i)),
    "Kreislauf": many(lambda i: ["stabil", "instabil"][i % 2]),
    "Transport": many(lambda i: ["liegend", "sitzend"][i % 2]),
    "importance": many(lambda i: str(i % 3)),
    "intensive care": many(lambda i: str(i % 2)),
    "Histologie": many(lambda i: ["Adenokarzinom", "Plattenepithelkarzinom"][i % 2]),
    "Ort der Metastase": many(lambda i: str(i % 2)),
}


def table(name: str, cells: list[str]) -> str:
    rows = "".join(f'{i + 1},1,"{c}"\n' for i, c in enumerate(cells))
    return f't,d,"{name}"\n{rows}'


@pytest.mark.parametrize(
    ("letter", "name", "cells"), PLANTED, ids=[f"{p[0]}-{p[1]}" for p in PLANTED]
)
def test_every_planted_identifier_stops_the_run(
    ingest_text: Callable[..., object], letter: str, name: str, cells: list[str]
) -> None:
    with pytest.raises(InputError) as error:
        ingest_text(table(name, cells), HOW)
    (fault,) = error.value.faults
    assert fault.column == name
    assert f"drop: [{gate._written(name)}]" in fault.repair
    text = str(error.value)
    assert not any(c in text for c in cells if len(c) > 4)


def test_every_class_of_safe_harbor_is_planted_in_both_languages() -> None:
    path = Path(gate.__file__).with_name("identifiers.yaml")
    listed = {str(e["safe_harbor"]) for e in yamlfile.load(path).data["classes"].values()}
    assert listed == set("ABCDEFGHIJKLMNOPQR")
    assert {letter for letter, _, _ in PLANTED} - {""} == listed


@pytest.mark.parametrize("name", HARMLESS)
def test_clinical_columns_raise_no_alarm(ingest_text: Callable[..., object], name: str) -> None:
    ingest_text(table(name, HARMLESS[name]), HOW)


def test_the_repair_can_be_pasted_and_names_what_was_dropped_before(
    ingest_text: Callable[..., object],
) -> None:
    text = "t,d,Nachname,E-Mail,old: name\n" + "1,1,Huber,a@b.de,x\n2,0,Vogel,c@d.de,y\n"
    with pytest.raises(InputError) as error:
        ingest_text(text, HOW + 'drop: ["old: name"]\n')
    line = 'drop: ["old: name", Nachname, E-Mail]'
    assert all(line in f.repair for f in error.value.faults)
    ingest_text(text, f"{HOW}{line}\n")


def test_cells_that_show_it_are_named_by_their_lines(ingest_text: Callable[..., object]) -> None:
    cells = ["stable"] * N
    cells[4] = "call 0316/123456 or m.huber@example.org"
    with pytest.raises(InputError) as error:
        ingest_text(table("state", cells), HOW)
    assert error.value.faults[0].rows == (6,)


def test_declared_dates_and_ids_are_no_alarm(ingest_text: Callable[..., object]) -> None:
    rows = "".join(f"{digits(7)},{1 + i:02d}.02.2019,{2 + i:02d}.03.2020\n" for i in range(9))
    how = """\
time_zero: {from: OpDatum}
columns:
  patient_id: {from: Fallnummer}
  survival_days: {from: Todesdatum, date: day_first}
  died: {from: Todesdatum, filled: true}
"""
    ingest_text("Fallnummer,OpDatum,Todesdatum\n" + rows, how)


def test_a_free_column_is_looked_at_and_repaired_by_labels(
    ingest_text: Callable[..., object],
) -> None:
    text = "t,d,Klinik\n" + "1,1,Dr. Huber\n2,1,Dr. Vogel\n3,1,Nord\n"
    with pytest.raises(InputError, match="label of your own under `values`"):
        ingest_text(text, HOW + "  centre: {from: Klinik}\n")
    coded = "  centre: {from: Klinik, values: {Dr. Huber: a, Dr. Vogel: b, Nord: c}}\n"
    ingest_text(text, HOW + coded)


@pytest.mark.parametrize(
    ("ages", "stops"),
    [(["91", "93", "60"], True), (["94", "60"], True), (["90", "90", "60"], False),
     (["89.9", "89.5", "1"], False), (["90", "91"], True)],
)  # fmt: skip
def test_ages_above_89_have_to_be_one_group(
    ingest_text: Callable[..., object], ages: list[str], stops: bool
) -> None:
    text = "t,d,Alter\n" + "".join(f"1,1,{a}\n" for a in ages)
    how = HOW + "  age_years: {from: Alter}\n"
    if not stops:
        ingest_text(text, how)
        return
    with pytest.raises(InputError, match=r"age_years: \{from: Alter, cap: 90\}"):
        ingest_text(text, how)
    ingest_text(text, HOW + "  age_years: {from: Alter, cap: 90}\n")


def test_simulated_and_shipped_cohorts_raise_no_alarm(root: Path, tmp_path: Path) -> None:
    from spinemets.stages import simulate

    drawn = tmp_path / "SIMULATED_x.csv"
    argv = ["--preset", "leiden_graz", "--n", "400", "--seed", "1", "--out-table", str(drawn)]
    assert simulate.main([*argv, "--out-truth", str(tmp_path / "t.parquet")]) == 0
    ingest(drawn, None, a_cohort(drawn))
    shipped = root / "data/example/va_prostate.csv"
    ingest(shipped, root / "config/mappings/va_prostate.yaml", a_cohort(shipped))


def test_contract_names_raise_no_alarm() -> None:
    for name in contract.columns():
        if name in ("patient_id", "age_years"):
            continue
        words = gate.plain_header(name)
        for kind, (headers, _, _) in gate._classes()["classes"].items():
            assert not any(h.search(words) for h in headers), (name, kind)


def test_nothing_is_looked_at_that_was_dropped(ingest_text: Callable[..., object]) -> None:
    text = "t,d,Name\n1,1,Huber\n2,1,Vogel\n"
    ingest_text(text, HOW + "drop: [Name]\n")
    assert gate.look([], Mapping(columns={}), ["Name"]) == []
