"""A published cell, run on data that are not the paper's."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.data.video_files import write_video
from tests.evaluation.conftest import write_store
from vidense.cli import run
from vidense.data.spec import ClipSpec
from vidense.data.store import ClipStore
from vidense.data.store_index import INDEX, hash_of_content
from vidense.errors import UserError
from vidense.evaluation import spec
from vidense.named_recipes import DATASETS, find_recipe
from vidense.records import read_json, write_json
from vidense.reproduction import _departures, reproduce


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    """One pass in place of the papers' five hundred."""
    monkeypatch.setattr(spec, "PUBLISHED_EPOCHS", 1)


@pytest.fixture
def store(tmp_path):
    return write_store(tmp_path / "store")


def test_ours_stands_beside_every_printed_number(store, tmp_path):
    out = tmp_path / "out"
    found = reproduce("miniucf-random-1vpc", out, store=store.path, scale="small", seeds=2, nets=2)
    assert json.loads(json.dumps(found)) == json.loads((out / "reproduction.json").read_text())
    assert (found["ours"]["condensation_seeds"], found["ours"]["networks"]) == (2, 2)
    # The method is the baseline here, and its seeds select the same clips.
    assert found["ours"]["mean"] == found["random"]["mean"]
    gaps = [100 * found["ours"]["mean"] - printed for printed in (9.9, 10.9)]
    assert found["gaps"] == pytest.approx(gaps) and not found["as_published"]
    assert found["departures"][:2] == [
        "scale is small, which runs fewer iterations than the paper",
        "layout is not set in the store, miniucf in the paper",
    ]
    assert found["departures"][-1].startswith("the store has 12 training and 6 test videos, the complete MiniUCF has")
    assert sorted(path.name for path in out.iterdir()) == ["reproduction.json", "run-0", "run-1"]


@pytest.fixture
def condensed_nothing(monkeypatch):
    """Fail if anything is condensed."""
    monkeypatch.setattr("vidense.reproduction.condense", lambda *_, **__: pytest.fail("condensed"))


AS_PAPERS = {"split": 1, "frames": 16, "stride": 4, "size": 112, "resize": "crop", "clips": 3, "seed": 0}
AS_RULES = {"split": 1, "frames": 8, "size": 64, "resize": "squash", "clips": 1, "seed": 0}


def recorded(path: Path, failures: tuple[dict, ...] = (), **settings) -> ClipStore:
    """Return the store at ``path``, 12 training and 6 test videos, as if ``prepare`` had been asked for this."""
    index = {**read_json(path / INDEX), "settings": settings, "failures": list(failures)}
    spec, resize = ClipSpec.from_json(index["spec"]), settings["resize"]
    index["content_hash"] = hash_of_content(spec, index["class_names"], resize, index["videos"], settings.get("motion"))
    write_json(path / INDEX, index)
    return ClipStore.open(path)


@pytest.fixture
def complete(monkeypatch):
    """The datasets are as large as the test's store."""
    for name in ("MiniUCF", "SSv2"):
        monkeypatch.setitem(DATASETS, name, replace(DATASETS[name], videos=(12, 6)))


def test_the_papers_data_at_full_length_have_no_departures(store, complete):
    ucf, ssv2 = find_recipe("miniucf-prism-1vpc"), find_recipe("ssv2-prism-1vpc")
    assert _departures(ucf, recorded(store.path, layout="miniucf", **AS_PAPERS), "published") == []
    assert _departures(ucf, recorded(store.path, layout="miniucf", **{**AS_PAPERS, "seed": 5}), "published") == []
    assert _departures(ssv2, recorded(store.path, layout="ssv2", sampling="spread", **AS_RULES), "published") == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"layout": "ucf101"}, "layout is ucf101 in the store, miniucf in the paper"),
        ({"split": 2}, "split is 2 in the store, 1 in the paper"),
        ({"frames": 8}, "frames is 8 in the store, 16 in the paper"),
        ({"stride": 2}, "stride is 2 in the store, 4 in the paper"),
        ({"size": 64}, "size is 64 in the store, 112 in the paper"),
        ({"resize": "squash"}, "resize is squash in the store, crop in the paper"),
        ({"clips": 5}, "clips is 5 in the store, 3 in the paper"),
        # A store whose videos were made to stand still keeps all other settings.
        ({"motion": "none"}, "motion is none in the store, not set in the paper"),
    ],
)
def test_each_setting_that_is_not_the_papers_is_a_departure(store, complete, changed, told):
    own = recorded(store.path, **{"layout": "miniucf", **AS_PAPERS, **changed})
    assert _departures(find_recipe("miniucf-prism-1vpc"), own, "published") == [told]


def test_a_stride_in_place_of_the_rule_is_a_departure(store, complete):
    own = recorded(store.path, layout="ssv2", stride=4, **AS_RULES)
    assert _departures(find_recipe("ssv2-prism-1vpc"), own, "published") == [
        "sampling is not set in the store, spread in the paper",
        "stride is 4 in the store, not set in the paper",
    ]


def test_videos_too_short_for_the_rule_are_not_missing_but_others_are(store, monkeypatch):
    monkeypatch.setitem(DATASETS, "SSv2", replace(DATASETS["SSv2"], videos=(13, 7)))
    short = tuple(
        {"path": "a.webm", "split": split, "reason": "too-short", "detail": "7 frames"} for split in ("train", "test")
    )
    for reason, departures in (("too-short", 0), ("missing", 1)):
        failures = (short[0], {**short[1], "reason": reason})
        own = recorded(store.path, failures, layout="ssv2", sampling="spread", **AS_RULES)
        assert len(_departures(find_recipe("ssv2-prism-1vpc"), own, "published")) == departures


def test_no_copy_of_kinetics_is_known_to_be_the_papers(store):
    own = recorded(store.path, layout="kinetics400", sampling="middle", **AS_RULES)
    (told,) = _departures(find_recipe("k400-prism-1vpc"), own, "published")
    assert told.startswith("the store has 12 training and 6 test videos, and nobody knows which of K400")


def test_what_is_missing_or_foreign_in_the_data_is_told_before_anything_is_condensed(tmp_path, monkeypatch, capsys):
    """HMDB51's tree with two classes, a clip of the lists that is not there and one that no list names."""
    names = {"a_walk_f_nm_np1_fr_med_0.avi": 1, "b_walk_f_nm_np1_fr_med_0.avi": 1, "c_walk_f_nm_np1_fr_med_0.avi": 2}
    for class_name in ("walk", "run"):
        lines = "".join(f"{name.replace('walk', class_name)} {use}\n" for name, use in names.items())
        (tmp_path / "data" / class_name).mkdir(parents=True)
        (tmp_path / "data" / f"{class_name}_test_split1.txt").write_text(lines)
        for name in (*names, "holiday.avi"):
            write_video(tmp_path / "data" / class_name / name.replace("walk", class_name), frames=20, codec="mpeg4")
    (tmp_path / "data" / "run" / "b_run_f_nm_np1_fr_med_0.avi").unlink()

    def condense(*_, **__):
        raise UserError("far enough")

    monkeypatch.setattr("vidense.reproduction.condense", condense)
    words = ["reproduce", "hmdb51-random-1vpc", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "out")]
    for _ in range(2):
        assert run([*words, "--json"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert "warning: videos that are listed but missing: 1: run/b_run_f_nm_np1_fr_med_0.avi\n" in err
        assert "warning: 3 train / 2 test videos; the complete hmdb51 has 5236 / 1530\n" in err
        assert "note: videos on disk that no list names were left out: 2: run/holiday.avi, walk/holiday.avi\n" in err
        assert err.index("warning") < err.index("far enough")


def test_top_five_of_three_classes_is_refused_before_anything_is_condensed(store, tmp_path, condensed_nothing):
    with pytest.raises(UserError, match="counts top5, which needs more than 5 classes"):
        reproduce("k400-random-1vpc", tmp_path / "out", store=store.path, nets=1)


def test_a_store_with_too_few_clips_is_refused_before_anything_is_condensed(tmp_path, condensed_nothing):
    one = write_store(tmp_path / "one", windows=1)
    with pytest.raises(UserError, match="keeps 1 clips of each video, protocol 'published' scores 3"):
        reproduce("miniucf-random-1vpc", tmp_path / "out", store=one.path)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"seeds": 0}, "seeds=0 is too few"),
        ({"nets": 0}, "nets=0 is too few"),
        ({"scale": "huge"}, "scale='huge'"),
        ({"device": "quantum"}, "device 'quantum'"),
    ],
)
def test_mistakes_are_told_before_the_dataset_is_decoded(tmp_path, monkeypatch, asked, words):
    monkeypatch.setattr("vidense.reproduction.prepare", lambda *_, **__: pytest.fail("decoded"))
    with pytest.raises(UserError, match=words):
        reproduce("miniucf-random-1vpc", tmp_path / "out", data=tmp_path, **asked)


def test_without_data_it_says_what_to_download(store, tmp_path):
    with pytest.raises(UserError, match=r"needs HMDB51, and none was given: get hmdb51_org.rar .*--data"):
        reproduce("hmdb51-prism-1vpc", tmp_path / "out")
    with pytest.raises(UserError, match="does not exist"):
        reproduce("hmdb51-prism-1vpc", tmp_path / "out", data=tmp_path / "nowhere")
    with pytest.raises(UserError, match="data and a store were given"):
        reproduce("hmdb51-prism-1vpc", tmp_path / "out", data=tmp_path, store=store.path)


def test_the_command_prints_gaps_and_the_list(store, tmp_path, capsys):
    words = ["reproduce", "miniucf-random-1vpc", "--on", str(store.path), "--scale", "small", "--nets", "1"]
    assert run([*words, "--out", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    assert "VDSD, CVPR 2024: 9.9 ± 0.8 %; ours is" in out and "says nothing about the paper" in out
    assert run(["reproduce", "--list"]) == 0
    listed = capsys.readouterr().out
    assert "miniucf-prism-1vpc-cnn_lstm" in listed and "34.4" in listed
    (line,) = [line for line in listed.splitlines() if "miniucf-tsgf-10vpc" in line]
    assert line.endswith("hard-label rows; lr, r_bn: our reading")
    assert run(["reproduce", "--list", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["recipes"]) > 100
    assert "ours, each network at its best check on the test videos: " in out
    assert run(["reproduce"]) == 2
    assert "give a recipe and --out" in capsys.readouterr().err


@pytest.mark.parametrize("more", [[], ["--out", "out"], ["--data", "nowhere"], ["--json"]])
def test_the_command_without_data_says_in_one_sentence_what_to_download_and_where_to_put_it(
    more, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert run(["reproduce", "hmdb51-prism-1vpc", *more]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "Traceback" not in err
    told = "'nowhere' does not exist" if "--data" in more else "none was given"
    assert f"needs HMDB51, and {told}: get hmdb51_org.rar and test_train_splits.rar from the HMDB page" in err
    assert "unpacked in one folder (docs/datasets.md), and give that folder as --data, with --out for the runs" in err
    assert list(tmp_path.iterdir()) == []


def test_the_command_with_data_and_no_folder_for_the_runs_asks_for_one(store, capsys):
    assert run(["reproduce", "miniucf-random-1vpc", "--on", str(store.path)]) == 2
    assert "give --out DIR, a folder for the runs" in capsys.readouterr().err
    assert run(["reproduce", "miniucf-randm-1vpc"]) == 2
    assert "did you mean 'miniucf-random-1vpc'" in capsys.readouterr().err
