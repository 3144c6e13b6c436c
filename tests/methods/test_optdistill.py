"""OptDistill from video files to a condensed dataset."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
import torch
from torch import Tensor

from tests.boxes.judges import Colours, Matching
from tests.boxes.moving import overlap, texture, write_squares
from tests.small_net import NAME, Linear
from vidense import condense, load
from vidense.boxes import Scorer
from vidense.boxes import candidates as looking
from vidense.data.prepare import prepare
from vidense.data.spec import ClipSpec
from vidense.data.store import ClipStore
from vidense.engine.plan import plan
from vidense.errors import UserError
from vidense.evaluation import evaluate_run, measure
from vidense.methods import optdistill as module
from vidense.monitor.record import watched_run
from vidense.nets import NETWORKS, build_network
from vidense.parameterizations import SelectedClips, Tiles
from vidense.report.commands import condense_command


@pytest.fixture(scope="module", autouse=True)
def _small_teacher():
    NETWORKS.register(NAME)(Linear)
    yield
    NETWORKS._items.pop(NAME)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    prepare(write_squares(folder / "v"), folder / "s", frames=4, stride=2, size=32, clips=1, workers=1)
    lines = ["path,left,top,width,height"]
    for original in ClipStore.open(folder / "s").train.originals:
        # Where the square of 20 pixels begins in frames of 96 x 88.
        number = int(original.path[-5])
        lines.append(f"{original.path},{(8 + number) / 96},{(6 + 2 * number) / 88},{20 / 96},{20 / 88}")
    (folder / "boxes.csv").write_text("\n".join(lines))
    return folder


def run(prepared: Path, out: Path, vpc: int = 1, **options):
    options = {"teacher": NAME, "boxes": str(prepared / "boxes.csv"), **options}
    return condense(prepared / "s", out, method="optdistill", vpc=vpc, options=options)


def alike(picture: Tensor, other: Tensor) -> float:
    """Return the correlation of two pictures ``[..., 3, H, W]`` in brightness; video files keep little more."""
    grey = [torch.einsum("...chw,c->...hw", p.float(), torch.tensor([0.299, 0.587, 0.114])) for p in (picture, other)]
    return torch.corrcoef(torch.stack([p.flatten() for p in grey]))[0, 1].item()


def square(side: int) -> Tensor:
    """Return the square of the videos, ``[3, side, side]``."""
    pixels = torch.from_numpy(texture(20, 20, seed=1, grain=4)).permute(2, 0, 1).float()
    return torch.nn.functional.interpolate(pixels[None], (side, side), mode="bilinear")[0]


@pytest.fixture
def matching(monkeypatch) -> None:
    """Track by a tracker that is quick and needs no OpenCV; OpenCV's own is tested in tests/boxes."""
    monkeypatch.setattr(looking, "find_tracker", lambda: Matching)


@pytest.mark.parametrize("tiles", [1, 2])
def test_every_region_of_every_frame_shows_what_was_tracked(prepared, tmp_path, matching, tiles):
    dataset = run(prepared, tmp_path, tiles=tiles)
    assert type(dataset.parameterization) is SelectedClips and dataset.soft_labels is None
    pixels, side = dataset.parameterization.pixels, 32 // tiles
    assert pixels.shape == (2, 4, 3, 32, 32)
    for frame in pixels.flatten(0, 1):
        for row in range(tiles):
            for column in range(tiles):
                part = frame[:, row * side : (row + 1) * side, column * side : (column + 1) * side]
                assert alike(part, square(side)) > 0.8


def test_motion_finds_the_squares_by_itself(prepared, tmp_path, monkeypatch):
    pytest.importorskip("cv2", reason="OpenCV is not installed (extra 'motion')")
    monkeypatch.setattr(looking, "find_tracker", lambda: None)
    with mock.patch.object(looking, "track", wraps=looking.track) as tracked:
        run(prepared, tmp_path, boxes="motion", candidates=2)
    assert tracked.call_count == 4
    truths = [(8 + number, 6 + 2 * number, 20, 20) for number in range(5)]
    assert all(max(overlap(call.args[1], truth) for truth in truths) > 0.4 for call in tracked.call_args_list)


def test_the_whole_video_is_shown_not_the_stores_clip(prepared, tmp_path):
    whole, stored = (
        run(prepared, tmp_path / footage, boxes="whole", tiles=1, footage=footage).parameterization.pixels
        for footage in ("original", "stored")
    )
    real = ClipStore.open(prepared / "s").train
    clips = real.pixels(torch.arange(len(real)))
    # A stored clip is shown as it is; a whole video is cut anew, at a place of its own.
    assert all(any(torch.equal(clip, known) for known in clips) for clip in stored)
    assert not any(any(torch.equal(clip, known) for known in clips) for clip in whole)
    assert all(alike(clip, known) < 0.99 for clip in whole for known in clips)


def test_region_labels_are_stored_with_their_mean(prepared, tmp_path):
    dataset = run(prepared, tmp_path, boxes="whole", vpc=2, labels="regions")
    made = dataset.parameterization
    assert type(made) is Tiles and made.regions.shape == (4, 4, 2)
    assert torch.allclose(made.regions.float().sum(2), torch.ones(4, 4), atol=2e-3)
    assert torch.allclose(dataset.soft_labels, made.regions.float().mean(1), atol=1e-3)
    assert dataset.labels.tolist() == [0, 0, 1, 1]
    assert dataset.storage.parts["regions"] == 4 * 4 * 2 * 2
    hard = run(prepared, tmp_path / "hard", boxes="whole", vpc=2)
    assert torch.equal(hard.parameterization.pixels, made.pixels)


@pytest.mark.parametrize("budget", range(38_000, 90_000, 7_001))
def test_region_labels_stay_within_a_budget(prepared, tmp_path, budget):
    options = {"teacher": NAME, "boxes": "whole", "footage": "stored", "labels": "regions", "tiles": 3}
    dataset = condense(prepared / "s", tmp_path, method="optdistill", budget=f"{budget} B", options=options)
    assert dataset.storage.bytes <= budget


def test_runs_share_what_was_looked_at(prepared, tmp_path, monkeypatch):
    first = run(prepared, tmp_path / "a", boxes="whole", candidates=2)
    monkeypatch.setattr("vidense.boxes.tiling.crops_of", None)
    second = run(prepared, tmp_path / "b", boxes="whole", candidates=2, labels="regions")
    assert torch.equal(first.parameterization.pixels, second.parameterization.pixels)


def test_a_plan_prices_the_videos_and_reads_but_one(prepared, tmp_path):
    folder = shutil.copytree(prepared / "s", tmp_path / "s")
    shutil.rmtree(folder / "cache", ignore_errors=True)
    options = {"teacher": NAME, "boxes": "whole", "tiles": 2}
    before = plan(folder, method="optdistill", options=options)
    assert [need["what"] for need in before.needs] == [f"a teacher ({NAME})", "2x2 crops of original videos"]
    assert all(need["seconds"] > 0 for need in before.needs)
    assert not (folder / "cache" / "tiles").exists()
    made = condense(folder, tmp_path / "run", method="optdistill", options=options)
    assert before.least.bytes <= made.storage.bytes <= before.most.bytes
    assert [need["seconds"] for need in plan(folder, method="optdistill", options=options).needs] == [0, 0]


# -- what can be wrong ----------------------------------------------------------------------------------------------


def test_videos_that_changed_or_went_are_named(prepared, tmp_path, fits):
    copied = shutil.copytree(prepared, tmp_path / "data")
    index = json.loads((copied / "s" / "index.json").read_text())
    (copied / "s" / "index.json").write_text(json.dumps({**index, "source": str(copied / "v")}))
    shutil.rmtree(copied / "s" / "cache", ignore_errors=True)
    trained = {row["path"] for row in index["videos"] if row["split"] == "train"}
    victim = copied / "v" / next(path for path in sorted(trained) if path.startswith("down"))
    shutil.copy(next(p for p in victim.parent.iterdir() if p != victim), victim)
    with pytest.raises(UserError, match=rf"{victim.name}' changed since the store was prepared"):
        run(copied, tmp_path / "changed", boxes="whole")
    fits.clear()
    victim.unlink()
    with pytest.raises(UserError, match=rf"{victim.name}' is not there\); put them back, or use --set footage=stored"):
        run(copied, tmp_path / "gone", boxes="whole")
    assert fits == []
    assert len(run(copied, tmp_path / "stored", boxes="whole", footage="stored")) == 2


def test_without_opencv_nothing_is_trained(prepared, tmp_path, fits, monkeypatch):
    def missing(*_):
        raise UserError("needs OpenCV")

    monkeypatch.setattr("vidense.boxes.people.require_opencv", missing)
    with pytest.raises(UserError, match="needs OpenCV"):
        condense(prepared / "s", tmp_path, method="optdistill", seed=5, options={"teacher": NAME, "boxes": "people"})
    assert fits == []


def test_regions_of_less_than_a_pixel_are_refused(prepared, tmp_path, fits):
    with pytest.raises(UserError, match="tiles=33 leaves regions of less than a pixel"):
        run(prepared, tmp_path, boxes="whole", footage="stored", tiles=33)
    assert fits == []


# -- given weights --------------------------------------------------------------------------------------------------


@pytest.fixture
def weights(tmp_path, monkeypatch) -> Path:
    """Weights of R3D-18 for seven classes, on small clips to be quick."""
    monkeypatch.setattr(module, "KINETICS", replace(module.KINETICS, height=16, width=16))
    file = tmp_path / "r3d_18.pth"
    torch.save(build_network("r3d_18", ClipSpec(4, 16, 16), 7, seed=0).state_dict(), file)
    return file


def test_weights_of_other_classes_score_by_their_highest_probability(prepared, tmp_path, weights, fits, monkeypatch):
    used = []
    original = Scorer.score

    def noting(self, clips, label, rule):
        used.append((rule, self.network.spec))
        return original(self, clips, label, rule)

    monkeypatch.setattr(Scorer, "score", noting)
    dataset = run(prepared, tmp_path / "run", boxes="whole", teacher_weights=str(weights), footage="stored")
    assert len(dataset) == 2 and fits == []
    assert set(used) == {("highest", replace(module.KINETICS, frames=4))}


@pytest.mark.parametrize("options", [{"labels": "regions"}, {"score": "label"}])
def test_what_needs_the_datasets_classes_is_refused_without_them(prepared, tmp_path, weights, options):
    with pytest.raises(UserError, match="tells 7 classes apart, the dataset has 2: labels=regions and score=label"):
        run(prepared, tmp_path / "run", boxes="whole", teacher_weights=str(weights), footage="stored", **options)


def test_weights_of_as_many_classes_are_taken_for_the_datasets(prepared, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "load_r3d_18", lambda file, spec: Colours(4, classes=2).eval())
    (tmp_path / "r3d_18.pth").touch()
    options = {"teacher_weights": str(tmp_path / "r3d_18.pth"), "boxes": "whole", "labels": "regions", "candidates": 3}
    assert run(prepared, tmp_path / "run", **options).soft_labels.shape == (2, 2)


def test_a_file_without_weights_is_named(prepared, tmp_path):
    (tmp_path / "none.pth").write_bytes(b"no weights")
    with pytest.raises(UserError, match=r"none\.pth' holds no weights of r3d_18"):
        run(prepared, tmp_path / "run", boxes="whole", teacher_weights=str(tmp_path / "none.pth"))


# -- files that options name ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["boxes", "teacher_weights"])
def test_a_file_that_is_not_there_is_refused_before_any_work(prepared, tmp_path, fits, option):
    with pytest.raises(UserError, match=rf"{option}='gone\.csv': .*the file cannot be read \(no such file"):
        run(prepared, tmp_path / "run", **{option: "gone.csv"})
    assert fits == [] and not (tmp_path / "run").exists()


def test_changed_boxes_at_the_same_place_are_another_run(prepared, tmp_path):
    boxes = tmp_path / "boxes.csv"
    shutil.copy(prepared / "boxes.csv", boxes)
    given = {"boxes": str(boxes), "footage": "stored"}
    first = run(prepared, tmp_path / "run", **given)
    shutil.move(boxes, moved := tmp_path / "moved.csv")
    assert run(prepared, tmp_path / "run", **{**given, "boxes": str(moved)}).content_hash == first.content_hash
    boxes.write_text(moved.read_text() + "\n")
    with pytest.raises(UserError, match=r"other settings \(option .*sha256:"):
        run(prepared, tmp_path / "run", **given)


def test_changed_weights_at_the_same_place_are_another_run(prepared, tmp_path, weights):
    given = {"boxes": "whole", "teacher_weights": str(weights), "footage": "stored"}
    run(prepared, tmp_path / "run", **given)
    torch.save(build_network("r3d_18", ClipSpec(4, 16, 16), 7, seed=1).state_dict(), weights)
    with pytest.raises(UserError, match=r"other settings \(option .*sha256:"):
        run(prepared, tmp_path / "run", **given)


def test_a_run_names_no_folder_that_a_file_lies_in(prepared, tmp_path):
    made = run(prepared, tmp_path, footage="stored")
    told = (tmp_path / "run.json").read_text() + (tmp_path / "dataset" / "condensed.json").read_text()
    assert str(prepared) not in told and str(tmp_path) not in told
    assert made.index["settings"]["options"]["boxes"].startswith("sha256:")
    assert watched_run(tmp_path).continuing.endswith("--set boxes=boxes.csv --set footage=stored")
    # The report, which knows what decided the result alone, says where a file has to be named.
    assert " --set boxes=FILE " in condense_command(made.index["settings"], out="run")


def test_the_dataset_is_read_back_without_the_method(prepared, tmp_path):
    run(prepared, tmp_path, boxes="whole", footage="stored")
    assert load(tmp_path).index["parameterization"] == "selected"


def test_networks_learn_the_labels_of_regions_from_a_condensed_dataset(prepared, tmp_path, monkeypatch):
    """From video files to an evaluation: four regions a clip are four clips to train on, each with its own label."""
    prepare(prepared / "v", tmp_path / "s", frames=4, stride=2, size=32, clips=3, workers=1)
    options = {"teacher": NAME, "boxes": "whole", "footage": "stored", "labels": "regions"}
    made = condense(tmp_path / "s", tmp_path / "run", method="optdistill", options=options)
    shown = []
    original = measure.fit

    def fit(network, clips, recipe, seed, *, targets, **how):
        shown.append((len(clips.labels), targets))
        return original(network, clips, recipe, seed, targets=targets, **how)

    monkeypatch.setattr(measure, "fit", fit)
    monkeypatch.setattr("vidense.evaluation.bench.Bench.teacher", lambda bench: bench.network(0))
    asked = {"models": (NAME,), "seeds": 1, "epochs": 1, "labels": "soft_regions", "baseline_seeds": 1}
    record = evaluate_run(tmp_path / "run", tmp_path / "s", **asked)
    assert [row["role"] for row in record.rows][:2] == ["method", "random_equal_vpc"] and record.teacher is not None
    (count, targets), (random, _) = shown[:2]
    assert (count, random) == (4 * len(made.labels), len(made.labels))
    # Stored as float16, they are made to sum to one again.
    torch.testing.assert_close(targets, made.parameterization.regions.float().flatten(0, 1), rtol=0, atol=2e-3)
