"""The page in a real browser: upload, scores, search, mistakes, keyboard, narrow screens, screen readers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mmpt_sign.inference.index import Index
from mmpt_sign.inference.model import SignModel
from mmpt_sign.poses.layouts import layout
from mmpt_sign.poses.read import read
from mmpt_sign.records import Source
from mmpt_sign.serve.page.vendoring import is_complete
from tests.e2e.page.conftest import let_the_server_estimate, opened, sees, watched
from tests.serve.places import app_of, b64, hand_file, index_over, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
WORDS = ("house", "sun", "water", "friend")
PICTURED = """selector => {
  const canvas = document.querySelector(selector);
  return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value);
}"""


def upload(page: Page, file: Path) -> None:
    page.set_input_files("#file", file)


def type_prompts(page: Page, *lines: str) -> None:
    page.fill("#prompts", "\n".join(lines))


def shown(page: Page, count: int) -> list[tuple[str, float]]:
    """Prompts and scores as the page has them, once there are so many."""
    sees(page, "#bars li").to_have_count(count)
    page.wait_for_selector("#bars:not([aria-busy])")
    prompts, values = (page.locator(f"#bars .{name}").all_text_contents() for name in ("prompt", "value"))
    return [(prompt, float(value)) for prompt, value in zip(prompts, values, strict=True)]


def drawn(page: Page, selector: str) -> None:
    page.wait_for_function(PICTURED, arg=selector)


def test_an_uploaded_pose_is_played_and_scored_in_the_right_order(
    page: Page, address: str, clips: Path, model: SignModel
) -> None:
    opened(page, address)
    type_prompts(page, *WORDS)
    upload(page, clips / "good.pose")
    rows = shown(page, len(WORDS))
    prompts = [f"<en> <ase> {word}" for word in WORDS]
    expected = sorted(
        zip(prompts, model.similarity([clips / "good.pose"], prompts)[0], strict=True), key=lambda p: -p[1]
    )
    assert [prompt for prompt, _ in rows] == [prompt for prompt, _ in expected]
    assert [value for _, value in rows] == pytest.approx([float(value) for _, value in expected], abs=2e-3)
    sees(page, "#summary").to_contain_text(re.compile("^" + re.escape(rows[0][0])))
    drawn(page, "#canvas")
    widths = page.eval_on_selector_all("#bars .fill", "all => all.map(fill => fill.getBoundingClientRect().width)")
    values = [abs(value) for _, value in rows]
    assert np.argsort(widths, kind="stable").tolist() == np.argsort(values, kind="stable").tolist()


def test_prompts_and_languages_change_the_question(page: Page, address: str, clips: Path, model: SignModel) -> None:
    opened(page, address)
    upload(page, clips / "other.pose")
    type_prompts(page, "Haus", "<en> <ase> house", "Haus", "", "  ")
    page.select_option("#signed", "gsg")
    page.select_option("#written", "de")
    sees(page, "#tag-shown").to_have_text("<de> <gsg>")
    sees(page, "#bars").to_contain_text("gsg")
    assert {prompt for prompt, _ in shown(page, 2)} == {"<de> <gsg> Haus", "<en> <ase> house"}
    page.uncheck("#tags")
    page.wait_for_function(
        "() => (text => text.includes('Haus') && !text.includes('gsg'))(document.querySelector('#bars').innerText)"
    )
    page.click("#letters")
    assert len(shown(page, 26)) == 26
    sees(page, "#bars li:visible").to_have_count(8)
    page.click("#more")
    sees(page, "#bars li:visible").to_have_count(26)


def test_the_player_plays_pauses_and_scrubs(page: Page, address: str, clips: Path) -> None:
    opened(page, address)
    upload(page, clips / "good.pose")
    page.wait_for_selector("#play.playing")
    page.wait_for_function("() => Number(document.querySelector('#frame').value) > 2")
    page.click("#play")
    sees(page, "#play").to_have_attribute("aria-label", "Play")
    before = page.input_value("#frame")
    page.wait_for_timeout(200)
    assert page.input_value("#frame") == before
    page.focus("#frame")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    sees(page, "#frame").to_have_value("1")
    sees(page, "#frame").to_have_attribute("aria-valuetext", "frame 2 of 30")
    sees(page, "#canvas").to_have_attribute("aria-label", re.compile("30 frames"))


def test_the_dictionary_is_searched_by_words_and_by_the_clip(
    page: Page, address: str, clips: Path, signs: Index
) -> None:
    opened(page, address)
    sees(page, "#search-clip").to_be_disabled()
    page.fill("#query", "house")
    page.press("#query", "Enter")
    sees(page, "#hits li").to_have_count(6)
    sees(page, ".thumbnail canvas[width]").to_have_count(6)
    drawn(page, "#hits li:last-child canvas")
    sees(page, ".missing >> nth=0").to_be_hidden()
    first = page.locator(".thumbnail").first
    first.focus()
    page.keyboard.press("Enter")
    sees(page, ".thumbnail >> nth=0").to_have_attribute("aria-pressed", "true")
    upload(page, clips / "good.pose")
    page.click("#search-clip:enabled")
    sees(page, "#search-summary").to_contain_text("the clip above")
    best = signs.search(pose=clips / "good.pose", k=1)[0]
    sees(page, "#hits li:first-child .thumbnail").to_have_attribute("aria-label", re.compile(f"{best.score:.3f}"))


def test_a_clip_that_cannot_be_shown_says_so(page: Page, complaints: list[str], model: SignModel, clips: Path) -> None:
    gone = index_over(model, 1)
    with serving(app_of(model, gone, alone=True)) as address:
        opened(page, address)
        page.fill("#query", "house")
        page.press("#query", "Enter")
        page.wait_for_selector(".thumbnail:disabled .missing:visible")
        assert not complaints  # the page knows beforehand and does not ask
        gone.sources = {"clip-0": Source(clips / "gone.pose")}
        opened(page, address)
        page.fill("#query", "house")
        page.press("#query", "Enter")
        page.wait_for_selector(".thumbnail:disabled .missing:visible")
    told(complaints, "404")


def test_a_file_can_be_dropped(page: Page, address: str, clips: Path) -> None:
    opened(page, address)
    content = list((clips / "good.pose").read_bytes())
    transfer = page.evaluate_handle(
        "bytes => { const box = new DataTransfer();"
        " box.items.add(new File([new Uint8Array(bytes)], 'dropped.pose')); return box; }",
        content,
    )
    page.dispatch_event("#stage", "dragover", {"dataTransfer": transfer})
    page.dispatch_event("#stage", "drop", {"dataTransfer": transfer})
    shown(page, 5)
    sees(page, "#clip-name").to_have_text("dropped.pose")


def test_an_example_is_there_to_try(page: Page, address: str) -> None:
    pytest.importorskip("spoken_to_signed")
    opened(page, address)
    page.select_option("#example", index=1)
    shown(page, 5)
    drawn(page, "#canvas")


@pytest.mark.parametrize(
    ("file", "said"), [("broken.pose", "the file is cut off"), ("letter.pose", "no .pose file of version 0.1 or 0.2")]
)
def test_a_broken_file_is_explained(page: Page, address: str, clips: Path, file: str, said: str) -> None:
    opened(page, address)
    upload(page, clips / file)
    page.wait_for_selector("#clip-notice:visible")
    sees(page, "#clip-notice").to_contain_text(said)
    upload(page, clips / "good.pose")
    shown(page, 5)
    sees(page, "#clip-notice").to_be_hidden()


def test_too_many_prompts_none_and_no_clip_are_explained(page: Page, address: str, clips: Path) -> None:
    opened(page, address)
    page.click("text=Score")
    sees(page, "#words-notice").to_contain_text("There is no clip yet")
    upload(page, clips / "good.pose")
    shown(page, 5)
    type_prompts(page, *(f"word {n}" for n in range(31)))
    page.keyboard.press("Control+Enter")
    sees(page, "#words-notice").to_contain_text("at most 30")
    type_prompts(page, "")
    page.keyboard.press("Control+Enter")
    sees(page, "#words-notice").to_contain_text("at least one prompt")


def test_limits_of_the_server_are_explained(page: Page, complaints: list[str], model: SignModel, clips: Path) -> None:
    with serving(app_of(model, alone=True, max_frames=20, max_text_chars=40)) as address:
        opened(page, address)
        sees(page, "#dictionary-about").to_contain_text("no dictionary")
        sees(page, "#search-form").to_be_hidden()
        upload(page, clips / "good.pose")
        page.wait_for_selector("#words-notice:visible")
        sees(page, "#words-notice").to_have_text(
            "The clip has 30 frames; this server takes at most 20. Cut it into shorter ones."
        )
        upload(page, clips / "other.pose")
        shown(page, 5)
        type_prompts(page, "long " * 20)
        sees(page, "#words-notice").to_contain_text("at most 40")
    told(complaints, "413")


def test_a_server_that_is_gone_is_explained(page: Page, complaints: list[str], model: SignModel, clips: Path) -> None:
    with serving(app_of(model, alone=True)) as address:
        opened(page, address)
        upload(page, clips / "good.pose")
        shown(page, 5)
    page.click("text=Score")
    page.wait_for_selector("#words-notice:visible")
    sees(page, "#words-notice").to_contain_text("does not answer")
    assert page.inner_text("#prompts") or page.input_value("#prompts")
    told(complaints, "ERR_CONNECTION_REFUSED")


def test_a_video_where_none_is_taken_is_explained(
    page: Page, model: SignModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmpt_sign.serve.page.assets.is_complete", lambda: False)
    (tmp_path / "film.mp4").write_bytes(b"anything")
    with serving(app_of(model, alone=True)) as address:
        opened(page, address)
        upload(page, tmp_path / "film.mp4")
        page.wait_for_selector("#clip-notice:visible")
        sees(page, "#clip-notice").to_contain_text("takes no videos")
        page.click("#camera")
        sees(page, "#clip-notice").to_contain_text("camera")
        sees(page, "#clip-notice").to_contain_text("mmpt-sign setup page")


def test_a_video_goes_to_the_server_where_the_page_cannot_estimate(
    page: Page, model: SignModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once; afterwards its pose is compared as often as one likes."""
    seen: list[bytes] = []

    async def estimated(_: object, video: Path) -> bytes:
        seen.append(video.read_bytes())
        return hand_file(18, 5)

    let_the_server_estimate(monkeypatch, estimated)
    (tmp_path / "film.mp4").write_bytes(b"a film")
    with serving(app_of(model, alone=True)) as address:
        opened(page, address)
        upload(page, tmp_path / "film.mp4")
        shown(page, 5)
        type_prompts(page, "one", "two")
        shown(page, 2)
    assert seen == [b"a film"]
    sees(page, "#save").to_have_attribute("download", "film.pose")


REFUSALS: dict[str, tuple[int, dict[str, Any], str]] = {
    "overloaded": (429, {}, "The server has too much to do. Try again in 7 s."),
    "unavailable": (503, {}, "The server cannot answer just now. Try again in 7 s."),
    "internal": (500, {"request_id": "abc"}, "Its log knows more under abc."),
    "invalid": (422, {"problems": [{"where": "poses.0", "what": "no hand"}]}, "This clip cannot be used: no hand."),
    "new_code": (418, {"message": "tea"}, "The server says: tea."),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_refusals_become_sentences(page: Page, complaints: list[str], address: str, clips: Path, code: str) -> None:
    status, more, said = REFUSALS[code]
    body = {"error": {"code": code, "message": "", "problems": [], **more}}
    answer = {"status": status, "headers": {"Retry-After": "7"}, "json": body}
    opened(page, address)
    page.route("**/v1/score", lambda route: route.fulfill(**answer))
    upload(page, clips / "good.pose")
    page.wait_for_selector("#words-notice:visible")
    sees(page, "#words-notice").to_contain_text(said)
    told(complaints, str(status))


@pytest.mark.skipif(not is_complete(), reason="MediaPipe's build is not here (mmpt-sign setup page)")
@pytest.mark.parametrize(
    ("name", "said"),
    [("NotAllowedError", "was not allowed to use the camera"), ("NotFoundError", "No camera was found")],
)
def test_a_camera_that_cannot_be_used_is_explained(page: Page, address: str, name: str, said: str) -> None:
    opened(page, address)
    denied = f"async () => {{ throw new DOMException('', '{name}'); }}"
    page.evaluate(f"() => {{ navigator.mediaDevices.getUserMedia = {denied}; }}")
    page.click("#camera")
    page.wait_for_selector("#clip-notice:visible")
    sees(page, "#clip-notice").to_contain_text(said)
    sees(page, "#camera").to_have_attribute("aria-pressed", "false")


def test_a_key_is_asked_for_and_sent(
    page: Page, complaints: list[str], model: SignModel, clips: Path, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text("s" * 32)
    with serving(app_of(model, api_keys=keys)) as address:
        page.goto(address)
        page.wait_for_selector("#key-value:visible")
        sees(page, "#words-notice").to_contain_text("API key")
        page.fill("#key-value", "s" * 32)
        page.keyboard.press("Enter")
        page.wait_for_selector("#model-choice:visible")  # this server has two models
        page.wait_for_selector("#key-value", state="hidden")
        upload(page, clips / "good.pose")
        shown(page, 5)
        page.select_option("#model", "second")
        shown(page, 5)
    told(complaints, "401")


def test_it_is_used_by_keyboard_alone(page: Page, address: str, clips: Path) -> None:
    page.on("filechooser", lambda chooser: chooser.set_files(clips / "good.pose"))
    opened(page, address)
    page.keyboard.press("Tab")
    sees(page, ".skip").to_be_focused()
    page.keyboard.press("Enter")
    order = []
    for _ in range(40):
        page.keyboard.press("Tab")
        found = page.evaluate("document.activeElement.id || document.activeElement.innerText")
        if not found or found in order:
            break
        order.append(found)
    wanted = ["file", "camera", "written", "signed", "prompts", "tags", "letters", "query"]
    assert [name for name in order if name in wanted] == wanted
    page.focus("#file")
    page.keyboard.press("Enter")
    shown(page, 5)
    page.focus("#play")
    page.keyboard.press("Space")
    sees(page, "#play").to_have_attribute("aria-label", "Play")
    page.focus("#prompts")
    page.keyboard.press("Control+A")
    page.keyboard.type("sun\nwater")
    page.keyboard.press("Control+Enter")
    shown(page, 2)


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_needs_no_sideways_scrolling(
    browser: Browser, complaints: list[str], address: str, clips: Path, width: int
) -> None:
    with browser.new_context(viewport={"width": width, "height": 740}, has_touch=True) as context:
        page = opened(watched(context.new_page(), complaints), address)
        upload(page, clips / "good.pose")
        type_prompts(page, "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen", "<en> <ase> house")
        shown(page, 2)
        page.fill("#query", "house")
        page.click("text=Search by words")
        page.wait_for_selector("#hits li")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        small = page.eval_on_selector_all(
            "button:not([hidden]), select, .button",
            "all => all.filter(one => one.offsetParent && one.offsetHeight < 40).map(one => one.outerHTML)",
        )
        assert not small
    assert not complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, complaints: list[str], address: str, clips: Path, scheme: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with browser.new_context(color_scheme=scheme, reduced_motion="reduce") as context:
        page = opened(watched(context.new_page(), complaints), address)
        upload(page, clips / "good.pose")
        shown(page, 5)
        sees(page, "#play").to_have_attribute("aria-label", "Play")  # nothing moves by itself
        upload(page, clips / "broken.pose")
        page.wait_for_selector("#clip-notice:visible")
        page.fill("#query", "house")
        page.press("#query", "Enter")
        page.wait_for_selector("#hits canvas[width]")
        found = axe.run(page).response["violations"]
        assert not [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found]
    assert not complaints


SCRIPT = """async ([width, height, fps, frames]) => {
  const files = document.body.dataset.files;
  const { encodePose } = await import(new URL(`${files}/pose-file.js`, document.baseURI));
  const { components } = await (await fetch(`${files}/skeleton.json`)).json();
  const filmed = { width, height, fps, frames: frames.map((frame) => Float32Array.from(frame)) };
  return Array.from(encodePose(filmed, components));
}"""


def test_what_the_camera_writes_is_read_back(page: Page, address: str) -> None:
    opened(page, address)
    rng = np.random.default_rng(3)
    frames = rng.normal(size=(7, 543, 4)).astype(np.float32)
    frames[..., :2] = frames[..., :2] * 200 + 400
    frames[..., 3] = rng.uniform(0.1, 1, size=(7, 543))
    frames[2:4, 501:522] = 0  # a hand that is not seen
    written = bytes(page.evaluate(SCRIPT, [640, 480, 12.5, frames.reshape(7, -1).tolist()]))
    clip = read(written)
    assert clip.layout.points == layout("holistic_543").points
    assert clip.fps == 12.5
    np.testing.assert_array_equal(clip.data, frames[..., :3])
    np.testing.assert_array_equal(clip.confidence, frames[..., 3])
    assert clip.unit_scale == (1, 1, 640)


TRIED = """async (files) => {
  const address = new URL(`${document.body.dataset.files}/pose-file.js`, document.baseURI);
  const { decodePose, BadPose } = await import(address);
  return files.map((text) => {
    try { return decodePose(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))).frames; }
    catch (error) { return error instanceof BadPose ? `bad: ${error.message}` : `broken: ${error}`; }
  });
}"""


def test_damaged_files_are_refused_and_never_break_the_reader(page: Page, address: str) -> None:
    opened(page, address)
    rng = np.random.default_rng(4)
    whole = [hand_file(5, 1, version) for version in (0.1, 0.2)]
    damaged = []
    for n in range(300):
        data = bytearray(whole[n % 2])
        for at in rng.integers(0, 450, size=3):
            data[at] = rng.integers(256)
        damaged.append(bytes(data[: rng.integers(1, len(data))] if n % 3 == 0 else data))
    said = page.evaluate(TRIED, [b64(data) for data in [*whole, *damaged]])
    assert said[:2] == [5, 5]
    assert not [answer for answer in said if str(answer).startswith("broken")]
    assert sum(str(answer).startswith("bad") for answer in said) > 50


def told(complaints: list[str], expected: str) -> None:
    """The browser itself writes failed requests into the console; nothing else may be there."""
    assert complaints
    assert all(expected in line for line in complaints), complaints
    complaints.clear()
