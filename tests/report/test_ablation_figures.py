from xml.etree import ElementTree as Xml

from vidense.report.ablation import ablation_pictures


def row(variant, mean, seeds=3, shares=None, **other):
    interval = None if mean is None else (mean - 0.1, mean + 0.1)
    summary = None if mean is None else {"mean": mean, "interval": interval, "condensation_seeds": seeds}
    sets = [{"gradient_share": share} for share in shares or [None]]
    return {
        "variant": variant,
        "summary": summary,
        "sets": sets,
        "classes": ["a", "b"],
        "store": "s",
        "spec_hash": "h",
    } | other


def drawn(*rows):
    pictures = ablation_pictures({"method": "prism", "grid": "components", "rows": rows})
    return {name: Xml.fromstring(picture.inline()) for name, picture in pictures.items()}


def tips(picture):
    return [title.text for title in picture.iter("title")]


def test_every_variant_has_a_dot_and_three_seeds_an_interval():
    shown = drawn(row("as published", 0.5), row("no insertion", 0.25, seeds=2))

    assert set(tips(shown["accuracy"])) == {"as published: 50 (40 to 60)", "no insertion: 25"}
    assert "gradients" not in shown


def test_what_is_no_number_of_the_same_test_is_marked():
    others = [row("half", 0.5, classes=["a"]), row("still", 0.5, store="t"), row("soft", 0.5, spec_hash="i")]
    shown = {tip.partition(":")[0] for tip in tips(drawn(row("first", 0.5), *others)["accuracy"])}
    assert shown == {"first", "half (1 classes)", "still (own test clips)", "soft (own evaluation)"}


def test_what_diverged_has_no_dot():
    assert tips(drawn(row("as published", 0.5), row("no warm-up", None))["accuracy"])[0].startswith("as published")
    assert drawn(row("no warm-up", None)) == {}


def test_shares_of_the_gradient_are_means_over_seeds():
    shown = drawn(row("as published", 0.5), row("all frames", 0.4, shares=[[0.5, 0.1, 0.4], [0.3, 0.1, 0.6]]))

    assert [tip for tip in tips(shown["gradients"]) if tip.startswith("all")] == [
        "all frames: 40 at 1", "all frames: 10 at 2", "all frames: 50 at 3",
    ]  # fmt: skip
