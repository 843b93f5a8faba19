"""What is asked and answered, on the original's route and on ``/v1``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from mmpt_sign.inference.model import SignModel
from mmpt_sign.poses.read import read
from mmpt_sign.serve.app import application, from_environment
from mmpt_sign.serve.engines import Engine, Engines
from mmpt_sign.serve.settings import Settings
from mmpt_sign.streams.features import Features
from tests.inference.made import two_stream_model, with_other
from tests.serve.places import app_of, b64, client_of, hand_file, index_over

JSON = {"Content-Type": "application/json"}
TEXTS = ["<en> <ase> house", "<en> <ase> sun"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_originals_route_takes_one_text_or_many(client: TestClient, model: SignModel, method: str) -> None:
    one = client.request(method, "/api/embed/text", json={"text": TEXTS[0], "model_name": "default"})
    many = client.request(method, "/api/embed/text", json={"text": TEXTS})
    assert one.status_code == many.status_code == 200
    assert set(one.json()) == {"embeddings"}
    np.testing.assert_allclose(one.json()["embeddings"], model.embed_texts(TEXTS[:1]), atol=1e-5)
    np.testing.assert_allclose(many.json()["embeddings"], model.embed_texts(TEXTS), atol=1e-5)


def test_the_originals_route_takes_poses(client: TestClient, model: SignModel) -> None:
    files = [hand_file(8, 1), hand_file(23, 2)]
    one = client.request("GET", "/api/embed/pose", json={"pose": b64(files[0])})
    many = client.request("GET", "/api/embed/pose", json={"pose": [b64(file) for file in files]})
    expected = model.embed_poses([read(file) for file in files])
    np.testing.assert_allclose(one.json()["embeddings"], expected[:1], atol=1e-5)
    np.testing.assert_allclose(many.json()["embeddings"], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/embed/smell", {"text": "x"}),
        ("/api/embed/text", {"text": "x", "model_name": "nobody"}),
        ("/api/embed/text", {"pose": "x"}),
        ("/api/embed/text", {"text": []}),
        ("/api/embed/text", {"text": 3}),
        ("/api/embed/text", {"text": "\ud800 x"}),
        ("/api/embed/pose", {"pose": "no base64!"}),
        ("/api/embed/pose", {"pose": b64(b"no pose")}),
        ("/api/embed/pose", {"pose": [b64(hand_file()), ""]}),
    ],
)
def test_mistakes_on_the_originals_route_are_400(client: TestClient, path: str, body: dict[str, Any]) -> None:
    answer = client.request("GET", path, content=json.dumps(body), headers=JSON)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["message"]


def test_embeddings_carry_model_and_width(client: TestClient, model: SignModel) -> None:
    text = client.post("/v1/embed/text", json={"texts": TEXTS, "model": "second"}).json()
    assert (text["model"], text["dimensions"]) == ("second", 32)
    pose = client.post("/v1/embed/pose", json={"poses": [b64(hand_file(9))]}).json()
    np.testing.assert_allclose(pose["embeddings"], model.embed_poses([read(hand_file(9))]), atol=1e-5)


def test_scores_are_those_of_the_library(client: TestClient, model: SignModel) -> None:
    files = [hand_file(9, n) for n in range(3)]
    answer = client.post("/v1/score", json={"poses": [b64(file) for file in files], "texts": TEXTS}).json()
    np.testing.assert_allclose(answer["scores"], model.similarity([read(file) for file in files], TEXTS), atol=1e-4)


def test_classes_are_sorted(client: TestClient, model: SignModel) -> None:
    prompts = [*TEXTS, "<en> <ase> water"]
    answer = client.post("/v1/classify", json={"poses": [b64(hand_file())], "prompts": prompts, "top_k": 2}).json()
    expected = model.classify([read(hand_file())], prompts, top_k=2)[0]
    assert [row["prompt"] for row in answer["answers"][0]] == [prompt for prompt, _ in expected]


def test_search_by_text_and_pose_with_filters(client: TestClient) -> None:
    by_text = client.post("/v1/search", json={"text": TEXTS[0], "k": 3}).json()
    assert by_text["index"] == "exact"
    assert len(by_text["hits"]) == 3
    assert by_text["hits"] == sorted(by_text["hits"], key=lambda hit: -hit["score"])
    only = client.post("/v1/search", json={"pose": b64(hand_file()), "k": 6, "sign_language": "gsg"}).json()["hits"]
    assert {hit["sign_language"] for hit in only} == {"gsg"}
    assert len(only) == 3
    nobody = client.post("/v1/search", json={"text": TEXTS[0], "signer": "nobody"}).json()
    assert nobody["hits"] == []


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/v1/embed/text", {"texts": ["x"], "model": "nobody"}, 404, "no_such_model"),
        ("/v1/embed/text", {"texts": []}, 422, "invalid"),
        ("/v1/embed/text", {"texts": ["x"], "texst": 1}, 422, "invalid"),
        ("/v1/embed/text", {"texts": ["\ud800"]}, 422, "invalid"),
        ("/v1/embed/text", {"texts": ["x"], "\udfff": 1}, 422, "invalid"),
        ("/v1/embed/pose", {"poses": [b64(b"\0" * 100)]}, 422, "invalid"),
        ("/v1/score", {"texts": ["x"]}, 422, "invalid"),
        ("/v1/search", {"text": "x", "pose": "eA=="}, 422, "invalid"),
        ("/v1/search", {"text": "x", "model": "second"}, 404, "no_index"),
        ("/v1/search", {"text": "x", "k": 0}, 422, "invalid"),
        ("/v1/search", {"text": "x", "k": 10**4000}, 422, "invalid"),
        ("/v1/classify", {"poses": ["eA=="], "prompts": ["x"], "top_k": 10**400}, 422, "invalid"),
        ("/v1/score", {"texts": ["x"], "videos": ["eA=="]}, 404, "no_video"),
        ("/v1/nothing", {}, 404, "no_such_route"),
    ],
)
def test_mistakes_have_one_shape(client: TestClient, path: str, body: dict[str, Any], status: int, code: str) -> None:
    answer = client.post(path, content=json.dumps(body), headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    assert answer.headers["x-request-id"] == answer.json()["error"]["request_id"]


def test_whole_characters_may_be_escaped(client: TestClient, model: SignModel) -> None:
    answer = client.post("/v1/embed/text", content=json.dumps({"texts": ["sun \U0001f31e"]}), headers=JSON)
    np.testing.assert_allclose(answer.json()["embeddings"], model.embed_texts(["sun \U0001f31e"]), atol=1e-5)
    assert client.post("/v1/embed/text", content=b'{"texts":["\xed\xa0\x80"]}', headers=JSON).status_code == 400


def test_what_is_no_json_is_400_and_another_method_405(client: TestClient) -> None:
    assert client.post("/v1/embed/text", content="{", headers=JSON).status_code == 400
    assert client.post("/v1/embed/text", content="[" * 100_000, headers=JSON).status_code == 400
    assert client.post("/v1/embed/text", content="9" * 5000, headers=JSON).status_code == 400
    assert client.get("/v1/embed/text").json()["error"]["code"] == "method_not_allowed"


def test_a_wrong_place_is_named_and_content_is_not_repeated(client: TestClient) -> None:
    secret = "my-private-words"
    answer = client.post("/v1/embed/pose", json={"poses": [b64(hand_file()), secret], "truncate": False})
    assert answer.json()["error"]["problems"][0]["where"] == "poses.1"
    assert secret not in answer.text
    assert secret not in client.post("/v1/embed/text", json={"texts": {"a": secret}}).text
    assert secret not in client.post("/v1/embed/text", json={"texts": ["x"], "model": secret}).text


def test_health_ready_models_and_metrics(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/ready").json() == {"status": "ready"}
    models = client.get("/v1/models").json()["models"]
    assert [(m["name"], m["clips_in_index"]) for m in models] == [("default", 6), ("second", None)]
    client.post("/v1/embed/text", json={"texts": TEXTS})
    client.get("/no/such/path")
    text = client.get("/metrics").text
    assert 'mmpt_sign_requests_total{route="/v1/embed/text",status="200"}' in text
    assert 'mmpt_sign_requests_total{route="other",status="404"}' in text
    assert 'mmpt_sign_batch_pieces_count{kind="text/default"}' in text
    assert "/no/such/path" not in text


def test_the_openapi_document_has_examples_and_the_shape_of_errors(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["components"]["schemas"]["Texts"]["properties"]["texts"]["examples"]
    answers = document["paths"]["/v1/embed/pose"]["post"]["responses"]
    assert {"200", "413", "422", "429", "503"} <= set(answers)
    assert answers["422"]["content"]["application/json"]["schema"]["$ref"].endswith("/Refusal")
    assert {"get", "post"} <= set(document["paths"]["/api/embed/{modality}"])


def test_a_model_that_needs_more_than_poses_says_so() -> None:
    model = with_other(two_stream_model(), Features(size=63))
    engines = Engines([Engine("default", model)])
    with client_of(application(Settings.of({"models": "x"}), engines)) as client:
        answer = client.post("/v1/embed/pose", json={"poses": [b64(hand_file())]})
        assert answer.status_code == 422
        assert "'other': 'features'" in answer.json()["error"]["message"]


def test_two_applications_in_one_process_do_not_share_figures(model: SignModel) -> None:
    with client_of(app_of(model, index_over(model))) as one, client_of(app_of(model)) as other:
        one.post("/v1/embed/text", json={"texts": TEXTS})
        assert 'route="/v1/embed/text"' not in other.get("/metrics").text


def test_a_process_manager_gets_its_application_from_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMPT_SIGN_SERVE_MODELS", str(folder))
    monkeypatch.setenv("MMPT_SIGN_SERVE_MAX_TEXTS", "1")
    with client_of(from_environment()) as client:
        assert client.post("/v1/embed/text", json={"texts": ["x"]}).status_code == 200
        assert client.post("/v1/embed/text", json={"texts": ["x", "y"]}).status_code == 413
