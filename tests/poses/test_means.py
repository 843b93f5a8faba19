"""Standardising by a table of means: exact, by name, from untrusted files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mmpt_sign.cli.main import app
from mmpt_sign.errors import DataError
from mmpt_sign.poses.clip import Clip, layout_of
from mmpt_sign.poses.layouts import layout
from mmpt_sign.poses.means import PointMeans, read_means
from mmpt_sign.streams.pose import Pose
from tests.corpus import make_corpus

NAMES = ("A.x", "A.y")
MEANS = PointMeans(points=NAMES, mean=((1, 2, 3), (0, 0, 0)), deviation=((2, 2, 2), (0, 1, 1)))


def clip() -> Clip:
    data = np.array([[[3, 2, 1], [5, 5, 5]]], np.float32)
    return Clip(data, np.array([[1, 0]], np.float32), layout_of(NAMES))


def test_seen_points_are_standardised_and_missing_ones_stay_zero() -> None:
    np.testing.assert_allclose(MEANS.standardised(clip()).data, [[[1, 0, -1], [0, 0, 0]]])


def test_a_point_that_never_moves_keeps_its_scale() -> None:
    moved = Clip(clip().data, np.ones((1, 2), np.float32), layout_of(NAMES))
    assert MEANS.standardised(moved).data[0, 1, 0] == 5


def test_points_go_by_name(tmp_path: Path) -> None:
    for name in ("m.npz", "m", "m.v1"):
        MEANS.write(tmp_path / name)
        assert read_means(tmp_path / name) == MEANS
    assert len(list(tmp_path.iterdir())) == 3
    assert MEANS.of(("A.y", "A.x")).mean == ((0, 0, 0), (1, 2, 3))
    with pytest.raises(DataError, match="A.z"):
        MEANS.of(("A.x", "A.z"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"points,mean"])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"m.npz"):
        read_means(tmp_path / "m.npz")


def test_measured_means_standardise_their_own_clips(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "corpus")
    file = tmp_path / "x.yaml"
    file.write_text(
        f"dataset: {{name: folder, folder: {corpus}, layout: hand_21}}\n"
        "streams: {pose: {kind: pose, points: right_hand, normalise: wrist}}\n"
        "video: {pose: {encoder: bert_video}}\ntext: bert\nsimilarity: {video_text: pooled_dot}\n"
        "loss: {video_text: info_nce}\n"
    )
    ended = CliRunner().invoke(app, ["data", "means", str(file), "-o", str(tmp_path / "m.npz")])
    assert ended.exit_code == 0, ended.output
    stream = Pose(points="right_hand", normalise="wrist", standardise=tmp_path / "m.npz").fixed_to(layout("hand_21"))
    assert isinstance(stream.standardise, PointMeans)
    from mmpt_sign.inference.clips import as_clip

    files = [f for f in sorted(corpus.glob("*.npy")) if not f.stem.endswith(("-0", "-1"))]
    frames = np.concatenate([stream.encode(stream.prepare(as_clip(f, "hand_21"))) for f in files])
    moving = frames[:, 3:]  # the wrist is the origin and never moves
    np.testing.assert_allclose(moving.mean(0), 0, atol=1e-3)
    np.testing.assert_allclose(moving.std(0), 1, atol=1e-2)
