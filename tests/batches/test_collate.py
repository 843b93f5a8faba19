from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmpt_sign.batches.collate import Collator, pad_frames, pad_ids
from mmpt_sign.batches.example import Example


def example(index: int, length: int, text: int, answer: int, tokens: int = 4) -> Example:
    rng = np.random.default_rng(index)
    frames = {"pose": rng.normal(size=(length, 3)).astype(np.float32), "hand": np.ones((length + 1, 2), np.float32)}
    return Example(index, frames, [2, *range(10, 8 + tokens), 3], text, answer)


def test_padding_is_to_the_longest_and_masked() -> None:
    batch = Collator(0)([example(4, 3, 0, 0, 4), example(7, 5, 1, 1, 6)])
    pose = batch.streams["pose"]
    assert pose["x"].shape == (2, 5, 3)
    assert pose["x"].dtype == torch.float32
    assert pose["mask"].tolist() == [[True] * 3 + [False] * 2, [True] * 5]
    assert not pose["x"][~pose["mask"]].any()
    assert batch.streams["hand"]["x"].shape == (2, 6, 2)
    assert batch.text_ids.tolist() == [[2, 10, 11, 3, 0, 0], [2, 10, 11, 12, 13, 3]]
    assert batch.text_mask.sum(1).tolist() == [4, 6]
    assert batch.index.tolist() == [4, 7]
    assert len(batch) == 2


def test_equal_prompts_are_merged() -> None:
    batch = Collator(0)([example(0, 2, 5, 1), example(1, 2, 9, 2), example(2, 2, 5, 1)])
    assert batch.text_id.tolist() == [5, 9]
    assert batch.text_index.tolist() == [0, 1, 0]
    assert batch.same_answer.tolist() == [[True, False], [False, True], [True, False]]


def test_without_merging_text_i_is_of_clip_i() -> None:
    batch = Collator(0, merge_texts=False)([example(0, 2, 5, 1), example(1, 2, 9, 2), example(2, 2, 5, 1)])
    assert batch.text_index.tolist() == [0, 1, 2]
    assert batch.same_answer.tolist() == [[True, False, True], [False, True, False], [True, False, True]]


def test_same_answer_by_group_or_by_prompt() -> None:
    batch = Collator(0)([example(0, 2, 5, 1), example(1, 2, 6, 1), example(2, 2, 7, 3)])
    assert batch.same_answer.tolist() == [[True, True, False], [True, True, False], [False, False, True]]
    other_group = Collator(0)([example(0, 2, 5, 1), example(1, 2, 5, 2)])
    assert other_group.same_answer.tolist() == [[True], [True]]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=12))
def test_every_clip_finds_its_own_prompt(pairs: list[tuple[int, int]]) -> None:
    examples = [example(i, 1 + i, text, answer) for i, (text, answer) in enumerate(pairs)]
    for merge in (True, False):
        batch = Collator(0, merge_texts=merge)(examples)
        assert batch.text_id[batch.text_index].tolist() == [text for text, _ in pairs]
        assert batch.same_answer[torch.arange(len(pairs)), batch.text_index].all()
        assert not merge or len(set(batch.text_id.tolist())) == len(batch.text_id)


def test_padding_alone() -> None:
    x, mask = pad_frames([np.ones((1, 2), np.float32)])
    assert (x.shape, mask.shape) == ((1, 1, 2), (1, 1))
    ids, mask = pad_ids([[1, 2], [3]], 7)
    assert ids.tolist() == [[1, 2], [3, 7]]
    assert ids.dtype == torch.int64
    assert mask.dtype == torch.bool


def test_moving_and_passing_to_processes() -> None:
    batch = Collator(0)([example(0, 2, 5, 1)])
    assert torch.equal(batch.to("cpu").streams["pose"]["x"], batch.streams["pose"]["x"])
    assert {"streams", "text_ids", "text_mask", "text_index", "answer", "text_id", "text_answer"} <= set(
        batch.as_dict()
    )
    assert pickle.loads(pickle.dumps(Collator(3))).pad_id == 3


def test_examples_of_different_width_are_an_error() -> None:
    with pytest.raises(ValueError, match="shape"):
        pad_frames([np.ones((1, 2), np.float32), np.ones((1, 3), np.float32)])


def test_changed_prompts_stand_in_the_rows_of_the_originals() -> None:
    given = [replace(example(k, 2, text, text), augmented=[7, *range(text + 1)]) for k, text in enumerate((2, 0, 2, 1))]
    batch = Collator(0)(given)
    assert batch.text_id.tolist() == [2, 0, 1]
    assert batch.augmented_ids is not None
    assert batch.augmented_mask is not None
    assert batch.augmented_ids.tolist() == [[7, 0, 1, 2], [7, 0, 0, 0], [7, 0, 1, 0]]
    assert batch.augmented_mask.sum(1).tolist() == [4, 2, 3]
    assert batch.to("cpu").augmented_ids is not None
    assert Collator(0)([example(0, 2, 5, 1)]).augmented_ids is None
