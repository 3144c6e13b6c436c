"""Videos whose boxes are known, drawn with numpy and pillow."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from tests.data.video_files import write_frames
from vidense.data.originals import Footage


def texture(height: int, width: int, seed: int, grain: int = 8) -> np.ndarray:
    """Return smooth random colours ``[height, width, 3]``: flow and trackers need something to hold on to."""
    coarse = np.random.default_rng(seed).integers(0, 256, (height // grain + 2, width // grain + 2, 3))
    image = Image.fromarray(coarse.astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    return np.array(image)


def square_at(frame: int, start: tuple[int, int], speed: tuple[int, int], wait: int = 0) -> tuple[int, int]:
    """Return left and top of the moving square."""
    moved = max(0, frame - wait)
    return start[0] + speed[0] * moved, start[1] + speed[1] * moved


def moving_square(
    frames: int = 12,
    size: tuple[int, int] = (96, 128),
    side: int = 24,
    start: tuple[int, int] = (20, 30),
    speed: tuple[int, int] = (3, 2),
    wait: int = 0,
    camera: int = 0,
) -> np.ndarray:
    """Return uint8 ``[frames, H, W, 3]``: a textured square (left, top, in pixels a frame) over a textured ground.

    It stands still for ``wait`` frames, and the ground slides left by ``camera`` pixels a frame.
    """
    ground = texture(size[0], size[1] + camera * frames, seed=0)
    square = texture(side, side, seed=1, grain=4)
    clip = np.stack([ground[:, camera * i : camera * i + size[1]] for i in range(frames)])
    for i in range(frames):
        left, top = square_at(i, start, speed, wait)
        clip[i, top : top + side, left : left + side] = square
    return clip


def person(centre: int, size: tuple[int, int] = (240, 320), top: int = 30, height: int = 110) -> np.ndarray:
    """Return a bright picture ``[H, W, 3]`` of one upright dark figure."""
    image = Image.new("RGB", (size[1], size[0]), (200, 200, 200))
    draw, unit = ImageDraw.Draw(image), height / 8
    head = (centre - 0.45 * unit, top, centre + 0.45 * unit, top + 1.2 * unit)
    draw.ellipse(head, fill=(40, 40, 40))
    half = [(0.35, 0.9), (1.2, 1.6), (1.25, 3.8), (0.75, 4.2), (1.05, 8), (0.6, 8), (0, 4.8)]
    outline = [*half, *((-x, y) for x, y in reversed(half))]
    draw.polygon([(centre + x * unit, top + y * unit) for x, y in outline], fill=(40, 40, 40))
    return np.array(image)


def footage(frames: np.ndarray, aspect: float = 1.0) -> Footage:
    """Return a video of which every frame is kept."""
    return Footage(frames, len(frames), 1, aspect)


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return intersection over union of two boxes."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(0.0, wide) * max(0.0, high)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def write_squares(source: Path, classes: tuple[str, ...] = ("down", "right"), count: int = 5) -> Path:
    """Write a folder of classes that differ in where a square goes; the videos have 14, 15, ... frames."""
    speeds = {"down": (0, 3), "right": (3, 0)}
    for name in classes:
        for i in range(count):
            clip = moving_square(14 + i, (88, 96), 20, (8 + i, 6 + 2 * i), speeds[name])
            write_frames(source / name / f"{name}{i}.mp4", clip, options={"crf": "15"})
    return source
