import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vidense.parameterizations.quantise import pack_frames, unpack_frames

SHAPE = (3, 4, 4)


@given(st.floats(-100, 100), st.floats(1e-3, 100), st.integers(0, 99))
def test_uint8_is_off_by_at_most_half_a_step(centre, spread, seed):
    frames = centre + spread * torch.randn(5, *SHAPE, generator=torch.Generator().manual_seed(seed))
    back = unpack_frames(pack_frames(frames, "uint8"), 5, SHAPE)
    step = (frames.flatten(1).amax(1) - frames.flatten(1).amin(1)) / 255
    assert ((back - frames).abs().flatten(1).amax(1) <= 0.5001 * step + 1e-4 * abs(centre) / 100 + 1e-5).all()


def test_a_constant_frame_is_exact():
    frames = torch.full((2, *SHAPE), 0.37)
    assert torch.equal(unpack_frames(pack_frames(frames, "uint8"), 2, SHAPE), frames)


def test_float32_is_exact_and_float16_nearly():
    frames = torch.randn(3, *SHAPE)
    assert torch.equal(unpack_frames(pack_frames(frames, "float32"), 3, SHAPE), frames)
    assert torch.allclose(unpack_frames(pack_frames(frames, "float16"), 3, SHAPE), frames, atol=2e-3)


def test_no_frames_at_all():
    assert unpack_frames(pack_frames(torch.empty(0, *SHAPE), "float32"), 0, SHAPE).shape == (0, *SHAPE)


def test_a_tensor_of_another_shape_is_refused():
    tensors = pack_frames(torch.randn(3, *SHAPE), "uint8")
    with pytest.raises(ValueError, match="must have shape"):
        unpack_frames(tensors, 4, SHAPE)
    with pytest.raises(ValueError, match="found nothing"):
        unpack_frames({"frames": tensors["frames"]}, 3, SHAPE)
