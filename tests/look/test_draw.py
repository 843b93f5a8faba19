from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.look.draw import Drawing, colour_of, sheet
from mmpt_sign.look.export import write_scene
from mmpt_sign.look.scene import PosePanel, Scene, VideoPanel
from mmpt_sign.look.stage import of_file, panels
from mmpt_sign.poses.arrays import feature_clip
from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.layouts import NAMES, layout
from tests.corpus import make_corpus
from tests.look.made import LAYOUT
from tests.look.test_page import Page
from tests.poses.clips import clip_of, signer

pytest.importorskip("PIL")


def hand(frames: int = 6, fps: float = 25.0) -> Clip:
    clip = clip_of("hand_21", frames, missing=0.0)
    return Clip(clip.data, clip.confidence, clip.layout, fps)


def film(frames: int = 12, fps: float = 50.0) -> VideoPanel:
    return VideoPanel("film", [np.full((40, 60, 3), 10 * n, np.uint8) for n in range(frames)], fps)


def near(picture: np.ndarray, colour: tuple[int, int, int]) -> int:  # type: ignore[type-arg]
    """Pixels of about that colour."""
    return int((np.abs(picture.astype(int) - colour).max(-1) < 60).sum())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dims", [2, 3])
def test_any_layout_can_be_drawn(name: str, dims: int) -> None:
    picture = Drawing(Scene((PosePanel("clip", clip_of(name, 3, dims=dims)),)), 120).picture(1)
    assert picture.shape[0] == 144
    assert picture.shape[1] % 2 == 0
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 5


def test_hands_have_their_colours_and_a_missing_one_is_not_drawn() -> None:
    clip = signer(4)
    hands = clip.take(tuple(name for name in clip.layout.points if "HAND" in name))
    picture = Drawing(Scene((PosePanel("clip", hands),)), 200).picture(0)
    assert near(picture, colour_of("right_hand")) > 50
    assert near(picture, colour_of("left_hand")) == 0


def test_an_empty_clip_and_points_in_one_place_are_no_accident() -> None:
    clip = hand()
    empty = clip.with_data(np.zeros_like(clip.data), np.zeros_like(clip.confidence))
    still = clip.with_data(np.ones_like(clip.data))
    for given in (empty, still):
        assert Drawing(Scene((PosePanel("clip", given),)), 64).picture(0).shape[0] == 88


def test_panels_keep_time_and_the_shorter_one_waits() -> None:
    scene = Scene((film(12, 50.0), PosePanel("a", hand(3, 25.0)), PosePanel("b", hand(10, 25.0))))
    assert (scene.fps, len(scene)) == (50.0, 20)
    assert scene.frames_at(0) == [0, 0, 0]
    assert scene.frames_at(4) == [4, 2, 2]
    assert scene.frames_at(19) == [11, 2, 9]


def test_a_sheet_shows_moments_evenly() -> None:
    drawing = Drawing(Scene((PosePanel("a", hand(30)),)), 64)
    one = drawing.picture(0)
    paper = sheet(drawing, pictures=5, columns=3)
    assert paper.shape[0] == 2 * (one.shape[0] + 6) + 6
    np.testing.assert_array_equal(paper[6 : 6 + one.shape[0], 6 : 6 + one.shape[1]], one)


def test_gif_png_and_mp4_have_all_frames(tmp_path: Path) -> None:
    from PIL import Image

    scene = Scene((PosePanel("a", hand(9)), film(9, 25.0)))
    with Image.open(write_scene(tmp_path / "a.gif", scene, 64)) as gif:
        assert gif.n_frames == 9  # type: ignore[attr-defined]
        assert gif.info["duration"] == 40
    assert Image.open(write_scene(tmp_path / "a.png", scene, 64)).width > 64
    av = pytest.importorskip("av")
    with av.open(str(write_scene(tmp_path / "a.mp4", scene, 64))) as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    assert len(frames) == 9
    assert np.abs(frames[4].astype(int) - Drawing(scene, 64).picture(4)).mean() < 12
    assert not list(tmp_path.glob(".*"))


def test_a_fast_clip_becomes_a_gif_that_players_can_follow(tmp_path: Path) -> None:
    from PIL import Image

    with Image.open(write_scene(tmp_path / "a.gif", Scene((PosePanel("a", hand(20, 100.0)),)), 64)) as gif:
        assert gif.n_frames == 10  # type: ignore[attr-defined]
        assert gif.info["duration"] == 20


def test_other_endings_and_features_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.gif, \.mp4, \.png, \.html"):
        write_scene(tmp_path / "a.avi", Scene((PosePanel("a", hand()),)))
    with pytest.raises(DataError, match="features, not points"):
        Scene((PosePanel("a", feature_clip(np.ones((3, 5), np.float32), 25)),))


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [(9999.0, 25.0, "9999 frames per second"), (1e-9, 25.0, "1e-09 frames"), (1000.0, 0.01, "600000 frames, at most")],
)
def test_rates_that_make_endless_scenes_are_refused(first: float, second: float, words: str) -> None:
    with pytest.raises(DataError, match=words):
        Scene((PosePanel("a", hand(6, first)), PosePanel("b", hand(6, second))))


@pytest.fixture
def page(tmp_path: Path) -> str:
    clip = clip_of("holistic_203", 5)
    title = "<b>house</b></script>"
    return write_scene(tmp_path / "a.html", Scene((PosePanel(title, clip), film(5, 25.0))), 64).read_text()


def test_the_player_stands_alone_and_holds_the_clip(page: str) -> None:
    found = Page(page)
    assert not found.wrong
    assert not found.addresses
    scene = json.loads(re.findall(r'id="scene">(.*?)</script>', page, re.DOTALL)[0])
    figure, video = scene["panels"]
    assert (scene["frames"], scene["fps"]) == (5, 25.0)
    assert figure["title"] == "<b>house</b></script>"
    assert "<b>" not in page
    assert len(video["pictures"]) == 5
    numbers = np.frombuffer(base64.b64decode(figure["places"]), "<i2").reshape(5, 203, 2)
    clip = clip_of("holistic_203", 5)
    np.testing.assert_array_equal(numbers[..., 0] == -32768, clip.confidence == 0)
    assert max(max(limb[:2]) for limb in figure["limbs"]) < 203
    assert max(limb[2] for limb in figure["limbs"]) < len(scene["colours"])
    view = PosePanel("", clip).view
    seen = clip.confidence > 0
    places = numbers[seen] * view.height / 10_000 + [view.left, view.top]
    np.testing.assert_allclose(places, clip.data[seen][:, :2], atol=view.height / 10_000)


DOCUMENT = """
const made = {}, listeners = {};
const element = (id) => made[id] ??= {
  id, value: id === "speed" ? "1" : "", checked: true, children: [], tagName: "DIV", width: 0, height: 0,
  setAttribute(key, value) { this[key] = value; }, append(...all) { this.children.push(...all); },
  addEventListener(kind, act) { this["on" + kind] = act; },
  getContext: () => pen,
};
const drawn = {};
const counted = (key) => () => { drawn[key] = (drawn[key] ?? 0) + 1; };
const pen = new Proxy({}, { get: (_, key) => counted(key), set: () => true });
let next = null, count = 0;
globalThis.document = {
  getElementById: (id) => element(id), createElement: (tag) => element(tag + count++), documentElement: {},
  addEventListener: (kind, act) => { listeners[kind] = act; },
};
globalThis.Image = class {};
globalThis.matchMedia = () => ({ matches: true, addEventListener() {} });
globalThis.getComputedStyle = () => ({ getPropertyValue: () => "#123456" });
globalThis.requestAnimationFrame = (act) => { next = act; };
"""
SCRIPT = """
const key = (name) => listeners.keydown({ key: name, target: { tagName: "BODY" }, preventDefault() {} });
const at = () => element("frame").value;
const log = [at()];
for (const name of ["ArrowRight", "End", "ArrowRight", "Home"]) { key(name); log.push(at()); }
key(" "); next(1000); next(1090); log.push(at(), element("play").textContent);
key(" "); log.push(element("play").textContent, element("frame")["aria-valuetext"]);
log.push(drawn.stroke > 0, drawn.drawImage > 0);
console.log(JSON.stringify(log));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to run the player's script")
def test_the_players_keys_work(page: str, tmp_path: Path) -> None:
    scene = re.findall(r'id="scene">(.*?)</script>', page, re.DOTALL)[0]
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)[0].replace('"use strict";', "")
    whole = f"{DOCUMENT}\nelement('scene').textContent = {json.dumps(scene)};\n{script}\n{SCRIPT}"
    (tmp_path / "player.cjs").write_text(whole)
    ended = subprocess.run(["node", str(tmp_path / "player.cjs")], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == [0, 1, 4, 4, 0, 2, "Pause", "Play", "frame 3 of 5, 0.08 s", True, True]


def test_files_and_ids_become_panels(tmp_path: Path) -> None:
    folder = make_corpus(tmp_path / "corpus", words=("house",))
    found = panels([str(folder), "house-0", "house-1"], "raw", 0, "", LAYOUT)
    assert [panel.title for panel in found] == ["house-0: <en> <ase> house", "house-1: <en> <ase> house"]
    assert panels([str(folder / "house-0.npy")], "raw", 0, "", [])[0].title == "house-0.npy"
    with pytest.raises(ConfigError, match="needs an experiment file"):
        panels([str(folder), "house-0"], "prepared", 0, "", LAYOUT)
    with pytest.raises(ConfigError, match="name the ids of the clips to draw, for example house-0"):
        panels([str(folder)], "raw", 0, "", LAYOUT)
    with pytest.raises(DataError, match="no such file"):
        of_file(tmp_path / "none.pose")


def test_stages_show_what_the_stream_does(tmp_path: Path) -> None:
    folder = make_corpus(tmp_path / "corpus", words=("house",))
    file = tmp_path / "mine.yaml"
    file.write_text(
        f"base: {Path('projects/demo/fingerclip.yaml').absolute()}\n"
        f"dataset: {{name: folder, folder: {folder}, layout: hand_21}}\n"
        "streams: {pose: {points: hands, normalise: hands, flip: left_handed, augment: {noise: 0.1}}}\n"
    )

    def shown(stage: str, seed: int = 0) -> PosePanel:
        return panels([str(file), "house-0"], stage, seed, "", [])[0]  # type: ignore[arg-type]

    raw, prepared, augmented = shown("raw"), shown("prepared"), shown("augmented")
    assert raw.clip.layout == layout("hand_21")
    assert np.abs(raw.clip.data[0] - prepared.clip.data[0, -21:]).max() > 0.1
    assert augmented.title.endswith("(augmented)")
    assert len(augmented.clip) != len(prepared.clip) or not np.allclose(augmented.clip.data, prepared.clip.data)
    np.testing.assert_array_equal(shown("augmented").clip.data, augmented.clip.data)
    assert not np.array_equal(shown("augmented", 1).clip.data.shape, augmented.clip.data.shape) or not np.allclose(
        shown("augmented", 1).clip.data, augmented.clip.data
    )
    with pytest.raises(ConfigError, match="no pose stream of that name; there is pose"):
        panels([str(file), "house-0"], "prepared", 0, "face", [])


@pytest.mark.shared
def test_a_real_clip_beside_its_video(shared_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("av")
    from mmpt_sign.look.stage import of_video

    clip = of_file(shared_data / "ksl_videos" / "good_1.pose")
    video = of_video(shared_data / "ksl_videos" / "good_1.mp4", 90, seconds=clip.seconds)
    assert abs(len(video) / video.fps - clip.seconds) < 0.2
    assert video.pictures[0].shape[0] <= 90
    assert write_scene(tmp_path / "a.html", Scene((video, clip)), 90).stat().st_size < 3_000_000
