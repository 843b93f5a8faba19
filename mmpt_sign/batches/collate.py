"""Examples of different lengths as one padded batch, with masks everywhere and each distinct prompt once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from mmpt_sign.batches.example import Example
    from mmpt_sign.poses.clip import FloatArray


@dataclass(frozen=True)
class Padded:
    """Sequences of one batch: ``x`` (B, L, D) with zeros after the end, ``mask`` (B, L) True on real frames."""

    x: Tensor
    mask: Tensor


@dataclass(frozen=True)
class Batch:
    """B clips and U texts; U = B and text i belongs to clip i unless equal prompts were merged.

    ``answer`` (B,) and ``text_answer`` (U,), ``text_id`` (U,) number answers and prompts of the whole data set, so that
    several processes can tell which of their pairs are right.  ``text_index`` (B,) is the row of each clip's own text.
    """

    streams: dict[str, Padded]
    text_ids: Tensor
    text_mask: Tensor
    text_index: Tensor
    answer: Tensor
    text_answer: Tensor
    text_id: Tensor
    indices: Tensor
    merged: bool

    def __len__(self) -> int:
        return int(self.indices.shape[0])

    @property
    def same_answer(self) -> Tensor:
        """(B, U) bool: the same answer, or literally the same prompt."""
        own_text = self.text_id[self.text_index]
        return (self.answer[:, None] == self.text_answer[None]) | (own_text[:, None] == self.text_id[None])

    def to(self, device: torch.device | str) -> Batch:
        """The batch on another device."""
        streams = {name: Padded(p.x.to(device), p.mask.to(device)) for name, p in self.streams.items()}
        moved = {name: value.to(device) for name, value in vars(self).items() if isinstance(value, Tensor)}
        return replace(self, streams=streams, **moved)

    def as_dict(self) -> dict[str, Any]:
        """Nested dictionaries of tensors: the form that training engines move between devices."""
        streams = {name: {"x": padded.x, "mask": padded.mask} for name, padded in self.streams.items()}
        return {**vars(self), "streams": streams, "same_answer": self.same_answer}


@dataclass(frozen=True)
class Collator:
    """Makes a batch of examples; picklable, so that loader processes can have it."""

    pad_id: int
    merge_texts: bool = True

    def __call__(self, examples: Sequence[Example]) -> Batch:
        """The batch, padded to its own longest clip and longest text."""
        rows, texts = self._texts(examples)
        ids, text_mask = pad_ids([text.token_ids for text in texts], self.pad_id)
        padded = {name: pad_frames([example.streams[name] for example in examples]) for name in examples[0].streams}
        return Batch(
            streams={name: Padded(x, mask) for name, (x, mask) in padded.items()},
            text_ids=ids,
            text_mask=text_mask,
            text_index=torch.tensor(rows),
            answer=torch.tensor([example.answer for example in examples]),
            text_answer=torch.tensor([text.answer for text in texts]),
            text_id=torch.tensor([text.text_id for text in texts]),
            indices=torch.tensor([example.index for example in examples]),
            merged=self.merge_texts,
        )

    def _texts(self, examples: Sequence[Example]) -> tuple[list[int], Sequence[Example]]:
        """For each clip the row of its text, and for each row an example that has that text."""
        if not self.merge_texts:
            return list(range(len(examples))), examples
        row_of: dict[int, int] = {}
        for example in examples:
            row_of.setdefault(example.text_id, len(row_of))
        first = {example.text_id: example for example in reversed(examples)}
        return [row_of[example.text_id] for example in examples], [first[text_id] for text_id in row_of]


def pad_frames(sequences: Sequence[FloatArray]) -> tuple[Tensor, Tensor]:
    """Arrays (L, D) of different L as (B, longest, D) float32 and its mask (B, longest)."""
    lengths = [len(sequence) for sequence in sequences]
    x = np.zeros((len(sequences), max(lengths), sequences[0].shape[1]), dtype=np.float32)
    for row, sequence in zip(x, sequences, strict=True):
        row[: len(sequence)] = sequence
    return torch.from_numpy(x), _mask(lengths)


def pad_ids(rows: Sequence[Sequence[int]], pad_id: int) -> tuple[Tensor, Tensor]:
    """Token ids of different lengths as (B, longest) int64 and its mask (B, longest)."""
    lengths = [len(row) for row in rows]
    longest = max(lengths)
    return torch.tensor([[*row, *[pad_id] * (longest - len(row))] for row in rows]), _mask(lengths)


def _mask(lengths: Sequence[int]) -> Tensor:
    return torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]
