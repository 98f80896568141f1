"""The viewer in a real browser: every page, two widths, light and dark, keyboard, hostile texts."""

import shutil
import threading
import time

import pytest
import uvicorn
from cppo_grpo.runs.tokens import EpisodeTokens, SequenceTokens, write_tokens
from cppo_viewer.library import Library
from cppo_viewer.server import make_app

from tests.viewer.test_viewer import HOSTILE, NAME, episode, metric, run, write

__all__ = ["run"]
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here; apt-get install chromium"),
]


@pytest.fixture
def address(run, tmp_path):
    """Where the viewer answers; the run has a program of 10,000 lines and hostile texts."""
    long = "\n".join(f"x{n} = {n}" for n in range(10_000))
    write(
        run,
        "step-000002",
        episode(number=1, programs=(long, HOSTILE), methods=(HOSTILE, "b" * 5000)),
    )
    values = [HOSTILE, " b"], [-1.0, -2.0], [-1.0, -1.5], [3.5, 0.0]
    sequence = SequenceTokens("solve", 1, 1.5, True, *values)
    write_tokens(run, "step-000002", [EpisodeTokens("strategies/train/1", 1, [sequence])])
    library = Library([run.parent], tmp_path / "cache")
    server = uvicorn.Server(uvicorn.Config(make_app(library), port=0, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = server.force_exit = True
    thread.join(60)
    library.close()


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_every_page_works_in_a_browser(address, run, width, scheme):
    sync_playwright = pytest.importorskip(
        "playwright.sync_api", reason="pip install playwright"
    ).sync_playwright
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        ).new_page()
        said = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append("a dialog: a model's text ran as a script"))

        def is_whole():
            """Nothing sticks out to the right, and the browser had nothing to complain of."""
            wide = page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
            assert not wide and said == [], (page.url, said)

        page.goto(address)
        is_whole()
        page.get_by_role("link", name=NAME, exact=True).click()
        page.wait_for_selector(".plot .main-svg")
        points = "document.querySelector('.plot').data[0].x.length"
        assert page.evaluate(points) == 2
        is_whole()
        metric(run, stage="joint", step=3, pass_at_k=1.0, reward_plan=1.0, seconds=2.0)
        deadline = time.monotonic() + 60
        while page.evaluate(points) != 3 and time.monotonic() < deadline:  # it lives
            page.wait_for_timeout(200)
        assert page.evaluate(points) == 3
        page.get_by_role("link", name="step 2").click()
        page.wait_for_selector("#reward .main-svg")
        is_whole()
        page.keyboard.press("ArrowLeft")
        page.wait_for_url("**/step/step-000001")
        page.keyboard.press("ArrowRight")
        page.wait_for_url("**/step/step-000002")
        page.get_by_role("button", name="void").click()
        assert page.locator(".group .tuple.dim").count() == 1
        page.locator(".group .tuple").nth(1).click()
        page.wait_for_url("**/episode/*")
        assert page.locator(".linenos").count() > 10_000
        assert "<script>alert(1)</script>" in page.locator(".method").first.inner_text()
        is_whole()
        page.get_by_role("button", name="entropy").click()
        assert page.locator(".token").first.inner_text().startswith("<script>alert(1)</script>")
        shades = page.locator(".token").evaluate_all("all => all.map(one => one.style.background)")
        assert "0.75" in shades[0] and shades[1] == ""
        is_whole()
        page.get_by_role("navigation").get_by_role("link", name="strategies/train/1").click()
        page.wait_for_url("**/problem?**")
        is_whole()
        page.get_by_role("link", name="problems").last.click()
        page.wait_for_url("**/problems")
        is_whole()
        page.get_by_role("link", name="lost again").click()
        page.wait_for_url("**kind=lost**")
        is_whole()
        page.goto(f"{address}/run/{NAME}/search")
        page.get_by_label("words").fill('"tuple 2"')
        page.keyboard.press("Enter")
        page.wait_for_selector("text=1 episodes")
        assert page.locator("mark").inner_text() == "tuple 2"
        page.get_by_label("void").select_option("yes")
        page.wait_for_selector("text=0 episodes")
        is_whole()
        browser.close()
