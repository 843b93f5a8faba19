"""Video files of many makes give the frames that they show, upright and in time; broken ones give a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.errors import DataError
from mmpt_sign.video.decode import cut, frames, probe
from mmpt_sign.video.source import Limits
from mmpt_sign.video.span import Span
from tests.video.made import make_sound, make_video, number_of, numbers, top_is_red

MAKES = {
    "mpeg4.mp4": ("mpeg4", "yuv420p"),
    "h264.mp4": ("libx264", "yuv420p"),
    "h264_grey.mkv": ("libx264", "gray"),
    "vp9.webm": ("libvpx-vp9", "yuv420p"),
    "mjpeg.avi": ("mjpeg", "yuvj422p"),
    "lossless.mkv": ("ffv1", "yuv444p"),
    "animation.gif": ("gif", "rgb8"),
    "stream.ts": ("libx264", "yuv420p"),
}
UNEVEN = [0, 100, 200, 600, 1000, 1050, 1100]


@pytest.mark.parametrize("name", MAKES)
def test_every_frame_once_and_in_order(name: str, tmp_path: Path) -> None:
    codec, pixels = MAKES[name]
    video = frames(make_video(tmp_path / name, 30, 10, codec=codec, pixels=pixels))
    assert (video.info.width, video.info.height, video.info.fps) == (128, 64, 10)
    assert numbers(video) == list(range(30))
    assert not video.remarks


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_turned_pictures_are_set_upright_as_other_readers_do(rotation: int, tmp_path: Path) -> None:
    reader = pytest.importorskip("simple_video_utils.frames")
    path = make_video(tmp_path / "phone.mp4", 4, rotation=rotation)
    info = probe(path)
    assert (info.width, info.height) == ((128, 64) if rotation == 180 else (64, 128))
    assert info.rotation == rotation
    for ours, theirs in zip(frames(path), reader.read_frames_exact(str(path)), strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert ours.flags.c_contiguous


def test_a_varying_rate_becomes_constant_by_time(tmp_path: Path) -> None:
    path = make_video(tmp_path / "uneven.mp4", times=UNEVEN)
    assert numbers(frames(path, fps=10)) == [0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 6]
    assert len(numbers(frames(path))) == pytest.approx(1.2 * probe(path).fps, abs=1)


def test_odd_sizes_are_kept(tmp_path: Path) -> None:
    path = make_video(tmp_path / "odd.mkv", 3, codec="ffv1", pixels="yuv444p", width=129, height=67)
    pictures = list(frames(path))
    assert {picture.shape for picture in pictures} == {(67, 129, 3)}
    assert all(picture.flags.c_contiguous for picture in pictures)


@pytest.mark.parametrize("name", ["long.mp4", "long.avi", "long.ts"])
def test_spans_are_the_same_frames_that_decoding_everything_gives(name: str, tmp_path: Path) -> None:
    codec = "mpeg4" if name.endswith("avi") else "libx264"
    path = make_video(tmp_path / name, 250, 25, codec=codec)
    assert numbers(frames(path, start=6, end=7)) == list(range(150, 175))
    assert numbers(cut(path, Span(201, 204, "frames"))) == [201, 202, 203]
    assert numbers(frames(path, start=9.8)) == [245, 246, 247, 248, 249]
    assert numbers(frames(path, start=1, end=2, fps=5)) == [25, 30, 35, 40, 45]


def test_a_span_behind_the_end_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="ends before second 60"):
        list(frames(make_video(tmp_path / "short.mp4"), start=60))


def test_a_span_that_reaches_over_the_end_is_remarked(tmp_path: Path) -> None:
    video = frames(make_video(tmp_path / "short.mp4", 30, 10), start=2, end=5)
    assert numbers(video) == list(range(20, 30))
    assert "2.0 seconds early" in video.remarks[0]


@pytest.mark.parametrize(("start", "end"), [(-1, None), (float("nan"), None), (float("inf"), None), (2, 2), (2, 1)])
def test_impossible_spans_are_sentences(start: float, end: float | None) -> None:
    with pytest.raises(DataError, match="span"):
        Span(start, end)


def test_a_missing_tail_is_tolerated_and_told(tmp_path: Path) -> None:
    whole = make_video(tmp_path / "whole.mp4", 200, 25, codec="libx264", movable=True).read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[: len(whole) * 6 // 10])
    video = frames(path)
    found = numbers(video)
    assert 40 < len(found) < 160
    assert found[:-5] == list(range(len(found) - 5))  # the very last ones may miss what they were coded from
    assert any("early" in remark for remark in video.remarks)


def test_damage_in_the_middle_loses_little(tmp_path: Path) -> None:
    data = bytearray(make_video(tmp_path / "whole.avi", 100, 25, codec="mjpeg", pixels="yuvj420p").read_bytes())
    half = len(data) // 2
    data[half : half + 200] = bytes(200)
    path = tmp_path / "hurt.avi"
    path.write_bytes(data)
    found = numbers(frames(path))
    assert len(found) == 100
    assert sum(number == place for place, number in enumerate(found)) > 90


BROKEN = {
    "empty.mp4": (b"", "0 bytes"),
    "noise.mp4": (bytes(range(256)) * 64, "cannot be opened"),
    "playlist.mp4": (b"#EXTM3U\n#EXTINF:10,\n/etc/passwd\n#EXT-X-ENDLIST\n", "cannot be opened"),
    "script.mp4": (b"ffconcat version 1.0\nfile other.mp4\n", "cannot be opened"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_video_is_a_sentence(name: str, tmp_path: Path) -> None:
    content, words = BROKEN[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=words) as told:
        probe(tmp_path / name)
    assert name in str(told.value)


def test_a_file_cut_before_its_index_is_a_sentence(tmp_path: Path) -> None:
    whole = make_video(tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cut.mp4"):
        probe(tmp_path / "cut.mp4")


def test_sound_alone_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no moving picture, only audio"):
        probe(make_sound(tmp_path / "sound.mp4"))


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such video"):
        probe(tmp_path / "nothing.mp4")


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(bytes=100), "bytes"),
        (Limits(pixels=1000), "above 1000 pixels"),
        (Limits(seconds=1), "3 seconds"),
        (Limits(frames=10), "more than 10 frames"),
    ],
)
def test_limits_hold(limits: Limits, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words):
        list(frames(make_video(tmp_path / "clip.mp4"), limits=limits))


def test_a_gap_that_would_repeat_a_frame_for_hours_runs_into_the_limit(tmp_path: Path) -> None:
    path = make_video(tmp_path / "gap.mkv", times=[0, 100, 200, 3_600_000])
    with pytest.raises(DataError, match="more than 500 frames"):
        list(frames(path, fps=10, limits=Limits(frames=500)))


def test_only_one_frame_is_in_memory(tmp_path: Path) -> None:
    video = frames(make_video(tmp_path / "clip.mp4"))
    first = next(video)
    assert top_is_red(first)
    assert number_of(next(video)) == 1
    assert number_of(first) == 0, "a frame that was handed out must not change"
    video.close()
