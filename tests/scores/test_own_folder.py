"""A study's own files, from config/scores."""

import pytest
import yaml
from tests.scores.own_score import GOOD, changed, write

from spinemets.errors import InputError
from spinemets.scores import registry


class TestOwnFolder:
    """A study's own files, from config/scores."""

    def test_are_loaded_beside_the_shipped_ones(self, tmp_path):
        write(tmp_path, GOOD)
        found = registry.load_definitions(["my_score", "sins"], [tmp_path])
        assert list(found) == ["my_score", "sins"]
        assert found["my_score"].direction == 1

    def test_all(self, tmp_path):
        write(tmp_path, GOOD)
        assert "my_score" in registry.load_definitions(None, [tmp_path])

    def test_a_folder_that_does_not_exist_is_no_fault(self, tmp_path):
        assert registry.load_definitions(["sins"], [tmp_path / "nothing"])

    def test_may_read_shipped_scores_and_each_other(self, tmp_path):
        write(tmp_path, GOOD)
        second = GOOD.replace("my_score", "second").replace(
            "{column: kps, below: 50}", "{score: my_score, at_most: 1}"
        ).replace("{column: kps, at_least: 50}", "{score: my_score, at_least: 2}")  # fmt: skip
        write(tmp_path, second, "second")
        found = registry.load_definitions(["second"], [tmp_path])
        assert list(registry.with_dependencies(found, [tmp_path])) == ["second", "my_score"]

    def test_faults_of_all_files_at_once(self, tmp_path):
        write(tmp_path, GOOD.replace("direction: higher_is_better", "direction: up"))
        write(tmp_path, GOOD.replace("my_score", "second").replace("to: 1", "to: 0"), "second")
        write(tmp_path, "items: [\n", "third")
        with pytest.raises(InputError) as caught:
            registry.load_definitions(["sins"], [tmp_path])
        text = str(caught.value)
        assert len(caught.value.faults) == 3
        assert all(f"{name}.yaml" in text for name in ("my_score", "second", "third"))

    def test_may_not_take_the_id_of_a_shipped_score(self, tmp_path):
        write(tmp_path, GOOD.replace("my_score", "sins"), "sins")
        with pytest.raises(InputError, match="another score has this id"):
            registry.load_definitions(["sins"], [tmp_path])

    def test_is_computed_like_the_others(self, tmp_path):
        import pandas as pd

        from spinemets.scores import frames

        write(tmp_path, GOOD)
        found = registry.load_definitions(["my_score"], [tmp_path])
        frame = pd.DataFrame(
            {"patient_id": ["1", "2"], "kps": [80, 40], "primary": ["breast", None]}
        )
        table = frames.compute(frame, found)
        assert table["status"].tolist() == ["determined", "missing"]
        assert table["band"].tolist()[0] == "good"


def test_scores_that_read_each_other_are_refused(tmp_path):
    first = changed((("items", 1, "levels", 0, "when"), {"score": "second", "at_least": 1}))
    write(tmp_path, first)
    second = yaml.safe_load(GOOD)
    second["id"] = "second"
    second["items"][1]["levels"][0]["when"] = {"score": "my_score", "at_least": 1}
    write(tmp_path, yaml.safe_dump(second), "second")
    with pytest.raises(InputError, match="in a circle"):
        registry.load_definitions(["my_score"], [tmp_path])
