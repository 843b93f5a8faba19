"""Servers, models and bodies made for these tests."""

from __future__ import annotations

import base64
import resource
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from mmpt_sign.inference.index import Index
from mmpt_sign.inference.model import SignModel
from mmpt_sign.poses.clip import FloatArray
from mmpt_sign.poses.names import HAND_POINTS, RIGHT_HAND
from mmpt_sign.serve.app import application
from mmpt_sign.serve.engines import Engine, Engines
from mmpt_sign.serve.settings import Settings
from tests.poses.clips import pose_bytes

HAND = ((RIGHT_HAND, tuple(HAND_POINTS)),)
ENTRY = {"text": "<en> <ase> house", "sign_language": "ase", "signer": "a"}


def hand_file(frames: int = 10, seed: int = 0, version: float = 0.2) -> bytes:
    """A whole ``.pose`` file of one right hand."""
    data = np.random.default_rng(seed).normal(size=(frames, 1, len(HAND_POINTS), 3)).astype(np.float32)
    return pose_bytes(data, np.ones(data.shape[:3], np.float32), version, components=HAND, axes="XYZC")


def b64(data: bytes) -> str:
    """As clients send it."""
    return base64.b64encode(data).decode()


def index_over(model: SignModel, clips: int = 6) -> Index:
    """A made collection: languages and signers in turn."""
    vectors = np.random.default_rng(1).normal(size=(clips, model.experiment.text.width)).astype(np.float32)
    tags = [("ase", "a"), ("gsg", "b")]
    entries = [
        ENTRY | {"id": f"clip-{n}", "sign_language": tags[n % 2][0], "signer": tags[n % 2][1]} for n in range(clips)
    ]
    return Index(model, vectors, entries)


def app_of(model: Any, index: Index | None = None, *, alone: bool = False, **settings: Any) -> FastAPI:
    """An application over a model in memory, which is also known as 'second' unless it is to be alone."""
    second = [] if alone else [Engine("second", model)]
    engines = Engines([Engine("default", model, index), *second], threads=1)
    return application(Settings.of({"models": "nowhere", "video_workers": 0, **settings}), engines)


@contextmanager
def client_of(app: FastAPI) -> Iterator[TestClient]:
    """A client without a network; an unexpected error of the application is an answer, as in real life."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """A real server in a thread; yields its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, http="h11", ws="none", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


def memory() -> int:
    """Bytes that this process had at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class SlowModel:
    """Answers after a fixed time per batch and per piece, so that its sustainable rate is known."""

    def __init__(self, per_batch: float = 0.0, per_piece: float = 0.01) -> None:
        self.per_batch, self.per_piece = per_batch, per_piece
        self.batches: list[int] = []
        self.experiment = SimpleNamespace(text=SimpleNamespace(width=4, max_tokens=64), streams={})
        self.needs: dict[str, str] = {}
        self.compares_tokens = False
        self.failing: set[str] = set()

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """A vector that tells which text it belongs to."""
        self.batches.append(len(texts))
        time.sleep(self.per_batch + self.per_piece * len(texts))
        if self.failing & set(texts):
            raise RuntimeError("secret content")
        return np.array([[len(text), sum(map(ord, text)), 0, 1] for text in texts], np.float32)
