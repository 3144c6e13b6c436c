"""Tiled clips of whole datasets: made once, resumed, priced."""

import math
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
import torch

from tests.boxes.judges import colours, registered
from tests.tiny import task
from vidense import registry
from vidense.boxes import Choosing, Cropping, Tiling
from vidense.boxes import tiling as module
from vidense.data.spec import ClipSpec
from vidense.errors import UserError
from vidense.method import Task

SPEC = ClipSpec(4, 8, 8)
STORED = Cropping("whole", footage="stored")


class Killed(Exception):
    pass


def tiny(path: Path, vpc: int = 1, **more) -> Task:
    return replace(task(path, spec=SPEC, videos=6, vpc=vpc), **more)


def tiling(cropping: Cropping = STORED, knows_classes: bool = True, **choosing) -> Tiling:
    return Tiling(cropping, Choosing(**choosing), colours(knows_classes=knows_classes))


def silent(*_) -> None:
    pass


def test_a_clip_is_tiled_of_the_best_of_its_class(tmp_path):
    job, need = tiny(tmp_path), tiling()
    made = need.make(job, silent)
    assert made.pixels.shape == (3, *SPEC.shape) and made.pixels.dtype == torch.uint8
    for label in range(3):
        members = job.real.members(label)
        given = need.scorer.log_probabilities(quarters(job.real.pixels(members)))[:, label]
        best = members[given.argsort(descending=True, stable=True)[:4]]
        parts = [made.pixels[label][..., r : r + 4, c : c + 4] for r in (0, 4) for c in (0, 4)]
        # Stored clips are equally long, so the best comes first.
        assert all(torch.equal(part, whole) for part, whole in zip(parts, quarters(job.real.pixels(best)), strict=True))


def quarters(pixels: torch.Tensor) -> torch.Tensor:
    """Return clips at half their size, as a tile of four has them."""
    small = torch.nn.functional.interpolate(pixels.flatten(0, 1).float(), (4, 4), mode="bilinear", antialias=True)
    return small.round().to(torch.uint8).view(*pixels.shape[:3], 4, 4)


def test_regions_are_what_the_teacher_makes_of_each_part(tmp_path):
    need = tiling()
    made = need.make(tiny(tmp_path, vpc=2), silent)
    assert made.regions.shape == (6, 4, 3)
    for clip, regions in zip(made.pixels, made.regions, strict=True):
        parts = torch.stack([clip[..., r : r + 4, c : c + 4] for r in (0, 4) for c in (0, 4)])
        assert torch.allclose(regions, need.scorer.log_probabilities(parts).exp(), atol=1e-5)


def test_made_once_and_the_same_again(tmp_path):
    first = tiling().make(tiny(tmp_path), silent)
    with mock.patch.object(module, "crops_of", side_effect=AssertionError("looked at again")):
        again = tiling().make(tiny(tmp_path), silent)
    assert torch.equal(first.pixels, again.pixels) and torch.equal(first.regions, again.regions)
    apart = tiling().make(tiny(tmp_path / "other"), silent)
    assert torch.equal(first.pixels, apart.pixels)


def test_a_box_source_of_a_plug_in_looks_again_when_the_plug_in_changes(tmp_path, monkeypatch):
    def files(boxes: str) -> list[Path]:
        return tiling(replace(STORED, boxes=boxes))._files(tiny(tmp_path))

    with registered(lambda frames, class_name, path: []) as name:
        monkeypatch.setattr(registry, "foreign_source", lambda item: "as it was")
        before = files(name)
        assert files(name) == before
        monkeypatch.setattr(registry, "foreign_source", lambda item: "changed")
        assert not set(files(name)) & set(before)


@pytest.mark.parametrize(
    ("job", "need"),
    [
        ({"seed": 1}, {}),
        ({"vpc": 2}, {}),
        ({}, {"tiles": 1}),
        ({}, {"candidates": 4}),
        ({}, {"score": "highest"}),
        ({}, {"cropping": Cropping("whole", 1, "stored")}),
    ],
)
def test_anything_else_is_looked_at_anew(tmp_path, job, need):
    tiling().make(tiny(tmp_path), silent)
    tiling(**need).make(tiny(tmp_path, **job), silent)
    assert len(list((tmp_path / "tiles").iterdir())) == 2


def test_another_teacher_and_another_table_are_something_else(tmp_path):
    first = tiling()
    first.make(tiny(tmp_path), silent)
    other = tiling()
    with torch.no_grad():
        other.scorer.network.scale.fill_(3.0)
    other.make(tiny(tmp_path), silent)
    table = tmp_path / "boxes.csv"
    for width in (0.5, 0.75):
        table.write_text(f"path,left,top,width,height\n0,0,0,{width},1\n")
        tiling(Cropping(str(table), footage="stored")).make(tiny(tmp_path), silent)
    assert len(list((tmp_path / "tiles").iterdir())) == 4


def test_an_interruption_costs_no_more_than_a_class(tmp_path):
    looked: list[tuple] = []

    def kill(phase, done, total, entry):
        looked.append((phase, done, total, entry["class"]))
        if len(looked) == 9:
            raise Killed

    with pytest.raises(Killed):
        tiling().make(tiny(tmp_path), kill)
    resumed = tiling().make(tiny(tmp_path), kill)
    names = ("ball", "cube", "disc")
    told = [("crop", 6 * label + i + 1, 18, name) for label, name in enumerate(names) for i in range(6)]
    # Three videos of the second class are looked at twice.
    assert looked == [*told[:9], *told[6:]]
    assert torch.equal(resumed.pixels, tiling().make(tiny(tmp_path / "other"), silent).pixels)


def test_damaged_files_are_made_again(tmp_path):
    first = tiling().make(tiny(tmp_path), silent)
    one, other, _ = sorted((tmp_path / "tiles").rglob("*.safetensors"))
    one.write_bytes(one.read_bytes()[:-9])
    other.write_text("tiles")
    assert torch.equal(tiling().make(tiny(tmp_path), silent).pixels, first.pixels)


def test_a_plan_gets_a_stand_in_of_the_same_shape_and_a_price(tmp_path):
    job, need = tiny(tmp_path, vpc=2), tiling(tiles=3)
    expected = need.stand_in(job)
    assert need.seconds(job) > 0 and not (tmp_path / "tiles").exists()
    made = need.make(job, silent)
    for name in ("pixels", "regions"):
        assert getattr(made, name).shape == getattr(expected, name).shape
        assert getattr(made, name).dtype == getattr(expected, name).dtype
    assert need.seconds(job) == 0
    assert need.describe() == "3x3 crops of stored videos"


def test_a_price_grows_with_the_videos_that_are_missing(tmp_path):
    clock = iter([0.0, 2.0])
    with mock.patch.object(module.time, "perf_counter", lambda: next(clock)):
        assert tiling(candidates=5).seconds(tiny(tmp_path)) == 2.0 * 3 * 5


def test_crops_below_the_threshold_are_dropped(tmp_path):
    job, need = tiny(tmp_path), tiling()
    scores = [
        [crop.score for (crop,) in module.crops_of(job, STORED, need.choosing, need.scorer, label)]
        for label in range(3)
    ]
    # What the worst class's best crop just reaches: its others are dropped, and it fills the clip alone.
    worst = min(range(3), key=lambda label: max(scores[label]))
    strict = tiling(least_probability=math.exp(max(scores[worst])))
    clip = strict.make(job, silent).pixels[worst]
    parts = [clip[..., r : r + 4, c : c + 4] for r in (0, 4) for c in (0, 4)]
    assert all(torch.equal(part, parts[0]) for part in parts)


def test_a_threshold_that_no_crop_reaches(tmp_path):
    with pytest.raises(
        UserError, match=r"no crop of class 'ball' reaches least_probability=0\.99, the best one has 0\.\d+"
    ):
        tiling(least_probability=0.99).make(tiny(tmp_path), silent)


def test_one_video_may_fill_a_clip_by_the_papers_rule(tmp_path):
    def many(frames, class_name, path):
        return [(0, 0, 8, 8)] * 4

    with registered(many) as name:
        cropping = Cropping(name, 4, "stored")
        for one_per_video, videos in ((True, 4), (False, 1)):
            clip = tiling(cropping, one_per_video=one_per_video).make(tiny(tmp_path), silent).pixels[0]
            parts = [clip[..., r : r + 4, c : c + 4].numpy().tobytes() for r in (0, 4) for c in (0, 4)]
            assert len(set(parts)) == videos
