"""The benchmark of segmentation: the committed results, the table written from them, and one point measured anew."""

import json

from benchmarks import segmentation
from tests.segmentation.conftest import CLEAR
from vidense.records import content_hash
from vidense.segmentation import METHODS, Settings
from vidense.segmentation.generated import write_folder


def record(method: str, seed: int, accuracy: float) -> dict:
    """Return as much of a result as the table reads."""
    metrics = {"accuracy": accuracy, "edit": accuracy / 2, "f1_10": 30.0, "f1_25": 20.0, "f1_50": 10.0}
    storage = {} if method == "full" else {"storage": {"frames": 12.0, "bytes": 1000 + seed}}
    return {"point": {"method": method, "seed": seed, "variant": ""}, "result": {"seed": seed, **metrics, **storage}}


def test_the_page_shows_what_the_committed_json_says(pages):
    before = pages[0].read_text()
    segmentation.write_table(segmentation.RESULTS)
    assert pages[0].read_text() == before
    assert "table segmentation" in before and "| prism |" in before.partition("<!-- table segmentation -->")[2]


def test_every_result_is_of_a_known_point_and_of_these_settings():
    files = sorted(file.name for file in segmentation.RESULTS.iterdir())
    assert files == sorted(
        f"{name}-seed{seed}.json" for name in (*METHODS, "full") for seed in range(segmentation.SEEDS)
    )
    found = [json.loads((segmentation.RESULTS / name).read_text()) for name in files]
    assert {one["eval"]["hash"] for one in found} == {content_hash(segmentation.EVALUATION)}
    assert len({one["data"] for one in found}) == 1
    assert all(not one["commit"].endswith("-dirty") and one["command"] == segmentation.COMMAND for one in found)
    assert all({"hardware", "date", "vidense", "cpu_seconds"} <= set(one) for one in found)


def test_equal_stored_numbers():
    """The coreset may store fewer, where whole videos end before the room does."""
    for seed in range(segmentation.SEEDS):
        found = {
            name: json.loads((segmentation.RESULTS / f"{name}-seed{seed}.json").read_text())["result"]["storage"][
                "frames"
            ]
            for name in METHODS
        }
        coreset = found.pop("coreset")
        assert len(set(found.values())) == 1 and coreset <= found["mean"]


def test_a_table_ranks_by_accuracy_and_pairs_by_seed():
    rows = [record("random", seed, 50 + seed) for seed in range(3)]
    rows += [record("mean", seed, 60.0 + seed % 2) for seed in range(3)]
    rows += [record("prism", seed, 70 + seed) for seed in range(3)] + [record("full", seed, 90.0) for seed in range(3)]
    shown = [line.split(" | ") for line in segmentation.table(rows).splitlines()[2:]]
    assert [row[0] for row in shown] == ["| *full*", "| prism", "| mean", "| random"]
    assert shown[1][2] == "71.0" and shown[1][4] == "35.5" and shown[1][5] == "30.0 / 20.0 / 10.0"
    assert shown[1][6] == "+20.0" and shown[1][7].startswith("**+10.7 (")
    assert shown[1][-2:] == ["12", "1,001 |"] and shown[0][6:10] == ["", "", "", ""]
    assert segmentation.table([]) == "Not measured yet."


def test_a_point_is_measured_and_written(tmp_path, monkeypatch):
    monkeypatch.setattr(segmentation, "SETTINGS", Settings(videos=1, keys=1, iterations=1, epochs=1))
    write_folder(tmp_path / "features", CLEAR, videos=3, splits=3)
    segmentation.run_point("prism", 4, tmp_path, tmp_path / "results")
    found = json.loads((tmp_path / "results" / "prism-seed4.json").read_text())
    assert found["point"] == {"method": "prism", "seed": 4, "variant": ""} and found["result"]["seed"] == 4
    assert segmentation.table([found]).count("\n") == 2
