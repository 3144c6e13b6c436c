"""Feature folders: what is read from them, and one sentence for whatever is wrong."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.segmentation.conftest import CLEAR
from vidense.errors import UserError
from vidense.segmentation.features import FeatureFolder
from vidense.segmentation.generated import CLASS_NAMES


@pytest.fixture
def folder(kitchen, tmp_path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(kitchen, tmp_path / "copy"))


def refused(folder: Path, part: str = "train", split: int = 1) -> str:
    """Read everything; return the sentence, which must be one."""
    with pytest.raises(UserError) as caught:
        videos = FeatureFolder(folder).videos(part, split)
        for index in range(len(videos)):
            videos.features(index)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_is_read_as_it_was_written(kitchen):
    opened = FeatureFolder(kitchen)
    assert opened.class_names == CLASS_NAMES and opened.splits == (1, 2)
    train, test = opened.videos("train", 1), opened.videos("test", 1)
    # Fold 1 tests the videos 0, 2, 4.
    assert train.names == ("video-01", "video-03", "video-05") and test.names == ("video-00", "video-02", "video-04")
    features, labels = CLEAR.video(3)
    assert torch.equal(train.features(1), features) and torch.equal(train.labels(1), labels)
    assert train.features(1) is train.features(1), "small sets are read once"
    assert train.dimension == CLEAR.dimension and len(train) == 3


def test_folds_share_no_test_video(kitchen):
    opened = FeatureFolder(kitchen)
    tested = [name for split in opened.splits for name in opened.videos("test", split).names]
    assert sorted(tested) == [f"video-{number:02}" for number in range(6)]
    for split in opened.splits:
        assert not set(opened.videos("test", split).names) & set(opened.videos("train", split).names)


@pytest.mark.parametrize("subsample", [2, 3, 1000])
def test_every_so_manyth_frame_of_features_and_labels(kitchen, subsample):
    thin = FeatureFolder(kitchen).videos("train", 1, subsample)
    features, labels = CLEAR.video(1)
    assert torch.equal(thin.features(0), features[:, ::subsample]) and torch.equal(thin.labels(0), labels[::subsample])
    assert torch.equal(thin.truth(0), labels)


def test_large_sets_are_not_kept(kitchen, monkeypatch):
    monkeypatch.setattr("vidense.segmentation.features.KEPT_BYTES", 0)
    videos = FeatureFolder(kitchen).videos("train", 1)
    assert videos.features(0) is not videos.features(0) and torch.equal(videos.features(0), videos.features(0))


def test_the_hash_follows_every_file_and_the_rate(kitchen, folder):
    def found(subsample: int = 1) -> str:
        return FeatureFolder(folder).videos("train", 1, subsample).content_hash

    whole = found()
    assert whole == FeatureFolder(kitchen).videos("train", 1).content_hash
    thin = found(2)
    features = np.load(folder / "features" / "video-01.npy")
    np.save(folder / "features" / "video-01.npy", features + 1)
    assert len({whole, thin, found()}) == 3


@pytest.mark.parametrize("name", ["features", "groundTruth", "mapping.txt", "splits"])
def test_a_part_that_is_missing_is_named(folder, name):
    (folder / name).rename(folder / "away")
    assert f"has no {name!r}" in refused(folder)


def test_a_folder_that_is_not_there(tmp_path):
    assert "has no 'features'; give a folder with" in refused(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 start\nx cut\n", "line 'x cut': write a number"),
        ("0 start\n1\n", "line '1': write a number"),
        ("0 start\n0 cut\n", "line '0 cut': write a number that stands once"),
        ("0 start\n2 cut\n", "does not number different classes 0, 1, 2"),
        ("0 start\n1 start\n", "does not number different classes"),
        ("", "does not number different classes"),
    ],
)
def test_a_mapping_that_is_none(folder, text, words):
    (folder / "mapping.txt").write_text(text)
    assert words in refused(folder)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must name at least one video"),
        ("video-01.txt\nvideo-01.txt\n", "none twice"),
        ("../video-01.txt\n", "names the video '../video-01'; a name has no folder in it"),
        ("/etc/passwd\n", "a name has no folder in it"),
        ("..\n", "a name has no folder in it"),
        ("video-77.txt\n", "features/video-77.npy' does not exist, though a split names the video"),
    ],
)
def test_a_bundle_that_is_none(folder, text, words):
    (folder / "splits" / "train.split1.bundle").write_text(text)
    assert words in refused(folder)


def test_no_video_is_in_both_halves_of_a_split(folder):
    shared = FeatureFolder(folder).names("test", 1)[0]
    bundle = folder / "splits" / "train.split1.bundle"
    bundle.write_text(bundle.read_text() + f"{shared}.txt\n")
    for part in ("train", "test"):
        assert f"trains and tests on {shared!r}; take it out of one" in refused(folder, part)


def test_a_split_needs_both_bundles(folder):
    (folder / "splits" / "test.split1.bundle").unlink()
    assert FeatureFolder(folder).splits == (2,)
    assert "split 1 is not there; known: 2" in refused(folder)
    (folder / "splits" / "train.split2.bundle").unlink()
    assert "has no train.split1.bundle with a test.split1.bundle" in refused(folder)


def test_a_rate_of_nothing(kitchen):
    with pytest.raises(UserError, match="subsample=0 keeps no frame"):
        FeatureFolder(kitchen).videos("train", 1, 0)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((6, 5), np.float32), "has 5 frames, its groundTruth has"),
        (np.zeros(5, np.float32), "holds float32 [5]; features are floats [D, T]"),
        (np.zeros((6, 0), np.float32), "holds float32 [6, 0]"),
        (np.zeros((6, 5), np.int64), "holds int64 [6, 5]"),
        (np.array([[{}]], dtype=object), "is no readable .npy file"),
    ],
)
def test_features_of_another_kind(folder, array, words):
    np.save(folder / "features" / "video-01.npy", array, allow_pickle=True)
    assert words in refused(folder)


def test_features_of_two_sizes(folder):
    file = folder / "features" / "video-03.npy"
    np.save(file, np.load(file)[:4])
    assert "has 4 features a frame, 'video-01' has 6" in refused(folder)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"not an array"])
def test_a_file_that_is_no_array(folder, content):
    (folder / "features" / "video-01.npy").write_bytes(content)
    assert "is no readable .npy file" in refused(folder)


def test_an_archive_is_no_array(folder):
    file = folder / "features" / "video-01.npy"
    np.savez(folder / "x.npz", a=np.load(file))
    (folder / "x.npz").rename(file)
    assert "holds an archive of arrays; features are floats [D, T]" in refused(folder)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none(folder, value):
    file = folder / "features" / "video-03.npy"
    features = np.load(file)
    features[2, 7] = value
    np.save(file, features)
    assert "video-03.npy' holds NaN or infinity at frame 7; make the features again" in refused(folder)


def test_a_class_that_is_unknown(folder):
    file = folder / "groundTruth" / "video-01.txt"
    lines = file.read_text().splitlines()
    lines[2] = "cutt"
    file.write_text("\n".join(lines))
    assert "video-01.txt', line 3: unknown class 'cutt'; did you mean 'cut'?" in refused(folder)


def test_a_ground_truth_that_is_missing_or_no_text(folder):
    file = folder / "groundTruth" / "video-01.txt"
    file.write_bytes(b"\xff\xfe\x00")
    assert "is no readable text" in refused(folder)
    file.unlink()
    assert "video-01.txt' does not exist" in refused(folder)
