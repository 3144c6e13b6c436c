import json
import logging

import pytest

from tests.report.conftest import evaluation, settings_of
from vidense.cli.output import print_json, print_table, say
from vidense.cli.prepared import print_prepared
from vidense.cli.scores import print_scores
from vidense.data.prepare_report import BadFile, PrepareReport


def test_columns_are_aligned(capsys):
    print_table(("name", "count"), [("a", "1"), ("longer", "1000")])
    assert capsys.readouterr().out.splitlines() == [
        "name    count",
        "------  -----",
        "a           1",
        "longer   1000",
    ]


def test_text_columns_are_flush_left_and_lines_end_clean(capsys):
    print_table(("a", "b"), [("x", "y"), ("xx", "")], left=2)
    assert capsys.readouterr().out.splitlines() == ["a   b", "--  -", "x   y", "xx"]


def test_a_table_without_rows_is_its_header(capsys):
    print_table(("a", "b"), [])
    assert capsys.readouterr().out == "a  b\n-  -\n"


def test_json_is_one_object_and_has_no_nan(capsys):
    print_json({"a": [1, None, "\u00e9"]})
    assert json.loads(capsys.readouterr().out) == {"a": [1, None, "\u00e9"]}
    with pytest.raises(ValueError, match="JSON"):
        print_json({"a": float("nan")})


def test_scores_of_two_networks_are_two_tables(capsys):
    first = evaluation({"method": {0: [0.5, 0.6]}, "random_equal_vpc": {0: [0.2], 1: [0.3]}}, settings=settings_of())
    second = evaluation({"method": {0: [0.4]}}, settings=settings_of(), spec="0the")
    second["specs"]["0the"]["model"] = "cnn_gru"
    print_scores(first, second)
    out = capsys.readouterr().out
    assert out.count("trained on") == 2 and "minic3d, protocol clean" in out and "cnn_gru, protocol clean" in out
    (line,) = [line for line in out.splitlines() if line.startswith("random, equal videos")]
    assert "25.0" in line and "\N{MINUS SIGN}38.5 to 88.5" in line


def test_divergence_is_said_and_not_averaged(capsys):
    rows = {"method": {0: [0.9, float("nan")]}, "random_equal_vpc": {0: [0.2]}}
    print_scores(evaluation(rows, settings=settings_of()))
    out = capsys.readouterr().out
    assert "training on prism diverged" in out and "90.0" not in out


def prepared(**fields):
    defaults = {"store": "s", "layout": "folder", "content_hash": "abc", "videos": 3}
    return PrepareReport(**{**defaults, "counts": {"jump": {"train": 2, "test": 1}}, **fields})


def test_what_prepare_found_is_told(capsys):
    print_prepared(
        prepared(
            bad_files=[BadFile("jump/x.mp4", "empty", "0 bytes")],
            duplicates=[["a.mp4", "b.mp4"]],
            notes=["layout folder"],
            warnings=["too small"],
        )
    )
    out = capsys.readouterr().out.splitlines()
    assert out[2].split() == ["jump", "2", "1"]
    for line in ("note: layout folder", "warning: too small", "skipped jump/x.mp4: empty (0 bytes)"):
        assert line in out
    assert "equal files, kept: a.mp4, b.mp4" in out
    assert out[-1] == "3 videos of 1 classes; store s is ready (abc)"


def test_a_flood_of_bad_files_does_not_hide_the_rest(capsys):
    bad = [BadFile(f"{number}.mp4", "empty", "") for number in range(25)]
    print_prepared(prepared(bad_files=bad, duplicates=[["a", "b"]] * 12, reused=True))
    out = capsys.readouterr().out
    assert out.count("skipped ") == 10 and out.count("equal files") == 10
    assert "... and 17 more in s/report.json" in out and "was prepared before" in out


ESCAPES = "\x1b]0;pwned\x07\x1b[2J"


def test_names_from_strangers_reach_no_terminal_as_commands(vidense, refused, tmp_path, capfd):
    say(f"one {ESCAPES}\ntwo")
    print_table(("name",), [(ESCAPES,), ("b",)])
    logging.getLogger("vidense").warning("beware of %s", ESCAPES)
    assert "\\x1b[2J" in refused("prepare", tmp_path / ESCAPES, "--out", tmp_path / "s")
    for name in ("a", f"b{ESCAPES}"):
        (tmp_path / "v" / name).mkdir(parents=True)
        (tmp_path / "v" / name / "x.mp4").touch()
    code, out, err = vidense("prepare", tmp_path / "v", "--out", tmp_path / "s", "--frames", 4)
    assert code == 2 and "\x1b" not in out + err
    written = capfd.readouterr()
    assert "\x1b" not in written.out + written.err


def test_lines_stay_lines(capfd):
    say("one\ntwo\n")
    assert capfd.readouterr().out == "one\ntwo\n\n"
