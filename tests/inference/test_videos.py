"""Videos in the place of poses, and being told how far a long piece of work is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mmpt_sign
from mmpt_sign.errors import DataError
from mmpt_sign.inference import videos
from mmpt_sign.inference.following import followed
from mmpt_sign.inference.model import SignModel
from mmpt_sign.poses.arrays import clip_from_array

Trained = tuple[Path, Path]


@pytest.fixture(scope="module")
def model(trained: Trained) -> SignModel:
    return mmpt_sign.load(trained[0], device="cpu")


@pytest.fixture
def looked_at(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An estimator that knows the pose of a video by its name; MediaPipe has tests of its own."""
    seen: list[str] = []

    def estimate(path: Path, span: Any, remarks: list[str]) -> Any:
        seen.append(path.name)
        return np.load(trained[1] / f"{path.stem}.npy")

    def start() -> Callable[..., Any]:
        seen.append("started")
        return estimate

    monkeypatch.setattr(videos, "_estimator", start)
    monkeypatch.setattr(videos, "from_pose", lambda pose: clip_from_array(pose, "hand_21"))
    return seen


def test_videos_are_their_poses(model: SignModel, trained: Trained, tmp_path: Path, looked_at: list[str]) -> None:
    paths = [tmp_path / "house-0.mp4", tmp_path / "sun-1.MOV"]
    for path in paths:
        path.touch()
    poses = model.embed_poses([trained[1] / f"{path.stem}.npy" for path in paths])
    np.testing.assert_allclose(model.embed_videos(paths), poses, atol=1e-6)
    assert looked_at == ["started", "house-0.mp4", "sun-1.MOV"]
    np.testing.assert_allclose(model.embed_videos(str(paths[0])), poses[:1], atol=1e-6)
    np.testing.assert_allclose(model.embed_poses([trained[1] / "house-0.npy", paths[1]]), poses, atol=1e-6)


def test_an_index_is_searched_by_video(
    model: SignModel, trained: Trained, tmp_path: Path, looked_at: list[str]
) -> None:
    records = mmpt_sign.build("dataset", name="folder", folder=trained[1], layout="hand_21").records(None)
    (tmp_path / "sun-3.mp4").touch()
    assert mmpt_sign.Index.build(model, records).search(video=tmp_path / "sun-3.mp4", k=1)[0].id == "sun-3"
    assert looked_at == ["started", "sun-3.mp4"]


def test_a_missing_video_is_named(model: SignModel, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.mp4"):
        model.embed_videos(tmp_path / "nothing.mp4")


def test_progress_is_told_after_each_clip(model: SignModel, trained: Trained) -> None:
    told: list[tuple[int, int]] = []
    clips = [np.load(path) for path in sorted(trained[1].glob("*-0.npy"))[:3]]
    model.embed_poses(clips, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    told.clear()
    records = mmpt_sign.build("dataset", name="folder", folder=trained[1], layout="hand_21").records(None)[:4]
    mmpt_sign.Index.build(model, records, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (4, 4)
    assert list(followed((n for n in range(2)), True)) == [0, 1]
