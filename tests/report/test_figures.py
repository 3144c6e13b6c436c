from xml.etree import ElementTree as Xml

import pytest

from tests.report.conftest import evaluation, settings_of
from vidense.report.courses import Stretches
from vidense.report.figures import MOST_CLASSES, class_figure, confusion_figure, course_figures, size_figure
from vidense.report.findings import group_rows

ROWS = {"method": {0: [0.6, 0.5]}, "random_equal_bytes": {0: [0.2, 0.2]}, "ceiling": {0: [0.9]}}


def stretches(**more):
    given = {"ends": (2, 4), "loss": (2.0, 1.0), "key_frames": (), "trigger_rate": (None, None)}
    return Stretches(**{**given, "cosines": (), "inserted": {}, **more})


def tips(picture):
    return [title.text for title in Xml.fromstring(picture.inline()).iter("title")]


def labels(picture):
    return [text.text for text in Xml.fromstring(picture.inline()).iter("text")]


def table(per_class=((0.5, 0.7), (0.25, 0.2)), confusion=((3, 1), (0, 2)), **words):
    found = evaluation(ROWS, settings=settings_of(), **words)
    for row in found["rows"]:
        for result in row["results"]:
            result["per_class"] = list(per_class[0] if row["role"] == "method" else per_class[1])
            result["confusion"] = [list(counts) for counts in confusion]
    (made,) = group_rows([found])
    return made, made.rows[0]


def test_only_what_was_logged_is_drawn():
    assert list(course_figures(stretches())) == ["loss"]
    logged = {"key_frames": (2.0, 3.0), "trigger_rate": (None, 0.01), "cosines": (1,) * 20}
    assert list(course_figures(stretches(**logged))) == ["loss", "key-frames", "trigger-rate", "cosines"]
    assert "cosines" not in course_figures(stretches(cosines=(0,) * 20))


def test_a_course_runs_through_its_values():
    (line,) = Xml.fromstring(course_figures(stretches())["loss"].inline()).iter("polyline")
    (first, second) = [tuple(map(float, pair.split(","))) for pair in line.get("points").split()]

    assert first[0] < second[0] and first[1] < second[1]


def test_confusions_are_shares_of_the_true_class():
    shown = confusion_figure(*table())

    assert tips(shown) == ["jump, jump: 75", "jump, walk: 25", "walk, jump: 0", "walk, walk: 100"]


def test_many_classes_are_too_fine_to_read():
    made, row = table()
    made.store["class_names"] = [f"class {number}" for number in range(MOST_CLASSES + 1)]
    assert confusion_figure(made, row) is None


def test_classes_are_ranked_by_what_the_method_adds():
    made, row = table()
    assert tips(class_figure(made, row)) == ["walk: 50", "jump: 25"]


def test_a_class_without_test_videos_is_left_out():
    made, row = table(per_class=((0.5, None), (0.25, None)))
    assert tips(class_figure(made, row)) == ["jump: 25"]


def test_methods_and_random_clips_stand_at_the_bytes_of_the_methods():
    sizes = {"prism": 2000, "dm": 5000}
    found = [evaluation(ROWS, settings=settings_of(name), name=name, size=size) for name, size in sizes.items()]
    (made,) = group_rows(found)
    shown = size_figure(made)

    assert {tip.split(" at ")[1] for tip in tips(shown) if " at " in tip} == {"2", "5"}
    assert {"condensed", "random clips", "prism", "dm"} <= set(labels(shown))


def test_one_method_is_no_course():
    assert size_figure(table()[0]) is None


def test_what_diverged_has_no_place():
    found = evaluation({"method": {0: [float("nan")]}}, settings=settings_of())
    (made,) = group_rows([found])
    assert size_figure(made) is None


@pytest.mark.parametrize("drop", ["per_class", "confusion"])
def test_tasks_that_name_no_class_have_no_such_figure(drop):
    found = evaluation(ROWS, settings=settings_of())
    (made,) = group_rows([found])
    assert {"per_class": class_figure, "confusion": confusion_figure}[drop](made, made.rows[0]) is None


def test_survivors_of_a_diverged_training_are_not_shown():
    found = evaluation({**ROWS, "method": {0: [0.6, float("nan")]}}, settings=settings_of())
    for row in found["rows"]:
        for result in row["results"]:
            result |= {"per_class": [0.5, 0.5], "confusion": [[1, 1], [1, 1]]}
    (made,) = group_rows([found])
    assert class_figure(made, made.rows[0]) is None and confusion_figure(made, made.rows[0]) is None


def test_of_many_classes_the_first_and_the_last_are_shown():
    made, row = table(per_class=((0.5,) * 60, tuple(number / 100 for number in range(60))))
    made.store["class_names"] = [f"class {number}" for number in range(60)]
    shown = tips(class_figure(made, row))
    assert len(shown) == MOST_CLASSES and shown[0].startswith("class 0:") and shown[-1].startswith("class 59:")


def test_the_interval_of_two_sets_is_not_drawn():
    sizes = {"prism": 2000, "dm": 5000}
    rows = {**ROWS, "method": {0: [0.4], 1: [0.6]}}
    found = [evaluation(rows, settings=settings_of(name), name=name, size=size) for name, size in sizes.items()]
    (made,) = group_rows(found)
    assert made.rows[0].interval is not None
    assert not any("(" in tip for tip in tips(size_figure(made)))
