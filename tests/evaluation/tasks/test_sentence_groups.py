"""Sentence retrieval: takes of a group, galleries, published counting, several similarities, tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from mmpt_sign.evaluation.tasks.retrieval import Retrieval
from mmpt_sign.files import read_csv
from mmpt_sign.inference.encoded import Encoded, Ragged
from mmpt_sign.records import Record, Source
from tests.evaluation.test_cico_ranks import SCORES, TAKES


def takes(texts: dict[str, str]) -> list[Record]:
    return [
        Record(f"clip{i}", "test", (texts[group],), Source(Path("none")), group=group) for i, group in enumerate(TAKES)
    ]


class Table:
    """Scores as they stand; vectors are positions, and ``pose_text`` turns the order of the texts around."""

    pairs = ("video_text", "pose_text")
    notes: dict[str, str] = {}

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = list(texts)

    def encode_records(self, records: Sequence[Record], pairs: Sequence[str] = ()) -> Encoded:
        return positions([int(record.id.removeprefix("clip")) for record in records])

    def encode_texts(self, texts: Sequence[str], pairs: Sequence[str] = ()) -> Encoded:
        return positions([self.texts.index(text) for text in texts])

    def score(self, video: Encoded, text: Encoded, pair: str = "") -> Any:
        rows, columns = (side.vectors[:, 0].astype(int) for side in (video, text))
        scores = SCORES[:, ::-1] if pair == "pose_text" else SCORES
        return scores[np.ix_(rows, columns)]


def positions(rows: list[int]) -> Encoded:
    vectors = np.array(rows, np.float32)[:, None]
    nothing = np.zeros((0, 1), np.float32)
    side = Ragged(vectors, nothing, np.zeros(0, bool), np.zeros(len(rows) + 1, np.int64), np.ones(len(rows), bool))
    return Encoded(vectors, {"video": side})


def rows_of(task: Retrieval, texts: dict[str, str], folder: Path) -> list[dict[str, str]]:
    task.run(Table(list(texts.values())), takes(texts), folder)
    return read_csv(folder / "metrics.csv")


THREE = {"a": "one", "b": "two", "c": "three"}


def test_one_row_per_gallery_and_direction(tmp_path: Path) -> None:
    task = Retrieval(gallery="both", mode=("strict", "cico"), resample="answer", plots=False, bootstrap=50)
    rows = rows_of(task, THREE, tmp_path)
    found = {(row["mode"], row["direction"], row["gallery"]): row for row in rows}
    assert len(found) == len(rows) == 5
    assert float(found["strict", "text_to_video", "group"]["R@1"]) == 1.0
    assert found["strict", "text_to_video", "group"]["gallery_size"] == "3"
    assert found["strict", "text_to_video", "video"]["gallery_size"] == "4"
    assert found["cico", "text_to_video", "group"]["n_queries"] == "3"
    assert float(found["cico", "video_to_text", "text"]["MedR"]) == 1.0
    assert float(found["strict", "video_to_text", "text"]["MedR"]) == 1.5
    assert {row["resampled"] for row in rows} == {"answer"}


def test_equal_sentences_are_one_text_in_strict_ranks_and_two_in_published_ones(tmp_path: Path) -> None:
    same = {"a": "one", "b": "two", "c": "two"}
    found = rows_of(Retrieval(mode=("strict", "cico"), gallery="group", plots=False, bootstrap=0), same, tmp_path)
    sizes = {(row["mode"], row["direction"]): (row["gallery_size"], row["n_queries"]) for row in found}
    assert sizes["strict", "video_to_text"] == ("2", "4")
    assert sizes["cico", "video_to_text"] == ("3", "4")
    assert sizes["strict", "text_to_video"] == ("2", "2")


def test_further_similarities_get_rows_by_name(tmp_path: Path) -> None:
    task = Retrieval(similarities="all", plots=False, bootstrap=0)
    rows = rows_of(task, THREE, tmp_path)
    of = {(row["variant"], row["direction"]): float(row["R@1"]) for row in rows}
    assert set(of) == {(v, d) for v in ("", "scores of pose_text") for d in ("video_to_text", "text_to_video")}
    assert of["", "text_to_video"] == 1.0 > of["scores of pose_text", "text_to_video"]


def test_published_counting_needs_the_split_s_own_texts() -> None:
    with pytest.raises(ValidationError, match="candidates must be split"):
        Retrieval(mode="cico", candidates="vocabulary")
