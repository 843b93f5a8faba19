"""A server of a model that compares tokens scores by its tokens, and embeds as vectors."""

from __future__ import annotations

import numpy as np

from mmpt_sign.poses.read import read
from mmpt_sign.serve.app import application
from mmpt_sign.serve.engines import Engine, Engines
from mmpt_sign.serve.settings import Settings
from tests.inference.made import token_model
from tests.serve.places import b64, client_of, hand_file

PROMPTS = ["<en> <ase> house", "<en> <ase> the sun over the water"]


def test_scores_and_vectors_over_http() -> None:
    model, files = token_model(), [hand_file(), hand_file()]
    poses = [read(file) for file in files]
    with client_of(application(Settings.of({"models": "x"}), Engines([Engine("default", model)]))) as client:
        sent = {"poses": [b64(file) for file in files]}
        scores = client.post("/v1/score", json={**sent, "texts": PROMPTS}).json()["scores"]
        np.testing.assert_allclose(scores, model.similarity(poses, PROMPTS), atol=1e-5)
        vectors = client.post("/v1/embed/pose", json=sent).json()["embeddings"]
        np.testing.assert_allclose(vectors, model.embed_poses(poses), atol=1e-5)
        best = client.post("/v1/classify", json={**sent, "prompts": PROMPTS, "top_k": 1}).json()["answers"][0][0]
        assert best["prompt"] == model.classify(poses[0], PROMPTS, 1)[0][0][0]


def test_words_and_their_frames_over_http() -> None:
    model, file = token_model(), hand_file(20)
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
