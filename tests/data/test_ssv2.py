"""A miniature tree of Something-Something V2 as it is distributed, with real video files."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.data.video_files import write_video
from vidense.data.layouts import LayoutOptions, scan
from vidense.data.prepare import prepare
from vidense.data.store import ClipStore
from vidense.errors import UserError

FIRST = LayoutOptions()
TEMPLATES = ("Pushing [something] so that it falls", "Holding [something] next to [something]")
LENGTHS = {"101": 20, "102": 16, "103": 7, "201": 15, "202": 8, "301": 9}


def write_lists(folder: Path, prefix: str) -> None:
    """Write the lists; the labels are not numbered by the alphabet, and one template differs in a capital."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {"id": i, "label": "pushing it", "template": TEMPLATES[int(i) % 2], "placeholders": ["it"]} for i in LENGTHS
    ]
    rows[0]["template"] = rows[0]["template"].lower()
    parts: dict[str, Any] = {
        "train": rows[:3],
        "validation": rows[3:5],
        "test": [{"id": "301"}],
        "labels": {name.replace("[", "").replace("]", ""): str(1 - i) for i, name in enumerate(TEMPLATES)},
    }
    for part, value in parts.items():
        (folder / f"{prefix}{part}.json").write_text(json.dumps(value))


@pytest.fixture(params=["something-something-v2-", ""], ids=["first names", "later names"])
def ssv2(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    source = tmp_path / "ssv2"
    write_lists(source / "labels", request.param)
    for name, frames in LENGTHS.items():
        write_video(source / "20bn-something-something-v2" / f"{name}.webm", frames=frames, codec="libvpx-vp9")
    return source


def test_ssv2_labels_are_the_official_numbers(ssv2: Path, tmp_path: Path) -> None:
    listing = scan(ssv2, "auto", FIRST)
    assert listing.name == "ssv2"
    assert listing.class_names == ("Holding something next to something", "Pushing something so that it falls")
    assert (listing.expected, listing.flip, listing.sampling) == ((168_913, 24_777), False, "spread")
    labels = {Path(e.path).stem: listing.class_names.index(e.class_name) for e in listing.entries}
    assert labels == {"101": 0, "102": 1, "103": 0, "201": 0, "202": 1}
    assert len(listing.notes) == 1, "videos of the unlabelled list are not foreign"
    report = prepare(ssv2, tmp_path / "s", workers=1)
    assert [(bad.path.rpartition("/")[2], bad.reason) for bad in report.bad_files] == [("103.webm", "too-short")]
    assert "2 train / 2 test videos; the complete ssv2 has 168913 / 24777" in report.warnings
    store = ClipStore.open(tmp_path / "s")
    assert store.spec.shape == (8, 3, 64, 64) and store.settings["sampling"] == "spread"
    windows = {video.length: video.windows[0] for video in store.videos}
    assert windows[8] == tuple(range(8))
    assert windows[15] == windows[16] == tuple(range(0, 16, 2))
    assert windows[20] == tuple(range(2, 18, 2))


def change(source: Path, part: str, value: Any) -> None:
    (file,) = source.glob(f"labels/*{part}.json")
    file.write_text(json.dumps(value))


def test_ssv2_says_what_is_wrong(tmp_path: Path) -> None:
    write_lists(tmp_path / "labels", "")
    with pytest.raises(UserError, match=r"none of the 5 videos of the lists, such as '101\.webm'"):
        scan(tmp_path, "ssv2", FIRST)
    (tmp_path / "101.webm").touch()
    (tmp_path / "9.webm").touch()
    assert scan(tmp_path, "ssv2", FIRST).notes == ("videos on disk that no list names were left out: 1: 9.webm",)
    change(tmp_path, "validation", [{"id": 7, "template": "Eating [something]"}])
    with pytest.raises(UserError, match=r"gives video 7 the template 'Eating \[something\]', which .* lacks"):
        scan(tmp_path, "ssv2", FIRST)
    for wrong in ([{"id": "7"}], ["7"]):
        change(tmp_path, "validation", wrong)
        with pytest.raises(UserError, match="entry 0 lacks 'id' or 'template'"):
            scan(tmp_path, "ssv2", FIRST)
    change(tmp_path, "validation", {})
    with pytest.raises(UserError, match="is not a list of videos"):
        scan(tmp_path, "ssv2", FIRST)
    change(tmp_path, "labels", {"a": "0", "b": "2"})
    with pytest.raises(UserError, match="numbers its 2 labels"):
        scan(tmp_path, "ssv2", FIRST)
    change(tmp_path, "labels", ["a"])
    with pytest.raises(UserError, match="is not a table of labels"):
        scan(tmp_path, "ssv2", FIRST)
    (tmp_path / "labels" / "labels.json").unlink()
    with pytest.raises(UserError, match=r"something-something-v2-labels\.json or labels\.json is neither in"):
        scan(tmp_path, "ssv2", FIRST)
