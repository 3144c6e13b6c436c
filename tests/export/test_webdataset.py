"""Format webdataset: samples as the convention has them, shards of a size, bytes that repeat."""

import io
import json
import tarfile

import av
import pytest

from vidense.export import webdataset


def samples(file) -> dict[str, dict[str, bytes]]:
    """Read a tar file as loaders do: members that follow each other and share what stands before the first dot."""
    found: dict[str, dict[str, bytes]] = {}
    last = ""
    with tarfile.open(file) as tar:
        for member in tar:
            key, _, ending = member.name.partition(".")
            assert key == last or key not in found, "a sample in two places"
            found.setdefault(key, {})[ending] = tar.extractfile(member).read()
            last = key
    return found


def test_a_sample_is_a_video_its_label_and_what_is_known_of_it(exported):
    found = exported("webdataset", "dense")
    assert {file.name for file in found.files} == {"train-000000.tar"}
    read = samples(found.files[0])
    assert list(read) == ["00000", "00001", "00002"]
    for number, sample in enumerate(read.values()):
        assert set(sample) == {"mp4", "cls", "json"} and int(sample["cls"]) == number
        soft = [float(label == number) for label in range(3)]
        assert json.loads(sample["json"]) == {
            "label": number,
            "class": found.said["class_names"][number],
            "soft_labels": soft,
        }
        with av.open(io.BytesIO(sample["mp4"])) as container:
            assert container.streams.video[0].frames == 4


def test_hard_labels_alone_leave_soft_ones_out(exported):
    read = samples(exported("webdataset").files[0])
    assert json.loads(read["00001"]["json"]) == {"label": 1, "class": "cube"}


def test_nothing_of_the_machine_is_in_a_tar_file(exported):
    with tarfile.open(exported("webdataset").files[0]) as tar:
        for member in tar:
            assert (member.mtime, member.uid, member.gid, member.uname, member.gname) == (0, 0, 0, "", "")
            assert member.mode == 0o644 and member.isreg() and not member.pax_headers


@pytest.mark.parametrize(("limit", "expected"), [(1, [0, 1, 2]), (10**9, [0, 0, 0]), (7000, [0, 0, 1])])
def test_a_tar_file_takes_samples_up_to_its_limit(exported, monkeypatch, limit, expected):
    monkeypatch.setattr(webdataset, "SHARD_BYTES", limit)
    found = exported("webdataset")
    assert [file.name for file in found.files] == [f"train-{shard:06}.tar" for shard in expected]
    read = [samples(file) for file in sorted(set(found.files))]
    assert [key for shard in read for key in shard] == ["00000", "00001", "00002"]
    assert {path.name for path in found.folder.iterdir()} == {*(file.name for file in found.files), "metadata.json"}
