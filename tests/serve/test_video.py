"""Video through a process that may be killed: embedded, refused, cut short, and nothing left on the disk."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from mmpt_sign.inference.model import SignModel
from tests.serve.places import app_of, b64, client_of, index_over

pytest.importorskip("av")
pytest.importorskip("mediapipe")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("uploads")


@pytest.fixture(scope="module")
def filmed(model: SignModel, place: Path) -> Iterator[TestClient]:
    """A server with one process for video and a folder for uploads."""
    settings: dict[str, Any] = {"video_workers": 1, "temporary": place, "max_video_seconds": 20}
    with client_of(app_of(model, index_over(model), **settings)) as client:
        yield client
    assert not multiprocessing.active_children()


@pytest.mark.slow
@pytest.mark.shared
def test_a_video_is_embedded_searched_and_removed(
    filmed: TestClient, model: SignModel, place: Path, shared_data: Path
) -> None:
    video, pose = (shared_data / "ksl_videos" / name for name in ("you_1.mp4", "you_1.pose"))
    answer = filmed.post("/v1/embed/video", content=video.read_bytes(), headers={"Content-Type": "video/mp4"})
    assert answer.status_code == 200, answer.text
    vector = np.array(answer.json()["embeddings"])
    assert vector.shape == (1, 32)
    assert float((vector @ model.embed_poses([pose]).T)[0, 0]) > 0.9  # the pose that was made of it elsewhere
    hits = filmed.post("/v1/search", json={"video": b64(video.read_bytes()), "k": 2})
    assert len(hits.json()["hits"]) == 2
    assert not list(place.iterdir())


@pytest.mark.slow
def test_what_is_no_video_is_refused_and_removed(filmed: TestClient, place: Path) -> None:
    for body in (b"no video at all", b"#EXTM3U\n/etc/hostname\n", b"RIFF\0\0\0\0AVI LIST" + os.urandom(5000)):
        answer = filmed.post("/v1/embed/video", content=body)
        assert answer.status_code == 422, answer.text
        assert str(place) not in answer.text
    assert filmed.post("/v1/embed/video", content=b"").status_code == 422
    assert filmed.post("/v1/pose/video", content=b"").status_code == 422
    assert filmed.post("/v1/pose/video", content=b"no video at all").status_code == 422
    assert filmed.post("/v1/score", json={"videos": ["eA=="], "texts": ["x"]}).status_code == 422
    assert not list(place.iterdir())


@pytest.mark.slow
@pytest.mark.shared
def test_work_that_takes_too_long_is_killed(model: SignModel, place: Path, shared_data: Path) -> None:
    video = (shared_data / "ksl_videos" / "you_1.mp4").read_bytes()
    with client_of(app_of(model, video_workers=1, max_video_work_seconds=0.3, temporary=place)) as client:
        start = time.perf_counter()
        answer = client.post("/v1/embed/video", content=video)
        assert answer.json()["error"]["limit"]["name"] == "max_video_work_seconds"
        assert time.perf_counter() - start < 30
        assert not list(place.iterdir())
        assert client.post("/v1/embed/text", json={"texts": ["x"]}).status_code == 200
