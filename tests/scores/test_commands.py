"""``spinemets scores new`` and ``test``, and the how-to that shows them."""

import argparse
import re

import pytest
import yaml

from spinemets.errors import InputError
from spinemets.scores import cli


def run(*argv):
    parser = argparse.ArgumentParser(prog="spinemets", allow_abbrev=False)
    cli.add_parsers(parser.add_subparsers(required=True))
    args = parser.parse_args(list(argv))
    return args.work(args)


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestNew:
    """The scaffold."""

    def test_passes_its_own_test(self, study, capsys):
        assert run("scores", "new", "my_score") == 0
        assert "written: config/scores/my_score.yaml" in capsys.readouterr().out
        assert run("scores", "test", "config/scores/my_score.yaml") == 0
        assert "my_score: 2 of 2 worked patients agree" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("name", "why"),
        [("My Score", "can't be an id"), ("tomita_2001", "a score that comes with it has this id")],
    )
    def test_refuses_a_bad_or_taken_id(self, study, name, why):
        with pytest.raises(InputError, match=why):
            run("scores", "new", name)

    def test_keeps_a_file_that_exists(self, study):
        run("scores", "new", "my_score")
        with pytest.raises(InputError, match="the file exists"):
            run("scores", "new", "my_score")

    def test_elsewhere(self, study, capsys):
        run("scores", "new", "my_score", "--folder", "other")
        assert run("scores", "test", "other/my_score.yaml") == 0

    def test_is_computed_and_shown(self, study, capsys):
        run("scores", "new", "my_score")
        run("scores", "show", "my_score")
        run("score", "--scores", "my_score", "--kps", "80", "--primary", "breast")
        out = capsys.readouterr().out
        assert "My score: 3 of 0-3 points, band 2-3" in out


class TestTest:
    """Worked patients, run."""

    def test_all_shipped_ones_agree(self, study, capsys):
        assert run("scores", "test") == 0
        out = capsys.readouterr().out
        assert "tokuhashi_2005: 17 of 17 worked patients agree" in out

    def test_by_id(self, study, capsys):
        assert run("scores", "test", "sins", "escc") == 0
        assert len(capsys.readouterr().out.splitlines()) == 2

    def test_a_wrong_expectation_fails_and_says_what_differs(self, study, capsys):
        run("scores", "new", "my_score")
        path = study / "config/scores/my_score.yaml"
        path.write_text(path.read_text().replace("total: 3, band: good", "total: 2, band: good"))
        assert run("scores", "test", "config/scores/my_score.yaml") == 1
        assert "1: total: expected 2.0, computed 3.0" in capsys.readouterr().out

    def test_a_wrong_file_is_refused_with_its_line(self, study):
        run("scores", "new", "my_score")
        path = study / "config/scores/my_score.yaml"
        path.write_text(path.read_text().replace("at_least: 50", "at_least: 60"))
        with pytest.raises(
            InputError, match=r"line \d+: item performance: no level holds kps = 50"
        ):
            run("scores", "test", "config/scores/my_score.yaml")

    def test_a_missing_file(self, study):
        with pytest.raises(InputError, match="does not exist"):
            run("scores", "test", "config/scores/nothing.yaml")


class TestHowTo:
    """docs/how-to/add_a_score.md is true."""

    @pytest.fixture
    def text(self, root):
        return (root / "docs/how-to/add_a_score.md").read_text(encoding="utf-8")

    def test_its_commands_run(self, text, study, capsys):
        commands = re.findall(r"^\$ spinemets (.+)$", text, flags=re.M)
        assert len(commands) >= 5
        for command in commands:
            assert run(*command.split()) == 0, command

    def test_its_conditions_are_conditions(self, text):
        from spinemets.scores.schema import Condition

        cells = re.findall(r"^\| `(\{.*?\})`", text, flags=re.M)
        assert len(cells) >= 7
        for cell in cells:
            Condition.model_validate(yaml.safe_load(cell.replace("[...]", "[{concept: solitary}]")))

    def test_it_names_every_concept(self, text):
        from spinemets.scores import concepts

        assert all(f"`{name}`" in text for name in concepts.load().concepts)

    def test_its_item_is_an_item(self, text):
        from spinemets.scores.schema import Item

        block = re.search(r"```yaml\nitems:\n(.*?)```", text, flags=re.S).group(1)
        (item,) = yaml.safe_load(block)
        assert len(Item.model_validate(item).levels) == 2
