"""Which answers are taken for which: a list of pairs, and a picture of the answers that are confused most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmpt_sign.evaluation.galleries import Material
from mmpt_sign.evaluation.plots import heat_map
from mmpt_sign.files import write_csv

Pair = tuple[str, str]  # the right answer, the one that a model put first

COLUMNS = ("gold", "predicted", "count", "share_of_gold")
SHOWN = 30


def watched(rows: Iterable[Mapping[str, Any]], given: Material, pairs: list[Pair]) -> Iterator[Mapping[str, Any]]:
    """The prediction rows as they pass, each clip's right and first answer noted in ``pairs``."""
    of_prompt = dict(zip(given.prompts, given.prompt_answers, strict=True))
    of_clip = {record.id: answer for record, answer in zip(given.records, given.answers, strict=True)}
    for row in rows:
        if row["direction"] == "video_to_text":
            pairs.append((of_clip[row["query_id"]], of_prompt[row["top1_text"]]))
        yield row


def write_confusions(path: Path, pairs: Sequence[Pair]) -> Path:
    """Every pair that occurs, the commonest errors first, right answers at the end."""
    often, of_gold = Counter(pairs), Counter(gold for gold, _ in pairs)
    ordered = sorted(often.items(), key=lambda item: (item[0][0] == item[0][1], -item[1], item[0]))
    rows = (
        {"gold": gold, "predicted": predicted, "count": count, "share_of_gold": count / of_gold[gold]}
        for (gold, predicted), count in ordered
    )
    return write_csv(path, COLUMNS, rows)


def draw_confusions(path: Path, pairs: Sequence[Pair], title: str = "") -> Path:
    """Shares of the right answer's clips, for the answers with most errors; the others are one row and column."""
    import numpy as np
    from sklearn.metrics import confusion_matrix

    errors = Counter(name for pair in pairs if pair[0] != pair[1] for name in pair)
    names = sorted({name for pair in pairs for name in pair}, key=lambda name: (-errors[name], name))
    labels = sorted(names[:SHOWN]) + (["other"] if len(names) > SHOWN else [])
    known = set(labels)
    gold, predicted = ([pair[side] if pair[side] in known else "other" for pair in pairs] for side in (0, 1))
    counts = confusion_matrix(gold, predicted, labels=labels)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return heat_map(path, shares, labels, labels, "put first", "right answer", title)
