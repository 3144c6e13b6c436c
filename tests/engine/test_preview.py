import io
import json

import pytest
import torch
from PIL import Image

from tests.tiny import task
from vidense.condensed import load, save
from vidense.engine import preview
from vidense.engine.preview import write_previews
from vidense.parameterizations.dense import Dense
from vidense.parameterizations.key_frames import KeyFrames
from vidense.parameterizations.stills import Stills


@pytest.fixture
def dataset(tmp_path):
    """Seven videos a class, of two key-frames each."""
    of = task(tmp_path, vpc=7, videos=7)
    clips = of.real.decode(of.random_videos())
    videos = KeyFrames.from_clips(clips, [2] * len(clips), of.real.spec, of.real.class_names, of.labels)
    return save(tmp_path / "run" / "dataset", videos, dtype="uint8", provenance={})


def test_the_first_videos_of_each_class_are_drawn(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(preview, "DRAWN_PER_CLASS", 5)
    write_previews(dataset, tmp_path / "run")
    index = json.loads((tmp_path / "run" / "preview" / "preview.json").read_text())
    assert [video["label"] for video in index["videos"]] == [0] * 5 + [1] * 5 + [2] * 5
    assert index["of"] == 21
    first = index["videos"][0]
    assert first["key_frames"] == [0, 7] and (first["width"], first["height"]) == (48, 48)
    with Image.open(tmp_path / "run" / "preview" / first["file"]) as moving:
        assert moving.n_frames == 8 and moving.size == (48, 48) and moving.info["loop"] == 0
    with Image.open(io.BytesIO((tmp_path / "run" / "preview" / first["still"]).read_bytes())) as still:
        assert still.n_frames == 1


def test_the_same_dataset_is_not_drawn_twice_and_another_one_is(dataset, tmp_path):
    run = tmp_path / "run"
    write_previews(dataset, run)
    marker = run / "preview" / "marker"
    marker.touch()
    write_previews(load(run), run)
    assert marker.exists()
    of = task(tmp_path)
    dense = Dense(of.real.decode(of.random_videos()), of.real.spec, of.real.class_names, of.labels)
    write_previews(save(run / "dataset", dense, dtype="uint8", provenance={}), run)
    assert not marker.exists()
    (run / "preview" / "preview.json").write_text("{")
    write_previews(load(run), run)
    index = json.loads((run / "preview" / "preview.json").read_text())
    assert [video["key_frames"] for video in index["videos"]] == [list(range(8))] * 3
    assert {path.name for path in (run / "preview").iterdir()} == {
        "preview.json",
        *(video[key] for video in index["videos"] for key in ("file", "still")),
    }


def test_what_is_computed_from_something_else_has_no_stored_frames(tmp_path):
    of = task(tmp_path)
    stills = Stills(torch.randn(3, *of.real.spec.shape[1:]), of.real.spec, of.real.class_names, of.labels)
    made = save(tmp_path / "run" / "dataset", stills, dtype="float32", provenance={})
    write_previews(made, tmp_path / "run")
    index = json.loads((tmp_path / "run" / "preview" / "preview.json").read_text())
    assert [video["key_frames"] for video in index["videos"]] == [None] * 3
