"""
Patients worked by hand from the published tables, not from the engine.

``hand_worked/primaries.txt`` holds the points of every primary in every score that groups them,
``hand_worked/*.yaml`` patients at every limit of every score: a base patient and what one or more
changed columns do to the total and the band.
"""

from pathlib import Path

import pytest

from spinemets import vocabulary, yamlfile
from spinemets.scores import engine, items, prepare, registry, worked
from spinemets.scores.table import PatientTable

LIBRARY = registry.load_definitions()
FOLDER = Path(__file__).with_name("hand_worked")
#: Column of the table of primaries -> score, variant, item, and what else the patient needs.
PRIMARY_ITEMS = {
    "T90": ("tokuhashi_1990", "", "primary", {}),
    "T05": ("tokuhashi_2005", "", "primary", {}),
    "TOM": ("tomita_2001", "", "primary", {}),
    "BAU": ("bauer_1995", "", "favourable_primary", {}),
    "NLU": ("bauer_modified_2008", "", "not_lung", {}),
    "SIO": ("sioutos_1995", "", "primary", {}),
    "K05": ("katagiri_2005", "", "primary", {}),
    "K14": ("katagiri_2014", "", "primary", {}),
    "OSR": ("osri_2013", "", "primary", {}),
    "R08": ("rades_2008", "", "primary", {}),
    "R13": ("rades_2013", "", "primary", {}),
    "VDL": ("van_der_linden_2005", "", "primary", {}),
    "VDM": ("van_der_linden_2005", "bollen_modified", "primary", {}),
    "BOL": ("bollen_2014", "", "category", {"kps": 80, "visceral_metastases": False}),
    "MIZ": ("mizumoto_2008", "", "primary", {}),
    "SPS": ("chow_2008_sps", "", "primary", {}),
    "TEA": ("teachh_2014", "", "type", {}),
    "C15": ("chow_2015", "", "primary", {}),
    "SBR": ("radiosensitivity_sbrt", "", "histology", {}),
    "AO": ("radiosensitivity_ao", "", "histology", {}),
    "UK": ("radiosensitivity_uk", "", "histology", {}),
    "NOM": ("radiosensitivity_noms", "", "histology", {}),
    "RTO": ("radiosensitivity_rtog", "", "histology", {}),
}
BIOLOGY = {
    "hormone": {"hormone_dependent": True},
    "no_hormone": {"hormone_dependent": False},
    "drug": {"targeted_drug": True},
    "no_drug": {"targeted_drug": False},
    "small": {"small_cell": True},
    "large": {"small_cell": False},
}


def table_of_primaries():
    """Rows of the table: primary, biology, column to cell."""
    lines = (FOLDER / "primaries.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    head, *body = rows
    for row in body:
        yield row[0], row[1], dict(zip(head[2:], row[2:], strict=True))


def compute(score, variant, patients):
    """Result of several patients at once; what a patient doesn't name is missing."""
    columns = dict.fromkeys(name for patient in patients for name in patient)
    values = {
        name: [worked.contract_value(name, patient.get(name)) for patient in patients]
        for name in columns
    }
    table = prepare.harmonise(PatientTable(values, len(patients)))
    return engine.run([LIBRARY[score].with_variant(variant)], LIBRARY, table)[0]


@pytest.mark.parametrize("column", list(PRIMARY_ITEMS))
def test_points_of_the_primary(column):
    score, variant, item, more = PRIMARY_ITEMS[column]
    rows = list(table_of_primaries())
    patients = []
    for primary, biology, _ in rows:
        flags = [] if biology == "." else biology.split("+")
        patients.append({"primary": primary, **more})
        for flag in flags:
            patients[-1] |= BIOLOGY[flag]
    cells = [cells[column] for _, _, cells in rows]
    found = compute(score, variant, patients).items[item]
    assumed = found
    if any(cell.endswith("?") for cell in cells):
        assumed = compute(score, "assumed_primaries", patients).items[item]
    wrong = [
        f"{primary} {biology}: {cell} expected, {found.low[i]:g} to {found.high[i]:g}"
        for i, ((primary, biology, _), cell) in enumerate(zip(rows, cells, strict=True))
        if not agrees(cell, found, assumed, i)
    ]
    assert not wrong


def agrees(cell, found, assumed, i):
    """Whether what was computed for one primary is what the table says."""
    low, high, state = found.low[i], found.high[i], found.state[i]
    if cell == "-":
        return state == items.UNLISTED
    if cell.endswith("?"):
        value = float(cell[:-1])
        sensitivity = assumed.low[i] == assumed.high[i] == value
        return state == items.AMBIGUOUS and low <= value <= high and sensitivity
    if "-" in cell:
        return [low, high] == [float(x) for x in cell.split("-")] and state in (
            items.INTERVAL,
            items.MISSING,
        )
    return low == high == float(cell) and state == items.KNOWN


def test_the_table_holds_every_primary():
    """Imprecise terms stand for the precise ones; three of them are in the table as examples."""
    precise = {p.id for p in vocabulary.primaries().values() if not p.could_be}
    listed = {primary for primary, _, _ in table_of_primaries()}
    assert precise <= listed


def blocks():
    for path in sorted(FOLDER.glob("*.yaml")):
        for block in yamlfile.load(path).data["scores"]:
            yield pytest.param(block, id=f"{block['score']}-{block.get('variant', '')}")


@pytest.mark.parametrize("block", list(blocks()))
def test_patients(block):
    """A row is [changes of the base patient, total or [low, high] or na, band]."""
    base = block.get("base") or {}
    result = compute(
        block["score"],
        block.get("variant", ""),
        [base | changes for changes, _, _ in block["rows"]],
    )
    names = [band.id for band in result.definition.bands]
    wrong = []
    for i, (changes, total, band) in enumerate(block["rows"]):
        status = engine.STATUSES[int(result.status[i])]
        found_band = names[result.band[i]] if result.band[i] >= 0 else None
        if total == "na":
            expected, found = "not_applicable", status
        elif isinstance(total, list):
            expected = ("bounded" if band else "missing", *map(float, total), band)
            found = (status, float(result.low[i]), float(result.high[i]), found_band)
        else:
            expected = ("determined", float(total), band)
            found = (status, float(result.points[i]), found_band)
        if found != expected:
            wrong.append(f"{changes}: expected {expected}, computed {found}")
    assert not wrong


def test_every_computed_score_has_hand_worked_patients():
    done = {block["score"] for path in FOLDER.glob("*.yaml")
            for block in yamlfile.load(path).data["scores"]}  # fmt: skip
    computed = {name for name, d in LIBRARY.items() if not d.data.predictions}
    assert computed <= done, computed - done
