"""Run folders made of their files alone: a report must not need anything else."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vidense.records import condensed_hash

# The smallest picture there is.
WEBP = base64.b64decode("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
CLASSES = ("jump", "walk")
ROWS = {
    "method": {0: [0.6, 0.5]},
    "random_equal_vpc": {0: [0.3, 0.2], 1: [0.25, 0.3]},
    "random_equal_bytes": {0: [0.2, 0.2], 1: [0.25, 0.3]},
    "ceiling": {0: [0.9, 0.8]},
}


def results(accuracies: dict[int, list[float]]) -> list[dict[str, Any]]:
    """Return an evaluation's results, NaN standing for a network that diverged."""
    return [
        {"condensation_seed": seed, "net_seed": net, "diverged": value != value}
        | ({"top1": value} if value == value else {})
        for seed, values in accuracies.items()
        for net, value in enumerate(values)
    ]


def evaluation(
    rows: dict[str, dict[int, list[float]]],
    *,
    settings: dict[str, Any],
    name: str = "prism",
    spec: str = "5bec",
    store: str = "da7a",
    size: int = 4000,
) -> dict[str, Any]:
    """Return ``evaluation.json`` with the given accuracies by role, condensation seed and network."""
    videos = {"ceiling": 9}
    return {
        "format": "vidense-evaluation",
        "version": 1,
        "task": "classify",
        "specs": {spec: {"protocol": "clean", "model": "minic3d", "labels": "hard"}},
        "store": {"content_hash": store, "class_names": list(CLASSES), "test_videos": 20, "train_videos": 10},
        "dataset": {
            "method": {"name": name, "paper": "a paper"},
            "settings": settings,
            "condensed_from_this_store": True,
            "storage": {"bytes": size},
        },
        "rows": [
            {
                "role": role,
                "name": name if role == "method" else "random",
                "model": "minic3d",
                "protocol": "clean",
                "labels": "hard",
                "spec_hash": spec,
                "videos": videos.get(role, 2),
                "frames": 5,
                "float32_mib": 0.1,
                "diverged": sum(entry["diverged"] for entry in results(accuracies)),
                "results": results(accuracies),
            }
            for role, accuracies in rows.items()
        ],
    }


def settings_of(method: str = "prism", seed: int = 0, **options: Any) -> dict[str, Any]:
    """Return what ``run.json`` keeps of what was asked for."""
    return {
        "method": method,
        "options": {"lr": "auto", "momentum": 0.95, "max_keys": None, **options},
        "vpc": 1,
        "max_frames": None,
        "budget": None,
        "iterations": 40,
        "seed": seed,
        "store_dtype": "uint8",
        "data": "da7a",
    }


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


@pytest.fixture
def make_run(tmp_path) -> Callable[..., Path]:
    """Writes a finished run of two videos of two and three key-frames."""

    def make(
        name: str,
        rows: dict[str, dict[int, list[float]]] | None = None,
        *,
        method: str = "prism",
        seed: int = 0,
        classes: tuple[str, ...] = CLASSES,
        **options: Any,
    ) -> Path:
        run, settings = tmp_path / name, settings_of(method, seed, **options)
        storage = {"bytes": 4000, "parts": {"frames": 3500, "index": 500}, "frames": 5.0, "float32_mib": 0.1}
        tuning = {"lr": 3.0, "seconds": 1.5, "trials": []}
        record = {"status": "done", "settings": settings, "storage": storage, "tuning": tuning, "seconds": 12.5}
        record |= {"peak_memory": 5 * 10**8, "hardware": {"device": "a CPU", "threads": 2, "torch": "2.13.0"}}
        write(run / "run.json", {"format": "vidense-run", "version": 1, **record})
        dataset = {"format": "vidense-condensed", "version": 1, "method": {"name": method, "paper": "a paper"}}
        dataset |= {"spec": {"frames": 4, "height": 48, "width": 48}, "record": {"times": [[0, 3], [0, 1, 3]]}}
        dataset |= {"tensors_sha256": "0" * 64, "parameterization": "key_frames"}
        dataset |= {"class_names": list(classes), "versions": {"vidense": "0.1.0", "torch": "2.13.0", "av": "18.1.0"}}
        write(run / "dataset" / "condensed.json", dataset)
        videos = [
            {"file": f"{i}.webp", "still": f"{i}-s.webp", "label": i, "frames": 4, "width": 48, "height": 48}
            | {"key_frames": dataset["record"]["times"][i]}
            for i in range(2)
        ]
        write(run / "preview" / "preview.json", {"content_hash": condensed_hash(dataset), "videos": videos})
        for video in videos:
            (run / "preview" / video["file"]).write_bytes(WEBP)
            (run / "preview" / video["still"]).write_bytes(WEBP)
        if rows is not None:
            write(run / "evaluation.json", evaluation(rows, settings=settings, name=method))
        return run

    return make
