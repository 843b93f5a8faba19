"""Prompts of an evaluation: rendered anew, read from a list, averaged; and what a clip means apart from its prompt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.answers import as_codes, normalised
from mmpt_sign.text.prompt import render

if TYPE_CHECKING:
    from mmpt_sign.records import Record

MAX_LIST_BYTES = 64 << 20
_TAGS = re.compile(r"^(\s*<[^<>]*>)+\s*")


def meaning(record: Record, attribute: str = "text") -> str:
    """What the clip says, comparable across languages: an entry of ``extra``, else the prompt without its tags."""
    return normalised(record.extra.get(attribute) or _TAGS.sub("", record.texts[0]))


def with_prompts(records: Sequence[Record], templates: Sequence[str] | None) -> list[Record]:
    """The records with the prompts of other templates; as they are without any."""
    return list(records) if templates is None else [replace(r, texts=prompts_of(r, templates)) for r in records]


def prompts_of(record: Record, templates: Sequence[str], **changed: str) -> tuple[str, ...]:
    """The prompts of one record, ``changed`` in some language or text."""
    given = {"text_language": record.text_language, "sign_language": record.sign_language, "signer": record.signer}
    text = changed.pop("text", None) or record.extra.get("text") or _TAGS.sub("", record.texts[0])
    return render(templates, text, **{**given, **changed})


def read_list(path: Path) -> list[str]:
    """Prompts of a text file, one per line; empty lines and repeats are left out."""
    try:
        if path.stat().st_size > MAX_LIST_BYTES:
            raise DataError(f"{path}: a list of prompts of more than {MAX_LIST_BYTES >> 20} megabytes")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not readable as a list of prompts, one per line ({error})") from error
    found = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not found:
        raise DataError(f"{path}: holds no prompt; write one per line")
    return found


def averaged_columns(scores: NDArray[Any], answers: Iterable[str]) -> NDArray[np.float32]:
    """Each prompt's scores replaced by the mean over all prompts of its answer."""
    codes = as_codes(answers, {})
    sums = np.zeros((len(scores), int(codes.max()) + 1))
    np.add.at(sums.T, codes, scores.T)
    means: NDArray[np.float32] = (sums / np.bincount(codes)).astype(np.float32)[:, codes]
    return means


def averaged(vectors: NDArray[Any], answers: Iterable[str]) -> NDArray[np.float32]:
    """Each prompt's vector replaced by the mean direction of all prompts of its answer, at their mean length.

    Unit vectors stay unit vectors, so a cosine stays a cosine; vectors of a raw dot product keep their scale.
    """
    codes = as_codes(answers, {})
    sums = np.zeros((int(codes.max()) + 1, vectors.shape[1]))
    np.add.at(sums, codes, vectors)
    counts = np.bincount(codes)
    lengths = np.bincount(codes, np.linalg.norm(vectors, axis=1)) / counts
    directions = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    means: NDArray[np.float32] = (directions * lengths[:, None]).astype(np.float32)[codes]
    return means
