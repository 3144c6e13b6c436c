import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from tests.tiny import CLASSES, SPEC
from vidense.condensed import load, save
from vidense.errors import UserError
from vidense.parameterizations import Dense, KeyFrames, SelectedClips

PROVENANCE = {"method": {"name": "test"}, "settings": {"seed": 0}}


def videos(kind: str = "key_frames", soft: bool = False):
    rng = torch.Generator().manual_seed(0)
    clips, labels = torch.randn(3, *SPEC.shape, generator=rng), torch.arange(3)
    if kind == "key_frames":
        made = KeyFrames.from_clips(clips, [2, 3, 8], SPEC, CLASSES, labels)
        return made
    if kind == "selected":
        pixels = torch.randint(0, 256, (3, *SPEC.shape), dtype=torch.uint8, generator=rng)
        return SelectedClips(pixels, SPEC, CLASSES, labels)
    return Dense(clips, SPEC, CLASSES, labels, torch.eye(3) if soft else None)


def on_disk(folder) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


@pytest.mark.parametrize("kind", ["key_frames", "selected", "dense"])
@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32"])
def test_storage_equals_bytes_on_disk_and_reading_is_repeatable(tmp_path, kind, dtype):
    written = save(tmp_path / "d", videos(kind), dtype=dtype, provenance=PROVENANCE)
    again, index = load(tmp_path / "d"), torch.arange(3)
    assert written.storage.bytes == on_disk(tmp_path / "d")
    assert torch.equal(written.decode(index), again.decode(index))
    assert written.content_hash == again.content_hash
    assert again.class_names == CLASSES and again.labels.tolist() == [0, 1, 2]


def test_float32_decodes_to_what_was_optimised(tmp_path):
    made = videos()
    read = save(tmp_path / "d", made, dtype="float32", provenance=PROVENANCE)
    assert torch.equal(read.decode(torch.arange(3)), made.decode(torch.arange(3)).detach())
    assert read.parameterization.is_key.sum(1).tolist() == [2, 3, 8]


def test_selected_clips_are_exact(tmp_path):
    made = videos("selected")
    read = save(tmp_path / "d", made, dtype="uint8", provenance=PROVENANCE)
    assert torch.equal(read.decode(torch.arange(3)), SPEC.normalise(made.pixels))


def test_pictures_are_pixels_rounded_and_clamped(tmp_path):
    pixels = torch.randint(0, 256, (3, *SPEC.shape), dtype=torch.uint8)
    selected = save(tmp_path / "a", SelectedClips(pixels, SPEC, CLASSES, torch.arange(3)), dtype="uint8", provenance={})
    assert torch.equal(torch.from_numpy(selected.pictures(2)), pixels[2].permute(0, 2, 3, 1))
    beyond = SPEC.normalise(pixels) + torch.tensor([-9, 0.4 / 255 / SPEC.std[0], 9]).view(3, 1, 1, 1, 1)
    dense = save(tmp_path / "b", Dense(beyond, SPEC, CLASSES, torch.arange(3)), dtype="float32", provenance={})
    assert not dense.pictures(0).any() and (dense.pictures(2) == 255).all()
    assert torch.equal(torch.from_numpy(dense.pictures(1))[..., 0], pixels[1, :, 0])


def test_both_accounts(tmp_path):
    storage = save(tmp_path / "d", videos(), dtype="uint8", provenance=PROVENANCE).storage
    assert storage.frames == 13
    assert storage.float32_mib == 13 * SPEC.frame_numbers * 4 / 2**20
    assert storage.parts["frames"] == 13 * SPEC.frame_numbers
    assert set(storage.to_json()) == {"bytes", "parts", "frames", "float32_mib"}


def test_is_a_torch_dataset(tmp_path):
    read = save(tmp_path / "d", videos(), dtype="uint8", provenance=PROVENANCE)
    items = list(read)
    assert len(items) == len(read) == 3
    assert items[2][0].shape == SPEC.shape and items[2][1] == 2
    assert torch.equal(read[-1][0], items[2][0])
    with pytest.raises(IndexError):
        read[3]
    batch, labels = next(iter(torch.utils.data.DataLoader(read, batch_size=2)))
    assert batch.shape == (2, *SPEC.shape) and labels.tolist() == [0, 1]


def test_soft_labels_come_back(tmp_path):
    read = save(tmp_path / "d", videos("dense", soft=True), dtype="uint8", provenance=PROVENANCE)
    assert torch.equal(read.soft_labels, torch.eye(3))
    assert torch.equal(read[1][1], torch.tensor([0.0, 1.0, 0.0]))
    assert read.storage.parts["soft_labels"] == 36


def test_load_takes_a_run_folder(tmp_path):
    save(tmp_path / "dataset", videos(), dtype="uint8", provenance=PROVENANCE)
    assert len(load(tmp_path)) == 3


def edit_index(folder, **changes):
    index = json.loads((folder / "condensed.json").read_text())
    (folder / "condensed.json").write_text(json.dumps({**index, **changes}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "zip"}, "is no vidense-condensed file"),
        ({"version": 99}, "upgrade vidense"),
        ({"parameterization": "nerf"}, "unknown parameterization 'nerf'"),
        ({"record": {"times": [[0, 7], [0, 7], [0, 99]]}}, "damaged"),
        ({"record": {}}, "damaged"),
        ({"class_names": ["ball"]}, "outside its 1 classes"),
        ({"spec": {}}, "field .spec.: clip spec {} must have frames"),
        ({"record": {"times": [[True, False], [0, 7], [0, 7]]}}, "damaged"),
    ],
)
def test_lying_indices_are_refused_in_one_sentence(tmp_path, changes, words):
    save(tmp_path, videos(), dtype="uint8", provenance=PROVENANCE)
    edit_index(tmp_path, **changes)
    with pytest.raises(UserError, match=words) as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_changed_or_missing_tensor_file_is_noticed(tmp_path):
    save(tmp_path, videos(), dtype="uint8", provenance=PROVENANCE)
    file = tmp_path / "tensors.safetensors"
    tensors = load_file(file)
    save_file({**tensors, "scale": tensors["scale"] * 2}, file)
    with pytest.raises(UserError, match="other SHA-256"):
        load(tmp_path)
    file.unlink()
    with pytest.raises(UserError, match="cannot be read"):
        load(tmp_path)


def test_a_folder_without_a_dataset(tmp_path):
    with pytest.raises(UserError, match="is no condensed dataset"):
        load(tmp_path)


@given(st.binary(max_size=200))
def test_garbage_is_never_loaded(tmp_path, data):
    (tmp_path / "condensed.json").write_bytes(data)
    with pytest.raises(UserError):
        load(tmp_path)
