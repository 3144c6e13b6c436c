"""The page in a real browser: nothing fails, every clip plays, filters work, everyone can use it."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from tests.report.test_page import ROWS
from vidense.data.animation import write_animation, write_moving
from vidense.report import write_page

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'vidense[browser]'")
Axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe: the same extra").Axe
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: make deps-apt")

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# Rules of WCAG 2.2 and of good practice.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page_file(make_run, tmp_path):
    """A page of two methods with clips that move, courses, and nearest clips."""
    runs = [finished(make_run("prism-0", ROWS)), finished(make_run("dm-0", ROWS, method="dm"))]
    return write_page(runs, tmp_path / "page.html", title="Two methods")


def finished(run):
    """Give a run all that a page can show: clips that move, a log, scores of classes, flow, a nearest real clip."""
    random = np.random.default_rng(0)
    frames = random.integers(0, 256, (4, 48, 48, 3), dtype=np.uint8)
    for video in json.loads((run / "preview" / "preview.json").read_text())["videos"]:
        write_animation(run / "preview" / video["file"], frames)
        write_animation(run / "preview" / video["still"], frames[:1])
    entries = [{"step": i, "loss": 2 / (i + 1), "key_frames": [2, 3], "cosine_histogram": [1] * 20} for i in range(9)]
    entries[4] |= {"trigger_rate": 0.1, "inserted": [[1, 1]]}
    (run / "log.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    evaluation = json.loads((run / "evaluation.json").read_text())
    for result in (result for row in evaluation["rows"] for result in row["results"]):
        result |= {"per_class": [0.7, 0.4], "confusion": [[7, 3], [6, 4]]}
    (run / "evaluation.json").write_text(json.dumps(evaluation))
    (run / "flow").mkdir()
    Image.new("RGB", (60, 40)).save(run / "flow" / "jump.png")
    flow = {"name": "jump", "figure": "jump.png", "alt": "Everything stands still."}
    (run / "flow" / "flow.json").write_text(json.dumps({"classes": [flow]}))
    (run / "nearest").mkdir()
    files = write_moving(run / "nearest", 0, frames)
    near = {"number": 0, **files, "source": "jump/1.avi", "label": 0, "distance": 60.0, "typical": 50.0}
    (run / "nearest" / "nearest.json").write_text(json.dumps({"videos": [near]}))
    return run


@pytest.fixture
def opened(browser, page_file):
    """Opens the page; what the browser complains about or asks for is in ``complaints`` and ``requests``."""
    contexts = []

    def open_page(viewport=DESKTOP, **context):
        contexts.append(browser.new_context(viewport=viewport, **context))
        page = contexts[-1].new_page()
        page.complaints, page.requested = [], []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: page.requested.append(request.url))
        page.goto(page_file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


def shown(page, selector):
    return sum(element.is_visible() for element in page.locator(selector).all())


def test_nothing_fails_and_nothing_is_fetched(opened, page_file):
    page = opened()
    assert page.complaints == []
    assert [url for url in page.requested if not url.startswith("data:")] == [page_file.as_uri()]


def test_every_clip_plays(opened):
    page = opened()
    clips = page.locator("picture img").all()
    # Four condensed ones, and the nearest real one of each run.
    assert len(clips) == 6
    for clip in clips:
        clip.scroll_into_view_if_needed()
        first = clip.screenshot()
        assert any(_later(page, clip) != first for _ in range(20)), clip.get_attribute("alt")


def _later(page, clip):
    page.wait_for_timeout(90)
    return clip.screenshot()


def test_numbers_of_figures_can_be_read_without_pointing(opened):
    page = opened()
    number = page.locator("li", has_text="walk, jump: 60").first
    assert not number.is_visible()
    for words in ("class by class", "Their numbers"):
        page.locator("summary", has_text=words).first.click()
    assert number.is_visible()


def test_who_wants_no_motion_sees_stills(opened):
    page = opened(reduced_motion="reduce")
    for clip in page.locator("figure img").all():
        if clip.is_visible():
            clip.scroll_into_view_if_needed()
            first = clip.screenshot()
            assert all(_later(page, clip) == first for _ in range(8)), clip.get_attribute("alt")


def test_methods_and_classes_can_be_chosen_by_keyboard(opened):
    page = opened()
    assert shown(page, ".clips figure") == 4 and page.locator("output").inner_text() == "4 clips"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert shown(page, ".clips figure[data-method=dm]") == shown(page, ".clips figure") == 2
    assert page.locator("output").inner_text() == "2 clips"
    assert shown(page, "tr[data-method=prism]") == 0 and shown(page, "tr[data-method=dm]") > 0
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("WAL")
    assert shown(page, ".clips figure") == 1 and shown(page, "[data-class=jump]") == 0
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    assert shown(page, ".clips figure") == 2


def test_without_scripts_everything_is_shown(opened):
    page = opened(java_script_enabled=False)
    assert shown(page, ".clips figure") == 4 and shown(page, ".filter") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_everyone_can_use_it(opened, viewport, scheme):
    page = opened(viewport, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
    violations = Axe().run(page, options=RULES).response["violations"]
    assert [(found["id"], [node["html"][:90] for node in found["nodes"]]) for found in violations] == []


def test_a_phone_scrolls_no_page_sideways(opened):
    page = opened(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("slower", [1, 20])
def test_nothing_moves_while_the_page_loads(browser, page_file, slower):
    page = browser.new_page(viewport=DESKTOP)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.goto(page_file.as_uri())
    page.wait_for_load_state("load")
    shifts = page.evaluate(
        "new Promise(done => { let sum = 0; new PerformanceObserver(list => "
        "list.getEntries().forEach(entry => sum += entry.value)).observe({type: 'layout-shift', buffered: true}); "
        "setTimeout(() => done(sum), 300) })"
    )
    assert shifts < 0.01


def test_paper_shows_no_filter(opened):
    page = opened()
    page.emulate_media(media="print")
    assert shown(page, ".filter") == 0 and shown(page, ".clips figure") == 4


def test_a_name_from_a_stranger_runs_nothing(browser, make_run, tmp_path):
    hostile = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
    file = write_page([make_run("prism-0", ROWS, classes=(hostile, "walk"))], tmp_path / "page.html", title="quiet")
    page = browser.new_page()
    page.goto(file.as_uri())
    page.wait_for_timeout(200)
    assert page.title() == "quiet"
    page.close()
