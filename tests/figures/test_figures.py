"""Every figure, of every kind of release: readable, complete, and the same each time."""

import itertools
import json
import re
import subprocess
import sys

import pandas as pd
import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from spinemets import figures, released
from spinemets.errors import InputError
from spinemets.figures import FIGURES, forest, style
from spinemets.figures.base import NOTHING, SIMULATED
from spinemets.stages import draw

#: Figures by group are alike: two of them stand for all.
NAMES = [
    n
    for n in FIGURES
    if n in released.FIGURES or n in ("kaplan_meier_primary", "kaplan_meier_treatment")
]
KINDS = ["simulated", "private", "small", "thin", "one"]
SMALLEST = 6.5


@pytest.fixture(scope="module")
def drawings(source):
    """Drawings, made once: figure and kind of release."""
    made = {}

    def get(name, kind):
        if (name, kind) not in made:
            with rc_context(style.RC):
                drawing = FIGURES[name].draw(source(kind))
                FigureCanvasAgg(drawing.page.figure).draw()
            made[name, kind] = drawing
        return made[name, kind]

    return get


def texts(drawing):
    """Every text on the page that is printed."""
    figure = drawing.page.figure
    found = list(figure.texts)
    for axes in figure.axes:
        found += [*axes.texts, axes.title, axes.xaxis.label, axes.yaxis.label]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            labels = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=False)
            found += [label for place, label in labels if low <= place <= high]
    return [t for t in found if t.get_visible() and t.get_text().strip()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_texts_are_large_enough_inside_the_page_and_apart(drawings, name, kind):
    drawing = drawings(name, kind)
    page = drawing.page.figure.bbox
    boxes = []
    for text in texts(drawing):
        assert text.get_fontsize() >= SMALLEST
        box = text.get_window_extent()
        assert page.x0 - 1 <= box.x0, text
        assert box.x1 <= page.x1 + 1, text
        assert page.y0 - 1 <= box.y0, text
        assert box.y1 <= page.y1 + 1, text
        boxes.append((box, text.get_text()))
    for (a, first), (b, second) in itertools.combinations(boxes, 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        high = min(a.y1, b.y1) - max(a.y0, b.y0)
        # Two pixels of 300 dpi: boxes include the room below the line of a letter.
        assert wide <= 2 or high <= 2, (first, second)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_every_figure_says_whose_data_it_shows(drawings, source, name, kind):
    drawing = drawings(name, kind)
    page = " ".join(t.get_text() for t in texts(drawing))
    assert source(kind).label in page
    assert (SIMULATED in page) == (kind == "simulated")
    assert ("minimum" in page or "withheld" in page) == (kind in ("private", "small", "thin"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_caption_alt_text_and_data(drawings, name, kind):
    drawing = drawings(name, kind)
    assert drawing.caption.endswith(".")
    assert len(drawing.alt) > 40
    assert len(drawing.data)
    assert not re.search(r"\bnan\b|None|<NA>", drawing.caption + drawing.alt)
    shown = " ".join(t.get_text() for t in texts(drawing))
    assert not re.search(r"\bnan\b|None|<NA>", shown)
    assert (NOTHING in shown) == (list(drawing.data["element"]) == ["reason"]
                                  if "element" in drawing.data else False)  # fmt: skip


def test_thin_cohorts_show_reasons(drawings):
    for name in ("kaplan_meier_overall", "kaplan_meier_bands", "forest_c"):
        assert drawings(name, "thin").caption.startswith(NOTHING)
    assert "too few" in drawings("kaplan_meier_overall", "thin").data["text"].item()


def test_sizes_are_those_of_a_journal(drawings):
    assert drawings("kaplan_meier_primary", "simulated").page.width == 174
    assert drawings("kaplan_meier_overall", "simulated").page.width == 84
    for name in NAMES:
        page = drawings(name, "simulated").page
        assert page.width <= 174
        assert page.height <= 234


@pytest.mark.parametrize("width", [80, 120, 190])
@pytest.mark.parametrize("name", NAMES)
def test_another_width_is_followed(source, name, width):
    with rc_context(style.RC):
        drawing = FIGURES[name].draw(source("simulated", width_mm=width, column_mm=width / 2 + 25))
        FigureCanvasAgg(drawing.page.figure).draw()
    least = forest.NARROWEST if name == "forest_c" else 0
    assert drawing.page.width <= max(width, least) + 1
    edge = drawing.page.figure.bbox.x1
    assert all(t.get_window_extent().x1 <= edge + 1 for t in texts(drawing))


def test_the_twin_holds_exactly_the_lines_drawn(drawings):
    drawing = drawings("kaplan_meier_overall", "simulated")
    (line,) = [a for a in drawing.page.figure.axes[0].lines if len(a.get_xdata()) > 10]
    twin = drawing.data[drawing.data["element"].eq("curve")]
    assert line.get_xdata().tolist() == twin["time_months"].tolist()
    assert line.get_ydata().tolist() == twin["survival"].tolist()
    assert set(drawing.data["element"]) == {"curve", "at_risk", "median"}


def test_every_figure_can_be_redrawn_from_its_twin(drawings):
    counts = drawings("score_distribution", "simulated")
    bars = [p.get_height() for a in counts.page.figure.axes for p in a.patches]
    assert sorted(abs(b) for b in bars) == sorted(counts.data["n"])
    forest = drawings("forest_c", "simulated").data
    assert forest["estimate"].notna().all()
    assert set(forest["set"]) == {"classic", "own"}
    cells = drawings("computability", "simulated").data
    cells = cells[cells["element"].eq("cell")]
    assert cells.groupby("score")["n"].sum().unique().tolist() == [600]


def test_private_curves_have_whole_months_and_no_small_counts(drawings):
    data = drawings("kaplan_meier_primary", "private").data
    curve = data[data["element"].eq("curve")]
    assert (curve["time_months"] % 1 == 0).all()
    assert not data["n"].dropna().between(1, 10).any()


def test_groups_that_are_not_drawn_are_named_with_the_reason(drawings):
    drawing = drawings("kaplan_meier_primary", "simulated")
    page = " ".join(t.get_text() for t in texts(drawing))
    assert "Not drawn, fewer than 10 patients: " in page
    assert any("Other" in note for note in drawing.footnotes)
    assert "other" not in set(drawing.data["stratum"])


def test_many_groups_have_a_panel_each_and_few_share_one(drawings):
    assert len(drawings("kaplan_meier_primary", "simulated").page.figure.axes) > 6
    assert len(drawings("kaplan_meier_treatment", "simulated").page.figure.axes) > 3
    assert len(drawings("kaplan_meier_inclusion", "simulated").page.figure.axes) == 1


def test_bands_are_drawn_from_best_to_worst(drawings):
    data = drawings("kaplan_meier_bands", "simulated").data
    first = data[data["panel"].eq("Tokuhashi 2005")]
    assert list(dict.fromkeys(first["stratum"])) == ["12-15", "9-11", "0-8"]


def test_scores_to_be_verified_are_named_under_the_figure(drawings):
    notes = drawings("forest_c", "simulated").footnotes
    assert any("verified" in n and "OSRI 2013" in n and "Tomita" not in n for n in notes)


def run(releases, kind, name, folder):
    return draw.main(
        ["--figures", name, "--tables", str(releases[kind] / "tables"), "--cohort-info",
         str(releases[kind] / "cohort.json"), "--out-folder", str(folder)]
    )  # fmt: skip


@pytest.fixture(scope="module")
def written(releases, tmp_path_factory):
    """Files of one figure."""
    prefix = tmp_path_factory.mktemp("out") / "kaplan_meier_overall"
    assert run(releases, "simulated", prefix.name, prefix.parent) == 0
    return prefix


def test_five_files_are_written(written):
    names = {p.suffix.lstrip(".") for p in written.parent.iterdir()}
    assert names == set(released.FORMATS)


def test_the_picture_has_print_resolution(written):
    with Image.open(written.with_suffix(".png")) as picture:
        assert round(picture.info["dpi"][0]) == 300
        assert picture.width == pytest.approx(84 / 25.4 * 300, abs=1)


def test_fonts_are_embedded_as_outlines_that_journals_take(written):
    pdf = written.with_suffix(".pdf").read_bytes()
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert b"CreationDate" not in pdf


def test_the_description_is_complete(written):
    about = json.loads(written.with_suffix(".json").read_text("utf-8"))
    assert about["footnotes"][0] == SIMULATED
    assert "One centre." in about["footnotes"]
    assert about["sources"] == [
        "tables/kaplan_meier.csv",
        "tables/at_risk.csv",
        "tables/survival_summary.csv",
    ]
    twin = pd.read_csv(written.parent / about["data"])
    assert set(about["units"]) <= set(twin.columns)
    assert "600 patients" in about["caption"]


def test_another_process_writes_the_same_bytes(releases, written, tmp_path):
    """Hash seeds, dates and the order of sets must not show in a file."""
    top = releases["simulated"]
    subprocess.run(
        [sys.executable, "-m", "spinemets.stages.draw", "--figures", written.name, "--tables",
         str(top / "tables"), "--cohort-info", str(top / "cohort.json"), "--out-folder",
         str(tmp_path)],
        check=True, capture_output=True, env={"PYTHONHASHSEED": "7", "HOME": str(tmp_path)},
    )  # fmt: skip
    for suffix in released.FORMATS:
        path = written.with_suffix(f".{suffix}")
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), suffix


def test_the_registry_agrees_with_the_workflow():
    for name, tables in released.FIGURES.items():
        assert set(FIGURES[name].tables) == set(tables), name
    assert all(set(f.tables) == set(released.sources_of_figure(n)) for n, f in FIGURES.items())


def test_an_unknown_figure_is_a_fault_with_the_nearest_name(releases, tmp_path, capsys):
    assert run(releases, "simulated", "forrest_c", tmp_path) == 2
    assert "did you mean 'forest_c'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_missing_released_table_is_a_fault(source, tmp_path):
    broken = figures.Source(tmp_path, source("simulated").info, source("simulated").settings)
    with pytest.raises(InputError, match="released table is missing"):
        broken.table("cox")
    (tmp_path / "cox.csv").write_text("cohort\n", encoding="utf-8")
    with pytest.raises(InputError, match="columns are missing"):
        broken.table("cox")
