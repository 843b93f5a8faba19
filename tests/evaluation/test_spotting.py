"""Spans: windows, overlap and suppression against loops, and a planted sign that is found."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.evaluation.spotting import (
    Scored,
    draw_spans,
    intersection_over_union,
    joined,
    scored,
    suppressed,
    windows_of,
    write_spans,
    write_windows,
)
from mmpt_sign.evaluation.tasks.spotting import Spotting
from mmpt_sign.files import read_csv
from mmpt_sign.poses.arrays import clip_from_array
from mmpt_sign.poses.clip import Clip
from mmpt_sign.records import Record, Source

WORDS = ("house", "sun", "water", "bread", "night")


def motion(word: str, frames: int = 20) -> NDArray[np.float64]:
    """A hand that holds one shape and then another: only the whole of it is the word."""
    shapes = np.random.default_rng(WORDS.index(word)).normal(size=(2, 21, 3))
    return np.repeat(shapes, frames // 2, axis=0)


class ShapeModel:
    """Sees the mean shape of a clip; a text is the shape of its word."""

    notes: dict[str, str] = {}

    def embed_poses(self, poses: Iterable[Clip]) -> NDArray[np.float32]:
        return self._unit([clip.data.mean(axis=0).ravel() for clip in poses])

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._unit([motion(text.split()[-1]).mean(axis=0).ravel() for text in texts])

    def score(self, video: NDArray[np.float32], text: NDArray[np.float32]) -> NDArray[np.float32]:
        scores: NDArray[np.float32] = video @ text.T
        return scores

    def _unit(self, rows: Sequence[NDArray[np.float64]]) -> NDArray[np.float32]:
        vectors = np.stack(rows)
        unit: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        return unit


def long_clip(*words: str, frames: int = 20) -> Clip:
    return joined([clip_from_array(motion(word, frames).astype(np.float32), "hand_21", fps=10) for word in words])


def test_windows_reach_both_ends() -> None:
    found = windows_of(25, 10.0, [1.0, 0.5, 9.0], 0.4)
    assert found[found[:, 1] - found[:, 0] == 5].tolist() == [[s, s + 5] for s in (0, 4, 8, 12, 16, 20)]
    assert found[found[:, 1] - found[:, 0] == 10].tolist() == [[s, s + 10] for s in (0, 4, 8, 12, 15)]
    assert found[found[:, 1] - found[:, 0] == 25].tolist() == [[0, 25]]
    assert windows_of(1, 25.0, [1.0], 0.2).tolist() == [[0, 1]]
    assert windows_of(9, 25.0, [1e308], 1e308).tolist() == [[0, 9]]
    for seconds, stride in (
        ((), 0.2),
        ((0.0,), 0.2),
        ((1.0,), 0.0),
        ((math.nan, 1.0), 0.2),
        ((math.inf,), 0.2),
        ((1.0,), math.nan),
    ):
        with pytest.raises(ConfigError, match="above 0"):
            windows_of(25, 10.0, seconds, stride)
    with pytest.raises(ConfigError, match="longer stride"):
        windows_of(10_000_000, 25.0, [1.0], 0.2)


spans = st.tuples(st.integers(0, 30), st.integers(1, 12)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(spans, min_size=1, max_size=15), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 0.7]))
def test_suppression_is_the_plain_loop(windows: list[tuple[int, int]], seed: int, overlap: float) -> None:
    strength = np.random.default_rng(seed).permutation(len(windows)).astype(float)

    def shared(a: tuple[int, int], b: tuple[int, int]) -> float:
        frames_a, frames_b = set(range(*a)), set(range(*b))
        return len(frames_a & frames_b) / len(frames_a | frames_b)

    kept: list[int] = []
    for i in sorted(range(len(windows)), key=lambda i: -strength[i]):
        if all(shared(windows[i], windows[j]) <= overlap for j in kept):
            kept.append(i)
    array = np.array(windows)
    assert suppressed(array, strength, overlap, k=100) == kept
    assert suppressed(array, strength, overlap, k=2) == kept[:2]
    assert intersection_over_union(array, array[0]) == pytest.approx([shared(w, windows[0]) for w in windows])


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_planted_sign_is_found_where_it_is(place: int) -> None:
    words = ["house", "water", "bread"]
    words.insert(place, "sun")
    clip = long_clip(*words)
    (alone,) = scored(ShapeModel(), clip, ["<ase> sun"], [1.0, 2.0, 4.0], 0.1).spans(1)
    assert (alone.start, alone.end) == (2.0 * place, 2.0 * place + 2)
    assert (alone.first_frame, alone.last_frame) == (20 * place, 20 * place + 19)
    assert alone.score == pytest.approx(1.0, abs=1e-5)
    found = scored(ShapeModel(), clip, ["<ase> sun", "<ase> house"], [2.0], 0.1)
    best, second, *_ = found.spans(3)
    assert best.start == pytest.approx(alone.start, abs=0.5)
    assert best.other == "<ase> house"
    assert best.margin is not None
    assert second.margin is not None
    assert best.margin > second.margin + 0.2
    assert found.spans(5, at_least=best.margin - 1e-9) == [best]


def test_without_other_prompts_the_score_ranks() -> None:
    found = scored(ShapeModel(), long_clip("house", "sun"), ["sun", "sun"], [2.0], 0.5)
    assert found.prompts == ("sun",)
    (best, *_) = found.spans(1)
    assert (best.start, best.margin, best.other) == (2.0, None, "")


def test_what_is_written(tmp_path: Path) -> None:
    found = scored(ShapeModel(), long_clip("house", "sun"), ["sun", "house"], [1.0, 2.0], 0.5)
    best = found.spans(2)
    rows = read_csv(write_spans(tmp_path / "spans.csv", best))
    assert [float(row["start"]) for row in rows] == [span.start for span in best]
    windows = read_csv(write_windows(tmp_path / "windows.csv", found))
    assert len(windows) == len(found.windows)
    assert float(windows[0]["house"]) == pytest.approx(found.scores[0, 1], rel=1e-5)
    assert draw_spans(tmp_path / "spans.png", found, best).read_bytes()[:4] == b"\x89PNG"
    assert isinstance(found, Scored)


def records(folder: Path) -> list[Record]:
    made = []
    for word in WORDS:
        for take in range(2):
            path = folder / f"{word}-{take}.npy"
            np.save(path, motion(word, 18 + 4 * take).astype(np.float32))
            source = Source(path, layout="hand_21", fps=10.0)
            made.append(Record(path.stem, "test", (f"<ase> {word}",), source))
    return made


def test_the_task_joins_clips_and_measures(tmp_path: Path) -> None:
    task = Spotting(among=3, seconds=(2.0,), stride=0.1, against=True)
    figures = task.run(ShapeModel(), records(tmp_path), tmp_path / "out")
    assert figures["hit@1"] == figures["hit@5"] == 1.0
    assert figures["mean_overlap"] > 0.8
    assert 0 < figures["chance_hit@1"] < 0.5
    rows = read_csv(tmp_path / "out" / "spotting.csv")
    assert len(rows) == 10
    for row in rows:
        a, b, c, d = (float(row[name]) for name in ("start", "end", "found_start", "found_end"))
        shared = max(0.0, min(b, d) - max(a, c))
        assert float(row["overlap"]) == pytest.approx(shared / (b - a + d - c - shared), rel=1e-3)
    again = task.run(ShapeModel(), records(tmp_path), tmp_path / "again")
    assert again == figures
    with pytest.raises(DataError, match="two answers"):
        Spotting().run(ShapeModel(), records(tmp_path)[:2], tmp_path / "none")
