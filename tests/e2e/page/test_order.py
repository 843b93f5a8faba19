"""What is asked next takes the place of what is still under way, and nothing that comes late undoes it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from mmpt_sign.inference.model import SignModel
from tests.e2e.page.conftest import let_the_server_estimate, opened, sees
from tests.e2e.page.test_page import WORDS, shown, type_prompts, upload
from tests.serve.places import app_of, hand_file, serving

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.browser


def test_a_clip_that_comes_while_one_types_is_compared_once(page: Page, address: str, clips: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/v1/score") else None)
    opened(page, address)
    type_prompts(page, *WORDS)
    upload(page, clips / "good.pose")
    shown(page, len(WORDS))
    page.wait_for_timeout(800)  # longer than the page waits for the next key
    assert len(asked) == 1


def test_the_answer_to_an_older_search_does_not_replace_the_newer_one(page: Page, address: str) -> None:
    opened(page, address)
    held: list[Route] = []
    page.route("**/v1/search", lambda route: route.continue_() if held else held.append(route))
    for word in ("house", "sun"):
        page.fill("#query", word)
        page.press("#query", "Enter")
        page.wait_for_timeout(100)
    sees(page, "#search-summary").to_contain_text("sun")
    held[0].continue_()
    page.wait_for_timeout(500)
    sees(page, "#search-summary").to_contain_text("sun")


def test_a_clip_that_is_chosen_meanwhile_stays(
    page: Page, model: SignModel, clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A video that was still being estimated does not take its place afterwards."""
    enough = Event()

    async def estimated(_: object, video: Path) -> bytes:
        while not enough.is_set():
            await asyncio.sleep(0.01)
        return hand_file(18, 5)

    let_the_server_estimate(monkeypatch, estimated)
    (tmp_path / "film.mp4").write_bytes(b"a film")
    with serving(app_of(model, alone=True)) as address:
        opened(page, address)
        upload(page, tmp_path / "film.mp4")
        page.wait_for_selector("#working:visible")
        upload(page, clips / "good.pose")
        shown(page, 5)
        sees(page, "#working").to_be_hidden()
        enough.set()
        page.wait_for_timeout(500)
        sees(page, "#clip-name").to_have_text("good.pose")
        sees(page, "#clip-notice").to_be_hidden()


def test_a_hit_that_comes_late_does_not_replace_the_clip_that_was_chosen(page: Page, address: str, clips: Path) -> None:
    opened(page, address)
    held: list[Route] = []
    page.route("**/v1/clip/pose**", lambda route: held.append(route))
    page.fill("#query", "house")
    page.press("#query", "Enter")
    page.click("#hits li:first-child .quiet-link")
    upload(page, clips / "good.pose")
    shown(page, 5)
    held[0].continue_()
    page.wait_for_timeout(500)
    sees(page, "#clip-name").to_have_text("good.pose")


def test_scores_can_be_read_while_the_next_ones_are_asked_for(page: Page, address: str, clips: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    opened(page, address)
    upload(page, clips / "good.pose")
    shown(page, 5)
    held: list[Route] = []
    page.route("**/v1/score", lambda route: held.append(route))
    page.click("text=Score")
    page.click("text=Score")  # this question takes the place of the first
    page.wait_for_selector("#bars[aria-busy]")
    page.wait_for_timeout(300)  # whatever fades has faded
    sees(page, "#bars[aria-busy]").to_have_count(1)
    assert not [rule["id"] for rule in axe.run(page, context="#bars").response["violations"]]
    held[-1].continue_()
    shown(page, 5)
