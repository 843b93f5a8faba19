"""Words and their frames, and a dictionary of sentences, in a real browser: for models that compare tokens alone."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mmpt_sign.inference.alignment import Alignment
from mmpt_sign.inference.index import Index
from mmpt_sign.inference.model import SignModel
from mmpt_sign.poses.read import read
from mmpt_sign.records import Record, Source
from mmpt_sign.serve.app import application
from mmpt_sign.serve.engines import Engine, Engines
from mmpt_sign.serve.settings import Settings
from tests.e2e.page.conftest import opened, sees, watched
from tests.e2e.page.test_page import shown, told, type_prompts, upload
from tests.inference.made import token_model
from tests.serve.places import hand_file, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser
SENTENCE = "the sun over the water"
PROMPT = f"<en> <ase> {SENTENCE}"
SENTENCES = (
    "tomorrow the weather in the north will be cold with a little snow in the mountains",
    "my friend lives in a small house near the water",
    "the sun over the water",
)
FRAMES = 48  # two seconds


@pytest.fixture(scope="module")
def tokens() -> SignModel:
    return token_model()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sentence") / "sentence.pose"
    path.write_bytes(hand_file(FRAMES, 5))
    return path


@pytest.fixture(scope="module")
def sentences(tokens: SignModel, tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Nine clips of three sentences."""
    folder, records = tmp_path_factory.mktemp("sentences"), []
    for n in range(9):
        (folder / f"{n}.pose").write_bytes(hand_file(20 + 4 * n, n))
        text = f"<en> <ase> {SENTENCES[n % 3]}"
        records.append(Record(f"clip{n}", "test", (text,), Source(folder / f"{n}.pose"), sign_language="ase"))
    return Index.build(tokens, records)


@pytest.fixture(scope="module")
def talking(tokens: SignModel, sentences: Index) -> Iterator[str]:
    """A server of a model that compares tokens, and of one that does not."""
    pooled = Engine("pooled", token_model(similarity={"video_text": "pooled_dot"}))
    engines = Engines([Engine("default", tokens, sentences), pooled], threads=1)
    with serving(application(Settings.of({"models": "nowhere", "video_workers": 0}), engines)) as here:
        yield here


@pytest.fixture(scope="module")
def answer(tokens: SignModel, clip: Path) -> Alignment:
    return tokens.align(read(clip), PROMPT)


def show(page: Page, clip: Path, *prompts: str) -> Locator:
    """The map of the first prompt."""
    type_prompts(page, *prompts)
    upload(page, clip)
    shown(page, len(prompts))
    page.click(f'#bars button[aria-label="Show words of <en> <ase> {prompts[0]}"]')
    page.wait_for_selector("#map-drawn:visible")
    return page.locator("#spans button")


def test_words_and_spans_are_those_of_the_model(page: Page, talking: str, clip: Path, answer: Alignment) -> None:
    show(opened(page, talking), clip, SENTENCE, "house")
    sees(page, "#spans button").to_have_text(said(answer))
    placed = page.eval_on_selector_all(
        ".mark", "all => all.map(({ style }) => [parseFloat(style.left), parseFloat(style.width)])"
    )
    frames = [[span.first_frame, span.last_frame + 1 - span.first_frame] for span in answer.spans]
    np.testing.assert_allclose(placed, 100 * np.array(frames) / FRAMES, atol=1e-2)
    sees(page, "#map-end").to_have_text("2.0 s")
    sees(page, "#map-about").to_contain_text("5 words")
    cells = np.array(page.eval_on_selector_all("#spans canvas", STRENGTHS))
    expected = answer.at_frames() / answer.at_frames().max()
    np.testing.assert_allclose(cells, expected, atol=0.02)


def said(answer: Alignment) -> list[str]:
    """Half a tenth is rounded up, as browsers do it."""
    spans = [(span.word, *(floor(10 * time + 0.5) / 10 for time in (span.start, span.end))) for span in answer.spans]
    return [f"{word}: {start:.1f} to {end:.1f} s" for word, start, end in spans]


STRENGTHS = """all => all.map((canvas) =>
  Array.from(canvas.getContext("2d").getImageData(0, 0, canvas.width, 1).data).filter((_, n) => n % 4 === 3)
    .map((value) => value / 255))"""


def test_a_word_plays_its_frames_and_no_others(page: Page, talking: str, clip: Path, answer: Alignment) -> None:
    words = show(opened(page, talking), clip, SENTENCE)
    page.click("#play")
    page.evaluate(WATCH)
    words.nth(1).click()
    played(page, words, answer, 1)
    page.keyboard.press("ArrowDown")
    played(page, words, answer, 2)
    words.nth(0).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#play:not(.playing)")
    sees(page, "#frame").to_have_value(str(answer.spans[0].last_frame))


def played(page: Page, words: Locator, answer: Alignment, place: int) -> None:
    """The frames that were shown since the last time are those of the word, in order."""
    page.wait_for_selector("#play:not(.playing)")
    sees(page, f"#spans button >> nth={place}").to_be_focused()
    seen, span = page.evaluate("seen.splice(0)"), answer.spans[place]
    assert seen == sorted(seen)
    assert seen[0] == span.first_frame
    assert seen[-1] == span.last_frame == int(page.input_value("#frame"))


WATCH = """() => {
  const { get, set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
  const told = { get, set(frame) { seen.push(Number(frame)); set.call(this, frame); } };
  window.seen = [];
  Object.defineProperty(document.querySelector("#frame"), "value", told);
}"""


def test_the_word_of_the_moment_is_marked(page: Page, talking: str, clip: Path, answer: Alignment) -> None:
    show(opened(page, talking), clip, SENTENCE)
    attention = answer.at_frames()
    page.click("#play")
    page.focus("#frame")
    page.keyboard.press("Home")
    for frame in range(0, FRAMES, 7):
        page.locator("#frame").fill(str(frame))
        inside = [n for n, span in enumerate(answer.spans) if span.first_frame <= frame <= span.last_frame]
        best = max(inside, key=lambda n: float(attention[n, frame]), default=None)
        marked = [] if best is None else [said(answer)[best]]
        sees(page, "#spans button[aria-current]").to_have_text(marked)
        sees(page, "#caption").to_have_text("" if best is None else answer.spans[best].word)
        moment = page.eval_on_selector("#spans", "list => parseFloat(list.style.getPropertyValue('--moment'))")
        assert moment == pytest.approx(100 * (frame + 0.5) / FRAMES)


def test_the_map_is_put_away_with_its_clip_its_model_and_by_hand(page: Page, talking: str, clip: Path) -> None:
    show(opened(page, talking), clip, SENTENCE, "house")
    sees(page, "#bars button[aria-pressed=true]").to_have_count(1)
    sees(page, "#spans button >> nth=0").to_be_focused()
    page.click("#map-close")
    sees(page, "#map").to_be_hidden()
    sees(page, "#caption").to_be_hidden()
    sees(page, ":focus").to_have_text("Show words")
    sees(page, "#bars button[aria-pressed=true]").to_have_count(0)
    page.keyboard.press("Enter")
    page.wait_for_selector("#map-drawn:visible")
    page.keyboard.press("Shift+Tab")
    upload(page, clip)
    page.wait_for_selector("#map", state="hidden")
    shown(page, 2)
    page.click("text=Show words >> nth=0")
    page.wait_for_selector("#map-drawn:visible")
    page.select_option("#model", "pooled")
    page.wait_for_selector("#map", state="hidden")
    shown(page, 2)
    sees(page, ".open:visible").to_have_count(0)


def test_models_without_tokens_offer_no_words(page: Page, address: str, clips: Path) -> None:
    opened(page, address)
    upload(page, clips / "good.pose")
    shown(page, 5)
    sees(page, ".open:visible").to_have_count(0)


def test_a_prompt_without_words_is_explained(page: Page, complaints: list[str], talking: str, clip: Path) -> None:
    opened(page, talking)
    type_prompts(page, "<en> <ase> ?!")
    upload(page, clip)
    shown(page, 1)
    page.click("text=Show words")
    page.wait_for_selector("#map-notice:visible")
    sees(page, "#map-notice").to_contain_text("no word to align")
    sees(page, "#map-drawn").to_be_hidden()
    told(complaints, "422")


def test_sentences_are_searched_opened_and_read_word_by_word(
    page: Page, talking: str, sentences: Index, tokens: SignModel
) -> None:
    opened(page, talking)
    page.fill("#query", SENTENCES[1])
    page.press("#query", "Enter")
    sees(page, "#hits.sentences li").to_have_count(9)
    best = sentences.search(text=f"<en> <ase> {SENTENCES[1]}", k=9)
    sees(page, "#hits strong").to_have_text([hit.text for hit in best])
    sees(page, "#hits strong >> nth=0").to_have_attribute("lang", "en")
    page.wait_for_selector("#hits li:first-child .quiet-link:visible")
    page.click("#hits li:first-child .quiet-link")
    page.wait_for_selector("#bars .open:visible")
    assert page.input_value("#prompts").split("\n")[0] == best[0].text
    sees(page, "#clip-name").to_have_text(best[0].text.removeprefix("<en> <ase> "))
    sees(page, "#clip").to_be_focused()
    page.click(f'#bars button[aria-label="Show words of {best[0].text}"]')
    page.wait_for_selector("#map-drawn:visible")
    found = tokens.align(read(sentences.sources[best[0].id].path), best[0].text)
    sees(page, "#spans button").to_have_text(said(found))
    page.click("#hits li:first-child .quiet-link")
    page.wait_for_selector("#map", state="hidden")
    assert page.input_value("#prompts").count(best[0].text) == 1


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_needs_no_sideways_scrolling(
    browser: Browser, complaints: list[str], talking: str, clip: Path, width: int
) -> None:
    long = "the Donaudampfschifffahrtsgesellschaftskapitän over the water"
    with browser.new_context(viewport={"width": width, "height": 740}, has_touch=True) as context:
        page = opened(watched(context.new_page(), complaints), talking)
        words = show(page, clip, long)
        page.fill("#query", SENTENCE)
        page.click("text=Search by words")
        page.wait_for_selector("#hits li .quiet-link:visible")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert min(box["height"] for box in map(box_of, words.all())) >= 40
        words.first.click()
        stage, first = box_of(page.locator("#stage")), box_of(words.first)
        assert stage["y"] + stage["height"] <= first["y"]
        assert first["y"] + first["height"] <= 740
    assert not complaints


def box_of(place: Locator) -> Any:
    return place.bounding_box()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, complaints: list[str], talking: str, clip: Path, scheme: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with browser.new_context(color_scheme=scheme, reduced_motion="reduce") as context:
        page = opened(watched(context.new_page(), complaints), talking)
        show(page, clip, SENTENCE, "house")
        page.fill("#query", SENTENCE)
        page.press("#query", "Enter")
        page.wait_for_selector("#hits li .quiet-link:visible")
        found = axe.run(page).response["violations"]
        assert not [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found]
    assert not complaints
