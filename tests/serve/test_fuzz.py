"""Bodies and requests from nowhere: whatever comes, an answer below 500, and no growth.

The full size is ``MMPT_SIGN_FUZZ_POSES=20000 MMPT_SIGN_FUZZ_REQUESTS=5000``.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings

from mmpt_sign.inference.model import SignModel
from tests.serve.places import app_of, b64, hand_file, index_over, memory, serving

POSES = int(os.environ.get("MMPT_SIGN_FUZZ_POSES", "1500"))
REQUESTS = int(os.environ.get("MMPT_SIGN_FUZZ_REQUESTS", "220"))
GROWTH = 200 << 20
DAMAGE = ("bytes", "cut", "insert", "number", "repeat", "splice")


@pytest.fixture(scope="module")
def address(model: SignModel) -> Iterator[str]:
    """A real server with an index."""
    with serving(app_of(model, index_over(model))) as place:
        yield place


def mutated(file: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """The file with one to four pieces of damage."""
    data = bytearray(file)
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(max(len(data), 1) if rng.random() < 0.3 else min(max(len(data), 1), 250)))
        kind = DAMAGE[int(rng.integers(len(DAMAGE)))]
        if kind == "bytes":
            data[at : at + 4] = rng.bytes(int(rng.integers(1, 5)))
        elif kind == "cut":
            del data[at : at + int(rng.integers(1, 64)) if rng.random() < 0.7 else len(data)]
        elif kind == "insert":
            data[at:at] = rng.bytes(int(rng.integers(1, 64)))
        elif kind == "number":  # what lengths and counters fear most
            data[at : at + 2] = rng.choice([b"\0\0", b"\xff\xff", b"\1\0", b"\xff\x7f", b"\0\x80", b"\xc0\x7f"])
        elif kind == "repeat":
            data += data[at : at + 4096]
        else:
            data[at:] = other[int(rng.integers(len(other))) :]
    return bytes(data)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_mutated_pose_files_are_embedded_or_refused(client: TestClient) -> None:
    rng = np.random.default_rng(7)
    files = [hand_file(int(n), int(n), version) for n in (1, 3, 9) for version in (0.0, 0.1, 0.2)]
    seen: Counter[int] = Counter()
    before = 0
    for n in range(POSES):
        one, other = (files[int(rng.integers(len(files)))] for _ in range(2))
        answer = client.post("/v1/embed/pose", json={"poses": [b64(mutated(one, other, rng))]})
        seen[answer.status_code] += 1
        if answer.status_code == 200:
            assert np.isfinite(answer.json()["embeddings"]).all()
        if n == POSES // 4:
            before = memory()
    assert set(seen) <= {200, 413, 422}, seen
    assert seen[200] > POSES / 50
    assert seen[422] > POSES / 50
    assert memory() - before < GROWTH


WITH_A_BODY = 7  # operations that most of the requests go to; the others have nothing to vary
OPERATIONS = (
    "/v1/embed/text",
    "/v1/embed/pose",
    "/v1/embed/video",
    "/v1/score",
    "/v1/classify",
    "/v1/search",
    "/v1/align",
    "/v1/clip",
    "/v1/clip/pose",
    "/v1/pose/video",
    "/v1/models",
    "/api/embed/{modality}",
    "/health",
    "/ready",
    "/metrics",
)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("path", OPERATIONS)
def test_requests_made_from_the_document_are_answered_as_it_says(address: str, path: str) -> None:
    import schemathesis
    from schemathesis import checks
    from schemathesis.core.result import Ok

    document = schemathesis.openapi.from_url(address + "/openapi.json")
    wanted = [
        checks.not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]
    operations = [found.ok() for found in document.get_all_operations() if isinstance(found, Ok)]
    assert {operation.path for operation in operations} == set(OPERATIONS)
    for operation in operations:
        if operation.path != path:
            continue

        @settings(max_examples=max(1, REQUESTS // WITH_A_BODY), suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def meet(case: object) -> None:
            case.call_and_validate(checks=wanted, excluded_checks=None)  # type: ignore[attr-defined]

        meet()
    assert httpx.get(address + "/ready").status_code == 200
