"""From videos to scored crops."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
import torch

from tests.boxes.judges import colours, registered
from tests.boxes.moving import write_squares
from tests.tiny import real_clips, task
from vidense import condense  # noqa: F401 - registers the methods
from vidense.boxes import Choosing, Cropping, check_source
from vidense.boxes import candidates as module
from vidense.boxes.candidates import candidates, crops_of, stride_of
from vidense.data.prepare import prepare
from vidense.data.spec import ClipSpec
from vidense.data.store import ClipStore
from vidense.errors import UserError
from vidense.method import METHODS, Task

SPEC = ClipSpec(4, 8, 8)
STORED = Cropping("whole", footage="stored")


def tiny(path: Path, **more) -> Task:
    return replace(task(path, spec=SPEC, videos=12), **more)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> ClipStore:
    folder = tmp_path_factory.mktemp("data")
    prepare(write_squares(folder / "v", count=4), folder / "s", frames=4, stride=2, size=16, clips=1, workers=1)
    return ClipStore.open(folder / "s")


def square(frames, class_name, path):
    """Know where the square begins in the videos that ``write_squares`` writes."""
    number = int(path[-5])
    return [(8 + number, 6 + 2 * number, 20, 20)]


def test_candidates_are_some_of_the_class_drawn_by_the_seed(tmp_path):
    job = tiny(tmp_path)
    for label in range(3):
        members = job.real.members(label).tolist()
        found = candidates(job, Choosing(candidates=5), label)
        assert len(found) == 5 and found == sorted(set(found)) and set(found) <= set(members)
        assert candidates(job, Choosing(candidates=99), label) == members
    draws = {tuple(candidates(replace(job, seed=seed), Choosing(candidates=5), 0)) for seed in range(20)}
    assert len(draws) > 10


def test_every_video_is_as_likely_as_any_other(tmp_path):
    job = tiny(tmp_path)
    drawn = [i for seed in range(600) for i in candidates(replace(job, seed=seed), Choosing(candidates=3), 0)]
    counts = np.bincount(drawn, minlength=12)
    assert len(counts) == 12 and counts.min() > 100 and counts.max() < 200


@pytest.mark.parametrize(
    ("scale", "vpc", "tiles", "count"), [("small", 1, 1, 4), ("small", 1, 2, 12), ("published", 1, 1, 12)]
)
def test_how_many_are_looked_at_unless_told(tmp_path, scale, vpc, tiles, count):
    job = tiny(tmp_path, scale=scale, vpc=vpc)
    assert len(candidates(job, Choosing(tiles=tiles), 1)) == count


def test_stored_clips_are_scored_by_the_teacher(tmp_path):
    job, judge = tiny(tmp_path), colours()
    found = list(crops_of(job, STORED, Choosing(tiles=1), judge, 2))
    videos = candidates(job, Choosing(tiles=1), 2)
    assert len(found) == len(videos)
    for (crop,), video in zip(found, videos, strict=True):
        pixels = job.real.pixels(torch.tensor([video]))
        assert torch.equal(crop.pixels, pixels[0]) and (crop.length, crop.step) == (4, 1)
        assert crop.score == pytest.approx(judge.log_probabilities(pixels)[0, 2].item())


def test_scores_of_a_teacher_of_other_classes_are_its_highest(tmp_path):
    judge = colours(classes=9, knows_classes=False)
    for crops in crops_of(tiny(tmp_path), STORED, Choosing(tiles=2), judge, 0):
        scores = judge.log_probabilities(crops[0].pixels[None])
        assert crops[0].pixels.shape == (4, 3, 4, 4) and crops[0].score == pytest.approx(scores.max().item())


def test_whole_videos_are_read_from_end_to_end(store):
    job, choosing = Task(store.train, 1, 0, store.cache), Choosing(tiles=1)
    videos = candidates(job, choosing, 0)
    for (crop,), video in zip(crops_of(job, Cropping("whole"), choosing, colours(), 0), videos, strict=True):
        number = int(store.train.originals[video].path[-5])
        assert crop.length == 14 + number and crop.pixels.shape == (14 + number, 3, 16, 16)
        # The store's clips are squashed frames of the same file.
        (window,) = next(v.windows for v in store.videos if v.path == store.train.originals[video].path)
        difference = crop.at(window).float() - store.train.pixels(torch.tensor([video]))[0].float()
        # In brightness: colours are coarser in the store, which scales them before they are RGB.
        assert torch.einsum("tchw,c->thw", difference, torch.tensor([0.299, 0.587, 0.114])).abs().mean() < 1


def test_crops_follow_the_square(store):
    pytest.importorskip("cv2", reason="OpenCV is not installed (extra 'motion')")
    job, changes = Task(store.train, 1, 0, store.cache), []
    with registered(square) as name:
        for tracker in (module.find_tracker, lambda: None):
            with mock.patch.object(module, "find_tracker", tracker):
                ((crop,),) = crops_of(job, Cropping(name), Choosing(tiles=1, candidates=1), colours(), 1)
            changes.append((crop.pixels[-1].float() - crop.pixels[0].float()).abs().mean().item())
    # A crop that moves along shows the same picture; one that stays lets the square go.
    assert changes[0] < 0.8 * changes[1]


def test_boxes_are_cut_to_the_frame_and_those_outside_are_none(tmp_path):
    def four(frames, class_name, path):
        return [(-4, -4, 8, 8), (4, 4, 50, 50), (9, 9, 5, 5), (0, 0, 0.5, 8)]

    with registered(four) as name, mock.patch.object(module, "track", wraps=module.track) as tracked:
        found = list(crops_of(tiny(tmp_path), Cropping(name, footage="stored"), Choosing(tiles=1), colours(), 0))
    assert all(len(crops) == 2 for crops in found)
    assert {call.args[1] for call in tracked.call_args_list} == {(0, 0, 4, 4), (4, 4, 4, 4)}


def test_boxes_are_drawn_at_random_and_not_more_than_asked_for(tmp_path):
    def many(frames, class_name, path):
        return [(i, 0, 3, 3) for i in range(5)]

    def drawn(seed: int) -> list[float]:
        job = tiny(tmp_path, seed=seed)
        with registered(many) as name, mock.patch.object(module, "track", wraps=module.track) as tracked:
            found = list(crops_of(job, Cropping(name, 2, "stored"), Choosing(candidates=6), colours(), 0))
        assert [len(crops) for crops in found] == [2] * 6
        return [call.args[1].left for call in tracked.call_args_list]

    assert drawn(0) == drawn(0) != drawn(1)
    # Each video draws for itself, without putting back.
    pairs = [tuple(drawn(0)[i : i + 2]) for i in range(0, 12, 2)]
    assert len(set(pairs)) > 1 and all(one != other for one, other in pairs)


def test_a_video_without_a_box_is_taken_whole(tmp_path):
    def nothing(frames, class_name, path):
        return []

    with registered(nothing) as name:
        found, whole = (
            [crops[0].pixels for crops in crops_of(tiny(tmp_path), cropping, Choosing(), colours(), 0)]
            for cropping in (Cropping(name, footage="stored"), STORED)
        )
    assert len(found) == 12 and all(map(torch.equal, found, whole))


def test_sources_that_are_gone_are_noticed_before_anything_else(store, tmp_path):
    moved = [replace(original, root=tmp_path) for original in store.train.originals]
    real = store.train.subset(torch.arange(len(store.train)))
    real.originals = tuple(moved)
    with pytest.raises(UserError, match=r"prepared from are needed \(.* is not there\); .*footage=stored"):
        check_source(Cropping("whole"), real)
    with pytest.raises(UserError, match=r"are needed \(the store names none\)"):
        check_source(Cropping("whole"), real_clips(spec=SPEC))
    check_source(Cropping("whole", footage="stored"), real)
    check_source(Cropping("whole"), store.train)


def test_a_table_of_other_videos_is_noticed(store, tmp_path):
    file = tmp_path / "boxes.csv"
    file.write_text("path,left,top,width,height\n/data/down0.mp4,0,0,1,1\n")
    with pytest.raises(UserError, match=r"name none of the training videos; .* such as 'down/down"):
        check_source(Cropping(str(file)), store.train)
    file.write_text(f"path,left,top,width,height\n{store.train.originals[1].path},0,0,1,1\n")
    check_source(Cropping(str(file)), store.train)


def test_a_source_that_needs_what_is_not_installed_says_so_at_once(store, monkeypatch):
    def missing(*_):
        raise UserError("needs OpenCV")

    monkeypatch.setattr("vidense.boxes.motion.require_opencv", missing)
    with pytest.raises(UserError, match="needs OpenCV"):
        check_source(Cropping("motion"), store.train)


@pytest.mark.parametrize(
    ("name", "known"), [("yolo", "known: motion, people, whole"), ("poeple", "did you mean 'people'")]
)
def test_unknown_sources_are_refused_with_the_known_ones(name, known):
    with pytest.raises(UserError, match=rf"unknown box source.*{known}.*ends in \.csv or \.json"):
        METHODS.get("optdistill").validate({"boxes": name})


def test_one_distance_stands_for_clips_that_a_rule_took_at_several():
    originals = [SimpleNamespace(stride=stride) for stride in (3, 9, 4, 5)]
    assert stride_of(SimpleNamespace(originals=originals)) == 4
    assert stride_of(SimpleNamespace(originals=[])) == 1
