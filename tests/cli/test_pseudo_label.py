"""``mmpt-sign pseudo-label`` from the shell: a table of spans, resumption, the test split, records of labels."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from mmpt_sign import registry
from mmpt_sign.features.networks.i3d import I3d
from mmpt_sign.video.decode import frames
from tests.cli.test_commands import said
from tests.datasets.corpora import pose_file
from tests.features.networks.weights import with_random_weights
from tests.video.made import make_video

pytest.importorskip("av")
CLASSES = 3


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An I3D whose classifier is sure of class 1, whatever it sees."""
    network = with_random_weights(I3d(classes=CLASSES).build())
    state = {f"module.{name}": value for name, value in network.state_dict().items()}
    state["module.logits.conv3d.weight"] = torch.zeros(CLASSES, 1024, 1, 1, 1)
    state["module.logits.conv3d.bias"] = torch.tensor([0.0, 3.0, 0.0])
    path = tmp_path_factory.mktemp("weights") / "bsl.pth.tar"
    torch.save({"state_dict": state, "epoch": 3, "arch": "i3d"}, path)
    return path


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    for name, count in (("train/a", 44), ("dev/b", 10)):
        path = tmp_path / f"videos/{name}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        make_video(path, count, 25)
    return tmp_path / "videos"


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_videos_become_a_table_of_spans(videos: Path, checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "pseudo_labels/pseudo_labels.csv"
    (tmp_path / "class.txt").write_text("0000 apple\n0001 ice cream\n0002 bread\n")
    words = ("pseudo-label", str(videos), "-o", str(out), "--checkpoint", str(checkpoint), "--workers", "1",
             "--classes", str(tmp_path / "class.txt"), "--device", "cpu", "--option", "stride=4")  # fmt: skip
    assert "pseudo_labels.csv: 3 labels" in said(*words)
    rows = table(out)
    # windows every four frames, all equally sure: what starts within 24 frames of a kept one is left out
    assert [(r["video"], r["start"], r["end"]) for r in rows] == [
        ("dev/b", "0", "10"), ("train/a", "0", "16"), ("train/a", "28", "44"),
    ]  # fmt: skip
    assert {(r["class"], r["text"]) for r in rows} == {("0001", "ice cream")}
    assert float(rows[0]["probability"]) == pytest.approx(np.exp(3) / (np.exp(3) + 2), rel=1e-4)
    assert {r["split"] for r in rows} == {"dev", "train"}
    assert len(list(frames(rows[1]["path"]))) == 44

    make_video(videos / "train/c.mp4", 16, 25)
    assert "1 made, 2 were there" in said(*words)
    assert "rules" in said(*words, "--rule", "confidence=0.95", code=2)
    assert "rule confidence" in said(*words, "--rule", "confidence=2", "--rule", "mrege=3", code=2)

    pose_file(out.parent / "poses/train/a.pose", 44)
    part = registry.build("dataset", name="pseudo_labels", absent="skip")
    records = part.records(tmp_path)
    assert [(r.texts[0], r.split, r.source.start, r.source.end) for r in records] == [
        ("ice cream", "train", 0, 16), ("ice cream", "train", 28, 44),
    ]  # fmt: skip
    assert {r.group for r in records} == {"ICE CREAM"}


@pytest.mark.slow
def test_the_test_split_is_refused_unless_asked_for(videos: Path, checkpoint: Path, tmp_path: Path) -> None:
    make_video(videos / "test.mp4", 16, 25)
    (videos / "test").mkdir()
    (videos / "test.mp4").rename(videos / "test/t.mp4")
    (videos / "train/a.mp4").unlink()  # one short video is enough to see what is left out
    words = ("pseudo-label", str(videos), "-o", str(tmp_path / "out.csv"), "--checkpoint", str(checkpoint),
             "--workers", "1", "--device", "cpu", "--rule", "confidence=0.99", "--option", "stride=16")  # fmt: skip
    assert "1 of 2 videos are of the test split" in said(*words, code=2)
    assert not (tmp_path / "out.csv").exists()
    assert "1 made" in said(*words, "--test", "skip")
    assert table(tmp_path / "out.csv") == []  # nothing is sure, and that is a table as well
    named = ("pseudo-label", str(videos / "test"), *words[2:])
    assert "1 of 1 videos are of the test split" in said(*named, code=2)  # the folder itself is called so
    assert "1 of 1 videos are of the test split" in said(*named, "--test", "skip", code=2)


def test_a_checkpoint_without_a_classifier_names_no_signs(videos: Path, tmp_path: Path) -> None:
    path = tmp_path / "bare.pt"
    torch.save({"state_dict": {"Conv3d_1a_7x7.conv3d.weight": torch.zeros(1)}}, path)
    text = said("pseudo-label", str(videos), "-o", str(tmp_path / "o.csv"), "--checkpoint", str(path), code=2)
    assert "holds no classifier" in text
