"""From nothing to an answer: train the default, export, index, serve, ask as the original's clients and by the page."""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest

from tests.e2e.page.conftest import opened, sees
from tests.e2e.page.test_page import shown, upload

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from mmpt_sign.inference.model import SignModel

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

COMMAND = (sys.executable, "-m", "mmpt_sign.cli.main")
STEPS = (
    "train-demo -o optim.epochs=1 -o job.threads=1 -o job.log_every=1",
    "export runs/demo/fingerclip -o passed_on --to safetensors",
    "index build runs/demo/fingerclip -o signs.npz --split test --model passed_on",
)
LETTERS = ("A", "B", "C", "L", "Y")
ENVIRONMENT = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a model was trained, exported and used for an index, by the commands that people type."""
    missing = [name for name in ("spoken_to_signed", "fairseq") if find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("whole")
    for step in STEPS:
        done = subprocess.run(
            [*COMMAND, *step.split()], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{step}\n{done.stdout}\n{done.stderr}"
    return folder


@pytest.fixture(scope="module")
def trained(place: Path) -> SignModel:
    import mmpt_sign

    return mmpt_sign.load(place / "passed_on", device="cpu")


@pytest.fixture(scope="module")
def server(place: Path) -> Iterator[str]:
    """The address that the command prints; at the end it is told to stop, and stops well."""
    words = "serve passed_on --index signs.npz --port 0 --threads 1 --video-workers 0"
    with (place / "log").open("w") as log:
        process = subprocess.Popen(
            [*COMMAND, *words.split()], cwd=place, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert process.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
    assert found, (place / "log").read_text()
    yield found.group()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


@pytest.fixture(scope="module")
def clip() -> Path:
    """A letter of a language that the training did not see."""
    from mmpt_sign.datasets.fingerspelling_lexicon import FingerspellingLexicon

    return next(record.source.path for record in FingerspellingLexicon().records(None) if record.id == "ase_B")


def test_the_originals_clients_get_the_models_vectors(server: str, trained: SignModel, clip: Path) -> None:
    """A GET with a JSON body, as they send it."""
    pose = base64.b64encode(clip.read_bytes()).decode()
    for modality, value, expected in (
        ("text", "<en> <ase> B", trained.embed_texts(["<en> <ase> B"])),
        ("pose", pose, trained.embed_poses([clip])),
    ):
        asked = {modality: value, "model_name": "default"}
        answer = httpx.request("GET", f"{server}api/embed/{modality}", json=asked, timeout=60)
        np.testing.assert_allclose(answer.json()["embeddings"], expected, atol=1e-4)


def test_the_page_scores_and_searches_as_the_model_does(
    page: Page, server: str, trained: SignModel, clip: Path, place: Path
) -> None:
    from mmpt_sign.inference.index import Index

    opened(page, server).fill("#prompts", "\n".join(LETTERS))
    upload(page, clip)
    prompts = [f"<en> <ase> {letter}" for letter in LETTERS]
    best = trained.classify([clip], prompts, top_k=len(prompts))[0]
    rows = shown(page, len(LETTERS))
    assert [prompt for prompt, _ in rows] == [prompt for prompt, _ in best]
    assert [value for _, value in rows] == pytest.approx([value for _, value in best], abs=2e-3)
    page.click("#search-clip")
    sees(page, ".thumbnail canvas[width]").to_have_count(12)
    index = Index.load(place / "signs.npz", trained)
    sees(page, "#hits strong >> nth=0").to_have_text(index.search(pose=clip, k=1)[0].text)
    sees(page, ".missing:visible").to_have_count(0)
