"""MediaPipe really runs in the page, on a real clip before Chromium's fake camera: points go out, pictures never."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.names import RIGHT_HAND
from mmpt_sign.poses.read import read
from mmpt_sign.serve.page.vendoring import is_complete
from tests.e2e.page.conftest import Start, opened, sees
from tests.e2e.page.filmed import HEIGHT, WIDTH, as_camera, as_file

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Request

pytestmark = [
    pytest.mark.browser,
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.skipif(not is_complete(), reason="MediaPipe's build is not here (mmpt-sign setup page)"),
]
PATIENCE = 90_000  # milliseconds until the first answer, on a busy machine without a graphics card
CLIP = "good_1"


@pytest.fixture(scope="module")
def filmed(start: Start, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """A browser whose camera shows a person who signs."""
    pytest.importorskip("av")
    made = as_camera(shared_data / "ksl_videos" / f"{CLIP}.mp4", tmp_path_factory.mktemp("camera") / "camera.y4m")
    return start([f"--use-file-for-fake-video-capture={made}"])


@pytest.fixture
def context(filmed: Browser) -> Iterator[BrowserContext]:
    with filmed.new_context(viewport={"width": 1280, "height": 900}) as fresh:
        yield fresh


def seen_alike(clip: Clip, reference: Clip) -> None:
    """Nose and wrist are where MediaPipe for Python saw them, in parts of the picture's height."""
    for name, tolerance in (("POSE_LANDMARKS.NOSE", 0.06), (f"{RIGHT_HAND}.WRIST", 0.25)):
        mine, theirs = (middle(each, name) for each in (clip, reference))
        assert np.abs(mine - theirs).max() < tolerance, name


def middle(clip: Clip, point: str) -> Any:
    """The usual place of a point; the width of the picture is what z is counted in."""
    index = clip.layout.position[point]
    seen = clip.data[clip.confidence[:, index] > 0.3, index, :2]
    return np.median(seen, axis=0) / (clip.unit_scale[2] * HEIGHT / WIDTH)


def asked_of(requests: list[Request]) -> list[dict[str, Any]]:
    """Bodies of the questions about scores, after making sure that nothing else was sent anywhere."""
    sent = [request for request in requests if request.method != "GET"]
    assert all(request.url.endswith("/v1/score") for request in sent)
    bodies = [json.loads(request.post_data or "") for request in sent]
    assert all(set(body) == {"poses", "texts", "model"} for body in bodies)
    return bodies


def test_signing_into_the_camera_moves_the_bars_and_sends_points_only(
    page: Page, address: str, shared_data: Path, tmp_path: Path
) -> None:
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))
    opened(page, address).fill("#prompts", "house\nsun\nwater")
    page.click("#camera")
    page.wait_for_selector("#bars li", timeout=PATIENCE)
    start, before = monotonic(), len(asked_of(requests))
    for _ in range(3):
        page.wait_for_event("requestfinished", lambda request: request.url.endswith("/v1/score"), timeout=PATIENCE)
    sees(page, "#badge").to_have_text(re.compile("^(Live|No hand in the picture)$"))
    sees(page, "#bars li").to_have_count(3)
    bodies = asked_of(requests)
    assert 2 <= len(bodies) - before <= 2 + 2 * (monotonic() - start)  # twice a second at most
    reference = read(shared_data / "ksl_videos" / f"{CLIP}.pose")
    live = read(base64.b64decode(bodies[-1]["poses"][0]))
    assert live.data.shape[1:] == (543, 3)
    assert len(live) / live.fps < 3.5
    page.click("#record")
    page.wait_for_timeout(3000)
    page.click("#record")
    page.wait_for_selector("#player:visible")
    sees(page, "#mirror").to_be_hidden()
    assert page.evaluate("document.querySelector('#mirror').srcObject === null")
    with page.expect_download() as download:
        page.click("#save")
    download.value.save_as(tmp_path / "kept.pose")
    kept = read(tmp_path / "kept.pose")
    assert kept.confidence[:, kept.layout.components[RIGHT_HAND]].any()
    seen_alike(kept, reference)
    asked_of(requests)


def test_a_video_is_estimated_in_the_page(page: Page, address: str, shared_data: Path, tmp_path: Path) -> None:
    video = as_file(shared_data / "ksl_videos" / f"{CLIP}.mp4", tmp_path / "signs.webm", 15)
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))
    opened(page, address)
    page.set_input_files("#file", video)
    page.wait_for_selector("#working:visible")
    page.wait_for_selector("#bars li", timeout=PATIENCE)
    (body,) = asked_of(requests)
    clip = read(base64.b64decode(body["poses"][0]))
    assert clip.fps == 25
    assert 20 <= len(clip) <= 26
    sees(page, "#save").to_be_visible()
    sees(page, "#working").to_be_hidden()


def test_a_video_can_be_stopped_while_the_estimator_still_loads(
    page: Page, address: str, shared_data: Path, tmp_path: Path
) -> None:
    video = as_file(shared_data / "ksl_videos" / f"{CLIP}.mp4", tmp_path / "signs.webm", 15)
    opened(page, address)
    page.evaluate("() => { window.Worker = class { postMessage() {} terminate() {} }; }")  # one that is never ready
    page.set_input_files("#file", video)
    page.wait_for_selector("#working:visible")
    page.click("#stop")
    sees(page, "#working").to_be_hidden()
    sees(page, "#clip-notice").to_be_hidden()


SLOW_CAMERA = """() => {
  const devices = navigator.mediaDevices, ask = devices.getUserMedia.bind(devices);
  Object.assign(window, { streams: [], doors: [] });
  devices.getUserMedia = async (wanted) => {
    const stream = await ask(wanted);
    window.streams.push(stream);
    await new Promise((open) => window.doors.push(open));
    return stream;
  };
}"""


def test_a_camera_that_was_stopped_before_it_opened_is_let_go(page: Page, address: str) -> None:
    opened(page, address)
    page.evaluate(SLOW_CAMERA)
    for _ in ("on", "off", "on again"):
        page.click("#camera")
    page.wait_for_function("() => window.doors.length === 2")
    page.evaluate("() => window.doors.forEach((open) => open())")
    page.wait_for_function("() => document.querySelector('#mirror').srcObject === window.streams[1]")
    states = "() => window.streams.map((stream) => stream.getTracks()[0].readyState)"
    assert page.evaluate(states) == ["ended", "live"]
    page.click("#camera")
    assert page.evaluate(states) == ["ended", "ended"]
