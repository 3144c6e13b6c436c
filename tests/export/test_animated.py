"""Formats gif and webp: pictures that move, without end, at the rate of the report's."""

import numpy as np
import pytest
from PIL import Image

from vidense.data.animation import MILLISECONDS_PER_FRAME


@pytest.mark.parametrize("form", ["gif", "webp"])
def test_every_frame_is_shown_in_turn(exported, form):
    found = exported(form, "dense")
    assert [file.suffix for file in found.files] == [f".{form}"] * 3
    for number, file in enumerate(found.files):
        with Image.open(file) as picture:
            assert picture.format == form.upper() and (picture.n_frames, picture.size) == (4, (5, 6))
            assert picture.info["loop"] == 0
            frames, times = [], []
            for time in range(4):
                picture.seek(time)
                frames.append(np.asarray(picture.convert("RGB"), int))
                times.append(picture.info["duration"])
        assert times == [MILLISECONDS_PER_FRAME] * 4
        own = found.dataset.pictures(number).astype(int)
        errors = np.array([[np.abs(a - b).mean() for b in own] for a in frames])
        assert (errors.argmin(1) == np.arange(4)).all()


def test_a_gif_of_few_colours_is_exact(exported):
    # 30 pixels a frame: all of their colours fit.
    found = exported("gif", "selected")
    for number, file in enumerate(found.files):
        with Image.open(file) as picture:
            assert np.array_equal(np.asarray(picture.convert("RGB")), found.dataset.pictures(number)[0])
