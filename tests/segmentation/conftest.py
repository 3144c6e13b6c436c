"""A small kitchen on disk, and tasks over it."""

from pathlib import Path

import pytest
import torch

from vidense.segmentation.features import FeatureFolder, FeatureVideos
from vidense.segmentation.generated import Kitchen, write_folder
from vidense.segmentation.task import Task

CLEAR = Kitchen(dimension=6, noise=0.3, person=0.1)


@pytest.fixture(scope="session")
def kitchen(tmp_path_factory) -> Path:
    """Six videos of little noise, in two folds."""
    folder = tmp_path_factory.mktemp("kitchen") / "features"
    write_folder(folder, CLEAR, videos=6, splits=2)
    return folder


@pytest.fixture(scope="session")
def train(kitchen) -> FeatureVideos:
    return FeatureFolder(kitchen).videos("train", 1)


@pytest.fixture
def task(train) -> Task:
    return Task(train, videos=2, keys=2, iterations=3, updates=2, seed=0, device=torch.device("cpu"))
