"""Choice, order, speed and place of crops, against slow references."""

import math
import weakref

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vidense.boxes.crops import Crop
from vidense.boxes.tiles import best, equalised, grouped, region_size, tiled
from vidense.data.sampling import window_frames
from vidense.data.spec import ClipSpec


def crop(score: float = 0.0, length: int = 5, colour: int = 0, size: tuple[int, int] = (4, 4), step: int = 1) -> Crop:
    """Return a crop whose red is ``colour`` and whose green is the number of the frame."""
    count = -(-length // step)
    pixels = torch.zeros(count, 3, *size, dtype=torch.uint8)
    pixels[:, 0] = colour
    pixels[:, 1] = torch.arange(count, dtype=torch.uint8).view(-1, 1, 1) * step
    return Crop(pixels, length, step, score)


scores = st.lists(st.lists(st.integers(-5, 0).map(float), max_size=4), min_size=1, max_size=8)


@given(scores, st.integers(1, 12))
def test_the_papers_rule_is_the_highest_scores(scores, count):
    videos = [[crop(score) for score in of] for of in scores]
    found = best(iter(videos), count, one_per_video=False)
    everything = [c for of in videos for c in of]
    assert [c.score for c in found] == sorted((c.score for c in everything), reverse=True)[:count]
    assert len({id(c) for c in found}) == len(found)


@given(scores, st.integers(1, 12))
def test_one_crop_of_each_video_comes_before_second_ones(scores, count):
    videos = [[crop(score) for score in of] for of in scores]
    found = best(iter(videos), count, one_per_video=True)
    # All first choices by score, then all second choices by score, and so on.
    expected: list[float] = []
    for turn in range(4):
        ranked = [sorted(of, reverse=True) for of in scores]
        expected += sorted((of[turn] for of in ranked if len(of) > turn), reverse=True)
    assert [c.score for c in found] == expected[:count]
    owners = [next(i for i, of in enumerate(videos) if any(c is f for c in of)) for f in found]
    if count <= sum(map(bool, scores)):
        assert len(set(owners)) == count


def test_equal_scores_keep_their_order():
    videos = [[crop(-1.0, colour=i)] for i in range(5)]
    assert [int(c.pixels[0, 0, 0, 0]) for c in best(videos, 3, one_per_video=True)] == [0, 1, 2]


def test_no_more_is_held_than_is_kept():
    made: list[weakref.ref[Crop]] = []

    def videos():
        for i in range(50):
            found = [crop(float(i % 7)), crop(-1.0)]
            made.extend(map(weakref.ref, found))
            yield found
            del found
            assert sum(of() is not None for of in made) <= 4 + 2

    assert [c.score for c in best(videos(), 4, one_per_video=True)] == [6.0] * 4


@given(st.lists(st.integers(1, 30), min_size=1, max_size=20), st.integers(1, 4), st.sampled_from([1, 4, 9]))
def test_groups_are_of_similar_length(lengths, groups, size):
    crops = [crop(length=length) for length in lengths]
    found = grouped(crops, groups, size)
    assert [len(group) for group in found] == [size] * groups
    flat = [c.length for group in found for c in group]
    # The best ones are used first, and again where there are too few.
    assert flat == sorted(lengths[i % len(lengths)] for i in range(groups * size))


@given(st.integers(1, 300), st.integers(0, 300))
def test_speed_is_equalised_by_the_reference_formula(shortest, more):
    length = shortest + more
    found = equalised(range(shortest), length, shortest)
    assert found == [math.floor(j * length / shortest + 1e-9) for j in range(shortest)]
    assert found[0] == 0 and found[-1] < length and found == sorted(found)
    assert equalised(range(shortest), shortest, shortest) == list(range(shortest))


def test_twice_as_long_is_twice_as_fast():
    assert equalised(range(5), 10, 5) == [0, 2, 4, 6, 8]
    assert equalised([1, 3], 7, 5) == [1, 4]


@pytest.mark.parametrize(
    ("side", "tiles", "largest"), [(112, 2, 56), (112, 3, 38), (64, 2, 32), (7, 2, 4), (5, 5, 1), (4, 9, 1)]
)
def test_regions_are_as_large_as_the_largest(side, tiles, largest):
    assert region_size(ClipSpec(2, side, 2 * tiles), tiles) == (largest, 2)


def test_four_crops_lie_row_by_row_and_play_at_one_speed():
    spec = ClipSpec(4, 8, 8)
    group = [crop(length=length, colour=10 * (i + 1)) for i, length in enumerate((4, 5, 8, 12))]
    clip, regions = tiled(group, spec, stride=1, position=0.0)
    assert clip.shape == spec.shape and clip.dtype == torch.uint8
    assert clip[0, 0, ::4, ::4].tolist() == [[10, 20], [30, 40]]
    for place, length in enumerate((4, 5, 8, 12)):
        row, column = divmod(place, 2)
        shown = clip[:, 1, 4 * row, 4 * column].tolist()
        assert shown == [j * length // 4 for j in range(4)]
        assert torch.equal(clip[:, :, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4], regions[place])


@given(st.lists(st.integers(3, 40), min_size=4, max_size=4), st.integers(1, 4), st.floats(0, 0.999))
def test_a_clip_is_cut_from_the_tiled_video_as_from_any_other(lengths, stride, position):
    group = [crop(length=length) for length in lengths]
    clip, _ = tiled(group, ClipSpec(4, 8, 8), stride, position)
    # The slow way: make the whole tiled video first.
    shortest = min(lengths)
    whole = [[j * length // shortest for j in range(shortest)] for length in lengths]
    window = window_frames(shortest, 4, stride, position)
    for place in range(4):
        row, column = divmod(place, 2)
        assert clip[:, 1, 4 * row, 4 * column].tolist() == [whole[place][j] for j in window]


def test_thinned_crops_show_the_kept_frame_just_before():
    group = [crop(length=6, step=1), crop(length=12, step=5), crop(length=6, step=2), crop(length=7, step=7)]
    clip, _ = tiled(group, ClipSpec(6, 8, 8), stride=1, position=0.0)
    assert clip[:, 1, 0, 4].tolist() == [0, 0, 0, 5, 5, 10]
    assert clip[:, 1, 4, 0].tolist() == [0, 0, 2, 2, 4, 4]
    assert clip[:, 1, 4, 4].tolist() == [0] * 6


@pytest.mark.parametrize(("side", "tiles"), [(7, 2), (112, 3), (10, 4), (5, 5), (6, 1)])
def test_regions_fill_the_clip_whatever_the_number(side, tiles):
    spec = ClipSpec(2, side, side)
    group = [crop(length=2, colour=i + 1, size=region_size(spec, tiles)) for i in range(tiles**2)]
    clip, regions = tiled(group, spec, stride=1, position=0.5)
    assert regions.shape == (tiles**2, 2, 3, *region_size(spec, tiles))
    edges = [side * i // tiles for i in range(tiles + 1)]
    for place in range(tiles**2):
        row, column = divmod(place, tiles)
        part = clip[:, 0, edges[row] : edges[row + 1], edges[column] : edges[column + 1]]
        assert part.numel() and bool((part == place + 1).all())
        assert -(-side // tiles) - 1 <= part.shape[-1] <= -(-side // tiles)
