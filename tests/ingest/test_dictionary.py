"""What is written from the contract and the mapping's model is in step with them."""

from pathlib import Path

import pytest

from spinemets import contract
from spinemets.ingest.dictionary import documents, main


def test_documents_are_in_step(root: Path) -> None:
    stale = [p.name for p, text in documents(root).items() if p.read_text("utf-8") != text]
    assert not stale, "run python -m spinemets.ingest.dictionary"


def test_every_column_is_in_the_dictionary(root: Path) -> None:
    text = (root / "data/README.md").read_text("utf-8")
    assert [n for n in contract.columns() if f"| `{n}`" not in text] == []


def test_check_finds_an_edit(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("data/README.md", "docs/reference/mapping.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((root / name).read_text("utf-8"), encoding="utf-8")
    main(["--root", str(tmp_path)])
    capsys.readouterr()
    assert main(["--check", "--root", str(tmp_path)]) == 0
    readme = tmp_path / "data/README.md"
    readme.write_text(
        readme.read_text("utf-8").replace("karnofsky", "?").replace("KPS", "?"), "utf-8"
    )
    assert main(["--check", "--root", str(tmp_path)]) == 1
    assert "out of step" in capsys.readouterr().err
    assert main(["--root", str(tmp_path)]) == 0
    assert main(["--check", "--root", str(tmp_path)]) == 0
