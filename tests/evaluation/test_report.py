"""What is written can be read back and says how it was made."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from mmpt_sign.evaluation import query_ranks, retrieval
from mmpt_sign.evaluation.baselines import chance
from mmpt_sign.evaluation.ranking import Mode
from mmpt_sign.evaluation.report import (
    METRIC_COLUMNS,
    Signature,
    comparison,
    metric_row,
    write_embeddings,
    write_metrics,
)
from mmpt_sign.files import read_csv

SCORES = [[0.9, 0.1, 0.2], [0.3, 0.5, 0.6], [0.2, 0.8, 0.1], [0.4, 0.7, 0.65]]


def rows(mode: Mode = "strict", samples: int = 200) -> list[dict[str, Any]]:
    found = query_ranks(SCORES, [0, 1, 1, 2], [0, 1, 2], mode)
    signatures = {d: Signature("made", "test", d, mode, candidates="split", gallery="video") for d in found}
    return [metric_row(signatures[d], ranking, samples=samples) for d, ranking in found.items()]


def test_metrics_survive_the_file(tmp_path: Path) -> None:
    written = rows() + rows("legacy")
    read = read_csv(write_metrics(tmp_path / "metrics.csv", written))
    assert list(read[0]) == list(METRIC_COLUMNS)
    for one, other in zip(written, read, strict=True):
        for column, value in one.items():
            assert float(other[column]) == pytest.approx(value, rel=1e-5) if isinstance(value, float) else True
    assert [row["ties"] for row in read] == ["half", "half", "list order", "list order"]
    assert [row["MRR"] == "" for row in read] == [False, False, True, True]
    assert [(row["gallery_size"], row["n_queries"]) for row in read[:2]] == [("4", "3"), ("3", "4")]


def test_the_interval_holds_the_value() -> None:
    for row in rows():
        for metric in ("R@1", "R@10", "MedR", "MRR"):
            assert row[f"{metric}_low"] <= row[metric] <= row[f"{metric}_high"]
        assert row["R@1_pessimistic"] <= row["R@1"] <= row["R@1_optimistic"]
    assert "R@1_low" not in rows(samples=0)[0]


def test_vectors_need_no_pickle(tmp_path: Path) -> None:
    video, text = np.random.default_rng(0).random((2, 3)), np.ones((1, 3), np.float16)
    names = {"ids": ["a", "b"], "answers": ["x", "x"], "texts": ["Straße"]}
    path = write_embeddings(tmp_path / "embeddings.npz", video=video, text=text, **names)
    with np.load(path, allow_pickle=False) as read:
        assert read["ids"].tolist() == ["a", "b"]
        assert read["texts"].tolist() == ["Straße"]
        assert read["video"].dtype == read["text"].dtype == np.float32
        np.testing.assert_array_equal(read["video"], video.astype(np.float32))
    assert [file.name for file in tmp_path.iterdir()] == ["embeddings.npz"]


def test_the_table_fits_a_terminal() -> None:
    answers = [0, 1, 1, 2], [0, 1, 2]
    systems = {
        "model": retrieval(SCORES, *answers),
        "nearest neighbour": retrieval(SCORES, *answers),
        "chance": chance(*answers),
    }
    table = comparison(systems, "made, split test", ranges={"video_to_text": (0.25, 0.75)})
    out = io.StringIO()
    Console(file=out, width=80).print(table)
    text = out.getvalue()
    assert "25.0-75.0" in text
    assert text.index("video to text") < text.index("text to video")
    assert text.count("chance") == 2
    assert "33.3" in text
    assert "…" not in text
