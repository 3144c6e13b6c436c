from xml.etree import ElementTree as Xml

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from vidense.errors import UserError
from vidense.report import drawing
from vidense.report.drawing import Picture, save_picture, style

HOSTILE = "</text><script>alert(1)</script>&\x00\x1b\ud800\n\"'"


def pixels(file):
    return np.asarray(Image.open(file).convert("RGB")).astype(int)


def test_a_picture_is_saved_as_vectors_and_as_pixels_that_show_the_same(tmp_path):
    picture = Picture(100, 50, "a red line")
    picture.add("rect", "s1", x=20, y=10, width=40, height=30, fill="currentColor")

    picture.text("ink", 0, 49, "x")
    vectors, rendered = save_picture(picture, tmp_path / "figure.v1")

    assert (vectors.name, rendered.name) == ("figure.v1.svg", "figure.v1.png")
    shown = pixels(rendered)
    margin, zoom = drawing.MARGIN, drawing.ZOOM
    assert shown.shape == ((50 + 2 * margin) * zoom, (100 + 2 * margin) * zoom, 3)
    assert shown[(10 + margin + 5) * zoom, (20 + margin + 5) * zoom].tolist() == [0xC6, 0x52, 0x00]
    assert shown[2, 2].tolist() == [255, 255, 255]


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=20) | st.just(HOSTILE))
def test_no_text_breaks_the_picture_or_leaves_its_element(text):
    picture = Picture(10, 10, text)
    picture.text("ink", 0, 5, text)
    picture.add("circle", "s0", text, cx=1, cy=1, r=1)

    for written in (picture.inline(), picture.standalone()):
        written.encode("utf-8")
        assert {element.tag.rpartition("}")[2] for element in Xml.fromstring(written).iter()} <= {
            *("svg", "style", "rect", "text", "circle", "title")
        }


def test_every_colour_has_a_day_and_a_night():
    day, _, night = style().partition("prefers-color-scheme: dark")

    for name in drawing.NAMES:
        assert f".chart .{name} {{" in day
        assert f".chart .{name} {{" in night


@pytest.mark.parametrize(("palette", "paper"), [(drawing.LIGHT, "#ffffff"), (drawing.DARK, "#16181b")])
def test_what_is_written_or_marked_stands_out_from_its_paper(palette, paper):
    colours = dict(zip(drawing.NAMES, palette.split(), strict=True))
    del colours["line"]

    for name, colour in colours.items():
        # WCAG 2.2: 4.5 for text.
        assert contrast(colour, paper) >= 4.5, name


def contrast(first, second):
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_without_a_font_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(drawing, "svg_to_bytes", lambda **_: b"the same, whatever is written")
    drawing._can_write.cache_clear()
    picture = Picture(10, 10, "t")
    picture.text("ink", 0, 5, "x")

    with pytest.raises(UserError, match="install one"):
        save_picture(picture, tmp_path / "figure")
    assert not list(tmp_path.iterdir())
    drawing._can_write.cache_clear()
