"""Built-in videos whose classes differ in nothing but their motion.

A shape and its copy, half a frame to the right and down, move over a still background. Their place, their angle and
the logarithm of their size each live on a circle: what leaves on one side enters on the other, and what has grown to
full size gives way to a small one. Every clip starts at a uniformly drawn point of these circles, and the class
decides which of them is turned, and which way. A uniformly drawn point stays uniformly distributed when the circle
turns, so each single frame has the same distribution in all classes, and so has every statistic of positions and
sizes; only the order of frames tells the classes apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vidense.data.mp4 import write_mp4
from vidense.errors import UserError, suggest
from vidense.seeding import derive

__all__ = ["MOTIONS", "render", "write_videos"]

MOTIONS: dict[str, tuple[int, int, int, int]] = {
    "moving_left": (-1, 0, 0, 0),
    "moving_right": (1, 0, 0, 0),
    "moving_up": (0, -1, 0, 0),
    "moving_down": (0, 1, 0, 0),
    "turning_clockwise": (0, 0, 1, 0),
    "turning_counterclockwise": (0, 0, -1, 0),
    "growing": (0, 0, 0, 1),
    "shrinking": (0, 0, 0, -1),
}
"""Class name to which circle is turned which way: right, down, clockwise, larger."""

TURNS_PER_FRAME = (1 / 48, 1 / 48, 1 / 44, 1 / 32)
"""Mean speed on each circle, in turns per frame; a clip's own speed is up to 15 % lower or higher."""

SMALL, LARGE = 0.14, 0.34
"""Smallest and largest radius of a shape, as a part of the frame's side."""

FADE = 0.25
"""Part of the circle of sizes in which a full-sized shape gives way to a small one."""

FRAMES_PER_SECOND = Fraction(12)


@dataclass(frozen=True)
class _Scene:
    """What one clip shows; colours are RGB in 0..1."""

    start: NDArray[np.float64]
    speed: float
    shape: int
    colour: NDArray[np.float64]
    ground: NDArray[np.float64]
    slope: NDArray[np.float64]


def write_videos(
    out: Path,
    *,
    motions: Sequence[str] = tuple(MOTIONS),
    train_per_class: int = 40,
    test_per_class: int = 20,
    frames: int = 24,
    size: int = 64,
    seed: int = 0,
) -> None:
    """Write labelled H.264 videos, ``train/<class>/<class>_0000.mp4`` and ``test/...``, which layout ``folder`` reads.

    The same arguments give the same videos. Files that are there already are written again.

    Args:
        out: the folder; created if missing.
        motions: the classes, keys of :data:`MOTIONS`.
        train_per_class: training videos of each class, at least 1.
        test_per_class: test videos of each class, at least 1.
        frames: frames in a video, at least 2.
        size: side of a frame in pixels, even (H.264 stores colour at half resolution) and at least 16.
        seed: another seed gives other videos.

    Raises:
        UserError: for a value out of range.
    """
    lowest = {"train_per_class": (train_per_class, 1), "test_per_class": (test_per_class, 1), "frames": (frames, 2)}
    for name, (value, least) in lowest.items():
        if value < least:
            raise UserError(f"{name}={value} is too small; give at least {least}")
    if size < 16 or size % 2:
        raise UserError(f"size={size} is not possible; give an even number of pixels, at least 16")
    for motion in motions:
        if motion not in MOTIONS:
            raise UserError(f"unknown motion {motion!r}{suggest(motion, MOTIONS)}")
    for split, count in (("train", train_per_class), ("test", test_per_class)):
        for motion in motions:
            for number in range(count):
                clip = render(motion, frames=frames, size=size, seed=derive(seed, split, motion, number))
                write_mp4(out / split / motion / f"{motion}_{number:04}.mp4", clip, FRAMES_PER_SECOND)


def render(motion: str, *, frames: int, size: int, seed: int) -> NDArray[np.uint8]:
    """Draw one video.

    Args:
        motion: a key of :data:`MOTIONS`.
        frames: how many frames.
        size: side of a frame in pixels.
        seed: decides everything but the motion, which does not influence it.

    Returns:
        uint8 ``[frames, size, size, 3]``.
    """
    scene = _draw_scene(np.random.default_rng(seed))
    direction = np.array(MOTIONS[motion]) * TURNS_PER_FRAME * scene.speed
    return np.stack([_frame(scene, (scene.start + direction * t) % 1, size) for t in range(frames)])


def _draw_scene(rng: np.random.Generator) -> _Scene:
    hue = rng.uniform(0, 2 * np.pi)
    # Three cosines a third of a turn apart walk around the colour wheel.
    colour = 0.72 + 0.26 * np.cos(hue + np.array([0, 2, 4]) * np.pi / 3)
    return _Scene(
        start=rng.uniform(size=4),
        speed=rng.uniform(0.85, 1.15),
        shape=int(rng.integers(len(_SHAPES))),
        colour=colour,
        ground=rng.uniform(0.1, 0.3, size=3),
        slope=rng.uniform(-0.12, 0.12, size=2),
    )


def _bar(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.maximum(np.abs(x) - 1, np.abs(y) - 0.35))


def _triangle(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.maximum(np.abs(y) * 0.866 + x * 0.5 - 0.5, -x - 0.5))


def _half_disc(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.maximum(np.hypot(x, y) - 1, -x))


_SHAPES = (_bar, _triangle, _half_disc)
"""Shapes of radius 1 as distances to their edge, negative inside; all of them change when turned by 90 degrees."""


def _frame(scene: _Scene, state: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """Draw one frame, uint8 ``[size, size, 3]``; ``state`` is a point on the four circles, each in [0, 1)."""
    grid = (np.arange(size) + 0.5) / size
    shade = (scene.slope[0] * (grid - 0.5)[None, :] + scene.slope[1] * (grid - 0.5)[:, None])[..., None]
    growth = state[3]
    # Full size fades into small size: a sudden change would look like the opposite motion.
    late = max(0.0, (growth - 1 + FADE) / FADE)
    cover = np.maximum(
        (1 - late) * _cover(scene.shape, state, growth, size), late * _cover(scene.shape, state, growth - 1, size)
    )[..., None]
    pixels = (1 - cover) * (scene.ground + shade) + cover * scene.colour
    return np.asarray(np.clip(pixels * 255 + 0.5, 0, 255), dtype=np.uint8)


def _cover(shape: int, state: NDArray[np.float64], growth: float, size: int) -> NDArray[np.float64]:
    """Return which part of each pixel the two shapes cover, ``[size, size]`` in 0..1."""
    right, down, turn, _ = state
    radius = SMALL * (LARGE / SMALL) ** growth
    cosine, sine = np.cos(2 * np.pi * turn), np.sin(2 * np.pi * turn)
    grid = (np.arange(size) + 0.5) / size
    cover = np.zeros((size, size))
    for shift in (0.0, 0.5):
        # Distances on the circle: a shape reappears on the other side while it leaves.
        x = ((grid - right + shift) % 1 - 0.5)[None, :] / radius
        y = ((grid - down + shift) % 1 - 0.5)[:, None] / radius
        distance = _SHAPES[shape](cosine * x + sine * y, cosine * y - sine * x) * radius * size
        cover = np.maximum(cover, np.clip(0.5 - distance, 0, 1))
    return cover
