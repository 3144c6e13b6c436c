from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from vidense.data.builtin import MOTIONS, render, write_videos
from vidense.data.prepare import prepare
from vidense.data.real import RealClips
from vidense.data.store import ClipStore
from vidense.errors import UserError
from vidense.nets import build_network
from vidense.seeding import generator
from vidense.training import accuracy, fit
from vidense.training_recipe import TrainingRecipe

CHANCE = 1 / len(MOTIONS)


def make_store(folder: Path, train: int, test: int) -> ClipStore:
    write_videos(folder / "videos", train_per_class=train, test_per_class=test)
    prepare(folder / "videos", folder / "store", frames=8, stride=3, size=64, clips=1)
    return ClipStore.open(folder / "store")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> ClipStore:
    return make_store(tmp_path_factory.mktemp("builtin"), 14, 20)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> ClipStore:
    return make_store(tmp_path_factory.mktemp("builtin"), 40, 20)


def test_the_files_are_h264_in_folder_layout_and_always_the_same(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_videos(tmp_path / name, train_per_class=2, test_per_class=1, frames=10, size=32, seed=3)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert len(files) == 8 * 3
    assert files[0].as_posix() == "test/growing/growing_0000.mp4"
    for file in files:
        data = (tmp_path / "a" / file).read_bytes()
        assert data == (tmp_path / "b" / file).read_bytes()
        assert b"avc1" in data
    report = prepare(tmp_path / "a", tmp_path / "s", frames=4, stride=2, size=32, clips=1, workers=1)
    assert set(report.counts) == set(MOTIONS)
    assert {tuple(count.values()) for count in report.counts.values()} == {(2, 1)}
    assert not report.duplicates


@pytest.mark.parametrize("size", [32, 64])
def test_encoding_does_not_vary(tmp_path: Path, size: int) -> None:
    # With the encoder's look-ahead on, one video in ten differed.
    written = []
    for _ in range(6):
        write_videos(tmp_path, train_per_class=3, test_per_class=1, size=size)
        written.append([path.read_bytes() for path in sorted(tmp_path.rglob("*.mp4"))])
    assert all(files == written[0] for files in written)


def test_some_of_the_motions(tmp_path: Path) -> None:
    write_videos(tmp_path, motions=("growing",), train_per_class=1, test_per_class=1, frames=2, size=16)
    assert sorted(path.name for path in tmp_path.glob("*/*")) == ["growing", "growing"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"motions": ("moving_up", "growin")}, "unknown motion 'growin'; did you mean 'growing'"),
        ({"size": 15}, "size=15"),
        ({"size": 33}, "size=33"),
        ({"frames": 1}, "frames=1"),
        ({"train_per_class": 0}, "train_per_class=0"),
        ({"test_per_class": 0}, "test_per_class=0"),
    ],
)
def test_wrong_values(tmp_path: Path, wrong: dict[str, int], message: str) -> None:
    with pytest.raises(UserError, match=message):
        write_videos(tmp_path, **wrong)


@pytest.mark.parametrize(("motion", "opposite"), [("moving_left", "moving_right"), ("growing", "shrinking")])
def test_opposite_motions_show_the_same_frames_in_reverse_order(motion: str, opposite: str) -> None:
    # Both start at the same drawn point, so they share the first frame and nothing else.
    one, other = (render(name, frames=5, size=32, seed=1) for name in (motion, opposite))
    assert np.array_equal(one[0], other[0])
    assert not np.array_equal(one[1], other[1])


def classify_by_neighbours(train: Tensor, labels: Tensor, test: Tensor) -> Tensor:
    return labels[torch.cdist(test, train).topk(5, largest=False).indices].mode(1).values


def classify_linearly(train: Tensor, labels: Tensor, test: Tensor) -> Tensor:
    mean, spread = train.mean(0), train.std(0) + 1e-3
    train, test = (train - mean) / spread, (test - mean) / spread
    gram = train @ train.T + 100 * torch.eye(len(train))
    return (test @ train.T @ torch.linalg.solve(gram, F.one_hot(labels).float() - CHANCE)).argmax(1)


def frame_features(clips: Tensor, frame: int) -> Tensor:
    """A frame at 16x16 and its statistics of position and size: brightness spread along x and y on the circle."""
    image = clips[:, frame]
    brightness = image.amax(1) - image.amax((1, 2, 3), keepdim=True)[:, 0] / 2
    angle = torch.arange(64) * 2 * torch.pi / 64
    # There are two shapes half a frame apart: the second wave tells where they are.
    waves = torch.stack([angle.cos(), angle.sin(), (2 * angle).cos(), (2 * angle).sin()], 1)
    sides = [brightness.relu().sum(axis) @ waves for axis in (1, 2)]
    area = (brightness > 0).float().sum((1, 2))[:, None]
    return torch.cat([F.avg_pool2d(image, 4).flatten(1), *sides, area], 1)


def flow_features(clip: NDArray[np.float64]) -> list[float]:
    """Least-squares flow of one clip ``[T, H, W]`` about the nearer shape: right, down, turn, growth per frame."""
    size = clip.shape[-1]
    grid = np.arange(size)
    # The shapes are half a frame apart, so places are looked at modulo half a frame.
    half = size / 2
    wave = np.exp(2j * np.pi * grid / half)
    sums = []
    for now, after in pairwise(clip):
        bright = np.maximum(now - np.median(now), 0)
        x, y = ((grid - np.angle((bright.sum(axis) * wave).sum()) * half / 2 / np.pi) for axis in (0, 1))
        x, y = ((side + half / 2) % half - half / 2 for side in (x, y))
        both = (now + after) / 2
        dx, dy = (np.roll(both, -1, axis) - np.roll(both, 1, axis) for axis in (1, 0))
        turn, growth = dy * x[None] - dx * y[:, None], dx * x[None] + dy * y[:, None]
        basis = np.stack([dx, dy, turn, growth]).reshape(4, -1)
        sums.append(np.linalg.lstsq(basis.T, -(after - now).ravel(), rcond=None)[0])
    right, down, turning, growing = np.median(sums, 0)
    return [right, down, turning * 10, growing * 10]


def share(predicted: Tensor, view: RealClips) -> float:
    return (predicted == view.labels).float().mean().item()


@pytest.mark.parametrize("frame", [0, 3, 7])
def test_one_frame_does_not_tell_the_class(small: ClipStore, frame: int) -> None:
    everything = [view.decode(torch.arange(len(view))) for view in (small.train, small.test)]
    train, test = (frame_features(clips, frame) for clips in everything)
    for classify in (classify_by_neighbours, classify_linearly):
        # 160 test videos: chance is 12.5 %, four standard errors above it 23 %.
        assert share(classify(train, small.train.labels, test), small.test) < 0.23


def test_the_order_of_frames_tells_the_class(small: ClipStore) -> None:
    clips = small.test.decode(torch.arange(len(small.test))).mean(2).double().numpy()
    flow = torch.tensor([flow_features(clip) for clip in clips])
    strongest = flow.abs().argmax(1)
    sign = flow.gather(1, strongest[:, None])[:, 0] > 0
    # Classes sorted by name against the four flow components, negative and positive.
    order = ["moving_left", "moving_right", "moving_up", "moving_down"]
    order += ["turning_counterclockwise", "turning_clockwise", "shrinking", "growing"]
    names = [order[2 * component + int(positive)] for component, positive in zip(strongest, sign, strict=True)]
    predicted = torch.tensor([small.class_names.index(name) for name in names])
    assert share(predicted, small.test) > 0.9


def still(clips: RealClips) -> RealClips:
    """Return the same videos with every frame replaced by the first one."""
    pixels = clips.pixels(torch.arange(len(clips)))
    shard = pixels[:, None, :1].expand(-1, 1, *clips.spec.shape)
    rows = [(0, i) for i in range(len(clips))]
    return RealClips(clips.spec, clips.class_names, clips.labels, clips.groups, [shard], rows, f"still {clips.content}")


def minic3d_accuracy(train: RealClips, test: RealClips, recipe: TrainingRecipe) -> float:
    network = build_network("minic3d", train.spec, len(MOTIONS), seed=0)
    network = network.to(memory_format=torch.channels_last_3d)
    assert fit(network, train, recipe, seed=0).diverged_at is None
    return accuracy(network, [test], recipe)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_minic3d_learns_clips_but_neither_frames_nor_a_single_clip(full: ClipStore) -> None:
    recipe = TrainingRecipe(lr=0.02)
    whole = minic3d_accuracy(full.train, full.test, recipe)
    assert whole > 0.7
    assert minic3d_accuracy(still(full.train), still(full.test), replace(recipe, epochs=8)) < 0.23
    for draw in range(3):
        chosen = [full.train.members(c)[torch.randint(40, (1,), generator=generator(draw, c))] for c in range(8)]
        assert minic3d_accuracy(full.train.subset(torch.cat(chosen)), full.test, recipe) < whole / 2
