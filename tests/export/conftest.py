"""Condensed datasets on disk, of every kind and with class names of every kind."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from tests.strangers import CLASSES, parts, write
from vidense.condensed import CondensedDataset, load, save
from vidense.data.spec import ClipSpec
from vidense.export import write as export
from vidense.parameterizations import SelectedClips

# Each would leave its folder, name no folder, or meet another one on some system.
HOSTILE = ("../../escaped", "/tmp/x", "..")


@pytest.fixture
def condensed(tmp_path) -> Callable[..., Path]:
    """Writes three tiny videos, of 4 frames of 6x5 pixels; returns their folder."""

    def make(kind: str = "key_frames", **changes: object) -> Path:
        index, tensors = parts(tmp_path / kind, kind)
        write(tmp_path / kind, {**index, **changes}, tensors)
        return tmp_path / kind

    return make


@pytest.fixture
def exported(condensed, tmp_path) -> Callable[..., SimpleNamespace]:
    """Exports such videos; returns the ``dataset``, the ``folder``, what was ``said``, and each video's ``files``."""

    def make(form: str, kind: str = "key_frames", **changes: object) -> SimpleNamespace:
        source, out = condensed(kind, **changes), tmp_path / f"out-{form}-{kind}"
        said = json.loads(json.dumps(export(source, out, format=form)))
        assert json.loads((out / "metadata.json").read_text(encoding="utf-8")) == said
        files = [out / video["file"] for video in said["videos"]]
        return SimpleNamespace(dataset=load(source), folder=out, said=said, files=files)

    return make


@pytest.fixture
def tiny(tmp_path) -> Callable[[str], tuple[CondensedDataset, Path]]:
    """Exports three square clips of real pixels; returns the dataset and the folder."""

    def make(form: str) -> tuple[CondensedDataset, Path]:
        pixels = torch.randint(0, 256, (3, 4, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
        videos = SelectedClips(pixels, ClipSpec(4, 8, 8), CLASSES, torch.arange(3))
        dataset = save(tmp_path / "square", videos, dtype="uint8", provenance={})
        export(dataset.path, tmp_path / form, format=form)
        return dataset, tmp_path / form

    return make
