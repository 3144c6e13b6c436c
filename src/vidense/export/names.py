"""Names of folders for classes, whose own names may be anything."""

import re
from collections import Counter
from collections.abc import Sequence
from unicodedata import normalize

from vidense.records import numbered_name

__all__ = ["folder_names"]

# Letters and digits of any script, and in between what no file system or shell gives a meaning.
PLAIN = re.compile(r"\w(?:[\w .,()&+'-]*[\w)+])?")
NUMBERED = re.compile(r"\d{5,}(-.*)?")
# Windows takes these for devices, whatever stands behind a dot.
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
LONGEST_BYTES = 100
# What an export itself puts beside the folders.
TAKEN = ("metadata.json", "metadata.csv", "readme.md", "clips.safetensors", "load_clips.py")


def folder_names(class_names: Sequence[str]) -> tuple[str, ...]:
    """Return a folder's name for each class.

    A class keeps its name if any system can hold it beside the others; otherwise the folder is called by the label and
    what is left of the name: ``00003-a-b`` for the class ``a/b`` of label 3.

    Args:
        class_names: any strings.

    Returns:
        Names without separators that differ from each other even where case and composed letters do not count.
    """
    keys = [_key(name) for name in class_names]
    times = Counter(keys)
    return tuple(
        name if times[key] == 1 and _is_plain(name, key) else numbered_name(label, name)
        for label, (name, key) in enumerate(zip(class_names, keys, strict=True))
    )


def _key(name: str) -> str:
    return normalize("NFKC", name).casefold()


def _is_plain(name: str, key: str) -> bool:
    if not PLAIN.fullmatch(name) or len(name.encode()) > LONGEST_BYTES:
        return False
    return not NUMBERED.fullmatch(key) and not DEVICES.fullmatch(key) and key not in TAKEN
