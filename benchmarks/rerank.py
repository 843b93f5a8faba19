"""Sentences found by tokens: vectors first and tokens of the best candidates, against tokens of every clip.

    python benchmarks/rerank.py [--clips 10000] [--queries 200] [--rounds 5]

The same index answers both ways: R@1 must stay within 0.3 points, at 20 times the speed.  Clips are made the way a
trained model's tokens lie: every word of a sentence is a direction that several tokens of its clip are near to, in the
order of signing, with others between them; texts share words, so that the first pass alone is often wrong.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mmpt_sign.inference.comparing import scores  # noqa: E402
from mmpt_sign.inference.encoded import Encoded, Ragged  # noqa: E402
from mmpt_sign.inference.index import Index  # noqa: E402
from mmpt_sign.inference.rerank import CANDIDATES, Shelf  # noqa: E402
from mmpt_sign.registry import build  # noqa: E402

VOCABULARY, WORDS, TOKENS, WIDTH = 300, (5, 12), (3, 6), 128
SIGN_NOISE, WORD_NOISE = 3.0, 1.0  # lengths of the noise beside a word of length one


def made(clips: int, queries: int, seed: int = 0) -> tuple[Encoded, Encoded]:
    """Clips, and the sentences of the first of them."""
    rng = np.random.default_rng(seed)
    words = _unit(rng.normal(size=(VOCABULARY, WIDTH)))
    sentences = [rng.integers(VOCABULARY, size=int(rng.integers(*WORDS))) for _ in range(clips)]
    signed = [np.repeat(sentence, rng.integers(*TOKENS, size=len(sentence))) for sentence in sentences]
    return _encoded(signed, words, SIGN_NOISE, "video", rng), _encoded(
        sentences[:queries], words, WORD_NOISE, "text", rng
    )


def _encoded(rows: list[Any], words: Any, noise: float, side: str, rng: np.random.Generator) -> Encoded:
    flat = words[np.concatenate(rows)]
    tokens = _unit(flat + noise * rng.normal(size=flat.shape) / np.sqrt(WIDTH)).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    pooled = (np.add.reduceat(tokens, starts[:-1]) / np.diff(starts)[:, None]).astype(np.float32)
    ragged = Ragged(pooled, tokens, np.ones(len(tokens), bool), starts, np.ones(len(rows), bool))
    return Encoded(_unit(pooled).astype(np.float32), {side: ragged})


def _unit(vectors: Any) -> Any:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def stored_index(clips: Encoded, folder: Path) -> Index:
    """The index as it is opened from its files: vectors in memory, tokens on disk."""
    part = build("similarity", name="token_softmax")
    network = SimpleNamespace(similarity={"video_text": part}, pairs={"video_text": ("video", "text")})
    text = SimpleNamespace(text=SimpleNamespace(width=WIDTH))
    model: Any = SimpleNamespace(
        network=network, pairs=["video_text"], compares_tokens=True, device="cpu", experiment=text, notes={}
    )
    entries = [{"id": str(n), "text": "", "sign_language": "", "signer": ""} for n in range(len(clips))]
    index = Index(model, clips.vectors, entries)
    index.tokens = Shelf.of(clips, "video")
    return Index.load(index.save(folder / "clips.npz"), model)


def main() -> None:
    """Print R@1 and processor milliseconds a query of the first pass, of both passes, and of full scoring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=10_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    clips, texts = made(options.clips, options.queries)
    part: Any = build("similarity", name="token_softmax")
    full = scores(part, clips.sides["video"], texts.sides["text"], "cpu").argmax(0)
    with tempfile.TemporaryDirectory() as folder:
        index = stored_index(clips, Path(folder))
        depths = (CANDIDATES // 2, CANDIDATES)
        found = {"first pass alone": 0, **{f"first pass, {depth} again": depth for depth in depths}}
        hits = {
            name: np.array([int(index.nearest(text, 1, rerank=again)[0].id) for text in texts])
            for name, again in found.items()
        }
        hits["tokens of all clips"] = full
        ways: dict[str, Any] = {
            **{name: lambda text, again=again: index.nearest(text, 10, rerank=again) for name, again in found.items()},
            "tokens of all clips": lambda text: scores(part, clips.sides["video"], text.sides["text"], "cpu"),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for n in range(-1, options.rounds):
            for name, way in ways.items():
                start = time.process_time()
                way(texts[abs(n) % options.queries])
                times[name] += [time.process_time() - start] if n >= 0 else []
    print(f"{options.clips} clips of {int(clips.sides['video'].counts.mean())} tokens, {options.queries} sentences")
    slowest = statistics.median(times["tokens of all clips"])
    for name, seconds in times.items():
        right = 100 * float(np.mean(hits[name] == np.arange(options.queries)))
        median = statistics.median(seconds)
        print(f"{name:26} R@1 {right:5.1f} %  {median * 1e3:8.2f} ms a query  {slowest / median:7.1f} times as fast")


if __name__ == "__main__":
    main()
