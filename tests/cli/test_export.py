"""``vidense export``: what it prints, what it refuses."""

import pytest

from tests.strangers import parts, write

PLUGIN = """
from vidense.parameterizations import PARAMETERIZATIONS, Dense

@PARAMETERIZATIONS.register("mine")
class Mine(Dense):
    kind = "mine"
"""


@pytest.fixture
def dataset(tmp_path):
    parts(tmp_path / "run" / "dataset", "key_frames")
    return tmp_path / "run"


def test_it_says_what_was_written_and_ends_with_the_path(vidense, dataset, tmp_path):
    code, out, err = vidense("export", dataset, "--format", "mp4", "--out", tmp_path / "videos")
    assert code == 0 and "export 3/3" in err
    assert out == f"3 videos of 3 classes, 4 frames of 6x5, as mp4\nwritten to {tmp_path / 'videos'}\n"
    assert len(list((tmp_path / "videos").rglob("*.mp4"))) == 3


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("memories", "they decode differently at every draw; written is the one clip that stands for each"),
        ("dense", "their soft labels are in metadata.json"),
    ],
)
def test_it_says_what_files_of_videos_cannot(vidense, tmp_path, kind, line):
    parts(tmp_path / "set", kind)
    assert line in vidense("export", tmp_path / "set", "--format", "webp", "--out", tmp_path / "o").out.splitlines()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--format", "mp5"), "unknown format 'mp5'; did you mean 'mp4'?"),
        (("--format", "mp4", "--json"), "No such option"),
        ((), "Missing option '--format'"),
    ],
)
def test_bad_values(refused, dataset, tmp_path, words, message):
    assert message in refused("export", dataset, *words, "--out", tmp_path / "videos")
    assert not (tmp_path / "videos").exists()


def test_folders_that_will_not_do(refused, dataset, tmp_path):
    words = ("--format", "frames", "--out")
    assert "is no condensed dataset" in refused("export", tmp_path, *words, tmp_path / "out")
    line = refused("export", dataset, *words, dataset)
    assert line == f"vidense: '{dataset}' exists and holds something else; give the path of a new folder\n"
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").touch()
    assert "cannot be made" in refused("export", dataset, *words, tmp_path / "file" / "out")


def test_a_damaged_dataset_is_refused_in_one_sentence(refused, dataset, tmp_path):
    file = dataset / "dataset" / "tensors.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    assert "other SHA-256" in refused("export", dataset, "--format", "hf", "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("no_plugin_left")
def test_a_plug_in_brings_a_parameterization_of_its_own(vidense, refused, dataset, tmp_path):
    index, tensors = parts(tmp_path / "set", "dense")
    write(tmp_path / "set", {**index, "parameterization": "mine"}, tensors)
    words = ("export", tmp_path / "set", "--format", "webp", "--out", tmp_path / "out")
    assert "unknown parameterization 'mine'" in refused(*words)
    (tmp_path / "export_mine.py").write_text(PLUGIN)
    assert vidense(*words, "--plugin", tmp_path / "export_mine.py").code == 0
