import json

from PIL import Image

from tests.report.conftest import write
from vidense.report.gallery import gallery
from vidense.report.runs import read_run


def logged(run, entries):
    (run / "log.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return run


def near(run, number=1, **changes):
    (run / "nearest").mkdir()
    (run / "nearest" / "a.webp").write_bytes(b"near")
    video = {"number": number, "file": "a.webp", "source": "walk/1.avi", "label": 1, "distance": 3.0, "typical": None}
    write(run / "nearest" / "nearest.json", {"videos": [{**video, **changes}]})
    return run


def test_the_clips_of_a_class_stand_side_by_side(make_run):
    groups, left_out = gallery([read_run(make_run("prism-0")), read_run(make_run("dm-0", method="dm"))])

    assert [(group.label, [clip.run for clip in group.clips]) for group in groups] == [
        ("jump", ["prism-0", "dm-0"]),
        ("walk", ["prism-0", "dm-0"]),
    ]
    assert [clip.method for clip in groups[0].clips] == ["prism", "dm"] and left_out == 0


def test_frames_that_were_inserted_know_when(make_run):
    run = logged(make_run("prism-0"), [{"step": 6, "loss": 1.0, "inserted": [[1, 1], [0, 2]]}])
    groups, _ = gallery([read_run(run)])

    assert [dict(clip.inserted) for group in groups for clip in group.clips] == [{}, {1: 7}]


def test_the_nearest_real_clip_stands_beside_its_video(make_run):
    groups, _ = gallery([read_run(near(make_run("prism-0")))])
    first, second = (clip.nearest for group in groups for clip in group.clips)

    assert first is None and (second.source, second.label, second.distance) == ("walk/1.avi", "walk", 3.0)


def test_a_budget_leaves_out_further_videos_of_a_class_then_classes(make_run):
    run = make_run("prism-0", classes=("jump", "jump again"))
    index = json.loads((run / "preview" / "preview.json").read_text())
    index["videos"] = [{**index["videos"][0], "label": label} for label in (0, 0, 0, 1)]
    index["of"] = 4
    write(run / "preview" / "preview.json", index)
    found = read_run(run)
    size = gallery([found])[0][0].clips[0].size

    assert gallery([found])[1] == 0

    def shown(budget):
        groups, left_out = gallery([found], budget)
        assert sum(clip.size for group in groups for clip in group.clips) <= budget
        return [len(group.clips) for group in groups], left_out

    assert shown(4 * size) == ([3, 1], 0)
    assert shown(3 * size) == ([2, 1], 1)
    assert shown(2 * size) == ([1, 1], 2)
    assert shown(size) == ([1], 3)
    assert shown(size - 1) == ([], 4)


def test_flow_has_the_room_that_clips_leave(make_run):
    run = make_run("prism-0")
    (run / "flow").mkdir()
    Image.new("RGB", (3, 2)).save(run / "flow" / "jump.png")
    write(run / "flow" / "flow.json", {"classes": [{"name": "jump", "figure": "jump.png", "alt": "to the right"}]})
    found = read_run(run)
    groups, _ = gallery([found])
    (flow,) = groups[0].flows

    assert flow.shown.alt == "to the right" and (flow.shown.width, flow.shown.height) == (3, 2)
    assert flow.shown.picture.uri.startswith("data:image/webp;base64,")
    clips = sum(clip.size for group in groups for clip in group.clips)
    assert gallery([found], clips + 1)[0][0].flows == []


def test_videos_that_were_not_drawn_are_counted_too(make_run):
    run = make_run("prism-0")
    index = json.loads((run / "preview" / "preview.json").read_text())
    write(run / "preview" / "preview.json", {**index, "of": 60})

    assert gallery([read_run(run)])[1] == 58
