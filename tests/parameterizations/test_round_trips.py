"""What goes to disk comes back, of every kind, in every number type, with every sort of labels."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.toys import Paired, plugged_in
from vidense.data.codec import encode_clips
from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.parameterizations import (
    PARAMETERIZATIONS,
    CodedClips,
    Dense,
    FeaturePool,
    KeyFrames,
    Memories,
    Parameterization,
    SelectedClips,
    Stills,
    Stored,
    Tiles,
)
from vidense.parameterizations.memories import hallucinator
from vidense.parameterizations.quantise import pack_frames, unpack_frames

SPEC = ClipSpec(4, 3, 5)
KINDS = ("coded", "dense", "feature_pool", "key_frames", "memories", "selected", "stills", "tiles", "toy_paired")
DTYPES = ("uint8", "float16", "float32")
# How far a number of up to about four deviations may be off.
TOLERANCE = {"uint8": 0.02, "float16": 4e-3, "float32": 1e-6}


@pytest.fixture(scope="module", autouse=True)
def _toys():
    with plugged_in():
        yield


def names(classes: int) -> tuple[str, ...]:
    return tuple(f"class {i}" for i in range(classes))


def videos(kind: str, count: int, classes: int, soft: bool, seed: int = 0) -> Parameterization:
    """Return ``count`` videos whose labels reach the last class."""
    rng = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (count,), generator=rng)
    labels[-1] = classes - 1
    soft_labels = torch.rand(count, classes, generator=rng) if soft else None
    rest = (SPEC, names(classes), labels, soft_labels)
    if kind in ("coded", "selected", "tiles"):
        pixels = torch.randint(256, (count, *SPEC.shape), generator=rng, dtype=torch.uint8)
        if kind == "coded":
            return CodedClips(b"".join(encode_clips(pixels.numpy(), "h264", 40)), "h264", *rest)
        if kind == "tiles":
            return Tiles(pixels, torch.rand(count, 4, classes, generator=rng), *rest)
        return SelectedClips(pixels, *rest)
    clips = torch.randn(count, *SPEC.shape, generator=rng)
    if kind == "dense":
        return Dense(clips, *rest)
    if kind == "stills":
        return Stills(clips[:, 0], *rest)
    if kind == "memories":
        motions = torch.randn(count, 2, SPEC.frames, 1, *SPEC.shape[2:], generator=rng)
        return Memories(clips[:, :2], motions, hallucinator(seed), *rest)
    if kind == "feature_pool":
        shapes = ((classes, 2, 9, 9), (classes, 2, 9), (classes, 3, 3, 3, 3, 3), (classes, 3))
        return FeaturePool(clips[:, :3], [torch.randn(shape, generator=rng) / 9 for shape in shapes], *rest)
    if kind == "toy_paired":
        return Paired(clips[:, 0], clips[:2], *rest)
    is_key = torch.rand(count, SPEC.frames, generator=rng) < 0.5
    is_key[:, [0, -1]] = True
    return KeyFrames(clips, is_key, *rest)


def test_every_registered_kind_is_tried():
    assert {name for name in PARAMETERIZATIONS if name != "toy_coded"} == set(KINDS)
    assert all(PARAMETERIZATIONS.get(kind).kind == kind for kind in KINDS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
@given(count=st.integers(1, 5), classes=st.sampled_from([1, 2, 256, 257, 400]), soft=st.booleans())
def test_what_is_stored_comes_back(kind, dtype, count, classes, soft):
    made = videos(kind, count, classes, soft)
    stored = made.store(dtype)
    again = Parameterization.restore(kind, stored, SPEC, names(classes))
    index = torch.arange(count)
    assert type(again) is type(made) and len(again) == count
    assert torch.equal(again.labels, made.labels) and again.labels.dtype == torch.int64
    assert torch.allclose(again.decode(index), made.decode(index), atol=TOLERANCE[dtype])
    assert again.stored_numbers() == made.stored_numbers()
    assert (again.soft_labels is None) == (not soft)
    if soft:
        assert torch.equal(again.soft_labels, made.soft_labels)
    assert again.store(dtype).bytes_by_part == stored.bytes_by_part == made.storage(dtype)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_storing_twice_loses_no_more_than_storing_once(kind, dtype):
    once = Parameterization.restore(kind, videos(kind, 4, 3, False).store(dtype), SPEC, names(3))
    twice = Parameterization.restore(kind, once.store(dtype), SPEC, names(3))
    assert torch.allclose(once.decode(torch.arange(4)), twice.decode(torch.arange(4)), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_stored_is_plain_contiguous_and_off_the_graph(kind):
    stored = videos(kind, 3, 3, True).store("uint8")
    assert all(t.is_contiguous() and not t.requires_grad and t.device.type == "cpu" for t in stored.tensors.values())
    assert {"labels", "soft_labels"} <= set(stored.tensors)


@pytest.mark.parametrize("kind", KINDS)
def test_soft_labels_are_one_more_group_to_train(kind):
    hard, soft = videos(kind, 2, 3, False), videos(kind, 2, 3, True)
    assert set(soft.trainable()) - set(hard.trainable()) == {"soft_labels"}
    assert hard.trainable() == hard.groups()


@pytest.mark.parametrize("kind", KINDS)
def test_every_missing_tensor_is_a_clear_error(kind):
    stored = videos(kind, 2, 3, False).store("uint8")
    for name in stored.tensors:
        rest = {key: tensor for key, tensor in stored.tensors.items() if key != name}
        with pytest.raises(UserError, match=f"kind {kind!r} is incomplete or damaged"):
            Parameterization.restore(kind, Stored(rest, stored.record), SPEC, names(3))


@pytest.mark.parametrize("kind", ["dense", "feature_pool", "key_frames", "selected", "tiles"])
def test_tensors_of_another_spec_or_count_are_refused(kind):
    stored = videos(kind, 3, 3, False).store("uint8")
    with pytest.raises(UserError, match="damaged"):
        Parameterization.restore(kind, stored, ClipSpec(4, 5, 3), names(3))
    fewer = {**stored.tensors, "labels": stored.tensors["labels"][:2]}
    with pytest.raises(UserError, match="damaged"):
        Parameterization.restore(kind, Stored(fewer, stored.record), SPEC, names(3))


def test_an_unknown_kind_is_named_with_its_neighbour():
    with pytest.raises(UserError, match="did you mean 'dense'"):
        Parameterization.restore("dens", videos("dense", 1, 1, False).store("uint8"), SPEC, names(1))


@pytest.mark.parametrize(
    "times", [[[0, 3], []], [[0, 3], [0, 1]], [[0, 3], [1, 3]], [[0, 3]], [[0, 3], [0, 3.0]], [[0, 3], [-1, 3]], None]
)
def test_key_frame_times_that_cannot_be_are_refused(times):
    made = KeyFrames.from_clips(torch.randn(2, *SPEC.shape), [2, 2], SPEC, names(2), torch.arange(2))
    stored = made.store("float32")
    with pytest.raises(UserError, match="damaged"):
        Parameterization.restore("key_frames", Stored(stored.tensors, {"times": times}), SPEC, names(2))


class Greedy(Dense):
    """Packs a tensor under a name that the labels need."""

    kind = "greedy"

    def pack(self, dtype):
        return Stored({"labels": self.frames.detach()})


def test_a_tensor_that_would_replace_the_labels_is_a_mistake_of_the_kind():
    made = Greedy(torch.zeros(1, *SPEC.shape), SPEC, names(1), torch.zeros(1))
    with pytest.raises(ValueError, match="'labels' stands for two things"):
        made.store("uint8")


def test_selected_clips_are_uint8_whatever_was_asked():
    made = videos("selected", 2, 3, False)
    for dtype in DTYPES:
        assert made.stored_dtype(dtype) == "uint8" and made.store(dtype).tensors["pixels"].dtype == torch.uint8
    assert videos("dense", 2, 3, False).stored_dtype("float16") == "float16"


# -- quantisation -------------------------------------------------------------------------------------------------


def stored_and_back(frames: torch.Tensor) -> torch.Tensor:
    return unpack_frames(pack_frames(frames, "uint8"), len(frames), tuple(frames.shape[1:]))


@given(st.integers(0, 500), st.floats(1e-3, 1e3))
def test_the_ends_of_each_frames_range_are_kept_and_order_is_too(seed, spread):
    frames = spread * torch.randn(3, 3, 4, 4, generator=torch.Generator().manual_seed(seed))
    back = stored_and_back(frames)
    assert torch.allclose(back.flatten(1).amin(1), frames.flatten(1).amin(1), rtol=1e-6)
    assert torch.allclose(back.flatten(1).amax(1), frames.flatten(1).amax(1), rtol=1e-5, atol=spread * 1e-5)
    ordered = back.flatten(1).gather(1, frames.flatten(1).argsort(1))
    assert (ordered[:, 1:] >= ordered[:, :-1]).all()


def test_pixels_of_a_full_range_are_exact():
    # 0 and 255 are both there, so the step is one grey level.
    frames = torch.arange(256).float().view(1, 1, 16, 16).expand(2, 3, 16, 16)
    assert torch.allclose(stored_and_back(frames), frames, atol=1e-4)


@given(st.permutations(range(4)))
def test_each_frame_has_a_scale_of_its_own(order):
    frames = torch.randn(4, 3, 2, 2, generator=torch.Generator().manual_seed(2)) * torch.logspace(-2, 4, 4).view(
        -1, 1, 1, 1
    )
    assert torch.equal(stored_and_back(frames[order]), stored_and_back(frames)[order])


@pytest.mark.parametrize("value", [0.0, -3.25, 1e6])
def test_a_frame_of_one_value_next_to_others(value):
    frames = torch.stack([torch.full((3, 2, 2), value), torch.arange(12.0).view(3, 2, 2)])
    back = stored_and_back(frames)
    assert torch.equal(back[0], frames[0]) and torch.allclose(back[1], frames[1], atol=11 / 510 + 1e-6)
