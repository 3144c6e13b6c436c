"""Format safetensors: the very numbers, read by the loader beside them where there is no vidense."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.strangers import CLASSES, KINDS
from vidense.condensed import CondensedDataset, load, save
from vidense.data.spec import ClipSpec
from vidense.export import load_clips, write
from vidense.export.safetensors import FILE, LOADER
from vidense.parameterizations import Dense

# Loads the clips where vidense cannot be imported, and hands over what it found.
ELSEWHERE = """
import sys
sys.modules["vidense"] = None
from load_clips import load
from safetensors.torch import save_file
found = {}
for number, (clip, label) in enumerate(load()):
    found |= {f"clip{number}": clip.clone(), f"label{number}": label.clone()}
save_file(found, sys.argv[1])
sys.exit(any(name.startswith("vidense.") for name in sys.modules))
"""


def loaded_elsewhere(folder: Path, out: Path) -> list[tuple[torch.Tensor, torch.Tensor]]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(out)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    tensors = load_file(out)
    return [(tensors[f"clip{i}"], tensors[f"label{i}"]) for i in range(len(tensors) // 2)]


def assert_same(found, dataset: CondensedDataset) -> None:
    assert len(found) == len(dataset)
    for (clip, label), (own_clip, own_label) in zip(found, dataset, strict=True):
        assert (clip.dtype, label.dtype) == (own_clip.dtype, own_label.dtype)
        assert torch.equal(clip, own_clip) and torch.equal(label, own_label)


@pytest.mark.parametrize("kind", ["selected", "dense"])
def test_without_vidense_it_gives_exactly_what_load_gives(exported, tmp_path, kind):
    found = exported("safetensors", kind)
    assert_same(loaded_elsewhere(found.folder, tmp_path / "found.safetensors"), found.dataset)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_comes_back_bit_for_bit(exported, kind):
    found = exported("safetensors", kind)
    assert_same(list(load_clips.load(found.folder)), found.dataset)


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_are_stored_where_they_are_all_there_is(exported, kind):
    tensors = load_file(exported("safetensors", kind).folder / FILE)
    pixels = kind in ("selected", "tiles", "coded")
    assert tensors["clips"].dtype == (torch.uint8 if pixels else torch.float32)
    assert tensors["clips"].shape == (3, 4, 3, 6, 5) and tensors["labels"].dtype == torch.int64
    assert ("soft_labels" in tensors) == (kind in ("dense", "tiles"))


def test_one_number_that_no_pixel_gives_keeps_all_of_them_as_they_are(tmp_path):
    spec = ClipSpec(2, 4, 4)
    clips = spec.normalise(torch.zeros(3, *spec.shape, dtype=torch.uint8))
    for name, beyond in (("pixels", 0.0), ("beyond", 1e-6)):
        clips[2, 1, 0, 3, 3] += beyond
        save(tmp_path / name, Dense(clips, spec, CLASSES, torch.arange(3)), dtype="float32", provenance={})
        write(tmp_path / name, tmp_path / f"{name}-out", format="safetensors")
        assert_same(list(load_clips.load(tmp_path / f"{name}-out")), load(tmp_path / name))
    dtypes = [load_file(tmp_path / f"{name}-out" / FILE)["clips"].dtype for name in ("pixels", "beyond")]
    assert dtypes == [torch.uint8, torch.float32]


def test_the_loader_is_short_and_stands_alone():
    text = Path(load_clips.__file__).read_text(encoding="utf-8")
    assert len(text.splitlines()) < 30
    assert not [line for line in text.splitlines() if line.startswith(("import vidense", "from vidense"))]


def test_the_folder_holds_three_files_and_can_be_moved(exported, tmp_path):
    found = exported("safetensors")
    assert {path.name for path in found.folder.iterdir()} == {FILE, LOADER, "metadata.json"}
    found.folder.rename(tmp_path / "moved")
    assert_same(list(load_clips.load(str(tmp_path / "moved"))), found.dataset)


def test_the_normalisation_is_the_dataset_s_own(exported, tmp_path):
    found = exported("safetensors", "selected")
    metadata = json.loads((found.folder / "metadata.json").read_text())
    assert ClipSpec.from_json(metadata["spec"]) == found.dataset.spec
    metadata["spec"]["mean"] = [0.0, 0.0, 0.0]
    (found.folder / "metadata.json").write_text(json.dumps(metadata))
    other, _ = load_clips.load(found.folder)[0]
    mean, std = (torch.tensor(getattr(found.dataset.spec, name)).view(3, 1, 1) for name in ("mean", "std"))
    assert torch.allclose(other, found.dataset[0][0] + mean / std)
    # Numbers that are normalised already are left alone.
    save_file({**load_file(found.folder / FILE), "clips": other[None].repeat(3, 1, 1, 1, 1)}, found.folder / FILE)
    assert torch.equal(load_clips.load(found.folder)[0][0], other)
