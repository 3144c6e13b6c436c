"""Storage as the papers count it, and as bytes."""

import pytest
import torch

from tests.tiny import CLASSES
from vidense.data.spec import ClipSpec
from vidense.parameterizations import Dense, KeyFrames, Memories, SelectedClips, Stills
from vidense.parameterizations.memories import hallucinator

PUBLISHED = ClipSpec(16, 112, 112)


def mib(numbers: int) -> float:
    return numbers * 4 / 2**20


@pytest.mark.parametrize(
    ("spec", "clips", "expected"),
    [
        (PUBLISHED, 50, 114.84),
        (PUBLISHED, 250, 574.22),
        (PUBLISHED, 255, 585.70),
        (ClipSpec(8, 64, 64), 400, 150.0),
        (ClipSpec(8, 64, 64), 174, 65.25),
    ],
)
def test_dense_storage_matches_the_published_table(spec, clips, expected):
    # One clip is weighed and multiplied: the table's sets would need gigabytes.
    one = Dense(torch.zeros(1, *spec.shape), spec, CLASSES, torch.zeros(1))
    assert mib(one.stored_numbers() * clips) == pytest.approx(expected, abs=0.005)


def test_two_end_frames_of_minicuf_take_14_mib():
    is_key = torch.zeros(1, 16, dtype=torch.bool)
    is_key[0, [0, 15]] = True
    one = KeyFrames(torch.zeros(1, *PUBLISHED.shape), is_key, PUBLISHED, CLASSES, torch.zeros(1))
    assert mib(50 * one.stored_numbers()) == pytest.approx(14.36, abs=0.005)


@pytest.mark.parametrize(
    ("videos", "each", "expected"), [(50, 2, 90.92), (51, 2, 92.74), (250, 2, 454.59), (50, 1, 45.46), (250, 1, 227.29)]
)
def test_memories_match_the_published_table(videos, each, expected):
    static, dynamic = torch.zeros(1, each, 3, 112, 112), torch.zeros(1, each, 16, 1, 112, 112)
    one = Memories(static, dynamic, hallucinator(0), PUBLISHED, CLASSES, torch.zeros(1))
    assert mib(videos * one.stored_numbers()) == pytest.approx(expected, abs=0.005)
    assert sum(size for part, size in one.storage("uint8").items() if "hallucinator" in part) == 327 * 4


@pytest.mark.parametrize(("videos", "expected"), [(50, 7.18), (250, 35.89)])
def test_stills_match_the_published_table(videos, expected):
    one = Stills(torch.zeros(1, 3, 112, 112), PUBLISHED, CLASSES, torch.zeros(1))
    assert mib(videos * one.stored_numbers()) == pytest.approx(expected, abs=0.005)


def test_bytes_by_part_count_labels_scales_and_soft_labels():
    spec = ClipSpec(2, 4, 4)
    clips = torch.randn(3, *spec.shape)
    made = Dense(clips, spec, CLASSES, torch.arange(3), soft_labels=torch.eye(3))
    assert made.storage("uint8") == {"frames": 3 * 2 * 48, "scale": 24, "offset": 24, "labels": 3, "soft_labels": 36}
    assert made.storage("float16")["frames"] == 2 * 3 * 2 * 48
    selected = SelectedClips(torch.zeros(3, *spec.shape, dtype=torch.uint8), spec, CLASSES, torch.arange(3))
    assert selected.storage("float32") == {"pixels": 3 * 2 * 48, "labels": 3}


def test_more_than_256_classes_need_wider_labels():
    spec, names = ClipSpec(1, 2, 2), tuple(map(str, range(300)))
    made = Dense(torch.zeros(300, *spec.shape), spec, names, torch.arange(300))
    stored = made.store("float32")
    assert stored.tensors["labels"].dtype == torch.int16
    assert torch.equal(Dense.restore("dense", stored, spec, names).labels, torch.arange(300))


@pytest.mark.parametrize(
    ("videos", "spec", "printed"),
    [
        (51 * 1, PUBLISHED, 117.14),
        (50 * 10, PUBLISHED, 1148.4),
        (51 * 10, PUBLISHED, 1171.4),
        (400 * 5, ClipSpec(8, 64, 64), 750.0),
        (174 * 5, ClipSpec(8, 64, 64), 326.25),
    ],
)
def test_the_rest_of_the_published_table(videos, spec, printed):
    assert mib(videos * spec.frames * spec.frame_numbers) == pytest.approx(printed, abs=0.05)


@pytest.mark.parametrize(
    ("classes", "vpc", "size", "keys"),
    [
        (50, 1, 20, 2.79),
        (50, 5, 133, 3.71),
        (50, 10, 324, 4.51),
        (51, 1, 22, 3.005),
        (51, 5, 137, 3.74),
        (51, 10, 287, 3.92),
    ],
)
def test_the_published_sizes_of_prism_imply_so_many_key_frames(classes, vpc, size, keys):
    # the best test of fidelity there is, so our count of stored numbers must be the papers'.
    assert size * 2**20 / (classes * vpc * PUBLISHED.frame_numbers * 4) == pytest.approx(keys, abs=0.005)
    low, high = int(keys), int(keys) + 1
    one = KeyFrames.from_clips(torch.zeros(2, 16, 3, 2, 2), [low, high], ClipSpec(16, 2, 2), CLASSES, torch.zeros(2))
    per_frame = PUBLISHED.frame_numbers // ClipSpec(16, 2, 2).frame_numbers
    whole = [mib(int(mask.sum()) * 12 * per_frame * classes * vpc) for mask in one.is_key]
    assert whole[0] < size < whole[1]
