import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidense.data.layouts import LAYOUTS, LayoutOptions, Listing, detect, places, scan
from vidense.data.layouts.base import Entry, assign_splits
from vidense.data.layouts.ucf101 import MINIUCF_CLASSES
from vidense.errors import UserError

FIRST = LayoutOptions()


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def by_split(listing: Listing) -> dict[str, list[str]]:
    return {s: [e.path for e in listing.entries if e.split == s] for s in ("train", "test")}


def test_folder_with_splits(tmp_path: Path) -> None:
    touch(tmp_path / "train/b/1.mp4", tmp_path / "train/a/2.AVI", tmp_path / "test/a/3.webm", tmp_path / "test/b/4.mkv")
    touch(tmp_path / "train/a/notes.txt", tmp_path / "train/a/.hidden.mp4", tmp_path / "extra/c/5.mp4")
    listing = scan(tmp_path, "auto", FIRST)
    assert listing.class_names == ("a", "b")
    assert by_split(listing) == {"train": ["train/a/2.AVI", "train/b/1.mp4"], "test": ["test/a/3.webm", "test/b/4.mkv"]}
    assert not listing.flip
    assert "'folder' was detected" in listing.notes[0]
    assert "extra" in " ".join(listing.notes)


def test_folder_without_splits_is_split_the_same_way_each_time(tmp_path: Path) -> None:
    touch(*(tmp_path / name / f"{i}.mp4" for name in "abc" for i in range(10)))
    listing = scan(tmp_path, "folder", FIRST)
    assert scan(tmp_path, "folder", FIRST) == listing
    assert scan(tmp_path, "folder", LayoutOptions(seed=1)) != listing
    for name in "abc":
        assert sum(e.split == "test" for e in listing.entries if e.class_name == name) == 2


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    touch(*(tmp_path / name / f"{i}.mp4" for name in ("train", "bus") for i in range(5)))
    assert scan(tmp_path, "auto", FIRST).class_names == ("bus", "train")


def test_folders_below_a_class_are_groups(tmp_path: Path) -> None:
    touch(*(tmp_path / "a" / person / f"{i}.mp4" for person in ("ann", "bob") for i in range(3)))
    listing = scan(tmp_path, "folder", FIRST)
    assert {e.group for e in listing.entries} == {"a/ann", "a/bob"}
    assert len({e.group for e in listing.entries if e.split == "test"}) == 1


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ([], "holds no class folder with videos"),
        (["clip.mp4"], "holds no class folder with videos"),
        (["a/readme.txt"], "holds no class folder with videos"),
        (["train/a/1.mp4"], "has train/ but no test/"),
        (["test/a/1.mp4"], "has test/ but no train/"),
    ],
)
def test_folders_that_cannot_be_used(tmp_path: Path, made: list[str], message: str) -> None:
    touch(*(tmp_path / name for name in made))
    with pytest.raises(UserError, match=message):
        scan(tmp_path, "auto", FIRST)


def test_a_name_in_another_encoding_is_refused(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path / "a")
    Path(os.fsdecode(folder)).mkdir()
    try:
        Path(os.fsdecode(folder + b"/caf\xe9.mp4")).touch()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    with pytest.raises(UserError, match=r"caf.*is not UTF-8; rename the file"):
        scan(tmp_path, "folder", FIRST)


def test_sources_and_layouts_that_do_not_exist(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere.*does not exist"):
        scan(tmp_path / "nowhere", "auto", FIRST)
    with pytest.raises(UserError, match="does not exist"):
        scan(tmp_path / "nowhere", "folder", FIRST)
    with pytest.raises(UserError, match=r"unknown layout 'foldr'; did you mean 'folder'"):
        scan(tmp_path, "foldr", FIRST)
    (tmp_path / "clip.mp4").touch()
    with pytest.raises(UserError, match=r"neither a folder nor a \.csv file"):
        scan(tmp_path / "clip.mp4", "auto", FIRST)
    with pytest.raises(UserError, match="is not a folder"):
        scan(tmp_path / "clip.mp4", "folder", FIRST)
    with pytest.raises(UserError, match="split=2 does not exist"):
        scan(tmp_path, "folder", LayoutOptions(split=2))


names = st.text("abcdefg", min_size=1, max_size=2)


@given(st.lists(st.tuples(names, names, st.integers(0, 99)), min_size=1, max_size=60, unique=True), st.integers(0, 9))
def test_made_splits_keep_groups_whole_and_classes_trained(videos: list[tuple[str, str, int]], seed: int) -> None:
    entries = [Entry(f"{c}/{g}/{i}.mp4", c, "", g) for c, g, i in videos]
    done = assign_splits(entries, seed)
    assert [e.path for e in done] == [e.path for e in entries]
    for name in {e.class_name for e in done}:
        own = [e for e in done if e.class_name == name]
        train, test = ({e.group for e in own if e.split == split} for split in ("train", "test"))
        assert train
        assert not train & test
        tested = sum(e.split == "test" for e in own)
        assert bool(test) == (len(train | test) > 1)
        if len(train) > 1 and test:
            assert tested >= 0.2 * len(own)
    assert sorted(assign_splits(reversed(entries), seed), key=lambda e: e.path) == sorted(done, key=lambda e: e.path)


def write_lists(folder: Path, classes: tuple[str, ...], split: int = 1) -> None:
    """Write lists in the official form: groups 1 and 2 test, 3 and 4 train; only train lists give labels."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = {"train": "", "test": ""}
    for label, name in enumerate(classes, start=1):
        for group in range(1, 5):
            for clip in (1, 2):
                path = f"{name}/v_{name}_g{group:02}_c{clip:02}.avi"
                if group < 3:
                    lines["test"] += f"{path}\n"
                else:
                    lines["train"] += f"{path} {label}\n"
    for which, text in lines.items():
        (folder / f"{which}list{split:02}.txt").write_text(text)


def test_ucf101_finds_lists_and_class_folders_below(tmp_path: Path) -> None:
    classes = ("YoYo", "Archery", "Swing")
    write_lists(tmp_path / "lists" / "ucfTrainTestlist", classes)
    touch(*(tmp_path / "UCF-101" / name / "any.avi" for name in classes))
    listing = scan(tmp_path, "auto", FIRST)
    assert listing.name == "ucf101"
    assert listing.root == tmp_path / "UCF-101"
    assert listing.class_names == ("Archery", "Swing", "YoYo")
    assert {split: len(paths) for split, paths in by_split(listing).items()} == {"train": 12, "test": 12}
    assert {e.group for e in listing.entries if e.split == "train"} == {"g03", "g04"}
    assert (listing.flip, listing.crop_size, listing.expected) == (True, 112, (9537, 3783))


def test_ucf101_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"trainlist01\.txt is neither in .*UCF101TrainTestSplits"):
        scan(tmp_path, "ucf101", FIRST)
    write_lists(tmp_path, ("Archery", "Swing"))
    with pytest.raises(UserError, match=r"trainlist02\.txt"):
        scan(tmp_path, "ucf101", LayoutOptions(split=2))
    touch(tmp_path / "Archery" / "any.avi")
    with pytest.raises(UserError, match=r"1 of 2 class folders, such as 'Swing'.*UCF101\.rar"):
        scan(tmp_path, "ucf101", FIRST)
    (tmp_path / "testlist01.txt").unlink()
    with pytest.raises(UserError, match=r"testlist01\.txt"):
        scan(tmp_path, "ucf101", FIRST)


def test_a_list_of_another_kind_is_refused_with_its_line(tmp_path: Path) -> None:
    write_lists(tmp_path, ("Archery",))
    (tmp_path / "testlist01.txt").write_text("\nno path\n")
    with pytest.raises(UserError, match=r"line 2 is 'no path'"):
        scan(tmp_path, "ucf101", FIRST)


def test_miniucf_is_fifty_classes_of_ucf101(tmp_path: Path) -> None:
    assert len(set(MINIUCF_CLASSES)) == 50
    assert list(MINIUCF_CLASSES) == sorted(MINIUCF_CLASSES)
    more = ("Archery", "YoYo", "Typing")
    write_lists(tmp_path, MINIUCF_CLASSES + more)
    touch(*(tmp_path / name / "any.avi" for name in MINIUCF_CLASSES))
    listing = scan(tmp_path, "miniucf", FIRST)
    assert listing.class_names == MINIUCF_CLASSES
    assert len(listing.entries) == 50 * 8
    assert listing.expected == (4662, 1861)
    assert scan_counts(tmp_path, MINIUCF_CLASSES + more) == (212, 212)


def scan_counts(source: Path, classes: tuple[str, ...]) -> tuple[int, int]:
    touch(*(source / name / "any.avi" for name in classes))
    found = by_split(scan(source, "ucf101", FIRST))
    return len(found["train"]), len(found["test"])


def test_miniucf_needs_all_its_classes(tmp_path: Path) -> None:
    write_lists(tmp_path, MINIUCF_CLASSES[1:])
    with pytest.raises(UserError, match=r"no video of 'ApplyEyeMakeup', a class of MiniUCF"):
        scan(tmp_path, "miniucf", FIRST)


def test_detection_gives_its_reason(tmp_path: Path) -> None:
    assert detect(tmp_path)[0] == "folder"
    write_lists(tmp_path / "x", ("Archery",))
    assert detect(tmp_path) == ("ucf101", "there are train and test lists of UCF101")
    touch(tmp_path / "splits.csv")
    assert detect(tmp_path)[0] == "csv"
    assert detect(tmp_path / "splits.csv")[0] == "csv"
    assert set(LAYOUTS) >= {"folder", "csv", "ucf101", "miniucf"}


def test_ucf101_names_videos_that_no_list_names(tmp_path: Path) -> None:
    write_lists(tmp_path, ("Archery",))
    listed = [tmp_path / "Archery" / f"v_Archery_g{group:02}_c01.avi" for group in range(1, 5)]
    touch(*listed, *(tmp_path / "Archery" / f"more{i}.avi" for i in range(7)), tmp_path / "YoYo" / "other.avi")
    assert scan(tmp_path, "ucf101", FIRST).notes[-1] == (
        "videos on disk that no list names were left out: 7: Archery/more0.avi, Archery/more1.avi, "
        "Archery/more2.avi, Archery/more3.avi, Archery/more4.avi, ..."
    )


def test_lists_are_found_through_links_and_beside_folders_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_lists(tmp_path / "elsewhere", ("Archery",))
    touch(tmp_path / "elsewhere" / "Archery" / "any.avi")
    (tmp_path / "source" / "lost+found").mkdir(parents=True)
    (tmp_path / "source" / "ucf").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    scandir = os.scandir

    def guarded(path: Path) -> object:
        # The tests may run as root, whom no folder refuses.
        if Path(path).name == "lost+found":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(places.os, "scandir", guarded)
    assert scan(tmp_path / "source", "auto", FIRST).name == "ucf101"
