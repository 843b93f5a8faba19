"""A real Chromium, a real server, and a page that must not complain."""

from __future__ import annotations

import os
import shutil
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mmpt_sign.inference.index import Index
from mmpt_sign.inference.model import SignModel
from mmpt_sign.records import Source
from tests.serve.conftest import folder, model  # noqa: F401 - fixtures
from tests.serve.places import app_of, hand_file, index_over, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--enable-unsafe-swiftshader",
    "--use-angle=swiftshader", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
)  # fmt: skip
PATIENCE = 60_000  # milliseconds: the machine may be busy
Start = Callable[[Sequence[str]], "Browser"]


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    """Starts a browser with further flags; all end with the file: a driver keeps other event loops from this thread."""
    on_ci = os.environ.get("CI") == "true"
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        reason = "no Chromium on the path (Debian, Ubuntu: apt-get install chromium)"
        if on_ci:
            pytest.fail(f"{reason}, and on CI the page must be tested")
        pytest.skip(reason)
    playwright = import_module("playwright.sync_api") if on_ci else pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(timeout=PATIENCE)
    with ExitStack() as stack:
        driver = stack.enter_context(playwright.sync_playwright())

        def starting(more: Sequence[str]) -> Browser:
            browser: Browser = driver.chromium.launch(executable_path=found, args=[*FLAGS, *more])
            stack.callback(browser.close)
            return browser

        yield starting


@pytest.fixture(scope="module")
def browser(start: Start) -> Browser:
    return start(())


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as fresh:
        yield fresh


@pytest.fixture
def complaints() -> list[str]:
    """Errors of the console and of scripts, policies that were broken, addresses elsewhere; a test may expect some."""
    return []


@pytest.fixture
def page(context: BrowserContext, complaints: list[str]) -> Iterator[Page]:
    """An empty page; at the end nothing may have been complained about."""
    fresh = watched(context.new_page(), complaints)
    yield fresh
    assert not complaints


def watched(page: Page, complaints: list[str]) -> Page:
    """Collects what a page complains about, and refuses whatever is not on this machine."""
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def elsewhere(route: Any) -> None:
        complaints.append(f"asked for {route.request.url}")
        route.abort()

    page.route(lambda url: not url.startswith(("http://127.0.0.1:", "blob:http://127.0.0.1:", "data:")), elsewhere)
    return page


def opened(page: Page, address: str) -> Page:
    """The page of a server, ready to be used."""
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    return page


def sees(page: Page, selector: str) -> Any:
    """What somebody who looks at a part of the page sees there, within the time a busy machine may need."""
    from playwright.sync_api import expect

    return expect(page.locator(selector))


def let_the_server_estimate(
    monkeypatch: pytest.MonkeyPatch, estimated: Callable[[object, Path], Awaitable[bytes]]
) -> None:
    """A server that makes poses of videos by a function of the test, for a page that cannot."""
    monkeypatch.setattr("mmpt_sign.serve.page.assets.is_complete", lambda: False)
    monkeypatch.setattr("mmpt_sign.serve.video.VideoWorkers.there", lambda _: True)
    monkeypatch.setattr("mmpt_sign.serve.video.VideoWorkers.check", lambda _: None)
    monkeypatch.setattr("mmpt_sign.serve.video.VideoWorkers.pose", estimated)


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``good.pose``, ``other.pose`` and further files that a user may drop."""
    place = tmp_path_factory.mktemp("clips")
    (place / "good.pose").write_bytes(hand_file(30, 1))
    (place / "other.pose").write_bytes(hand_file(12, 2, version=0.1))
    (place / "broken.pose").write_bytes(hand_file(30, 1)[:-100])
    (place / "letter.pose").write_bytes(b"dear reader")
    return place


@pytest.fixture(scope="session")
def signs(model: SignModel, clips: Path) -> Index:  # noqa: F811 - the fixture
    """An index of six clips."""
    index = index_over(model)
    index.sources = {f"clip-{n}": Source(clips / "good.pose", n, n + 20) for n in range(6)}
    return index


@pytest.fixture(scope="session")
def address(model: SignModel, signs: Index) -> Iterator[str]:  # noqa: F811 - the fixture
    """A server with one model and its index."""
    with serving(app_of(model, signs, alone=True, max_texts=30)) as here:
        yield here
