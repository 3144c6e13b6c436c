from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import CLASSES
from vidense.data.spec import ClipSpec
from vidense.parameterizations import KeyFrames
from vidense.parameterizations.key_frames import evenly_spaced, interpolation_weights, neighbours

SPEC = ClipSpec(8, 4, 4)


@st.composite
def masks(draw, frames: int = 8):
    inner = draw(st.lists(st.lists(st.booleans(), min_size=frames - 2, max_size=frames - 2), min_size=1, max_size=4))
    return torch.tensor([[True, *row, True] for row in inner])


def videos(is_key: torch.Tensor, seed: int = 0) -> KeyFrames:
    frames = torch.randn(*is_key.shape, 3, 4, 4, generator=torch.Generator().manual_seed(seed))
    return KeyFrames(frames, is_key, SPEC, CLASSES, torch.arange(len(is_key)) % 3)


def slow_interpolation(frames: torch.Tensor, is_key: torch.Tensor) -> torch.Tensor:
    """PRISM equation 3, one frame at a time, in the paper's own terms."""
    clips = frames.clone()
    for video, keys in enumerate(is_key):
        times = [t for t in range(len(keys)) if keys[t]]
        for left, right in pairwise(times):
            for t in range(left + 1, right):
                alpha = (right - t) / (right - left)
                clips[video, t] = alpha * frames[video, left] + (1 - alpha) * frames[video, right]
    return clips


@given(masks())
def test_decoding_is_linear_interpolation(is_key):
    made = videos(is_key)
    expected = slow_interpolation(made.frames.detach(), is_key)
    assert torch.allclose(made.decode(torch.arange(len(is_key))), expected, atol=1e-6)


@given(masks())
def test_weights_are_row_stochastic_and_use_key_frames_only(is_key):
    weights = interpolation_weights(is_key)
    assert torch.allclose(weights.sum(2), torch.ones(is_key.shape))
    assert (weights >= 0).all()
    assert (weights.transpose(1, 2)[~is_key] == 0).all()


def test_two_end_frames_give_the_published_weights():
    # keys {1, T}: row t holds ((T-t)/(T-1), (t-1)/(T-1)).
    is_key = torch.zeros(1, 16, dtype=torch.bool)
    is_key[0, [0, 15]] = True
    weights = interpolation_weights(is_key)[0]
    for t in range(1, 17):
        assert weights[t - 1, 0] == pytest.approx((16 - t) / 15, abs=1e-6)
        assert weights[t - 1, 15] == pytest.approx((t - 1) / 15, abs=1e-6)


@given(masks())
def test_gradient_of_keys_is_the_transposed_weights(is_key):
    made = videos(is_key)
    upstream = torch.randn(len(is_key), *SPEC.shape, generator=torch.Generator().manual_seed(1))
    (made.decode(torch.arange(len(is_key))) * upstream).sum().backward()
    expected = torch.einsum("ntk,ntchw->nkchw", interpolation_weights(is_key), upstream)
    assert torch.allclose(made.frames.grad, expected, atol=1e-5)


@given(masks(), masks())
def test_inserting_interpolated_frames_changes_no_clip(is_key, chosen):
    rows = min(len(is_key), len(chosen))
    made, index = videos(is_key[:rows]), torch.arange(rows)
    before = made.decode(index).detach()
    made.insert(chosen[:rows], "interpolation")
    assert torch.equal(made.is_key, is_key[:rows] | chosen[:rows])
    assert torch.allclose(made.decode(index), before, atol=1e-5)


def test_inserting_from_noise_takes_the_placeholder():
    is_key = torch.tensor([[True] + [False] * 6 + [True]])
    made = videos(is_key)
    placeholder = made.frames[0, 3].detach().clone()
    made.insert(torch.nn.functional.one_hot(torch.tensor([3]), 8).bool(), "noise")
    assert torch.equal(made.decode(torch.tensor([0]))[0, 3], placeholder)


def test_frame_gradients_are_collected_only_while_watched():
    made = videos(torch.tensor([[True] + [False] * 6 + [True]] * 2))
    made.watch_frames(True)
    for video in (0, 1, 1):
        (made.decode(torch.tensor([video])) * (video + 1)).sum().backward()
    assert (made.frame_gradient[0] == 1).all() and (made.frame_gradient[1] == 4).all()
    made.watch_frames(False)
    with pytest.raises(RuntimeError, match="watches"):
        _ = made.frame_gradient


def test_neighbours_of_a_key_frame_are_itself():
    left, right = neighbours(torch.tensor([[True, False, True, False, False, True]]))
    assert left.tolist() == [[0, 0, 2, 2, 2, 5]]
    assert right.tolist() == [[0, 2, 2, 5, 5, 5]]


@pytest.mark.parametrize(
    ("frames", "count", "expected"), [(16, 2, [0, 15]), (16, 4, [0, 5, 10, 15]), (8, 3, [0, 4, 7]), (1, 1, [0])]
)
def test_evenly_spaced(frames, count, expected):
    assert evenly_spaced(frames, count) == expected


@given(st.integers(2, 40).flatmap(lambda t: st.tuples(st.just(t), st.integers(2, t))))
def test_evenly_spaced_times_are_distinct_and_include_the_ends(case):
    frames, count = case
    times = evenly_spaced(frames, count)
    assert len(set(times)) == count and times == sorted(times) and times[0] == 0 and times[-1] == frames - 1


@pytest.mark.parametrize("count", [0, 1, 9])
def test_evenly_spaced_refuses_impossible_counts(count):
    with pytest.raises(ValueError, match="from 2 to 8"):
        evenly_spaced(8, count)


def test_a_video_without_its_end_frames_is_refused():
    with pytest.raises(ValueError, match="first and the last"):
        interpolation_weights(torch.tensor([[False, True, True]]))


def test_only_key_frames_are_stored():
    is_key = torch.tensor([[True, False, True, False, False, False, False, True], [True] + [False] * 6 + [True]])
    made = videos(is_key)
    assert made.pack("uint8").tensors["frames"].shape[0] == 5
    assert made.stored_numbers() == 5 * 3 * 4 * 4
    assert made.pack("uint8").record == {"times": [[0, 2, 7], [0, 7]]}
