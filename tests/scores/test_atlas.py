"""The atlas is in step with the definitions and says what they say."""

import re

import pytest

from spinemets import vocabulary
from spinemets.scores import atlas, coverage, effects, registry

LIBRARY = registry.load_definitions()
PAGES = atlas.pages(LIBRARY)


@pytest.fixture(scope="module")
def matrix():
    table = coverage.matrix(LIBRARY.values(), LIBRARY)
    return {(r.primary, r.score): (r.coverage, r.points) for r in table.itertuples()}


def test_pages_in_the_repository_are_in_step(root):
    folder = root / atlas.FOLDER
    written = {p.name: p.read_text(encoding="utf-8") for p in folder.glob("*.md")}
    assert written == PAGES, "run python -m spinemets.scores.atlas"


def test_writing_removes_pages_of_scores_that_are_gone(tmp_path, capsys):
    old = tmp_path / atlas.FOLDER / "gone.md"
    old.parent.mkdir(parents=True)
    old.write_text("x")
    assert atlas.main(["--root", str(tmp_path)]) == 0
    assert not old.exists()
    assert {p.name for p in old.parent.glob("*.md")} == set(PAGES)


@pytest.mark.parametrize("score", sorted(LIBRARY))
def test_a_page_holds_everything(score):
    definition, text = LIBRARY[score], PAGES[f"{score}.md"]
    data = definition.data
    assert text.startswith(f"# {data.name}\n")
    for item in definition.items:
        assert item.name in text
    for band in data.bands:
        assert band.label in text
    for patient in data.worked_patients:
        assert f"- {patient.id}" in text
    for variant in data.variants:
        assert f"`{variant.id}`" in text
    if data.citation.doi:
        assert f"https://doi.org/{data.citation.doi}" in text
    if definition.needs_verification:
        assert "needs verification" in text


def test_every_score_is_in_the_index_and_every_link_leads_somewhere(root):
    index = PAGES["README.md"]
    assert all(f"({name}.md)" in index for name in LIBRARY)
    for name, text in PAGES.items():
        for link in re.findall(r"\]\(((?!https:)[^)#]+)\)", text):
            assert (root / atlas.FOLDER / link).resolve().is_file(), (name, link)


def test_contradiction_with_the_literature_is_shown():
    text = PAGES["rades_2008.md"]
    assert "Published range: 20 to 45, **the table contradicts it**" in text
    assert "The full product of item levels has 240 combinations" in text


def test_scores_without_a_definition_are_named_with_the_reason():
    assert all(entry["name"] in PAGES["README.md"] for entry in atlas.left_out())


class TestEffects:
    """What a variant changes, in words."""

    @pytest.mark.parametrize(
        ("score", "variant", "expected"),
        [
            ("tomita_2001", "prostate_moderate", "1 -> 2 for prostate"),
            ("tomita_2001", "rapid_3", "range 2 to 9"),
            ("tokuhashi_1990", "enkaoua", "1 -> 0 for unknown_primary"),
            ("van_der_linden_2005", "bollen_modified", "0 -> 2 for kidney"),
            ("nesms_2015", "equal_weight", "without the ceiling"),
            ("mstfi_2016", "abstract_2016", "without the item urgent admission"),
            ("mstfi_2016", "abstract_2016", "with the item congestive heart failure"),
            ("noms_2013", "escc_1c_low", "reads escc as its variant grade_1c_low"),
            ("chow_2015", "cuts_in_upper_group", "2: no band -> 2 to below 3.6"),
            ("rades_2013", "without_time", "no bands"),
            ("chow_2002", "kps_below_60", "1 -> 0 for kps 60"),
        ],
    )
    def test_known_effects(self, score, variant, expected):
        found = effects.effects(LIBRARY[score], variant, LIBRARY)
        assert any(expected in text for text in found) or expected.replace(
            "urgent admission", "emergent or urgent admission"
        ) in str(found), found

    def test_every_variant_changes_something(self):
        for definition in LIBRARY.values():
            if definition.data.predictions:
                continue
            for variant in definition.variant_names:
                assert effects.effects(definition, variant, LIBRARY), (definition.id, variant)


class TestCoverage:
    """Which score names which primary."""

    @pytest.mark.parametrize(
        ("primary", "score", "cell"),
        [
            ("breast", "tokuhashi_2005", ("named", "5")),
            ("colon", "tokuhashi_2005", ("by rule", "2")),
            ("colorectal", "tokuhashi_2005", ("ambiguous", "2-4")),
            ("cervix", "tokuhashi_2005", ("ambiguous", "2-3")),
            ("unknown_primary", "tokuhashi_2005", ("named", "1")),
            ("unknown_primary", "tomita_2001", ("named", "4")),
            ("urothelial", "tomita_2001", ("unlisted", "")),
            ("rectum", "tomita_2001", ("unlisted", "")),
            ("colorectal", "osri_2013", ("named", "4")),
            ("ovary", "osri_2013", ("unlisted", "")),
            ("lung", "katagiri_2014", ("named", "2-3")),
            ("lymphoma", "bauer_1995", ("named", "1 + 1")),
            ("melanoma", "bauer_1995", ("by rule", "1 + 0")),
            ("kidney", "rades_kidney", ("named", "")),
            ("lung", "rades_kidney", ("not applicable", "")),
            ("unknown_primary", "sioutos_1995", ("unlisted", "")),
            ("myeloma", "bollen_2014", ("unlisted", "")),
            ("breast", "nesms_2015", ("named", "")),
        ],
    )
    def test_cells(self, matrix, primary, score, cell):
        assert matrix[primary, score] == cell

    def test_every_primary_and_every_score_that_uses_it(self, matrix):
        tumours = {p for p in vocabulary.primaries() if p not in
                   (vocabulary.NOT_RECORDED, vocabulary.PENDING)}  # fmt: skip
        scores = {d.id for d in LIBRARY.values() if coverage.uses_primary(d, LIBRARY)}
        assert set(matrix) == {(p, s) for p in tumours for s in scores}
        assert {"nesms_2015", "rades_2010", "noms_2013", "osri_2013"} <= scores
        assert not {"sins", "chao_2012", "gps"} & scores

    def test_kinds(self, matrix):
        assert {kind for kind, _ in matrix.values()} == set(coverage.MEANING)


SEED_TABLE = """
breast 2 5 1 | prostate 2 5 1 | thyroid 2 5 1 | kidney 1 3 2 | endometrium 1 3 2 | lung 0 0 4
colon 1 2 4 | rectum 2 4 - | stomach 0 0 4 | liver 1 1 4 | pancreas 1 0 - | oesophagus 1 0 -
urothelial 1 0 - | melanoma 1 2 - | osteosarcoma 1 0 - | soft_tissue_sarcoma 1 2 - | ovary 1 2 -
head_neck 1 2 - | carcinoid 1 5 - | thymoma 1 2 - | germ_cell 1 2 - | myeloma 1 2 -
non_hodgkin_lymphoma 1 2 - | gallbladder 1 1 - | unknown_primary 1 1 4
"""


@pytest.mark.parametrize("row", re.split(r"[|\n]", SEED_TABLE.strip()))
def test_the_dossiers_table_of_primaries(matrix, row):
    """Section 0.1 of the surgical dossier: Tokuhashi 1990, Tokuhashi 2005, Tomita."""
    primary, first, second, third = row.split()
    assert matrix[primary, "tokuhashi_1990"][1] == first
    assert matrix[primary, "tokuhashi_2005"][1] == second
    found = matrix[primary, "tomita_2001"]
    assert found[1] == third if third != "-" else found[0] in ("unlisted", "ambiguous")
