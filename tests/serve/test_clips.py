"""Figures of the index's clips, and poses of videos."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from mmpt_sign.inference.index import Index
from mmpt_sign.inference.model import SignModel
from mmpt_sign.poses.arrays import read_source
from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.read import read
from mmpt_sign.records import Source
from mmpt_sign.serve.clips import MOST_SHOWN
from tests.poses.clips import same
from tests.serve.places import app_of, client_of, hand_file, index_over

LONG = 500


@pytest.fixture(scope="module")
def index(model: SignModel, tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Six clips: a good one, a long one, a part of it, one that is gone, features, and one that no file holds."""
    folder = tmp_path_factory.mktemp("clips")
    (folder / "good.pose").write_bytes(hand_file(10, 1))
    (folder / "long.pose").write_bytes(hand_file(LONG, 2))
    np.save(folder / "features.npy", np.zeros((5, 40), np.float32))
    found = index_over(model)
    long = folder / "long.pose"
    places = [Source(folder / "good.pose"), Source(long), Source(long, 20, 30), Source(folder / "gone.pose")]
    places.append(Source(folder / "features.npy"))
    found.sources = {f"clip-{n}": place for n, place in enumerate(places)}
    return found


@pytest.fixture(scope="module")
def with_clips(model: SignModel, index: Index) -> Iterator[TestClient]:
    with client_of(app_of(model, index)) as ready:
        yield ready


def figure(client: TestClient, name: str) -> dict[str, Any]:
    answer = client.get("/v1/clip", params={"id": name})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_figure_has_places_for_every_point_of_every_frame(with_clips: TestClient) -> None:
    found = figure(with_clips, "clip-0")
    places = np.frombuffer(base64.b64decode(found["places"]), "<i2").reshape(found["frames"], found["count"], 2)
    assert (found["frames"], found["count"], found["fps"]) == (10, 21, 24.0)
    assert {start for start, *_ in found["limbs"]} <= set(range(21))
    assert np.median(places) > 0
    assert found["colours"] == ["right_hand"]


def test_a_long_clip_is_thinned_out_at_the_same_speed(with_clips: TestClient) -> None:
    found = figure(with_clips, "clip-1")
    assert found["frames"] <= MOST_SHOWN
    assert found["frames"] / found["fps"] == pytest.approx(LONG / 24, rel=0.05)
    assert figure(with_clips, "clip-2")["frames"] == 10


@pytest.mark.parametrize("name", ["clip-3", "clip-4", "clip-5", "nobody", "../clip-0", "x" * 400])
def test_what_cannot_be_shown_is_404_without_a_path(with_clips: TestClient, name: str) -> None:
    answer = with_clips.get("/v1/clip", params={"id": name})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_clip")
    assert ".pose" not in answer.text
    assert "/" not in answer.json()["error"]["message"]


def pose(client: TestClient, name: str) -> Clip:
    answer = client.get("/v1/clip/pose", params={"id": name})
    assert answer.status_code == 200, answer.text
    return read(answer.content)


def test_the_pose_of_a_clip_is_whole(with_clips: TestClient, index: Index, model: SignModel) -> None:
    for name, frames in (("clip-0", 10), ("clip-1", LONG), ("clip-2", 10)):
        found = pose(with_clips, name)
        assert len(found) == frames
        assert same(found, read_source(index.sources[name]))
    with client_of(app_of(model, index, max_frames=40)) as client:
        assert len(pose(client, "clip-1")) == 40


@pytest.mark.parametrize("name", ["clip-3", "clip-4", "clip-5", "nobody", "../clip-0"])
def test_a_pose_that_is_not_there_is_404_without_a_path(with_clips: TestClient, name: str) -> None:
    answer = with_clips.get("/v1/clip/pose", params={"id": name})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_clip")
    assert "/" not in answer.json()["error"]["message"]
    assert with_clips.get("/v1/clip/pose", params={"id": name, "model": "second"}).json()["error"]["code"] == "no_index"


def test_a_request_names_an_id_and_never_a_path(with_clips: TestClient, index: Index) -> None:
    path = str(index.sources["clip-0"].path)
    assert with_clips.get("/v1/clip", params={"id": path}).status_code == 404
    assert with_clips.get("/v1/clip", params={"id": "clip-0", "path": path}).json()["title"] == "clip-0"


def test_a_clip_longer_than_the_server_takes_is_cut(model: SignModel, index: Index) -> None:
    with client_of(app_of(model, index, max_frames=40)) as client:
        assert figure(client, "clip-1")["frames"] == 40


def test_places_survive_saving(model: SignModel, index: Index, tmp_path: Path) -> None:
    assert Index.load(index.save(tmp_path / "signs.npz"), model).sources == index.sources
    index_over(model).save(tmp_path / "older.npz")
    assert Index.load(tmp_path / "older.npz", model).sources == {}


def test_a_server_without_video_says_so(with_clips: TestClient) -> None:
    answer = with_clips.post("/v1/pose/video", content=b"x")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_video")
