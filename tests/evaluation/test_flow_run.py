"""Flow of a condensed dataset beside real clips: numbers by hand, files, refusals."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from tests.evaluation.conftest import write_dataset, write_store
from vidense.condensed import save
from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.evaluation import flow_run
from vidense.evaluation.baselines import equal_videos
from vidense.evaluation.flow import compare, magnitude, mean_motion
from vidense.evaluation.flow_run import measure_flow
from vidense.parameterizations import Dense, SelectedClips


@pytest.fixture(autouse=True)
def _opencv():
    pytest.importorskip("cv2", reason="OpenCV is not installed (extra 'motion')")


@pytest.fixture
def run(dataset):
    return dataset.path.parent


def test_numbers_are_those_of_each_set_by_hand(store, dataset, run):
    found = measure_flow(run, store.path)
    assert [row["name"] for row in found["classes"]] == ["down", "left", "up"]
    assert (found["seed"], found["method"], found["algorithm"]) == (1, "toy", "dis")
    random = equal_videos(store, torch.arange(3), 1).clips
    for label, row in enumerate(found["classes"]):
        real = mean_motion(store.train, store.train.members(label))
        assert row["real"] == {
            "videos": 4,
            "magnitude": pytest.approx(magnitude(real.flow)),
            "difference": pytest.approx(real.difference.mean()),
        }
        for name, clips in (("condensed", dataset), ("random", random)):
            motion = mean_motion(clips, torch.tensor([label]))
            told = {key: row[name][key] for key in ("cosine", "end_point_error")}
            assert told == pytest.approx(compare(motion.flow, real.flow)) and row[name]["videos"] == 1
        halves = [mean_motion(half, half.members(label)) for half in store.train.hold_out(0.5, 1)]
        assert row["halves"].pop("videos") == [2, 2]
        assert row["halves"] == pytest.approx(compare(halves[0].flow, halves[1].flow))


def test_the_mean_is_over_classes_that_have_the_number():
    rows = [{"magnitude": 1.0, "cosine": None}, {"magnitude": 2.0, "cosine": 0.5}]
    found = flow_run._mean(rows)
    assert found == {"magnitude": 1.5, "difference": None, "cosine": 0.5, "end_point_error": None}
    assert set(flow_run._mean([]).values()) == {None}


def test_the_same_clips_are_as_alike_as_can_be(store, tmp_path):
    everything = torch.arange(len(store.train))
    same = SelectedClips(store.train.pixels(everything), store.spec, store.class_names, store.train.labels)
    save(tmp_path / "same", same, dtype="uint8", provenance={})
    found = measure_flow(tmp_path / "same", store.path)
    assert found["method"] == "condensed" and "condensed, 4 videos" in found["classes"][0]["alt"]
    for kind in ("condensed", "random"):
        assert found["mean"][kind]["cosine"] == pytest.approx(1)
        assert found["mean"][kind]["end_point_error"] == pytest.approx(0, abs=1e-6)


def test_still_videos_have_no_direction(store, tmp_path):
    frame = store.train.decode(torch.tensor([0, 4, 8]))[:, :1]
    still = Dense(frame.expand(-1, 8, -1, -1, -1).clone(), store.spec, store.class_names, torch.arange(3))
    save(tmp_path / "still", still, dtype="uint8", provenance={})
    row = measure_flow(tmp_path / "still", store.path)["classes"][0]
    assert row["condensed"]["cosine"] is None and row["condensed"]["magnitude"] == 0
    assert row["condensed"]["end_point_error"] == pytest.approx(row["real"]["magnitude"])
    assert "cosine none" in row["alt"]


def test_pictures_and_numbers_are_written_beside_the_run(store, run):
    steps = []
    found = measure_flow(run, store.path, progress=lambda *step: steps.append(step))
    assert json.loads((run / "flow" / "flow.json").read_text()) == json.loads(json.dumps(found))
    assert sorted(path.name for path in (run / "flow").iterdir()) == [
        "00000-down.png",
        "00001-left.png",
        "00002-up.png",
        "flow.json",
    ]
    assert steps == [(0, 3), (1, 3), (2, 3), (3, 3)]
    for row in found["classes"]:
        assert min(Image.open(run / "flow" / row["figure"]).size) > 800
        assert row["alt"].startswith(f"Class {row['name']}; ") and "random real, 1 video, cosine" in row["alt"]
        assert f"halves: cosine {row['halves']['cosine']:+.2f};" in row["alt"]


def test_the_same_command_writes_the_same_bytes(store, run):
    def contents():
        measure_flow(run, store.path)
        return {path.name: path.read_bytes() for path in (run / "flow").iterdir()}

    assert contents() == contents()


def test_some_classes_into_another_folder(store, run, tmp_path):
    whole = measure_flow(run, store.path)
    some = measure_flow(run, store.path, classes=["up", "down"], out=tmp_path / "elsewhere")
    assert some["classes"] == [whole["classes"][0], whole["classes"][2]]
    assert len(list((tmp_path / "elsewhere").iterdir())) == 3


def test_an_interrupted_drawing_leaves_no_numbers_of_before(store, run, monkeypatch):
    measure_flow(run, store.path)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(flow_run, "draw_motion", interrupted)
    with pytest.raises(KeyboardInterrupt):
        measure_flow(run, store.path)
    assert not (run / "flow" / "flow.json").exists()


def test_algorithms_differ(store, run):
    one, other = (measure_flow(run, store.path, algorithm=name)["mean"] for name in ("dis", "farneback"))
    assert one["real"]["magnitude"] != other["real"]["magnitude"]
    assert one["real"]["difference"] == other["real"]["difference"]


def test_a_class_of_one_source_has_no_halves(store, run, monkeypatch):
    empty = store.train.subset(torch.arange(0))
    monkeypatch.setattr("vidense.data.real.RealClips.hold_out", lambda clips, *_: (clips, empty))
    found = measure_flow(run, store.path, classes=["up"])
    (row,) = found["classes"]
    assert row["halves"] is None and found["mean"]["halves"]["cosine"] is None and "halves" not in row["alt"]


class TestRefusals:
    def test_unknown_names(self, store, run):
        with pytest.raises(UserError, match=r"unknown class 'dwon'; did you mean 'down'\?"):
            measure_flow(run, store.path, classes=["up", "dwon"])
        with pytest.raises(UserError, match="unknown algorithm 'raft'; known: dis, farneback"):
            measure_flow(run, store.path, algorithm="raft")

    def test_another_store(self, run, tmp_path):
        other = write_store(tmp_path / "other", size=47)
        with pytest.raises(UserError, match="evaluate on the store it was condensed from"):
            measure_flow(run, other.path)

    def test_a_class_without_videos(self, store, tmp_path):
        clips = store.train.decode(torch.tensor([0, 4]))
        some = Dense(clips, store.spec, store.class_names, torch.tensor([0, 1]))
        save(tmp_path / "some", some, dtype="uint8", provenance={})
        with pytest.raises(UserError, match="class 'up' has no condensed videos"):
            measure_flow(tmp_path / "some", store.path, classes=["up"])
        assert [row["name"] for row in measure_flow(tmp_path / "some", store.path)["classes"]] == ["down", "left"]

    def test_a_file_in_the_place_of_the_folder(self, store, run, tmp_path):
        (tmp_path / "taken").write_text("")
        with pytest.raises(UserError, match="is a file; give a folder"):
            measure_flow(run, store.path, out=tmp_path / "taken")

    def test_nothing_is_written_by_a_refusal(self, store, run):
        with pytest.raises(UserError):
            measure_flow(run, store.path, classes=["sideways"])
        assert not (run / "flow").exists()


def test_a_stochastic_dataset_gives_the_clip_that_stands_for_the_video(store):
    seen = []

    class Stochastic:
        spec, class_names = ClipSpec(8, 43, 43), ("a",)
        labels, stochastic = torch.zeros(1, dtype=torch.int64), True

        def decode(self, index, draw=None):
            seen.append(draw)
            return store.train.decode(index)

    found = mean_motion(Stochastic(), torch.tensor([0]))
    assert seen == [None] and np.isfinite(found.flow).all()


def test_the_random_clips_follow_the_seed_of_the_run(tmp_path, store, monkeypatch):
    asked = []
    original = equal_videos
    monkeypatch.setattr(flow_run, "equal_videos", lambda *given: asked.append(given) or original(*given))
    write_dataset(tmp_path / "toy", store)
    measure_flow(tmp_path / "toy", store.path, classes=["up"])
    ((_, labels, seed),) = asked
    assert (labels.tolist(), seed) == ([0, 1, 2], 1)
