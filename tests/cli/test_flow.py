"""``vidense flow``: its table, its files, what it refuses."""

import json
import re

import pytest


@pytest.fixture(scope="module")
def finished(tmp_path_factory, store):
    """A finished run of random selection."""
    from vidense.cli import run

    folder = tmp_path_factory.mktemp("flow") / "random-0"
    assert run(["condense", str(store), "--out", str(folder), "--method", "random"]) == 0
    return folder


@pytest.fixture
def _opencv():
    pytest.importorskip("cv2", reason="OpenCV is not installed (extra 'motion')")


@pytest.mark.usefixtures("_opencv")
class TestWithOpenCV:
    def test_it_prints_a_line_a_class_and_ends_with_the_path(self, vidense, store, finished):
        code, out, err = vidense("flow", finished, "--on", store)
        assert code == 0 and "flow 3/3" in err
        lines = out.splitlines()
        assert [line.split()[0] for line in lines if re.match(r"ball|cube|disc|mean", line)] == [
            "ball",
            "cube",
            "disc",
            "mean",
        ]
        assert max(map(len, lines)) <= 125
        assert lines[-1] == f"written to {finished / 'flow' / 'flow.json'}"
        assert len(list((finished / "flow").glob("*.png"))) == 3

    def test_random_selection_scores_what_random_clips_score(self, vidense, store, finished):
        mean = json.loads(vidense("flow", finished, "--on", store, "--json").out)["mean"]
        assert mean["condensed"] == pytest.approx(mean["random"])

    def test_json_is_pure_and_is_the_file(self, vidense, store, finished, tmp_path):
        words = ("--algorithm", "farneback", "--class", "disc", "--class", "ball", "--out", tmp_path / "f", "--json")
        code, out, _ = vidense("flow", finished, "--on", store, *words)
        found = json.loads(out)
        assert code == 0 and found.pop("path") == str(tmp_path / "f" / "flow.json")
        assert json.loads((tmp_path / "f" / "flow.json").read_text()) == found
        assert found["algorithm"] == "farneback" and [row["name"] for row in found["classes"]] == ["ball", "disc"]

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("--class", "bal"), "unknown class 'bal'; did you mean 'ball'?"),
            (("--algorithm", "diss"), "unknown algorithm 'diss'; did you mean 'dis'?"),
            (("--colour", "hsv"), "No such option"),
        ],
    )
    def test_bad_values(self, refused, store, finished, words, message):
        assert message in refused("flow", finished, "--on", store, *words)

    def test_missing_folders(self, refused, store, finished, tmp_path):
        assert "is no condensed dataset" in refused("flow", tmp_path, "--on", store)
        assert "is no store" in refused("flow", finished, "--on", tmp_path)


def test_without_opencv_one_sentence_says_what_to_install(refused, store, finished, tmp_path, no_opencv):
    line = refused("flow", finished, "--on", store, "--out", tmp_path / "f")
    assert line == (
        "vidense: optical flow needs OpenCV, which is not installed; install it by pip install 'vidense[motion]'\n"
    )
    assert not (tmp_path / "f").exists()
