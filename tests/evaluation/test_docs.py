"""The page about the tables is what the registries say."""

from pathlib import Path

from spinemets import tables_docs

ROOT = Path(__file__).parents[2]


def test_the_page_is_in_step(capsys, tmp_path):
    assert tables_docs.main(["--check", "--root", str(ROOT)]) == 0
    (tmp_path / "docs/reference").mkdir(parents=True)
    assert tables_docs.main(["--check", "--root", str(tmp_path)]) == 1
    assert "out of step" in capsys.readouterr().err
