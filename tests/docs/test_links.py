"""Links inside the repository lead somewhere."""

import re
from pathlib import Path

import pytest

from helpers.documents import ROOT, documents

LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s#]*)(#[^)\s]*)?\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as hosting sites make them."""
    headings = re.findall(r"^#+ +(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of(path: Path) -> None:
    text = CODE.sub("", path.read_text(encoding="utf-8"))
    broken = []
    for target, anchor in LINK.findall(text):
        aim = (path.parent / target).resolve() if target else path
        if not aim.exists() or (anchor and aim.suffix == ".md" and anchor[1:] not in anchors(aim)):
            broken.append(target + anchor)
    assert broken == []
