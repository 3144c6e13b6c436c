"""The page as a file: complete, self-contained, and safe with names from strangers."""

import json
import re
import shutil
from html.parser import HTMLParser

import pytest

from tests.report.conftest import ROWS
from tests.test_architecture import run_python
from vidense.errors import UserError
from vidense.records import condensed_hash
from vidense.report import has_previews, read_runs, write_page
from vidense.report.page import command_of
from vidense.report.runs import read_run

VOID = {"meta", "link", "img", "source", "br", "input"}


class Checker(HTMLParser):
    """Collects what a page refers to, and complains about tags that are not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.references: list[str] = []
        self.images: list[dict[str, str]] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.references += [values[key] for key in ("src", "srcset", "href", "action") if values.get(key)]
        if tag == "img":
            self.images.append(values)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page_of(runs, tmp_path, **words):
    path = write_page(runs, tmp_path / "page.html", **words)
    text = path.read_text(encoding="utf-8")
    checker = Checker()
    checker.feed(text)
    assert checker.open == []
    return text, checker


def test_the_page_has_everything_and_needs_nothing(make_run, tmp_path):
    text, found = page_of([make_run("prism-0", ROWS)], tmp_path, title="A title", notes=["A note."])
    assert found.references and all(reference.startswith("data:") for reference in found.references)
    assert text.count("<script>") == 1 and "@import" not in text and "url(" not in text
    assert "prefers-color-scheme: dark" in text and "prefers-reduced-motion" in text and "width=device-width" in text
    for part in ("A title", "A note.", "random, bytes of prism", "whole dataset", "10.4 to 42.1", "prism scores above"):
        assert part in text
    for part in ("0.100", "4.0 kB", "frames 3.5 kB, index 500 B", "5 key-frames, 2.5 a video on average (2 to 3 of 4)"):
        assert part in text
    assert "vidense condense STORE --out prism-0 --method prism --vpc 1 --seed 0" in text
    assert "--set lr=auto --set momentum=0.95 --set max_keys=null" in text
    assert "vidense evaluate prism-0 --on STORE --protocol clean --models minic3d" in text
    assert "3, by a search of 1.5 s" in text and "2.13.0" in text and "500.0 MB at most" in text


def test_clips_have_sizes_alternatives_and_marks(make_run, tmp_path):
    text, found = page_of([make_run("prism-0")], tmp_path)
    assert len(found.images) == 2
    for image in found.images:
        assert (image["width"], image["height"]) == ("48", "48") and "Condensed video of class" in image["alt"]
    marks = re.findall(r'<div class="times".*?</div>', text, re.DOTALL)
    assert [mark.count("<span") for mark in marks] == [4, 4]
    assert [mark.count('class="key"') for mark in marks] == [2, 3]
    assert "No run here was evaluated yet" in text


def test_classes_of_one_clip_stand_side_by_side(make_run, tmp_path):
    text, _ = page_of([make_run("prism-0")], tmp_path)
    assert 'class="gallery single"' in text
    text, _ = page_of([make_run("dm-0"), make_run("dm-1")], tmp_path)
    assert 'class="gallery"' in text


def test_names_from_strangers_are_only_text(make_run, tmp_path):
    hostile = ("<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)> {{ 7*7 }}")
    run = make_run("run <b>", ROWS, classes=hostile, method="<i>prism</i>", lr="</pre><script>")
    text, found = page_of([run], tmp_path, title="<title>", notes=["<marquee>"])
    assert text.count("<script") == 1
    for raw in ("<script>alert", "<img src=x", "<i>prism", "<b>", "<marquee>", "</pre><script>"):
        assert raw not in text
    assert "{{ 7*7 }}" in text and "&lt;script&gt;alert(1)" in text
    assert len(found.images) == 2 and all("onerror" not in image for image in found.images)


def test_several_runs_share_one_table(make_run, tmp_path):
    random = {"random_equal_vpc": {seed: [0.3, 0.2] for seed in range(3)}}
    rows = [{**ROWS, **random, "method": {seed: [0.6, 0.5 + 0.01 * seed]}} for seed in range(3)]
    runs = [make_run(f"prism-{seed}", rows[seed], seed=seed) for seed in range(3)]
    text, _ = page_of([*runs, make_run("late")], tmp_path)
    assert text.count("Accuracy table") == 1 and "prism beats random" in text
    assert "Not evaluated: late." in text


def test_a_loss_that_rose_is_told(make_run, tmp_path):
    run = make_run("prism-0")
    losses = [1.0] * 20 + [3.0] * 20
    (run / "log.jsonl").write_text(
        "".join(json.dumps({"step": i, "loss": loss}) + "\n" for i, loss in enumerate(losses))
    )
    text, _ = page_of([run], tmp_path)
    assert "Beware: the loss rose from 1 early in the run to 3 at its end" in text


def test_paths_do_not_leave_the_machine(make_run, tmp_path):
    text, _ = page_of([make_run("prism-0", ROWS)], tmp_path)
    assert str(tmp_path) not in text


def test_a_budget_is_repeated_as_one(make_run):
    run = make_run("prism-0", all_learnable=True)
    record = json.loads((run / "run.json").read_text())
    record["settings"] |= {"budget": 5000, "iterations": 0}
    (run / "run.json").write_text(json.dumps(record))
    command = command_of(read_run(run))[0]
    assert "--budget 5000" in command and "--vpc" not in command and "--iterations" not in command
    assert "--set all_learnable=true" in command


def test_an_old_page_survives_a_run_that_is_refused(make_run, tmp_path):
    (tmp_path / "page.html").write_text("old")
    with pytest.raises(UserError, match="is no run"):
        write_page([make_run("prism-0"), tmp_path], tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text() == "old"


@pytest.mark.parametrize(
    ("kept", "drawn", "told"),
    [
        (8.0, True, "all 4 frames of each video"),
        (3.0, True, "as many numbers as 3 frames"),
        # How many videos there are is not known then.
        (8.0, False, "as many numbers as 8 frames"),
    ],
)
def test_what_is_stored_is_told_with_previews_and_without(make_run, tmp_path, kept, drawn, told):
    run = make_run("prism-0")
    dataset, record = (json.loads((run / file).read_text()) for file in ("dataset/condensed.json", "run.json"))
    dataset["record"], record["storage"]["frames"] = {}, kept
    (run / "dataset" / "condensed.json").write_text(json.dumps(dataset))
    (run / "run.json").write_text(json.dumps(record))
    preview = json.loads((run / "preview" / "preview.json").read_text())
    preview["content_hash"] = condensed_hash(dataset)
    (run / "preview" / "preview.json").write_text(json.dumps(preview))
    if not drawn:
        shutil.rmtree(run / "preview")
    text, _ = page_of([run], tmp_path)
    assert told in text


def test_a_plug_in_is_part_of_both_commands(make_run):
    run = make_run("mine-0", ROWS)
    record = json.loads((run / "run.json").read_text())
    record["settings"]["sources"] = {"method": "c0de"}
    (run / "run.json").write_text(json.dumps(record))
    assert all("--plugin FILE.py" in command for command in command_of(read_run(run)))


def test_runs_that_are_called_alike_are_told_apart(make_run):
    runs = [make_run(name) for name in ("prism/run", "dm/run", "late")]
    assert [run.name for run in read_runs(runs)] == ["prism/run", "dm/run", "late"]
    assert [run.name for run in read_runs([runs[2], runs[2]])][1].endswith("late 2")


def test_a_name_that_no_file_can_hold_is_replaced(make_run, tmp_path):
    text, _ = page_of([make_run("prism-0", classes=("\ud800", "walk"))], tmp_path)
    assert "walk" in text


def test_the_commands_repeat_the_evaluation(make_run):
    run = make_run("prism-0", ROWS)
    value = json.loads((run / "evaluation.json").read_text())
    spec = {"protocol": "clean", "model": "cnn_lstm", "labels": "soft", "mix": "video"}
    value["specs"] = {"5bec": spec, "b": {**spec, "model_options": {"lstm_hidden": 1024}}}
    (run / "evaluation.json").write_text(json.dumps(value))
    words = "--protocol clean --labels soft --mix video --models cnn_lstm,cnn_lstm:lstm_hidden=1024"
    assert command_of(read_run(run))[1] == f"vidense evaluate prism-0 --on STORE {words}"
    asked = {"protocol": "frepo", "models": ["minic3d"], "seeds": 2, "codec": "av1", "no_ceiling": True, "labels": None}
    (run / "evaluation.json").write_text(json.dumps({**value, "asked": asked}))
    words = "--protocol frepo --models minic3d --seeds 2 --codec av1 --no-ceiling"
    assert command_of(read_run(run))[1] == f"vidense evaluate prism-0 --on STORE {words}"


def test_what_is_of_an_earlier_dataset_is_not_shown_with_this_one(make_run):
    run = make_run("a", {"method": {0: [0.4]}})
    read = read_run(run)
    assert read.evaluation is not None
    evaluation, preview = (json.loads((run / name).read_text()) for name in ("evaluation.json", "preview/preview.json"))
    evaluation["dataset"]["content_hash"] = preview["content_hash"] = "of another"
    (run / "evaluation.json").write_text(json.dumps(evaluation))
    (run / "preview" / "preview.json").write_text(json.dumps(preview))
    for name, content in (
        ("nearest/nearest.json", {"content": {"dataset": "of another"}, "videos": [{}]}),
        ("flow/flow.json", {"dataset": "of another", "classes": [{}]}),
    ):
        (run / name).parent.mkdir()
        (run / name).write_text(json.dumps(content))
    again = read_run(run)
    assert (again.evaluation, again.nearest, again.flows, again.previews) == (None, {}, {}, ())
    assert not has_previews(run), "they are drawn again"


def test_previews_are_told_from_none(make_run):
    run = make_run("prism-0")
    assert has_previews(run)
    (run / "preview" / "preview.json").unlink()
    assert not has_previews(run) and read_run(run).previews == ()


def test_a_page_is_written_without_torch(make_run, tmp_path):
    run = make_run("prism-0", ROWS)
    done = run_python(
        "import sys\nfrom pathlib import Path\nfrom vidense.report import write_page\n"
        f"write_page([Path({str(run)!r})], Path({str(tmp_path / 'p.html')!r}))\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "p.html").exists()
