"""Who is compared with whom: the clips and prompts of one split, as one gallery or as several separate ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.answers import IntArray, joined_answers, normalised
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


def material(
    records: Sequence[Record], split: str, vocabulary: bool, within: str | None, listed: Sequence[str] | None = None
) -> Material:
    """The clips of ``split`` against its own prompts, those of the whole data set, or exactly the ``listed`` ones.

    A listed prompt that no record has is a distractor.
    """
    chosen = tuple(record for record in records if record.split == split)
    if not chosen:
        known = ", ".join(sorted({record.split for record in records})) or "none"
        raise DataError(f"no record in split '{split}'; splits of the data set: {known}")
    pool = tuple(records) if vocabulary or listed is not None else chosen
    answer_of = joined_answers(pool)
    prompt_answers = {text: answer_of[record.answer] for record in pool for text in record.texts}
    if listed is not None:
        prompt_answers = _listed(listed, prompt_answers, chosen[0])
    prompts = tuple(prompt_answers)
    return Material(
        chosen,
        tuple(answer_of[record.answer] for record in chosen),
        prompts,
        tuple(prompt_answers.values()),
        _blocks(chosen, pool, {text: i for i, text in enumerate(prompts)}, within),
    )


def _listed(listed: Sequence[str], known: dict[str, str], example: Record) -> dict[str, str]:
    """The listed prompts with the answers of the records' prompts, letter case and spacing aside."""
    answers = {normalised(text): answer for text, answer in known.items()}
    found = {text: answers.get(normalised(text), text) for text in listed}
    if not set(found.values()) & set(known.values()):
        raise DataError(
            f"none of the {len(found)} listed prompts, such as '{listed[0]}', is a prompt of the data set, "
            f"such as '{example.texts[0]}': write them as the model reads them"
        )
    return found


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
    """The attribute of each query (``answer`` is what it asks for); a text has it only if all of its clips agree."""
    if name == "answer":
        of_query = given.answers if direction == "video_to_text" else given.prompt_answers
        return [of_query[i] for i in queries]
    if direction == "video_to_text":
        return [attribute(given.records[i], name) for i in queries]
    of_answer: dict[str, set[str]] = {}
    for record, answer in zip(given.records, given.answers, strict=True):
        of_answer.setdefault(answer, set()).add(attribute(record, name))
    found = [of_answer.get(given.prompt_answers[i], set()) for i in queries]
    return [next(iter(values)) if len(values) == 1 else None for values in found]
