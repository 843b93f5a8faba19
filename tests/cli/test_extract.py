"""``mmpt-sign extract poses`` from the shell: files, tables, exit codes, sentences."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.files import read_csv
from mmpt_sign.poses.read import read
from tests.cli.test_commands import said
from tests.poses.estimators.test_openpose import folder_of, person

JSON = ("--format", "openpose", "--fps", "25")


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Three clips of OpenPose, one of them broken."""
    rng = np.random.default_rng(0)
    for name in ("a", "deep/b"):
        folder_of(tmp_path / "clips" / name, *([person(rng)] for _ in range(4)))
    folder_of(tmp_path / "clips" / "broken", [])
    return tmp_path / "clips"


def test_every_clip_of_a_folder_is_made_once(clips: Path, tmp_path: Path) -> None:
    out = tmp_path / "poses"
    text = said("extract", "poses", str(clips), "-o", str(out), *JSON, "--workers", "2")
    assert "2 made, 0 were there, 1 skipped" in text
    assert (len(read(out / "deep/b.pose")), read(out / "a.pose").fps) == (4, 25)
    assert [row["path"] for row in read_csv(out / "index.csv")] == ["a.pose", "deep/b.pose"]
    assert "nobody in any frame" in read_csv(out / "skipped.csv")[0]["reason"]
    assert "0 made, 2 were there, 1 skipped" in said("extract", "poses", str(clips), "-o", str(out), *JSON)


def test_too_many_skipped_clips_are_exit_code_2(clips: Path, tmp_path: Path) -> None:
    words = ("extract", "poses", str(clips), "-o", str(tmp_path / "poses"), *JSON, "--workers", "1")
    assert "1 of 3 clips were skipped" in said(*words, "--max-skipped", "0.2", code=2)


def test_a_table_becomes_a_data_set(clips: Path, tmp_path: Path) -> None:
    table, out = tmp_path / "table.csv", tmp_path / "poses"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "path", "start", "end", "split", "text", "sign_language"))
        writer.writerow(("one", "a", 1, 3, "train", "house", "ase"))
        writer.writerow(("two", "deep/b", "", "", "test", "tree", "ase"))
    said("extract", "poses", str(clips), "--index", str(table), "--unit", "frames", "-o", str(out), *JSON)
    assert len(read(out / "one.pose")) == 2
    assert "train: 1 clips" in said("data", "check", str(out))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "name videos or folders"),
        (("nowhere",), "there is no such file or folder"),
        ((".", "--index", "i.csv", "x"), "at most the one folder"),
        ((".", "--format", "mediapip"), "did you mean 'mediapipe'?"),
        ((".", "--format", "openpose"), "fps is missing"),
        ((".", "--option", "refine_fac=true"), "did you mean 'refine_face'?"),
        ((".", "--option", "model_complexity=7"), "input should be 0, 1 or 2 (found 7)"),
    ],
)
def test_mistakes_are_sentences(words: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    out = tmp_path / "poses"
    assert sentence in said("extract", "poses", *words, "-o", str(out), code=2)
    assert not out.exists()


@pytest.mark.slow
def test_one_broken_video_never_stops_the_job(tmp_path: Path) -> None:
    pytest.importorskip("mediapipe")
    from tests.video.figure import make_figure
    from tests.video.made import make_sound

    videos = tmp_path / "videos"
    videos.mkdir()
    make_figure(videos / "figure.mp4", 3)
    make_sound(videos / "sound.mp4")
    (videos / "empty.mp4").touch()
    text = said(
        "extract", "poses", str(videos), "-o", str(tmp_path / "poses"), "--workers", "1", "--max-skipped", "0.9"
    )
    assert "1 made, 0 were there, 2 skipped" in text
    assert read(tmp_path / "poses" / "figure.pose").layout.position["FACE_LANDMARKS.467"]
