"""Throughput and waiting times of the server, and what batching across requests is worth.

    python benchmarks/serve.py [--model FOLDER] [--seconds 6] [--rounds 3] [--threads 1] [--frames 30]

Two servers with the same model, one that batches and one that does not (``--batch-pieces 1``), run in processes of
their own and take turns, so that a change of the machine's speed hits both.  Where other work runs beside them, the
processor time per request says more than the wall, so its ratio is printed too.  Clients ask in a closed loop: each
sends its next request when it has the answer to the last.  Without ``--model`` a model of six layers, width 384, with
random weights is made: it costs what a trained one costs.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.train import SHAPE  # noqa: E402
from mmpt_sign.poses.names import HAND_POINTS, LEFT_HAND, RIGHT_HAND  # noqa: E402
from tests.poses.clips import pose_bytes  # noqa: E402

CLIENTS = (1, 8, 32)
HANDS = ((LEFT_HAND, tuple(HAND_POINTS)), (RIGHT_HAND, tuple(HAND_POINTS)))


def made_model(folder: Path) -> Path:
    """An exported model over two hands."""
    from mmpt_sign.config.load import experiment_from_values
    from mmpt_sign.models.checkpoint import save_model
    from mmpt_sign.models.dual_encoder import DualEncoder
    from mmpt_sign.poses.layouts import layout

    values = {
        "dataset": {"name": "folder", "folder": "."},
        "streams": {"pose": {"kind": "pose", "points": "hands", "normalise": "none", "max_frames": 256}},
        "video": {"pose": {"encoder": {"name": "bert_video", "weights": None, "architecture": SHAPE}}},
        "text": {"name": "bert", "weights": "minilm", "max_tokens": 64},
        "similarity": {"video_text": "pooled_dot"},
        "loss": {"video_text": "info_nce"},
    }
    experiment = experiment_from_values(values, "benchmark")
    streams = {name: stream.fixed_to(layout("hands_42")) for name, stream in experiment.streams.items()}
    fixed = experiment.model_copy(update={"streams": streams})
    save_model(folder, DualEncoder(fixed), fixed, fixed.text.tokenizer(), {})
    return folder


def bodies(frames: int) -> dict[str, list[tuple[str, bytes]]]:
    """Requests of two kinds, each a path and a body; lengths vary as those of signs do."""
    rng = np.random.default_rng(0)
    texts = [[f"<en> <ase> {word} {n}"] for n, word in enumerate(("house", "sun", "how are you?", "police") * 16)]
    poses = []
    for length in np.clip(rng.lognormal(np.log(frames), 0.4, 64), 8, 256).astype(int):
        data = rng.normal(size=(length, 1, 42, 3)).astype(np.float32)
        file = pose_bytes(data, np.ones(data.shape[:3], np.float32), components=HANDS, axes="XYZC")
        poses.append(base64.b64encode(file).decode())
    return {
        "text": [("/v1/embed/text", json.dumps({"texts": text}).encode()) for text in texts],
        "pose": [("/v1/embed/pose", json.dumps({"poses": [pose]}).encode()) for pose in poses],
    }


@contextmanager
def server(model: Path, threads: int, *options: str) -> Iterator[str]:
    """A server in a process of its own; yields its address."""
    words = [sys.executable, "-m", "mmpt_sign.cli.main", "serve", str(model), "--port", "0", "--threads", str(threads)]
    process = subprocess.Popen([*words, *options], stderr=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield f"http://127.0.0.1:{_port(process)}"
    finally:
        process.terminate()
        process.wait(30)


def _port(process: Any) -> int:
    """Where it listens; its later lines are read by nobody and must not fill the pipe."""
    import threading

    for line in process.stderr:
        if found := re.search(r'"event": "listening".*"port": (\d+)', line):
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return int(found[1])
    raise SystemExit("the server did not start")


@dataclass
class Figures:
    """What one way did in all its turns."""

    rates: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)  # processor milliseconds of the server per request
    seconds: list[float] = field(default_factory=list)

    def line(self) -> str:
        """Rate, and the times of single requests."""
        p50, p99 = np.percentile(np.array(self.seconds) * 1e3, [50, 99])
        rate, work = statistics.median(self.rates), statistics.median(self.work)
        return f"{rate:8.1f} requests/s   p50 {p50:7.1f} ms   p99 {p99:7.1f} ms   CPU {work:7.1f} ms"


async def measure(address: str, asked: list[tuple[str, bytes]], clients: int, seconds: float) -> Figures:
    """A closed loop of so many clients."""
    figures, headers = Figures(), {"Content-Type": "application/json"}
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)

    async def ask(turn: int) -> None:
        path, body = asked[turn % len(asked)]
        answer = await line.post(path, content=body)
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code} {answer.text[:200]}")

    async def one(number: int, until: float) -> None:
        turn = number
        while time.perf_counter() < until:
            start = time.perf_counter()
            await ask(turn)
            figures.seconds.append(time.perf_counter() - start)
            turn += clients

    async with httpx.AsyncClient(base_url=address, timeout=60, headers=headers, limits=limits, verify=False) as line:
        await asyncio.gather(*(ask(number) for number in range(clients)))  # connections are open from here on
        before, start = await _processor_seconds(line), time.perf_counter()
        await asyncio.gather(*(one(number, start + seconds) for number in range(clients)))
        figures.rates.append(len(figures.seconds) / (time.perf_counter() - start))
        figures.work.append((await _processor_seconds(line) - before) * 1e3 / len(figures.seconds))
    return figures


async def _processor_seconds(line: httpx.AsyncClient) -> float:
    found = re.search(r"^process_cpu_seconds_total (\S+)", (await line.get("/metrics")).text, re.MULTILINE)
    return float(found[1]) if found else float("nan")


def main() -> None:
    """Print a line per kind of request, number of clients and way, and the ratio of both ways."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=None)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--frames", type=int, default=30, help="median length of a clip")
    given = parser.parse_args()
    asked = bodies(given.frames)
    with tempfile.TemporaryDirectory() as folder:
        model = given.model or made_model(Path(folder) / "model")
        with server(model, given.threads) as on, server(model, given.threads, "--batch-pieces", "1") as off:
            ways = {"batched": on, "one by one": off}
            for kind, requests in asked.items():
                for clients in CLIENTS:
                    _compare(kind, requests, clients, ways, given.seconds, given.rounds)


def _compare(
    kind: str, asked: list[tuple[str, bytes]], clients: int, ways: dict[str, str], seconds: float, rounds: int
) -> None:
    figures = {name: Figures() for name in ways}
    for turn in range(-1, rounds):
        for name, address in ways.items():
            found = asyncio.run(measure(address, asked, clients, seconds if turn >= 0 else 1.0))
            if turn >= 0:
                figures[name].rates += found.rates
                figures[name].work += found.work
                figures[name].seconds += found.seconds
    for name, one in figures.items():
        print(f"{kind}  {clients:3d} clients  {name:<10} {one.line()}", flush=True)
    rates = [a / b for a, b in zip(*(one.rates for one in figures.values()), strict=True)]
    work = [b / a for a, b in zip(*(one.work for one in figures.values()), strict=True)]
    said = f"{statistics.median(rates):8.2f} by the wall, {statistics.median(work):.2f} by processor time"
    print(f"{kind}  {clients:3d} clients  ratio      {said}", flush=True)


if __name__ == "__main__":
    main()
