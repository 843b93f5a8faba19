"""A server of a model that compares tokens scores by its tokens, and embeds as vectors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.inference.index import Index
from mmpt_sign.inference.model import SignModel
from mmpt_sign.inference.rerank import CANDIDATES
from mmpt_sign.poses.read import read
from mmpt_sign.records import Record, Source
from mmpt_sign.serve.app import application
from mmpt_sign.serve.engines import Engine, Engines
from mmpt_sign.serve.settings import Settings
from tests.inference.made import token_model, two_stream_model
from tests.serve.places import b64, client_of, hand_file

PROMPTS = ["<en> <ase> house", "<en> <ase> the sun over the water"]


@pytest.mark.parametrize("made", [token_model, two_stream_model])
def test_scores_and_vectors_over_http(made: Callable[[], SignModel]) -> None:
    model, files = made(), [hand_file(), hand_file()]
    poses = [read(file) for file in files]
    with client_of(application(Settings.of({"models": "x"}), Engines([Engine("default", model)]))) as client:
        sent = {"poses": [b64(file) for file in files]}
        scores = client.post("/v1/score", json={**sent, "texts": PROMPTS}).json()["scores"]
        np.testing.assert_allclose(scores, model.similarity(poses, PROMPTS), atol=1e-5)
        vectors = client.post("/v1/embed/pose", json=sent).json()["embeddings"]
        np.testing.assert_allclose(vectors, model.embed_poses(poses), atol=1e-5)
        best = client.post("/v1/classify", json={**sent, "prompts": PROMPTS, "top_k": 1}).json()["answers"][0][0]
        assert best["prompt"] == model.classify(poses[0], PROMPTS, 1)[0][0][0]


@pytest.mark.parametrize("made", [token_model, two_stream_model])
def test_words_and_their_frames_over_http(made: Callable[[], SignModel]) -> None:
    model, file = made(), hand_file(20)
    engines = Engines(
        [Engine("default", model), Engine("pooled", token_model(similarity={"video_text": "pooled_dot"}))]
    )
    with client_of(application(Settings.of({"models": "x"}), engines)) as client:
        sent = {"pose": b64(file), "text": PROMPTS[1]}
        answer = client.post("/v1/align", json=sent).json()
        expected = model.align(read(file), PROMPTS[1])
        assert [word["word"] for word in answer["words"]] == ["the", "sun", "over", "the", "water"]
        assert [word["first_frame"] for word in answer["words"]] == [span.first_frame for span in expected.spans]
        np.testing.assert_allclose(answer["attention"], expected.at_frames(), atol=1e-3)
        assert (answer["frames"], answer["fps"]) == (20, expected.fps)
        assert client.post("/v1/align", json={**sent, "model": "pooled"}).status_code == 422
        assert client.post("/v1/align", json={**sent, "text": "<en> <ase>"}).status_code == 422
        assert client.post("/v1/align", json={**sent, "pose": "AAAA"}).status_code == 422


def test_a_search_by_text_is_in_the_order_of_the_tokens(tmp_path: Path) -> None:
    model, rng = token_model(), np.random.default_rng(2)
    records = []
    for n in range(20):
        (tmp_path / f"{n}.pose").write_bytes(hand_file(int(rng.integers(3, 30)), n))
        records.append(Record(f"clip{n}", "test", (PROMPTS[n % 2],), Source(tmp_path / f"{n}.pose"), "ase"))
    index = Index.build(model, records)
    engines = Engines([Engine("default", model, index)])
    with client_of(application(Settings.of({"models": "x"}), engines)) as client:
        asked = {"text": PROMPTS[1], "k": 8}
        hits = client.post("/v1/search", json=asked).json()["hits"]
        expected = index.search(text=PROMPTS[1], k=8)
        fast = index.search(text=PROMPTS[1], k=8, rerank=0)
        assert [hit["id"] for hit in hits] == [hit.id for hit in expected] != [hit.id for hit in fast]
        assert [hit["score"] for hit in hits] == pytest.approx([hit.score for hit in expected], abs=1e-5)
        quick = client.post("/v1/search", json={**asked, "rerank": 0}).json()["hits"]
        assert [hit["id"] for hit in quick] == [hit.id for hit in fast]
        assert client.post("/v1/search", json={**asked, "rerank": -1}).status_code == 422
        described = client.get("/openapi.json").json()["components"]["schemas"]["Searched"]["properties"]["rerank"]
        assert f"default: {CANDIDATES}" in described["description"]
        clip = client.post("/v1/search", json={"pose": b64(hand_file(3, 4)), "k": 1}).json()["hits"]
        assert [hit["id"] for hit in clip] == [index.search(pose=read(hand_file(3, 4)), k=1)[0].id]


def test_models_say_whether_they_compare_tokens() -> None:
    engines = [
        Engine("default", token_model()),
        Engine("pooled", token_model(similarity={"video_text": "pooled_dot"})),
    ]
    with client_of(application(Settings.of({"models": "x"}), Engines(engines))) as client:
        models = client.get("/v1/models").json()["models"]
        assert [(model["name"], model["compares_tokens"]) for model in models] == [("default", True), ("pooled", False)]
