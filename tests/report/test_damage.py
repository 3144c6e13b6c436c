"""Run folders from strangers: what is not what it seems is one sentence, and leads nowhere."""

import json

import pytest
from PIL import Image

from tests.report.conftest import ROWS
from vidense.errors import UserError
from vidense.report import read_runs, write_page
from vidense.report.page import command_of
from vidense.report.runs import read_run


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("run.json", "{", "not readable JSON"),
        ("run.json", '{"format": "other", "version": 1}', "is no vidense-run file"),
        ("run.json", '{"format": "vidense-run", "version": 1, "status": "running", "settings": {}}', "not finished"),
        ("dataset/condensed.json", "[]", "is no vidense-condensed"),
        (
            "evaluation.json",
            '{"format": "vidense-evaluation", "version": 2}',
            "is of version 2, this vidense reads version 1",
        ),
        ("preview/preview.json", '{"videos": [{}]}', "is damaged"),
        ("preview/preview.json", '{"videos": [{"file": "a", "still": "b"}]}', "is damaged"),
    ],
)
def test_damaged_runs_are_refused(make_run, file, text, message):
    run = make_run("prism-0", ROWS)
    (run / file).write_text(text)
    with pytest.raises(UserError, match=message):
        read_runs([run])


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("run.json", {"storage": {"bytes": "1", "parts": {}, "frames": 1, "float32_mib": 1}}),
        ("run.json", {"storage": {"bytes": 1, "parts": {"a": None}, "frames": 1, "float32_mib": 1}}),
        ("dataset/condensed.json", {"spec": {"frames": 3_000_000, "height": 48, "width": 48}}),
        ("dataset/condensed.json", {"record": {"times": [1, 2]}}),
        ("dataset/condensed.json", {"class_names": [1, 2]}),
        ("dataset/condensed.json", {"method": "prism"}),
        ("evaluation.json", {"rows": [{}]}),
        ("evaluation.json", {"asked": {"lr": "high"}}),
        ("evaluation.json", {"asked": []}),
        ("evaluation.json", {"specs": {"5bec": {"protocol": 1, "model": "a", "labels": "hard"}}}),
    ],
)
def test_what_holds_something_else_is_refused_in_a_sentence(make_run, file, change):
    run = make_run("prism-0", ROWS)
    value = json.loads((run / file).read_text())
    (run / file).write_text(json.dumps({**value, **change}))
    with pytest.raises(UserError, match="is damaged"):
        read_run(run)


MISSING = object()
WRONG = [
    ("evaluation.json", "dataset.method", MISSING),
    ("evaluation.json", "dataset.storage", MISSING),
    ("evaluation.json", "dataset.storage.bytes", "x"),
    ("evaluation.json", "store", []),
    ("evaluation.json", "store.content_hash", MISSING),
    ("evaluation.json", "store.content_hash", "/../../x"),
    ("evaluation.json", "store.test_videos", MISSING),
    ("evaluation.json", "task", "guess"),
    ("evaluation.json", "specs.5bec.task", "guess"),
    ("evaluation.json", "specs.5bec.model_options", [1]),
    ("evaluation.json", "rows.0.spec_hash", "/../main"),
    ("evaluation.json", "rows.0.spec_hash", "0ther"),
    ("evaluation.json", "rows.0.results", []),
    ("evaluation.json", "rows.0.results.0.top1", MISSING),
    ("evaluation.json", "rows.0.results.0.top1", "x"),
    ("evaluation.json", "rows.0.results.0.top1", float("inf")),
    ("evaluation.json", "rows.0.results.0.per_class", [0.5]),
    ("evaluation.json", "rows.0.results.0.confusion", [["a", "b"], ["c", "d"]]),
    ("evaluation.json", "asked", {"seeds": 1}),
    ("evaluation.json", "asked", {"models": "minic3d"}),
    ("run.json", "tuning", [1]),
    ("run.json", "tuning.lr", "x"),
    ("run.json", "hardware", [1]),
    ("run.json", "settings.seed", MISSING),
    ("run.json", "settings.iterations", 10**400),
    ("dataset/condensed.json", "record.times", []),
    ("dataset/condensed.json", "record.times", [[]]),
    ("dataset/condensed.json", "spec.frames", 5000),
]


@pytest.mark.parametrize(("file", "place", "value"), WRONG)
def test_a_field_of_another_kind_is_named(make_run, tmp_path, file, place, value):
    run = make_run("prism-0", ROWS)
    whole = json.loads((run / file).read_text())
    *outer, last = [int(part) if part.isdecimal() else part for part in place.split(".")]
    inner = whole
    for part in outer:
        inner = inner[part]
    if value is MISSING:
        del inner[last]
    else:
        inner[last] = value
    (run / file).write_text(json.dumps(whole))
    with pytest.raises(UserError, match=f"{file}' is damaged"):
        write_page([run], tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize(
    "entries",
    [
        [{"loss": 1.7e308}, {"loss": -1.7e308}],
        [{"loss": 1.0, "cosine_histogram": [1, -1]}],
        [{"loss": 1.0, "step": 10**400}],
        [{"loss": "x"}],
    ],
)
def test_numbers_that_nobody_measured_are_refused(make_run, tmp_path, entries):
    run = make_run("prism-0", ROWS)
    lines = [json.dumps({"step": step, **entry}) for step, entry in enumerate(entries)]
    (run / "log.jsonl").write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(UserError, match="is damaged"):
        write_page([run], tmp_path / "page.html")


def test_an_evaluation_cannot_choose_what_others_type(make_run):
    run = make_run("prism-0", ROWS)
    value = json.loads((run / "evaluation.json").read_text())
    value["asked"] = {"models": ["minic3d"], "seeds": 2, "plugin": "prism-0/preview/evil.py"}
    (run / "evaluation.json").write_text(json.dumps(value))
    assert command_of(read_run(run))[1] == "vidense evaluate prism-0 --on STORE --models minic3d --seeds 2"


def test_a_link_is_no_picture(make_run, tmp_path):
    run = make_run("prism-0")
    (tmp_path / "secret").write_bytes(b"secret")
    (run / "preview" / "0.webp").unlink()
    (run / "preview" / "0.webp").symlink_to(tmp_path / "secret")
    with pytest.raises(UserError, match="is damaged"):
        read_run(run)


def test_a_picture_that_would_fill_the_memory_is_refused(make_run):
    run = make_run("prism-0")
    (run / "flow").mkdir()
    picture = Image.new("1", (20_000, 20_000))
    picture.save(run / "flow" / "a.png")
    (run / "flow" / "flow.json").write_text(json.dumps({"classes": [{"name": "jump", "figure": "a.png", "alt": ""}]}))
    with pytest.raises(UserError, match="is damaged"):
        read_run(run)


def test_a_preview_cannot_reach_outside_its_folder(make_run, tmp_path):
    run = make_run("prism-0")
    (tmp_path / "secret.webp").write_bytes(b"secret")
    index = run / "preview" / "preview.json"
    value = json.loads(index.read_text())
    value["videos"][0]["file"] = "../../secret.webp"
    index.write_text(json.dumps(value))
    with pytest.raises(UserError, match="is damaged"):
        read_run(run)


def test_a_seed_may_be_negative(make_run, tmp_path):
    run = make_run("prism-0", {"method": {-3: [0.5, 0.6]}}, seed=-3)
    assert write_page([run], tmp_path / "page.html").exists()
