"""Codes and words become one canonical primary with its biology."""

import pytest

from spinemets import vocabulary
from spinemets.vocabulary.coding import Tumour, UnresolvedError, from_icd, from_term


@pytest.mark.parametrize(
    ("term", "primary"),
    [
        ("Breast", "breast"),
        ("Mammakarzinom", "breast"),
        ("  renal   cell carcinoma ", "kidney"),
        ("Nierenzellkarzinom", "kidney"),
        ("CUP-Syndrom", "unknown_primary"),
        ("colorectal", "colorectal"),
        ("soft_tissue_sarcoma", "soft_tissue_sarcoma"),
        ("Uterine corpus", "endometrium"),
        ("Gallenblase", "gallbladder"),
        ("cholangiocarcinoma", "bile_duct"),
        ("other", "other_primary"),
    ],
)
def test_plain_terms(term, primary):
    assert from_term(term) == Tumour(primary)


@pytest.mark.parametrize(
    ("term", "flag", "value"),
    [
        ("SCLC", "small_cell", True),
        ("NSCLC", "small_cell", False),
        ("Nicht-kleinzelliges Bronchialkarzinom", "small_cell", False),
        ("triple-negative breast cancer", "hormone_dependent", False),
        ("ER-positive breast cancer", "hormone_dependent", True),
        ("mCRPC", "hormone_dependent", False),
        ("Hormonsensitives Prostatakarzinom", "hormone_dependent", True),
    ],
)
def test_terms_that_carry_biology(term, flag, value):
    assert getattr(from_term(term), flag) is value


def test_no_term_says_that_a_targeted_drug_was_given():
    from spinemets.vocabulary.coding import _tables

    assert all("targeted_drug" not in entry for entry in _tables()["terms"].values())


@pytest.mark.parametrize("term", ["", "lungs and breast", "tumour"])
def test_an_unknown_term_is_refused_without_being_shown(term):
    with pytest.raises(UnresolvedError, match="not in the vocabulary"):
        from_term(term)


def test_no_code_and_no_word_stands_for_two_primaries():
    for field in ("icd10", "synonyms"):
        found = [x for p in vocabulary.primaries().values() for x in getattr(p, field)]
        assert len(found) == len(set(found)), {x for x in found if found.count(x) > 1}


@pytest.mark.parametrize(
    ("term", "primary"),
    [
        ("Mamma-Ca", "breast"),
        ("Prostata-CA", "prostate"),
        ("Bronchial-Ca", "lung"),
        ("Nierenzell-Ca", "kidney"),
        ("Harnblasenkarzinom", "urothelial"),
        ("Rektum-Ca", "rectum"),
        ("Rektosigmoid", "colorectal"),
        ("Malignes Melanom", "melanoma"),
        ("Gebärmutterhalskrebs", "cervix"),
        ("Gebärmutterkrebs", "endometrium"),
    ],
)
def test_words_of_german_records(term, primary):
    assert from_term(term).primary == primary


def test_every_synonym_leads_to_its_own_primary():
    for primary in vocabulary.primaries().values():
        for word in (primary.id, primary.label, *primary.synonyms):
            assert from_term(word).primary == primary.id, word


@pytest.mark.parametrize(
    ("code", "primary"),
    [
        ("C50", "breast"),
        ("C50.9", "breast"),
        ("c509", "breast"),
        ("C61", "prostate"),
        ("C64.9", "kidney"),
        ("C65.9", "urothelial"),
        ("C67.0", "urothelial"),
        ("C18.7", "colon"),
        ("C19", "colorectal"),
        ("C20.9", "rectum"),
        ("C22.0", "liver"),
        ("C22.1", "bile_duct"),
        ("C23.9", "gallbladder"),
        ("C54.1", "endometrium"),
        ("C53", "cervix"),
        ("C01.9", "tongue"),
        ("C09", "tonsil"),
        ("C11.9", "epipharynx"),
        ("C41.2", "bone_sarcoma"),
        ("C90.0", "myeloma"),
        ("C83.3", "non_hodgkin_lymphoma"),
        ("C81.1", "hodgkin_lymphoma"),
        ("C7A.8", "carcinoid"),
        ("C43.5", "melanoma"),
        ("C44.9", "skin_other"),
        ("C15.3", "oesophagus"),
        ("C16.9", "stomach"),
        ("C24.0", "bile_duct"),
        ("C25.9", "pancreas"),
        ("C33", "lung"),
        ("C34.1", "lung"),
        ("C37", "thymoma"),
        ("C45.0", "mesothelioma"),
        ("C48.0", "soft_tissue_sarcoma"),
        ("C55", "endometrium"),
        ("C56", "ovary"),
        ("C62.9", "germ_cell"),
        ("C66", "urothelial"),
        ("C68.0", "urothelial"),
        ("C69.3", "eye"),
        ("C73", "thyroid"),
        ("C74.9", "adrenal"),
        ("C85.9", "non_hodgkin_lymphoma"),
        ("C88.0", "non_hodgkin_lymphoma"),
        ("C90.3", "myeloma"),
        ("C92.0", "leukaemia"),
        ("C02.9", "tongue"),
        ("C32.0", "head_neck"),
        ("C51.9", "other_primary"),
    ],
)
def test_topography(code, primary):
    assert from_icd(code).primary == primary


@pytest.mark.parametrize(
    ("code", "morphology", "primary"),
    [
        ("C41.2", "9180/3", "osteosarcoma"),
        ("C41.2", "9220/3", "chondrosarcoma"),
        ("C41.9", "9260/3", "ewing_sarcoma"),
        ("C49.2", "9040/3", "synovial_sarcoma"),
        ("C22.0", "8170/3", "liver"),
        ("C22.0", "8160/3", "bile_duct"),
        ("C34.1", "8240/3", "carcinoid"),
        ("C77.9", "9680/3", "non_hodgkin_lymphoma"),
        ("C41.2", "9240/3", "chondrosarcoma"),
        ("C38.4", "9050/3", "mesothelioma"),
        ("C42.1", "9732/3", "myeloma"),
        ("C80.9", "8720/3", "melanoma"),
        ("C50.9", "8500/3", "breast"),
    ],
)
def test_morphology_decides_where_the_topography_does_not(code, morphology, primary):
    assert from_icd(code, morphology).primary == primary


@pytest.mark.parametrize(
    ("morphology", "small_cell"),
    [("8041/3", True), ("8045", True), ("M-8140/3", False), ("8070/3", False),
     ("8000/3", None), ("8010/3", None), ("", None), (None, None)],
)  # fmt: skip
def test_small_cell_lung_cancer(morphology, small_cell):
    assert from_icd("C34.9", morphology) == Tumour("lung", small_cell=small_cell)


def test_small_cell_is_read_for_the_lung_only():
    assert from_icd("C61", "8041/3").small_cell is None


@pytest.mark.parametrize(
    ("worked_up", "primary"),
    [(True, "unknown_primary"), (False, "work_up_pending"), (None, "primary_not_recorded")],
)
@pytest.mark.parametrize("code", ["C80", "C80.9", "C76.0"])
def test_an_unknown_site_is_unknown_primary_only_when_worked_up(code, worked_up, primary):
    assert from_icd(code, worked_up=worked_up).primary == primary


@pytest.mark.parametrize("code", ["C79.5", "C79.51", "C78.0", "C77", "C7B.0"])
def test_a_metastasis_is_no_primary(code):
    with pytest.raises(UnresolvedError, match="a code of a metastasis"):
        from_icd(code)


@pytest.mark.parametrize(
    ("code", "morphology", "why"),
    [("50", None, "not an ICD code"), ("breast", None, "not an ICD code"),
     ("Z51", None, "not in the vocabulary"), ("C50", "adeno", "not an ICD-O-3 morphology")],
)  # fmt: skip
def test_what_is_not_a_code(code, morphology, why):
    with pytest.raises(UnresolvedError, match=why):
        from_icd(code, morphology)


@pytest.mark.parametrize(
    "wrong",
    [
        {"primary": "kidney", "hormone_dependent": True},
        {"primary": "primary_not_recorded", "small_cell": True},
        {"primary": "breast", "small_cell": True},
        {"primary": "unknown_primary", "small_cell": True},
        {"primary": "work_up_pending", "hormone_dependent": False},
        {"primary": "lungs"},
    ],
)
def test_impossible_combinations_cannot_be_built(wrong):
    with pytest.raises(ValueError, match=r"can't be|nothing is known|not a canonical"):
        Tumour(**wrong)


def test_every_code_of_the_vocabulary_leads_back():
    for primary in vocabulary.primaries().values():
        for code in primary.icd10:
            if code[:3] != "C80":
                found = from_icd(code).primary
                assert found == primary.id or code in vocabulary.primaries()[found].icd10
        for text in primary.morphology:
            assert from_icd("C44.9", text.partition("-")[0]).primary == primary.id
