"""Recordings become sentences and pictures become videos; a second call makes nothing anew."""

from __future__ import annotations

import csv
import pickle
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mmpt_sign.cli.main import app
from mmpt_sign.video.decode import frames, probe
from tests.conftest import ROOT
from tests.datasets.layouts import csl_daily, phoenix14t
from tests.video.made import HEIGHT, WIDTH, make_video, number_of, numbered, numbers

pytest.importorskip("av")
runner = CliRunner()
HEADER = "VIDEO_ID\tVIDEO_NAME\tSENTENCE_ID\tSENTENCE_NAME\tSTART_REALIGNED\tEND_REALIGNED\tSENTENCE"


def prepare(*words: object, code: int = 0) -> str:
    done = runner.invoke(app, ["data", "prepare", *map(str, words), "--workers", "1"])
    assert done.exit_code == code, done.output
    return done.output


def index(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "index.csv").open(encoding="utf-8") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


@pytest.fixture
def how2sign(tmp_path: Path) -> Path:
    rows = {
        "train": (("v", 1.0, 2.05, "Second."), ("v", 0.0, 0.5, "First."), ("v", 2.5, 2.55, "A slip.")),
        "val": (("w", 0.0, 0.4, "No recording."),),
        "test": (("x", 0.3, 99, "To the end."),),
    }
    folder = tmp_path / "how2sign"
    folder.mkdir()
    for split, found in rows.items():
        lines = [f"{v}\t{v}-rgb\t{v}_{k}\t{v}_{k}-rgb\t{a}\t{b}\t{text}" for k, (v, a, b, text) in enumerate(found)]
        (folder / f"how2sign_realigned_{split}.csv").write_text("\n".join((HEADER, *lines)) + "\n")
    (tmp_path / "videos").mkdir()
    for name in ("v", "x"):
        make_video(tmp_path / f"videos/{name}-rgb.mp4", 30, 10)
    return tmp_path


def test_sentences_are_cut_by_time_with_both_edges(how2sign: Path) -> None:
    out = how2sign / "clips"
    text = prepare("how2sign", how2sign / "videos", "-o", out, "--tables", how2sign / "how2sign", "--size", 0)
    assert "3 made" in text
    assert numbers(frames(out / "train/v-rgb_clip0.mp4")) == list(range(6))
    assert numbers(frames(out / "train/v-rgb_clip1.mp4")) == list(range(10, 22))
    assert numbers(frames(out / "test/x-rgb_clip0.mp4")) == list(range(3, 30))
    found = index(out)
    assert found["v-rgb_clip0"]["text"] == "First."
    assert (found["v-rgb_clip1"]["group"], found["v-rgb_clip1"]["split"]) == ("v_0", "train")
    assert "no sentence" in (out / "skipped.csv").read_text()
    again = prepare("how2sign", how2sign / "videos", "-o", out, "--tables", how2sign / "how2sign", "--size", 0)
    assert "0 made, 3 were there" in again


def test_boxes_crop_the_signer_and_the_picture_becomes_a_square(how2sign: Path) -> None:
    half = {"x1": 0, "y1": 0, "x2": WIDTH // 2, "y2": HEIGHT, "w": WIDTH // 2, "h": 10 * HEIGHT}  # h runs off the image
    boxes = how2sign / "boxes.pkl"
    boxes.write_bytes(pickle.dumps({"v-rgb_clip1.mp4": half}))
    out = how2sign / "clips"
    prepare(
        "how2sign", how2sign / "videos", "-o", out, "--tables", how2sign / "how2sign", "--boxes", boxes,
        "--codec", "mpeg4", "--split", "train",
    )  # fmt: skip
    assert list(index(out)) == ["v-rgb_clip1"]  # a sentence without a box is left out
    info = probe(out / "train/v-rgb_clip1.mp4")
    assert (info.width, info.height, info.codec, info.fps) == (256, 256, "mpeg4", 10)
    wanted = numbered(10)[:, : WIDTH // 2]
    shown = next(frames(out / "train/v-rgb_clip1.mp4"))
    assert np.abs(shown[128::16, 8::16].mean((0, 2)) - wanted[-1, 2::4].mean(-1)).max() < 40


def test_a_hostile_or_empty_table_of_boxes_is_refused(how2sign: Path) -> None:
    boxes = how2sign / "boxes.pkl"
    words = ("how2sign", how2sign / "videos", "-o", how2sign / "c", "--tables", how2sign / "how2sign", "--boxes", boxes)
    boxes.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    assert "refused as a pickle of data" in prepare(*words, code=2)
    boxes.write_bytes(pickle.dumps({"v-rgb_clip1.mp4": {"x1": 3}}))
    assert "no dictionary of boxes" in prepare(*words, code=2)
    boxes.write_bytes(pickle.dumps({}))
    assert "has a sentence in the tables of train, valid, test with a box" in prepare(*words, code=2)


def pictures(folder: Path, count: int, pattern: str, *, first: int = 1, without: int | None = None) -> None:
    from PIL import Image

    folder.mkdir(parents=True)
    for number in range(count):
        if number != without:
            Image.fromarray(numbered(number, 127, 65)).save(folder / pattern.format(number + first))


def test_pictures_become_videos_at_their_own_rate(tmp_path: Path) -> None:
    phoenix14t(tmp_path / "phoenix14t")
    name = "01April_2010_heute-6697"
    pictures(tmp_path / "frames/train" / name, 12, "images{:04d}.png", without=4)
    out = tmp_path / "videos"
    prepare("phoenix14t", tmp_path / "frames", "-o", out)
    assert numbers(frames(out / f"train/{name}.mp4")) == [n for n in range(12) if n != 4]
    info = probe(out / f"train/{name}.mp4")
    assert (info.fps, info.codec, info.width, info.height) == (25, "h264", 126, 64)
    assert index(out)[name]["split"] == "train"
    assert "1 pictures are missing" in (out / "done.jsonl").read_text()
    prepare("phoenix14t", tmp_path / "frames", "-o", tmp_path / "named", "--tables", tmp_path / "phoenix14t")
    row = index(tmp_path / "named")[name]
    assert (row["signer"], row["gloss"], row["text_language"]) == ("Signer04", "JETZT WETTER MORGEN", "de")


def test_csl_daily_has_its_splits_in_a_list_and_another_rate(tmp_path: Path) -> None:
    csl_daily(tmp_path / "csl_daily")
    for name in ("S000000_P0000_T00", "S000020_P0000_T00", "unlisted"):
        pictures(tmp_path / "frames" / name, 11, "{:d}.jpg", first=0)
    out = tmp_path / "videos"
    text = prepare("csl_daily", tmp_path / "frames", "-o", out, "--tables", tmp_path / "csl_daily")
    assert "2 made" in text
    assert {row["path"] for row in index(out).values()} == {
        "train/S000000_P0000_T00.mp4",
        "dev/S000020_P0000_T00.mp4",
    }
    video = list(frames(out / "train/S000000_P0000_T00.mp4"))
    assert [number_of(picture) for picture in video] == list(range(11))  # 10.jpg behind 9.jpg
    assert probe(out / "train/S000000_P0000_T00.mp4").fps == 30


def test_folders_without_pictures_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no folder of pictures" in prepare("phoenix14t", tmp_path / "empty", "-o", tmp_path / "o", code=2)
    assert "no such folder" in prepare("phoenix14t", tmp_path / "nothing", "-o", tmp_path / "o", code=2)


def test_labels_of_a_data_set_become_a_list(tmp_path: Path) -> None:
    experiment = tmp_path / "one.yaml"
    experiment.write_text(
        f"base: {ROOT / 'projects/base/hands.yaml'}\n"
        "dataset: {name: made_sentences, words: {a: [x, y], b: [z]}, patterns: ['{a} {b}'],\n"
        "  sentences: {train: 1, valid: 0, test: 1}}\n"
    )
    done = runner.invoke(app, ["data", "prepare", "labels", str(experiment), "-o", str(tmp_path / "labels.txt")])
    assert "1 labels" in done.output, done.output
    assert (tmp_path / "labels.txt").read_text() in ("x z\n", "y z\n")
