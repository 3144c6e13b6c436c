"""Tiles: pixels and the labels of their regions, and nothing that a stranger made up."""

import pytest
import torch

from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.parameterizations import Parameterization, Regions, Stored, Tiles

SPEC = ClipSpec(2, 6, 6)
NAMES = ("ball", "cube", "disc")


def tiles(count: int = 2, regions: int = 4) -> Tiles:
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (count, *SPEC.shape), dtype=torch.uint8, generator=rng)
    labels = torch.rand(count, regions, 3, generator=rng).softmax(2)
    return Tiles(pixels, labels, SPEC, NAMES, torch.arange(count), labels.mean(1))


@pytest.mark.parametrize("regions", [1, 4, 9])
def test_regions_are_stored_as_they_are_kept(regions):
    made = tiles(regions=regions)
    again = Parameterization.restore("tiles", made.store("float32"), SPEC, NAMES)
    assert torch.equal(again.regions, made.regions) and again.regions.dtype == torch.float16
    assert torch.equal(again.pixels, made.pixels) and torch.equal(again.soft_labels, made.soft_labels)


def test_bytes_are_counted_part_by_part():
    sizes = tiles().storage("uint8")
    assert sizes == {"pixels": 2 * 2 * 3 * 36, "regions": 2 * 4 * 3 * 2, "labels": 2, "soft_labels": 2 * 3 * 4}
    assert tiles().stored_numbers() == 2 * 2 * 3 * 36


@pytest.mark.parametrize(
    "regions",
    [
        torch.zeros(2, 4),
        torch.zeros(2, 3, 3),
        torch.zeros(2, 0, 3),
        torch.zeros(1, 4, 3),
        torch.zeros(2, 4, 2),
        torch.full((2, 4, 3), 1.5),
        torch.full((2, 4, 3), -0.1),
        torch.full((2, 4, 3), float("nan")),
        # More of them than a frame of 6 x 6 pixels has.
        torch.full((2, 49, 3), 1 / 3),
    ],
)
def test_labels_that_cannot_be_are_refused(regions):
    stored = tiles().store("uint8")
    with pytest.raises(UserError, match="damaged"):
        Parameterization.restore("tiles", Stored({**stored.tensors, "regions": regions}), SPEC, NAMES)


def test_one_region_is_the_whole_clip():
    made = tiles(regions=1)
    index = torch.tensor([1, 0])
    assert torch.allclose(Regions(made).decode(index), made.decode(index), atol=1e-5)


def test_regions_are_cut_where_tiles_were_put_and_fill_the_clip():
    made = tiles(regions=4)
    # Each region of one colour: nothing of a neighbour may be seen, and resizing changes nothing.
    for place in range(4):
        row, column = divmod(place, 2)
        made.pixels[..., 3 * row : 3 * row + 3, 3 * column : 3 * column + 3] = 10 * place
    shown = Regions(made).decode(torch.arange(8))
    wanted = SPEC.normalise(torch.full((8, *SPEC.shape), 10) * (torch.arange(8) % 4).view(-1, 1, 1, 1, 1))
    assert torch.allclose(shown, wanted, atol=1e-5)


def test_a_regions_label_is_its_own():
    made = tiles()
    regions = Regions(made)
    assert regions.labels.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert torch.allclose(regions.soft_labels[6], made.regions[1, 2].float(), atol=1e-3)
    assert torch.allclose(regions.soft_labels.sum(1), torch.ones(8))
