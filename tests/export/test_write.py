"""All formats: what stands in metadata.json, that nothing is half there, and that no name leaves the folder."""

import json
import math

import pytest

from tests.export.conftest import HOSTILE
from tests.strangers import KINDS
from vidense.condensed import load
from vidense.errors import UserError
from vidense.export import FORMATS, write


def test_the_formats_are_those_of_the_contract():
    assert set(FORMATS) == {"mp4", "gif", "webp", "frames", "webdataset", "hf", "safetensors"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_format_takes_every_kind(exported, form, kind):
    found = exported(form, kind)
    assert found.said["written_as"] == form and found.said["spec"]["frames"] == 4
    assert [video["label"] for video in found.said["videos"]] == [0, 1, 2]
    assert all(file.exists() for file in found.files)
    assert found.said["stochastic"] == found.dataset.stochastic == (kind in ("memories", "feature_pool"))
    assert {path.stat().st_mode & 0o077 for path in found.folder.iterdir() if path.is_file()} == {0o044}
    assert found.folder.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_the_same_dataset_gives_the_same_bytes(condensed, tmp_path, form):
    for name in "ab":
        write(condensed(), tmp_path / name, format=form)
    files = {
        name: {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in "ab"
    }
    assert files["a"] == files["b"] and len(files["a"]) > 1


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_hostile_class_names_stay_inside_and_apart(exported, tmp_path, form):
    before = set(tmp_path.iterdir())
    found = exported(form, class_names=list(HOSTILE))
    assert set(tmp_path.iterdir()) - before == {found.folder, tmp_path / "key_frames"}
    assert all(file.resolve().is_relative_to(found.folder.resolve()) for file in found.files)
    assert [video["class"] for video in found.said["videos"]] == found.said["class_names"] == list(HOSTILE)
    if form not in ("webdataset", "safetensors"):
        assert len({file.parent for file in found.files}) == 3


def test_metadata_tells_how_the_dataset_was_made(exported):
    found = exported("webp", "dense")
    origin = found.said["origin"]
    assert origin["content_hash"] == found.dataset.content_hash and origin["parameterization"] == "dense"
    assert origin["method"]["name"] == "test" and origin["settings"] == {"seed": 3, "data": "da7a"}
    assert [video["soft_labels"] for video in found.said["videos"]] == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_a_dataset_without_a_history_is_exported_too(condensed, tmp_path):
    index = json.loads((condensed() / "condensed.json").read_text())
    bare = {name: value for name, value in index.items() if name not in ("method", "settings", "outcome")}
    (condensed() / "condensed.json").write_text(json.dumps(bare))
    assert write(tmp_path / "key_frames", tmp_path / "out", format="hf")["origin"]["settings"] is None


@pytest.mark.parametrize("where", ["settings", "method"])
def test_numbers_that_json_lacks_never_reach_an_export(condensed, tmp_path, where):
    with pytest.raises(UserError, match=where):
        write(condensed(**{where: {"name": "x", "lr": math.nan}}), tmp_path / "out", format="webp")
    assert not (tmp_path / "out").exists()


def test_videos_are_counted_as_they_are_written(condensed, tmp_path):
    seen = []
    write(condensed(), tmp_path / "out", format="webp", progress=lambda *counts: seen.append(counts))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_what_is_stopped_leaves_nothing(condensed, tmp_path):
    source = condensed()
    before = set(tmp_path.iterdir())

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    for form in FORMATS:
        with pytest.raises(KeyboardInterrupt):
            write(source, tmp_path / "out", format=form, progress=stop)
        assert set(tmp_path.iterdir()) == before


def test_a_folder_that_holds_something_is_refused_before_anything_is_read(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years of work")
    for out in (tmp_path / "out", tmp_path / "out" / "thesis.tex"):
        with pytest.raises(UserError, match="exists and holds something else; give the path of a new folder"):
            write(tmp_path / "nowhere", out, format="mp4")
    assert (tmp_path / "out" / "thesis.tex").read_text() == "years of work"


def test_an_empty_folder_and_folders_that_are_missing_are_taken(condensed, tmp_path):
    (tmp_path / "empty").mkdir()
    for out in (tmp_path / "empty", tmp_path / "new" / "deep"):
        assert (out / write(condensed(), out, format="gif")["videos"][0]["file"]).is_file()


def test_an_unknown_format_gets_the_nearest_name(condensed, tmp_path):
    with pytest.raises(UserError, match=r"unknown format 'webm'; did you mean 'webp'\?"):
        write(condensed(), tmp_path / "out", format="webm")


def test_a_run_is_taken_as_load_takes_it(condensed, tmp_path):
    condensed().rename(tmp_path / "dataset")
    write(tmp_path, tmp_path / "out", format="webp")
    assert load(tmp_path).content_hash in (tmp_path / "out" / "metadata.json").read_text()
