import numpy as np
from PIL import Image

from vidense.evaluation.filmstrip import FRAME, GAP, HEADER, NAMES, STORED, Strip, draw_strips


def strip(title, frames, stored, height=48, width=48):
    values = np.arange(frames, dtype=np.uint8) * 10 + 100
    return Strip(title, np.broadcast_to(values[:, None, None, None], (frames, height, width, 3)).copy(), stored)


def middle(picture, row, time, wide=FRAME, high=FRAME):
    return picture.getpixel((NAMES + time * (wide + GAP) + wide // 2, HEADER + row * (high + GAP) + high // 2))


def edge(picture, row, time):
    return picture.getpixel((NAMES + time * (FRAME + GAP) - 2, HEADER + row * (FRAME + GAP) + 5))


def test_frames_stand_in_order_and_stored_ones_are_framed(tmp_path):
    draw_strips(tmp_path / "a.png", "walk", [strip("prism", 4, {0, 3}), strip("dm", 3, range(3))])
    picture = Image.open(tmp_path / "a.png")

    assert [middle(picture, 0, time)[0] for time in range(4)] == [100, 110, 120, 130]
    assert [middle(picture, 1, time)[0] for time in range(4)] == [100, 110, 120, 255]
    assert [edge(picture, 0, time) == STORED for time in range(4)] == [True, False, False, True]
    assert all(edge(picture, 1, time) == STORED for time in range(3))


def test_oblong_frames_keep_their_shape(tmp_path):
    draw_strips(tmp_path / "a.png", "walk", [strip("prism", 2, (), height=32, width=64)])

    assert Image.open(tmp_path / "a.png").height == HEADER + FRAME // 2 + GAP


def test_hostile_titles_only_look_odd(tmp_path):
    draw_strips(tmp_path / "a.png", "\x00../\n" * 50, [strip("\u202e" * 300, 2, ())])

    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]
