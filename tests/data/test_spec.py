import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vidense.data.spec import IMAGENET_MEAN, IMAGENET_STD, ClipSpec
from vidense.errors import UserError

sizes = st.integers(1, 300)


@given(sizes, sizes, sizes)
def test_shape_and_size_of_a_frame(frames: int, height: int, width: int) -> None:
    spec = ClipSpec(frames, height, width)
    assert spec.shape == (frames, 3, height, width)
    assert spec.frame_numbers == 3 * height * width


@pytest.mark.parametrize("name", ["frames", "height", "width"])
@pytest.mark.parametrize("value", [0, -3])
def test_sizes_below_one_are_refused(name: str, value: int) -> None:
    with pytest.raises(UserError, match=f"{name}={value} is not a size"):
        ClipSpec(**{"frames": 8, "height": 64, "width": 64, name: value})


def test_normalising_is_the_published_one() -> None:
    pixels = torch.tensor([0, 128, 255], dtype=torch.uint8)[:, None, None, None].expand(3, 3, 2, 2)
    normal = ClipSpec(1, 2, 2).normalise(pixels)
    assert normal.dtype == torch.float32
    for channel in range(3):
        expected = (torch.tensor([0, 128 / 255, 1]) - IMAGENET_MEAN[channel]) / IMAGENET_STD[channel]
        assert torch.allclose(normal[:, channel, 0, 0], expected, atol=1e-6)


@given(st.integers(0, 2**32))
def test_every_pixel_survives_the_way_there_and_back(seed: int) -> None:
    pixels = torch.randint(256, (2, 4, 3, 5, 6), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)
    spec = ClipSpec(4, 5, 6, mean=(0.1, 0.5, 0.9), std=(0.2, 1.0, 3.0))
    assert torch.equal(spec.denormalise(spec.normalise(pixels)), pixels)


def test_what_no_screen_can_show_is_clamped() -> None:
    wild = torch.tensor([-100.0, 100.0])[:, None, None, None].expand(2, 3, 1, 1)
    shown = ClipSpec(1, 1, 1).denormalise(wild)
    assert shown.dtype == torch.uint8
    assert shown.flatten().tolist() == [0] * 3 + [255] * 3


def test_specs_go_through_json() -> None:
    spec = ClipSpec(8, 48, 64, mean=(0.0, 0.5, 1.0))
    assert ClipSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec
