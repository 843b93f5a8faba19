"""Who is compared with whom: the clips and prompts of one split, as one gallery or as several separate ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.answers import IntArray, joined_answers
from mmpt_sign.evaluation.ranking import Direction

if TYPE_CHECKING:
    from mmpt_sign.records import Record


@dataclass(frozen=True, slots=True)
class Block:
    """One gallery: which clips meet which prompts, as positions in the split and in the list of prompts."""

    clips: IntArray
    prompts: IntArray


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that is ranked: each distinct prompt once, with the answer of the records that have it."""

    records: tuple[Record, ...]
    answers: tuple[str, ...]
    prompts: tuple[str, ...]
    prompt_answers: tuple[str, ...]
    blocks: tuple[Block, ...]


def attribute(record: Record, name: str) -> str:
    """A field of the record, or an entry of its ``extra``."""
    if name in record.extra:
        return record.extra[name]
    value = getattr(record, name, None)
    if value is None:
        extra = ", ".join(record.extra) or "nothing"
        raise DataError(f"record {record.id} has no attribute '{name}'; its extra holds: {extra}")
    return str(value)


def material(records: Sequence[Record], split: str, vocabulary: bool, within: str | None) -> Material:
    """The clips of ``split`` against its own prompts, or against those of the whole data set."""
    chosen = tuple(record for record in records if record.split == split)
    if not chosen:
        known = ", ".join(sorted({record.split for record in records})) or "none"
        raise DataError(f"no record in split '{split}'; splits of the data set: {known}")
    pool = tuple(records) if vocabulary else chosen
    answer_of = joined_answers(pool)
    prompt_answers = {text: answer_of[record.answer] for record in pool for text in record.texts}
    prompts = tuple(prompt_answers)
    return Material(
        chosen,
        tuple(answer_of[record.answer] for record in chosen),
        prompts,
        tuple(prompt_answers.values()),
        _blocks(chosen, pool, {text: i for i, text in enumerate(prompts)}, within),
    )


def _blocks(
    chosen: Sequence[Record], pool: Sequence[Record], column: dict[str, int], within: str | None
) -> tuple[Block, ...]:
    if within is None:
        return (Block(np.arange(len(chosen)), np.arange(len(column))),)
    clips: dict[str, list[int]] = {}
    prompts: dict[str, dict[int, None]] = {}
    for i, record in enumerate(chosen):
        clips.setdefault(attribute(record, within), []).append(i)
    for record in pool:
        prompts.setdefault(attribute(record, within), {}).update({column[text]: None for text in record.texts})
    return tuple(Block(np.array(clips[value]), np.array(list(prompts[value]))) for value in sorted(clips))


def query_values(given: Material, direction: Direction, queries: IntArray, name: str) -> list[str | None]:
    """The attribute of each query; a text has it only if all of its clips agree."""
    if direction == "video_to_text":
        return [attribute(given.records[i], name) for i in queries]
    of_answer: dict[str, set[str]] = {}
    for record, answer in zip(given.records, given.answers, strict=True):
        of_answer.setdefault(answer, set()).add(attribute(record, name))
    found = [of_answer.get(given.prompt_answers[i], set()) for i in queries]
    return [next(iter(values)) if len(values) == 1 else None for values in found]
