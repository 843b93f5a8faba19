"""Examples side by side: padded to the longest in the batch, masks beside them, each distinct prompt once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from mmpt_sign.batches.example import Example, Prompt

if TYPE_CHECKING:
    from mmpt_sign.poses.clip import FloatArray


@dataclass(frozen=True)
class Batch:
    """B clips and U prompts (U = B where texts are not merged); prompts and answers by number."""

    streams: Mapping[str, Mapping[str, Tensor]]  # name -> {"x": (B, L, D), "mask": (B, L)}
    text_ids: Tensor  # (U, S)
    text_mask: Tensor  # (U, S)
    text_index: Tensor  # (B,) row of each clip's prompt
    answer: Tensor  # (B,)
    text_id: Tensor  # (U,) number of each prompt
    text_answer: Tensor  # (U,)
    index: Tensor  # (B,) position of each clip in its split
    merged: bool
    augmented_ids: Tensor | None = None  # (U, S') the prompts of text_ids, changed at random
    augmented_mask: Tensor | None = None  # (U, S')

    def __len__(self) -> int:
        return int(self.index.shape[0])

    @property
    def same_answer(self) -> Tensor:
        """(B, U): the prompt is the clip's own or shares its answer."""
        return right_pairs(self.answer, self.text_id[self.text_index], self.text_answer, self.text_id)

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on another device."""
        streams = {name: {key: value.to(device) for key, value in s.items()} for name, s in self.streams.items()}
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "streams"}
        moved: dict[str, Any] = {
            name: value.to(device) if isinstance(value, Tensor) else value for name, value in given.items()
        }
        return replace(self, streams=streams, **moved)

    def as_dict(self) -> dict[str, Any]:
        """Nested dictionaries of tensors, the form that fairseq moves between devices."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class Collator:
    """Makes a `Batch`; the numbers of prompts and answers come from the examples."""

    def __init__(self, pad_id: int, *, merge_texts: bool = True, prompts: Sequence[Prompt] = ()) -> None:
        self.pad_id = pad_id
        self.merge_texts = merge_texts
        self.prompts = prompts  # texts that are in every batch, whoever's they are

    def __call__(self, examples: Sequence[Example]) -> Batch:
        """The examples, padded to their own longest clip and longest prompt."""
        if self.merge_texts:
            row_of = {text: row for row, text in enumerate(dict.fromkeys(example.text_id for example in examples))}
            rows = [row_of[example.text_id] for example in examples]
        else:
            rows = list(range(len(examples)))
        speakers = dict(reversed(list(zip(rows, examples, strict=True))))
        texts: list[Example | Prompt] = [speakers[row] for row in range(len(speakers))]
        own = {example.text_id for example in examples}
        texts += [prompt for prompt in self.prompts if prompt.text_id not in own]
        ids, mask = pad_ids([example.tokens for example in texts], self.pad_id)
        changed = [example.augmented for example in texts if example.augmented is not None]
        augmented = pad_ids(changed, self.pad_id) if changed else (None, None)
        return Batch(
            streams={name: self._padded(examples, name) for name in examples[0].frames},
            text_ids=ids,
            text_mask=mask,
            text_index=torch.tensor(rows),
            answer=torch.tensor([example.answer_id for example in examples]),
            text_id=torch.tensor([example.text_id for example in texts]),
            text_answer=torch.tensor([example.answer_id for example in texts]),
            index=torch.tensor([example.index for example in examples]),
            merged=self.merge_texts,
            augmented_ids=augmented[0],
            augmented_mask=augmented[1],
        )

    @staticmethod
    def _padded(examples: Sequence[Example], name: str) -> dict[str, Tensor]:
        x, mask = pad_frames([example.frames[name] for example in examples])
        for row, example in zip(mask, examples, strict=True):
            if name in example.missing:
                row[:] = False
        return {"x": x, "mask": mask}


def right_pairs(video_answer: Tensor, video_text: Tensor, text_answer: Tensor, text_id: Tensor) -> Tensor:
    """(B, U) from numbers of answers and prompts: the same answer, or literally the same prompt."""
    return (video_answer[:, None] == text_answer[None]) | (video_text[:, None] == text_id[None])


def pad_frames(clips: Sequence[FloatArray]) -> tuple[Tensor, Tensor]:
    """(B, L, D) zeros behind the clips, and the mask (B, L) of their frames."""
    lengths = [len(clip) for clip in clips]
    x = np.zeros((len(clips), max(lengths), clips[0].shape[1]), np.float32)
    for row, clip in zip(x, clips, strict=True):
        row[: len(clip)] = clip
    return torch.from_numpy(x), _mask(lengths)


def pad_ids(rows: Sequence[Sequence[int]], pad_id: int) -> tuple[Tensor, Tensor]:
    """(U, S) token ids and their mask."""
    lengths = [len(row) for row in rows]
    ids = torch.full((len(rows), max(lengths)), pad_id)
    for line, row in zip(ids, rows, strict=True):
        line[: len(row)] = torch.tensor(row)
    return ids, _mask(lengths)


def _mask(lengths: Sequence[int]) -> Tensor:
    return torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]
