"""The report is one page that needs nothing else, and no number of it is typed by hand."""

import html.parser
import json
import re
import shutil

import pytest

from spinemets.disclosure.door import COHORT_KEYS
from spinemets.reporting import page
from spinemets.settings import Cohort, Settings

TEMPLATE = (page.TEMPLATES / "report.html.j2").read_text(encoding="utf-8")


def test_no_number_stands_in_the_prose_of_the_template():
    prose = re.sub(r"{%.*?%}|{{.*?}}|<[^>]*>", " ", TEMPLATE, flags=re.DOTALL)
    assert not re.findall(r"\d", prose.replace("sha256", ""))


class Reader(html.parser.HTMLParser):
    """Collects what an accessibility check looks at."""

    def __init__(self):
        super().__init__()
        self.headings, self.images, self.links, self.ids, self.heads = [], [], [], [], []
        self.language = ""

    def handle_starttag(self, tag, attrs):
        """Note headings, pictures, links and table headings."""
        found = dict(attrs)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self.images += [found] if tag == "img" else []
        self.links += (
            [found.get("href") or found.get("src") or ""]
            if tag in ("a", "link", "script", "img")
            else []
        )
        self.ids += [found["id"]] if "id" in found else []
        self.heads += [found.get("scope")] if tag == "th" else []
        self.language = found.get("lang", self.language) if tag == "html" else self.language


@pytest.fixture(params=["spine_sim", "va_prostate"])
def report(request, finished):
    """Report of a cohort of the finished workflow."""
    path = finished.folder / "results/release" / request.param / "report.html"
    return path.read_text(encoding="utf-8")


def test_the_page_is_self_contained_and_accessible(report):
    reader = Reader()
    reader.feed(report)
    assert reader.language == "en"
    assert reader.headings[0] == 1
    assert reader.headings.count(1) == 1
    steps = zip(reader.headings, reader.headings[1:], strict=False)
    assert all(b - a <= 1 for a, b in steps)
    assert reader.images
    assert all(len(image["alt"]) > 40 for image in reader.images)
    assert len(set(reader.ids)) == len(reader.ids)
    assert all(link.startswith(("#", "data:")) for link in reader.links)
    assert set(reader.heads) <= {"col", "row"}
    assert "for treatment decisions" in report


def test_no_value_is_printed_as_a_programming_language_would(report):
    visible = re.sub(r'src="data:[^"]*"|<style>.*?</style>', "", report, flags=re.DOTALL)
    assert not re.findall(r"\b(?:nan|None|NaT|<NA>|inf)\b", visible)


def test_the_report_needs_nothing_that_a_private_cohort_keeps_back(finished, tmp_path):
    release = shutil.copytree(finished.folder / "results/release/spine_sim", tmp_path / "release")
    info = json.loads((release / "cohort.json").read_text(encoding="utf-8"))
    kept = {key: info[key] for key in COHORT_KEYS if key in info} | {"visibility": "private"}
    (release / "cohort.json").write_text(json.dumps(kept), encoding="utf-8")
    cohort = Cohort(
        id="spine_sim", label="x", file="patients.csv", time_zero="surgery", visibility="private"
    )
    text = page.render(release, Settings(cohorts=[cohort]), cohort)
    assert "Which score knows which primary" in text
    assert "Source:" not in text
