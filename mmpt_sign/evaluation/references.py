"""What a model is compared with, judged through the same task: a nearest neighbour without training, and chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mmpt_sign.evaluation.answers import joined_answers
from mmpt_sign.evaluation.baselines import expected, nearest_neighbour
from mmpt_sign.evaluation.metrics import query_ranks
from mmpt_sign.evaluation.ranking import DIRECTIONS, Direction, Ranking, pooled

if TYPE_CHECKING:
    from mmpt_sign.evaluation.tasks.retrieval import Retrieval
    from mmpt_sign.records import Record


class NearestNeighbour:
    """Answers with the label of the closest training clip; offers what an evaluation task asks of a model.

    ``frames_of`` gives the (T, D) frames that a model would read, so both see the same numbers.
    """

    def __init__(self, records: Sequence[Record], frames_of: Callable[[Record], Any], frames: int = 8) -> None:
        joined = joined_answers(records)
        train = [record for record in records if record.split == "train"]
        self._answers = [joined[record.answer] for record in train]
        self._train = [frames_of(record) for record in train]
        self._answer_of = {text: joined[record.answer] for record in records for text in record.texts}
        self._frames_of = frames_of
        self._frames = frames
        self._clips: list[Any] = []
        self._texts: list[str] = []
        self.notes = {"fingerprint": f"nearest neighbour, {frames} frames"}

    def embed_records(self, records: Sequence[Record]) -> Any:
        """Positions of the clips: comparing is left to `score`."""
        self._clips = [self._frames_of(record) for record in records]
        return np.arange(len(records))[:, None]

    def embed_texts(self, texts: Sequence[str]) -> Any:
        """Positions of the prompts."""
        self._texts = list(texts)
        return np.arange(len(texts))[:, None]

    def score(self, video: Any, text: Any) -> Any:
        """Minus the distance of each clip to the nearest training clip with the prompt's answer."""
        clips = [self._clips[int(i)] for i in video[:, 0]]
        answers = [self._answer_of[self._texts[int(j)]] for j in text[:, 0]]
        return nearest_neighbour(self._train, self._answers, clips, answers, self._frames)


def chance(task: Retrieval, records: Sequence[Record]) -> Mapping[Direction, Mapping[str, float]]:
    """What random orders give on the galleries of a task, exactly."""
    given = task.material(records)
    parts: dict[Direction, list[Ranking]] = {direction: [] for direction in DIRECTIONS}
    for block in given.blocks:
        clips, prompts = block.clips, block.prompts
        ranks = query_ranks(
            np.zeros((len(clips), len(prompts)), np.float32),
            [given.answers[i] for i in clips],
            [given.prompt_answers[i] for i in prompts],
            gallery=task.ways()[0][1],
        )
        for direction, ranking in ranks.items():
            parts[direction].append(ranking)
    return {direction: expected(pooled(rankings)) for direction, rankings in parts.items()}
