"""Pictures made of vectors: one element after another, in colours that follow the page they stand on."""

from functools import cache
from pathlib import Path
from xml.etree import ElementTree as Xml

from resvg_py import svg_to_bytes

from vidense.errors import UserError
from vidense.printable import printable
from vidense.records import replacing

__all__ = ["SERIES", "Picture", "save_picture", "style"]

NAMESPACE = "http://www.w3.org/2000/svg"
# Okabe and Ito's palette, which people with any colour vision tell apart, dark enough on white; and lighter for black.
SERIES = 8
NAMES = ("ink", "soft", "line", *(f"s{number}" for number in range(SERIES)))
LIGHT = "#1d1f23 #5c6169 #dcdee2 #0072b2 #c65200 #007a5a #a8447f #6b6b6b #946400 #2b7ea8 #111111"
DARK = "#e8e9eb #a2a8b1 #34383e #5cb3e8 #ff9a5c #2fcf9f #e79ac6 #b5b5b5 #f0c34a #9bd7ff #f2f2f2"
# Pixels of a letter at the size of charts, wide enough for most fonts.
LETTER = 7.0
# Dots per pixel of a saved PNG, enough for a column of a printed page, and the white around it in pixels.
ZOOM, MARGIN = 3, 12


class Picture:
    """An SVG that is being drawn.

    Colours are classes: ``s0`` to ``s7`` of series; ``ink``, ``soft`` and ``line`` of titles, of what stands beside
    axes and of what lies behind the data. Text is escaped, whatever it holds.
    """

    def __init__(self, width: float, height: float, title: str) -> None:
        """Begin a picture of a size in pixels; ``title`` is what a screen reader says of the whole."""
        size = {"viewBox": f"0 0 {width:g} {height:g}", "width": f"{width:g}", "height": f"{height:g}"}
        self._root = Xml.Element("svg", {"class": "chart", "role": "img", "aria-label": printable(title), **size})
        self._size = (width, height)

    def add(self, tag: str, colour: str, tip: str = "", **attributes: float | str) -> None:
        """Draw an element.

        Args:
            tag: of SVG.
            colour: class of the colour.
            tip: what is said of it when it is pointed at.
            attributes: of the element; ``_`` in a name stands for ``-``.
        """
        named = {key.replace("_", "-"): _number(value) for key, value in attributes.items()}
        element = Xml.SubElement(self._root, tag, {"class": colour, **named})
        if tip:
            Xml.SubElement(element, "title").text = printable(tip)

    def line(self, colour: str, x1: float, y1: float, x2: float, y2: float, tip: str = "", **more: float | str) -> None:
        """Draw a line."""
        self.add("line", colour, tip, x1=x1, y1=y1, x2=x2, y2=y2, stroke="currentColor", **more)

    def text(self, colour: str, x: float, y: float, words: str, anchor: str = "start", **more: float | str) -> None:
        """Write a line of text; ``anchor`` says which end of it is at ``x``."""
        named = {key.replace("_", "-"): _number(value) for key, value in more.items()}
        place = {"class": colour, "x": _number(x), "y": _number(y), "text-anchor": anchor, "fill": "currentColor"}
        Xml.SubElement(self._root, "text", {**place, **named}).text = printable(words)

    @property
    def title(self) -> str:
        """What the whole shows."""
        return self._root.attrib["aria-label"]

    @property
    def tips(self) -> list[str]:
        """All tips in the order drawn: what the picture shows, for those who cannot point at it."""
        return [element.text for element in self._root.iter("title") if element.text]

    def inline(self) -> str:
        """Return the SVG for a page of HTML, which must hold :func:`style`."""
        return Xml.tostring(self._root, encoding="unicode")

    def standalone(self) -> str:
        """Return the SVG as a file of its own, black on white."""
        start, (width, height) = f"{-MARGIN}", (f"{side + 2 * MARGIN:g}" for side in self._size)
        size = {"width": width, "height": height}
        box = {"viewBox": f"{start} {start} {width} {height}", "xmlns": NAMESPACE}
        root = Xml.Element("svg", {**self._root.attrib, **size, **box})
        Xml.SubElement(root, "style").text = _printed()
        Xml.SubElement(root, "rect", {**size, "x": start, "y": start, "fill": "#ffffff"})
        root.extend(self._root)
        return Xml.tostring(root, encoding="unicode")


def style() -> str:
    """Return the CSS that gives pictures on a page their colours, by day and by night."""
    return f"{_printed()} @media screen and (prefers-color-scheme: dark) {{ {_colours(DARK)} }}"


def _printed() -> str:
    fonts = "font-family: system-ui, 'DejaVu Sans', Arial, sans-serif; font-size: 12px;"
    return f".chart {{ {fonts} }} {_colours(LIGHT)}"


def _colours(palette: str) -> str:
    return " ".join(
        f".chart .{name} {{ color: {colour} }}" for name, colour in zip(NAMES, palette.split(), strict=True)
    )


def save_picture(picture: Picture, file: Path) -> list[Path]:
    """Write a picture as SVG and as PNG.

    Args:
        picture: what to write.
        file: where, without a suffix.

    Returns:
        The two files.

    Raises:
        UserError: if this machine has no font.
    """
    if not _can_write():
        raise UserError("this machine has no font to write with; install one, such as Debian's fonts-dejavu-core")
    text = picture.standalone()
    pixels = _rendered(text)
    written = [file.with_name(f"{file.name}{suffix}") for suffix in (".svg", ".png")]
    for path, content in zip(written, (text.encode(), pixels), strict=True):
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    return written


@cache
def _can_write() -> bool:
    letter = Picture(20, 20, "x")
    letter.text("ink", 0, 15, "x")
    return _rendered(letter.standalone()) != _rendered(Picture(20, 20, "x").standalone())


def _rendered(text: str) -> bytes:
    return bytes(svg_to_bytes(svg_string=text, zoom=ZOOM))


def _number(value: float | str) -> str:
    """Write a place to a tenth of a pixel, which is all that shows."""
    return value if isinstance(value, str) else f"{round(value, 1):g}"
