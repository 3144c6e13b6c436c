"""What every test shares: restored random state, real data where there is some, CUDA where there is one."""

import importlib
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings

from benchmarks import pages as project_pages

# Ours register themselves once, when they are imported: it must be before a test keeps the registries to restore them.
from vidense import methods, trained_networks  # noqa: F401
from vidense.boxes import BOX_SOURCES
from vidense.data.layouts import LAYOUTS
from vidense.method import METHODS
from vidense.nets import NETWORKS
from vidense.parameterizations import PARAMETERIZATIONS

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile(
    "vidense",
    deadline=None,
    derandomize=True,
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("vidense")

if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers share the cores; processes that the tests start inherit the variable.
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip GPU tests where there is no CUDA device, unless one was promised: then they fail."""
    if torch.cuda.is_available() or os.environ.get("VIDENSE_EXPECT_CUDA"):
        return
    skip = pytest.mark.skip(reason="no CUDA device (set VIDENSE_EXPECT_CUDA=1 to fail instead)")
    for item in items:
        if "gpu" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def _random_state() -> Iterator[None]:
    """Give back the global generators as they were, so that no test depends on the ones before it."""
    python, numpy, cpu = random.getstate(), np.random.get_state(), torch.get_rng_state()
    yield
    random.setstate(python)
    np.random.set_state(numpy)
    torch.set_rng_state(cpu)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real videos (``ucf101-6/splits.csv`` and others)."""
    folder = Path(os.environ.get("VIDENSE_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real videos in {folder}; set VIDENSE_TEST_DATA to a folder that holds ucf101-6")
    return folder


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each network that :mod:`vidense.trained_networks` trains instead of finding it in the cache."""
    counted: list[int] = []
    original = trained_networks.fit

    def count(*args: Any, **kwargs: Any) -> Any:
        counted.append(1)
        return original(*args, **kwargs)

    monkeypatch.setattr(trained_networks, "fit", count)
    return counted


@pytest.fixture
def no_plugin_left() -> Iterator[Callable[[], None]]:
    """Forget what plug-ins registered, so that another test may register it again; the value forgets it at once."""
    registries = (METHODS, NETWORKS, PARAMETERIZATIONS, LAYOUTS, BOX_SOURCES)
    before = [(registry, dict(registry._items)) for registry in registries]

    def forget() -> None:
        for registry, items in before:
            registry._items.clear()
            registry._items.update(items)
        for name in [name for name in sys.modules if name.startswith("vidense_plugin_")]:
            del sys.modules[name]

    yield forget
    forget()


@pytest.fixture
def no_opencv(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let importing OpenCV fail, as where it is not installed."""
    original = importlib.import_module

    def without(name: str, *rest: Any) -> Any:
        if name == "cv2":
            raise ImportError("No module named 'cv2'")
        return original(name, *rest)

    monkeypatch.setattr(importlib, "import_module", without)


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Copies of the pages that show results, so that a test never writes into the project; figures go there too."""
    copies = []
    for page in project_pages.PAGES:
        copies.append(tmp_path / page.name)
        shutil.copy(page, copies[-1])
    monkeypatch.setattr(project_pages, "PAGES", tuple(copies))
    monkeypatch.setattr(project_pages, "FIGURES", tmp_path / "figures")
    return copies
