"""Who may store how much: the rules of the coreset against a slow reader of its docstring, and scripts as a whole."""

from dataclasses import dataclass

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vidense.segmentation.selection import _covering, _dealt, coreset, mean, random
from vidense.segmentation.sequences import Script, SegmentKeys, script_of
from vidense.segmentation.task import Task, vectors_at

CLASSES = ("a", "b", "c", "d")
VIDEO = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), min_size=1, max_size=4)


@dataclass
class Made:
    """Videos whose features are the number of the video and of the frame."""

    truths: list[list[int]]
    class_names: tuple[str, ...] = CLASSES
    dimension: int = 2

    def __len__(self) -> int:
        return len(self.truths)

    def labels(self, index: int) -> torch.Tensor:
        return torch.tensor(self.truths[index])

    def features(self, index: int) -> torch.Tensor:
        frames = len(self.truths[index])
        return torch.stack([torch.full((frames,), float(index)), torch.arange(float(frames))])


SETS = st.lists(VIDEO, min_size=1, max_size=5).map(
    lambda videos: Made([[label for label, length in video for _ in range(length)] for video in videos])
)


def pieces(truth: list[int]) -> int:
    return sum(i == 0 or truth[i - 1] != label for i, label in enumerate(truth))


def slow_covering(real: Made, room: int, order: list[int]) -> list[int]:
    """Take one video after another as the docstring of the coreset says."""
    everything = {label for truth in real.truths for label in truth}
    chosen: list[int] = []
    while True:
        missing = everything - {label for index in chosen for label in real.truths[index]}
        best, gain = None, -1
        for index in order:
            truth = real.truths[index]
            new = len(missing & set(truth))
            if index in chosen or sum(pieces(real.truths[i]) for i in chosen) + pieces(truth) > room:
                continue
            whole = sum(len(real.truths[i]) for i in chosen) + len(truth) <= room
            helps = any(
                missing & set(real.truths[i])
                for i in order
                if i not in chosen and sum(pieces(real.truths[j]) for j in [*chosen, i]) <= room
            )
            if (new > gain and new > 0) or (not helps and whole and best is None):
                best, gain = index, new
        if best is None:
            return chosen
        chosen.append(best)


def task(real: Made, keys: int, videos: int | None, seed: int) -> Task:
    return Task(real, videos, keys, 1, 1, seed, torch.device("cpu"))


@given(SETS, st.integers(1, 40), st.randoms(use_true_random=False))
def test_a_coreset_takes_the_videos_that_its_rule_names(real, room, chance):
    order = list(range(len(real)))
    chance.shuffle(order)
    assert _covering(real, room, order) == slow_covering(real, room, order)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(0, 30))
def test_frames_are_dealt_one_by_one_to_who_has_fewest_for_its_length(lengths, extra):
    room = len(lengths) + extra
    counts = [1] * len(lengths)
    for _ in range(extra):
        open_ones = [i for i, length in enumerate(lengths) if counts[i] < length]
        if open_ones:
            counts[max(open_ones, key=lambda i: lengths[i] / counts[i])] += 1
    assert _dealt(torch.tensor(lengths), room).tolist() == counts
    assert sum(counts) == min(room, sum(lengths))


@given(SETS, st.integers(1, 4), st.integers(0, 3), st.data())
def test_every_selection_stays_in_its_room_and_keeps_what_is_real(real, keys, seed, data):
    kept = data.draw(st.integers(1, len(real)) | st.none())
    asked = task(real, keys, kept, seed)
    room = sum(len(script.times) for script in asked.scripts())
    for method in (random, coreset, mean):
        made = method(asked).videos
        assert len(made.vectors) <= room and (method is coreset or len(made.vectors) == room)
        for number, script in enumerate(made.scripts):
            vectors = made.vectors[made.of_video(number)]
            assert len({float(vector[0]) for vector in vectors}) == 1, "vectors of one video are of one video"
            source = int(vectors[0, 0])
            assert made.labels(number).tolist() == real.truths[source], "who keeps a video keeps its script"
            if method is not mean:
                assert vectors[:, 1].tolist() == list(script.times), "a real vector stands at its own frame"


@given(SETS, st.integers(1, 4))
def test_means_weigh_every_frame_of_a_segment_once(real, keys):
    made = mean(task(real, keys, None, 0)).videos
    for number, script in enumerate(made.scripts):
        vectors = dict(zip(script.times, made.vectors[made.of_video(number)], strict=True))
        for start, length, stored in script.parts():
            sizes = [len(part) for part in torch.arange(length).tensor_split(len(stored))]
            total = sum(size * float(vectors[time][1]) for size, time in zip(sizes, stored, strict=True))
            assert total == pytest.approx(sum(range(start, start + length)))


@given(SETS, st.integers(1, 6))
def test_scripts_store_as_many_frames_of_a_segment_as_are_asked_for_or_all(real, keys):
    for index, script in enumerate(task(real, keys, None, 0).scripts()):
        assert script.frame_labels().tolist() == real.truths[index]
        assert [len(stored) for _, _, stored in script.parts()] == [min(keys, length) for length in script.lengths]
        for start, length, stored in script.parts():
            mirrored = [2 * start + length - 1 - time for time in reversed(stored)]
            assert len(stored) == 1 or sum(abs(a - b) for a, b in zip(stored, mirrored, strict=True)) <= len(stored)


@given(SETS)
def test_a_video_that_is_stored_whole_is_the_video(real):
    everyone = list(range(len(real)))
    scripts = [script_of(real.labels(i), range(len(real.truths[i]))) for i in everyone]
    whole = vectors_at(real, everyone, scripts)
    for index in everyone:
        assert torch.equal(whole.features(index), real.features(index))


@given(SETS, st.integers(1, 3), st.floats(-2, 2), st.floats(-3, 3))
def test_decoding_is_linear_and_stays_between_the_stored_vectors_of_its_segment(real, keys, factor, shift):
    videos = random(task(real, keys, None, 0)).videos
    other = videos.replaced(factor * videos.vectors + shift)
    for index, script in enumerate(videos.scripts):
        found = videos.features(index)
        torch.testing.assert_close(other.features(index), factor * found + shift, rtol=1e-4, atol=1e-4)
        stored = dict(zip(script.times, videos.vectors[videos.of_video(index)], strict=True))
        for start, length, times in script.parts():
            own = torch.stack([stored[time] for time in times], 1)
            part = found[:, start : start + length]
            assert (part >= own.amin(1, keepdim=True) - 1e-5).all() and (part <= own.amax(1, keepdim=True) + 1e-5).all()
            assert torch.equal(found[:, times], own)


def test_a_gradient_reaches_the_vectors_of_the_segment_that_it_came_from_and_no_other():
    """Stored frames end before their segments do, so that the last ones are held and not mixed with the next."""
    scripts = [Script((0, 1), (3, 4), (0, 1, 4, 5)), Script((0,), (3,), (1,))]
    for part, expected in ((slice(0, 3), [1, 2, 0, 0, 0]), (slice(3, 7), [0, 0, 2, 2, 0])):
        vectors = torch.zeros(5, 1, requires_grad=True)
        SegmentKeys(vectors, scripts, CLASSES).features(0)[:, part].sum().backward()
        assert vectors.grad.flatten().tolist() == expected
