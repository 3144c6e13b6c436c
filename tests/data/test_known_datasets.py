"""Miniature trees of HMDB51 and Kinetics-400 as they are distributed, with real video files."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.data.video_files import write_video
from vidense.data.layouts import LayoutOptions, Listing, scan
from vidense.data.prepare import prepare
from vidense.data.sampling import Extent, middle_frames
from vidense.data.store import ClipStore
from vidense.errors import UserError
from vidense.evaluation.bench import Bench
from vidense.evaluation.spec import eval_spec

FIRST = LayoutOptions()
RATE = Fraction(25)


def splits(listing: Listing) -> dict[str, set[str]]:
    return {s: {e.path for e in listing.entries if e.split == s} for s in ("train", "test")}


def hmdb_name(film: str, class_name: str, number: int = 0) -> str:
    return f"{film}_{class_name}_f_nm_np1_fr_med_{number}.avi"


@pytest.fixture
def hmdb(tmp_path: Path) -> Path:
    """Two classes; in each two clips to train on, one to test and two to leave out, one of the tested film."""
    source, lists = tmp_path / "hmdb", tmp_path / "hmdb" / "test_train_splits" / "testTrainMulti_7030_splits"
    lists.mkdir(parents=True)
    for class_name in ("walk", "brush_hair"):
        clips = {
            hmdb_name("Veoh_Alpha_Dog_1", class_name, 2): 1,
            hmdb_name("#1_Let's_walk_home(2)", class_name): 1,
            hmdb_name("Film_b", class_name): 2,
            hmdb_name("Film_b", class_name, 1): 0,
            hmdb_name("Film_c", class_name): 0,
        }
        for name in clips:
            write_video(source / "hmdb51_org" / class_name / name, frames=20, codec="mpeg4")
        for split in (1, 2):
            # The official lists have a space at the end of each line.
            text = "".join(f"{name} {use if split == 1 else 2 - use} \n" for name, use in clips.items())
            (lists / f"{class_name}_test_split{split}.txt").write_text(text)
    return source


def test_hmdb51_trains_on_all_that_is_not_tested(hmdb: Path, tmp_path: Path) -> None:
    listing = scan(hmdb, "auto", FIRST)
    assert (listing.name, listing.class_names, listing.root) == ("hmdb51", ("brush_hair", "walk"), hmdb / "hmdb51_org")
    assert (listing.flip, listing.crop_size, listing.expected) == (True, 112, (5236, 1530))
    found = splits(listing)
    assert found["test"] == {f"{c}/{hmdb_name('Film_b', c)}" for c in ("walk", "brush_hair")}
    assert len(found["train"]) == 8
    assert "4 clips that the official split leaves out are trained on, as papers do; 2 of them" in listing.notes[-1]
    report = prepare(hmdb, tmp_path / "s", workers=1)
    assert "8 train / 2 test videos; the complete hmdb51 has 5236 / 1530" in report.warnings
    settings = ClipStore.open(tmp_path / "s").settings
    assert (settings["frames"], settings["stride"], settings["size"], settings["resize"]) == (16, 4, 112, "crop")


def test_hmdb51_official_leaves_clips_out_and_keeps_films_whole(hmdb: Path) -> None:
    listing = scan(hmdb, "hmdb51_official", FIRST)
    assert {split: len(paths) for split, paths in splits(listing).items()} == {"train": 4, "test": 2}
    assert listing.expected == (3570, 1530)
    groups = {e.path.rpartition("/")[2]: e.group for e in listing.entries}
    assert groups[hmdb_name("Veoh_Alpha_Dog_1", "walk", 2)] == "Veoh_Alpha_Dog_1"
    assert groups[hmdb_name("#1_Let's_walk_home(2)", "walk")] == "#1_Let's_walk_home(2)", "the film names a class too"
    assert {e.group for e in listing.entries if e.split == "test"} == {"Film_b"}
    assert len(listing.notes) == 1, "clips that the lists leave out are not foreign"
    second = scan(hmdb, "hmdb51_official", LayoutOptions(split=2))
    assert len(splits(second)["test"]) == 4


def test_hmdb51_names_what_is_missing_and_what_is_foreign(hmdb: Path, tmp_path: Path) -> None:
    gone = f"walk/{hmdb_name('Film_b', 'walk')}"
    (hmdb / "hmdb51_org" / gone).unlink()
    write_video(hmdb / "hmdb51_org" / "walk" / "holiday.avi", frames=4, codec="mpeg4")
    report = prepare(hmdb, tmp_path / "s", frames=4, size=16, workers=1)
    assert f"videos that are listed but missing: 1: {gone}" in report.warnings
    assert "videos on disk that no list names were left out: 1: walk/holiday.avi" in report.notes
    assert [(bad.path, bad.reason) for bad in report.bad_files] == [(gone, "missing")]


def test_hmdb51_says_what_to_unpack(hmdb: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no list such as 'brush_hair_test_split3\.txt'.*test_train_splits\.rar"):
        scan(hmdb, "hmdb51", LayoutOptions(split=3))
    lists = hmdb / "test_train_splits" / "testTrainMulti_7030_splits"
    (lists / "run_test_split1.txt").write_text("a_run_f_nm_np1_fr_med_0.avi 1\n")
    with pytest.raises(UserError, match=r"1 of 3 class folders, such as 'run'.*hmdb51_org\.rar"):
        scan(hmdb, "hmdb51", FIRST)
    (lists / "run_test_split1.txt").write_text("\na_run_f_nm_np1_fr_med_0.avi 3\n")
    with pytest.raises(UserError, match=r"run_test_split1\.txt, line 2 is .*with 0, 1 or 2 at the end"):
        scan(hmdb, "hmdb51", FIRST)
    for file in lists.iterdir():
        file.write_text("\n")
    with pytest.raises(UserError, match="name no video; download them again"):
        scan(hmdb, "hmdb51", FIRST)


def kinetics_name(row: tuple[Any, ...]) -> str:
    return f"{row[1]}_{row[2]:06}_{row[3]:06}.mp4"


TRAINED = [("abseiling", "-3B32lodo2M", 59, 69), ("air drumming", "_a-b_c", 0, 10), ("abseiling", "gone4ever", 7, 17)]
TESTED = [("abseiling", "0347ZoDXyP0", 95, 105), ("air drumming", "AAAAAAAAAAA", 3, 13)]


@pytest.fixture
def kinetics(tmp_path: Path) -> Path:
    """Ten seconds a clip, in class folders below train/, flat below val/; one clip cannot be had any more."""
    source = tmp_path / "k400"
    write_table(source / "annotations" / "train.csv", TRAINED)
    write_table(source / "annotations" / "validate.csv", TESTED)
    for row in TRAINED[:2]:
        write_video(source / "train" / row[0].replace(" ", "_") / kinetics_name(row), frames=250)
    for row in TESTED:
        write_video(source / "val" / kinetics_name(row), frames=250)
    return source


def write_table(
    file: Path, rows: list[tuple[Any, ...]], head: str = "label,youtube_id,time_start,time_end,split"
) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join([head, *(",".join(map(str, (*row, file.stem))) for row in rows)]) + "\n")


def test_kinetics_takes_eight_frames_of_the_middle(kinetics: Path, tmp_path: Path) -> None:
    listing = scan(kinetics, "auto", FIRST)
    assert (listing.name, listing.class_names) == ("kinetics400", ("abseiling", "air drumming"))
    assert splits(listing) == {
        "train": {
            "train/abseiling/-3B32lodo2M_000059_000069.mp4",
            "train/air_drumming/_a-b_c_000000_000010.mp4",
            "gone4ever_000007_000017.mp4",
        },
        "test": {"val/0347ZoDXyP0_000095_000105.mp4", "val/AAAAAAAAAAA_000003_000013.mp4"},
    }
    report = prepare(kinetics, tmp_path / "s", workers=1)
    assert report.warnings == ["videos that are listed but missing: 1: gone4ever_000007_000017.mp4"]
    store = ClipStore.open(tmp_path / "s")
    assert store.spec.shape == (8, 3, 64, 64)
    settings = {**store.settings}
    assert (settings.pop("sampling"), settings.pop("resize"), settings.pop("clips")) == ("middle", "squash", 1)
    assert "stride" not in settings
    middle = tuple(middle_frames(Extent(250, RATE), 8))
    assert {video.windows for video in store.videos} == {(middle,)}
    assert not any(flip for video in store.videos for flip in video.flips)
    assert {video.group for video in store.videos} == {row[1] for row in TRAINED[:2] + TESTED}
    assert {original.stride for original in store.train.originals} == {12}
    assert prepare(kinetics, tmp_path / "s", workers=1).reused


def test_a_rule_is_scored_in_one_pass(kinetics: Path, tmp_path: Path) -> None:
    prepare(kinetics, tmp_path / "s", workers=1)
    store = ClipStore.open(tmp_path / "s")
    published = eval_spec("published", "minic3d")
    assert published.windows == 3
    assert len(Bench(store, published, torch.device("cpu")).test) == 1


def test_flags_win_over_the_rule_or_are_refused(kinetics: Path, tmp_path: Path) -> None:
    prepare(kinetics, tmp_path / "a", workers=1, frames=16, size=48)
    store = ClipStore.open(tmp_path / "a")
    assert store.spec.shape == (16, 3, 48, 48)
    assert {video.windows for video in store.videos} == {(tuple(middle_frames(Extent(250, RATE), 16)),)}
    with pytest.raises(UserError, match=r"clips=3 contradicts layout 'kinetics400'.*leave it out, or give a stride"):
        prepare(kinetics, tmp_path / "b", clips=3)
    prepare(kinetics, tmp_path / "c", workers=1, stride=2)
    strided = ClipStore.open(tmp_path / "c")
    assert "sampling" not in strided.settings and strided.settings["stride"] == 2
    assert (strided.spec.frames, strided.train.windows) == (8, 3)
    with pytest.raises(UserError, match=r"was prepared with clips=3, stride=2, not clips=1, sampling='middle'"):
        prepare(kinetics, tmp_path / "c")
    with pytest.raises(UserError, match=r"stride=0 is out of range"):
        prepare(kinetics, tmp_path / "d", stride=0)


def test_kinetics_knows_its_unlabelled_part_and_names_foreign_files(kinetics: Path) -> None:
    write_table(kinetics / "annotations" / "test.csv", [("zzzzzzzzzzz", 1, 11)], "youtube_id,time_start,time_end,split")
    for name in ("zzzzzzzzzzz_000001_000011.mp4", "holiday.mp4"):
        write_video(kinetics / "test" / name, frames=4)
    assert scan(kinetics, "kinetics400", FIRST).notes == (
        "videos on disk that no list names were left out: 1: test/holiday.mp4",
    )


def test_classes_that_were_never_downloaded_are_noticed_before_anything_is_decoded(
    kinetics: Path, tmp_path: Path
) -> None:
    (kinetics / "train" / "air_drumming" / kinetics_name(TRAINED[1])).unlink()
    with pytest.raises(UserError, match=r"no training video of 1 classes that the lists name .* 'air drumming'"):
        prepare(kinetics, tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_a_clip_too_short_for_the_rule_is_listed(kinetics: Path, tmp_path: Path) -> None:
    write_video(kinetics / "val" / kinetics_name(TESTED[0]), frames=16)
    report = prepare(kinetics, tmp_path / "s", workers=1)
    found = {bad.reason: bad.detail for bad in report.bad_files}
    assert found["too-short"].startswith("16 frames (25 frames a second) are not enough for a clip")
    assert report.videos == 3


def test_kinetics_says_what_is_wrong(kinetics: Path, tmp_path: Path) -> None:
    tables = kinetics / "annotations"
    with pytest.raises(UserError, match="split=2 does not exist: layout 'kinetics400' has one split"):
        scan(kinetics, "kinetics400", LayoutOptions(split=2))
    (tmp_path / "other").mkdir()
    with pytest.raises(UserError, match=r"train\.csv is neither in .*annotations of the Kinetics-400 site"):
        scan(tmp_path / "other", "kinetics400", FIRST)
    write_table(tables / "train.csv", [("abseiling", "xxxxxxxxxxx", "soon", 3)])
    with pytest.raises(UserError, match=r"train\.csv, line 2 has the times 'soon' and '3'"):
        scan(kinetics, "kinetics400", FIRST)
    write_table(tables / "train.csv", [("xxxxxxxxxxx", 3, 13)], "youtube_id,time_start,time_end,split")
    with pytest.raises(UserError, match="has no column 'label'"):
        scan(kinetics, "kinetics400", FIRST)
    (tables / "train.csv").write_bytes(b"label,youtube_id,time_start,time_end\n\xff,a,1,2\n")
    with pytest.raises(UserError, match="cannot be read as UTF-8 CSV"):
        scan(kinetics, "kinetics400", FIRST)
    for name in ("train", "validate"):
        write_table(tables / f"{name}.csv", [("abseiling", name, 1, 11)])
    with pytest.raises(UserError, match=r"none of the 2 videos of the lists, such as 'train_000001_000011\.mp4'"):
        scan(kinetics, "kinetics400", FIRST)
    for name in ("train", "validate"):
        write_table(tables / f"{name}.csv", [])
    with pytest.raises(UserError, match="names no clip"):
        scan(kinetics, "kinetics400", FIRST)


def test_lists_of_somebody_else_are_not_taken_for_a_known_dataset(tmp_path: Path) -> None:
    for name in ("train", "validation", "labels"):
        (tmp_path / f"{name}.json").write_text("[]")
    for name in ("train", "val"):
        (tmp_path / f"{name}.csv").write_text("file,class\n")
    write_video(tmp_path / "jump" / "a.mp4", frames=4)
    assert scan(tmp_path, "auto", FIRST).name == "folder"
