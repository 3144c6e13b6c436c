"""Key-frames through sequences of insertions and updates, against a reference that keeps lists of key-frames."""

from collections import OrderedDict

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import CLASSES
from vidense.data.spec import ClipSpec
from vidense.parameterizations import KeyFrames
from vidense.parameterizations.key_frames import evenly_spaced, interpolation_weights

T = 6
SPEC = ClipSpec(T, 2, 2)
RATE, MOMENTUM = 0.1, 0.9

# What happens to two videos: an update, or an insertion at (video, time).
moves = st.lists(st.just("update") | st.tuples(st.integers(0, 1), st.integers(0, T - 1)), max_size=12)


def noise(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def two_videos() -> KeyFrames:
    return KeyFrames.from_clips(noise(0, 2, *SPEC.shape), [2, 3], SPEC, CLASSES, torch.arange(2))


class Listed:
    """One video as PRISM writes it: a sorted list of key-frames, each with a momentum buffer of its own."""

    def __init__(self, frames: torch.Tensor, times: list[int]) -> None:
        self.noise = frames.clone()
        self.keys = OrderedDict((t, frames[t].clone()) for t in times)
        self.velocity = {t: torch.zeros_like(frames[t]) for t in times}

    def at(self, t: int) -> torch.Tensor:
        left, right = max(k for k in self.keys if k <= t), min(k for k in self.keys if k >= t)
        alpha = (right - t) / (right - left) if right > left else 1.0
        return alpha * self.keys[left] + (1 - alpha) * self.keys[right]

    def clip(self) -> torch.Tensor:
        return torch.stack([self.at(t) for t in range(T)])

    def update(self, gradient: torch.Tensor) -> None:
        totals = {t: torch.zeros_like(frame) for t, frame in self.keys.items()}
        for t in range(T):
            left, right = max(k for k in self.keys if k <= t), min(k for k in self.keys if k >= t)
            alpha = (right - t) / (right - left) if right > left else 1.0
            totals[left] += alpha * gradient[t]
            totals[right] += (1 - alpha) * gradient[t]
        for t, total in totals.items():
            self.velocity[t] = MOMENTUM * self.velocity[t] + total
            self.keys[t] = self.keys[t] - RATE * self.velocity[t]

    def insert(self, t: int, start: str) -> None:
        if t not in self.keys:
            self.keys[t] = self.at(t) if start == "interpolation" else self.noise[t]
            self.velocity[t] = torch.zeros_like(self.keys[t])


def at(video: int, time: int) -> torch.Tensor:
    chosen = torch.zeros(2, T, dtype=torch.bool)
    chosen[video, time] = True
    return chosen


@given(moves, st.sampled_from(["interpolation", "noise"]))
def test_a_mask_and_slots_equal_lists_of_key_frames(sequence, start):
    videos = two_videos()
    slow = [Listed(videos.frames[v].detach(), videos.is_key[v].nonzero().flatten().tolist()) for v in (0, 1)]
    optimizer = torch.optim.SGD([videos.frames], RATE, momentum=MOMENTUM)
    for number, move in enumerate(sequence):
        if move == "update":
            gradient = noise(number, 2, *SPEC.shape)
            optimizer.zero_grad()
            (videos.decode(torch.arange(2)) * gradient).sum().backward()
            optimizer.step()
            for video, reference in enumerate(slow):
                reference.update(gradient[video])
        else:
            videos.insert(at(*move), start)
            slow[move[0]].insert(move[1], start)
    assert [sorted(reference.keys) for reference in slow] == videos.pack("float32").record["times"]
    clips = torch.stack([reference.clip() for reference in slow])
    assert torch.allclose(videos.decode(torch.arange(2)), clips, atol=1e-4)


@given(moves)
def test_frames_that_are_no_key_frames_have_no_gradient_and_no_momentum(sequence):
    videos = two_videos()
    optimizer = torch.optim.SGD([videos.frames], RATE, momentum=MOMENTUM)
    for number, move in enumerate(["update", *sequence]):
        if move != "update":
            videos.insert(at(*move), "interpolation")
            continue
        optimizer.zero_grad()
        (videos.decode(torch.arange(2)) * noise(number, 2, *SPEC.shape)).sum().backward()
        optimizer.step()
        buffer = optimizer.state[videos.frames]["momentum_buffer"]
        assert (videos.frames.grad[~videos.is_key] == 0).all() and (buffer[~videos.is_key] == 0).all()
        assert (videos.frames.grad[videos.is_key].flatten(1).abs().amax(1) > 0).all()


@given(moves)
def test_state_round_trips_after_any_insertions(sequence):
    videos, other = two_videos(), two_videos()
    for number, move in enumerate(sequence):
        if move == "update":
            with torch.no_grad():
                videos.frames += noise(number, *videos.frames.shape)
        else:
            videos.insert(at(*move), "interpolation")
    other.load_state_dict(videos.state_dict())
    assert torch.equal(other.is_key, videos.is_key)
    assert torch.equal(other.weights, interpolation_weights(videos.is_key))
    assert torch.equal(other.decode(torch.arange(2)), videos.decode(torch.arange(2)))
    # The weights follow from the mask; a checkpoint need not hold them.
    assert "weights" not in videos.state_dict()


@given(st.lists(st.integers(2, T), min_size=1, max_size=4))
def test_from_clips_keeps_evenly_spaced_frames_of_each_clip(counts):
    clips = noise(3, len(counts), *SPEC.shape)
    videos = KeyFrames.from_clips(clips, counts, SPEC, CLASSES, torch.zeros(len(counts)))
    decoded = videos.decode(torch.arange(len(counts)))
    for number, count in enumerate(counts):
        times = evenly_spaced(T, count)
        assert videos.is_key[number].nonzero().flatten().tolist() == times
        assert torch.allclose(decoded[number, times], clips[number, times], atol=1e-6)
    assert videos.stored_numbers() == sum(counts) * SPEC.frame_numbers


def test_from_clips_wants_a_count_for_every_clip():
    with pytest.raises(ValueError, match="zip"):
        KeyFrames.from_clips(noise(0, 2, *SPEC.shape), [2], SPEC, CLASSES, torch.arange(2))


def test_keeping_every_frame_changes_nothing():
    clips = noise(5, 2, *SPEC.shape)
    videos = KeyFrames.from_clips(clips, [T, T], SPEC, CLASSES, torch.arange(2))
    assert torch.equal(videos.decode(torch.arange(2)), clips)


@given(st.permutations(range(1, T - 1)), st.integers(0, 50))
def test_the_order_of_insertions_from_the_line_does_not_matter(order, seed):
    one, other = (
        KeyFrames.from_clips(noise(seed, 1, *SPEC.shape), [2], SPEC, CLASSES, torch.zeros(1)) for _ in range(2)
    )
    for time in order:
        one.insert(at(0, time)[:1], "interpolation")
    other.insert(torch.ones(1, T, dtype=torch.bool), "interpolation")
    assert one.is_key.all() and torch.allclose(one.frames, other.frames, atol=1e-5)


def test_inserting_what_is_a_key_frame_already_leaves_its_value():
    videos = two_videos()
    before = videos.frames.detach().clone()
    videos.insert(videos.is_key.clone(), "interpolation")
    videos.insert(torch.zeros_like(videos.is_key), "noise")
    assert torch.equal(videos.frames, before)


def test_videos_keep_a_copy_of_their_own_of_what_they_start_from():
    clips, is_key = noise(0, 1, *SPEC.shape), torch.tensor([[True] + [False] * (T - 2) + [True]])
    videos = KeyFrames(clips, is_key, SPEC, CLASSES, torch.zeros(1))
    videos.insert(torch.ones(1, T, dtype=torch.bool), "interpolation")
    with torch.no_grad():
        videos.frames.zero_()
    assert is_key.sum() == 2 and torch.equal(clips, noise(0, 1, *SPEC.shape))
