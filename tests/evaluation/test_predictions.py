"""The first ten candidates of each query."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.evaluation import query_ranks
from mmpt_sign.evaluation.galleries import Material, material
from mmpt_sign.evaluation.predictions import predictions
from mmpt_sign.evaluation.ranking import Gallery
from tests.evaluation.made import records


def rows(
    scores: NDArray[np.float64], gallery: Gallery = "video", given: Material | None = None
) -> tuple[Material, list[dict[str, Any]]]:
    given = given or material(records(), "test", vocabulary=False, within=None)
    ranks = query_ranks(scores, given.answers, given.prompt_answers, gallery=gallery)
    return given, list(predictions(given, given.blocks[0], scores, ranks, gallery))


def test_one_row_per_query_and_direction() -> None:
    given, found = rows(np.random.default_rng(0).random((16, 8)))
    by_direction = {d: [row for row in found if row["direction"] == d] for d in ("text_to_video", "video_to_text")}
    assert [row["query_id"] for row in by_direction["video_to_text"]] == [record.id for record in given.records]
    assert [row["query_id"] for row in by_direction["text_to_video"]] == list(given.prompts)
    assert {row["n_positives"] for row in by_direction["text_to_video"]} == {2}


def test_ranks_and_tops_agree() -> None:
    scores = np.random.default_rng(0).random((16, 8))
    _, found = rows(scores)
    for row in found:
        tops = [row[f"top{k}_text"] for k in range(1, 11) if f"top{k}_text" in row]
        values = [row[f"top{k}_score"] for k in range(1, len(tops) + 1)]
        assert values == sorted(values, reverse=True)
        if row["rank"] <= len(tops):
            assert tops.index(row["gold"]) + 1 == row["rank"]
    assert len(tops) == 8
    assert all(row["top1_id"] for row in found if row["direction"] == "text_to_video")


def test_a_group_is_listed_once() -> None:
    _, found = rows(np.random.default_rng(0).random((16, 8)), gallery="group")
    for row in found:
        tops = [row[f"top{k}_text"] for k in range(1, 9)]
        assert len(set(tops)) == 8


def test_an_answer_with_two_prompts_is_listed_once_with_the_better() -> None:
    from dataclasses import replace

    both = [
        replace(r, texts=(*r.texts, r.texts[0].replace("house", "home"))) if "house" in r.id else r for r in records()
    ]
    given = material(both, "test", vocabulary=False, within=None)
    assert len(given.prompts) == 10
    scores = np.zeros((16, 10))
    scores[:, list(given.prompts).index("<en> <ase> home")] = 1.0
    _, found = rows(scores, given=given)
    first = next(row for row in found if row["direction"] == "video_to_text")
    assert (first["top1_text"], first["rank"], first["top1_score"]) == ("<en> <ase> home", 1.0, 1.0)
    assert "<en> <ase> house" not in [first.get(f"top{k}_text") for k in range(2, 11)]
    assert sum(row["direction"] == "text_to_video" for row in found) == 8


def test_many_prompts_of_one_answer_do_not_hide_the_others() -> None:
    from dataclasses import replace

    base = material(records(), "test", vocabulary=False, within=None)
    many = [f"{base.prompts[0]} {i}" for i in range(60)]
    prompts = (*many, *base.prompts[1:])
    answers = (*[base.prompt_answers[0]] * 60, *base.prompt_answers[1:])
    block = replace(base.blocks[0], prompts=np.arange(len(prompts)))
    given = replace(base, prompts=prompts, prompt_answers=answers, blocks=(block,))
    scores = np.tile(np.linspace(1, 0, len(prompts)), (16, 1))
    _, found = rows(scores, given=given)
    first = next(row for row in found if row["direction"] == "video_to_text")
    assert [first[f"top{k}_text"] for k in (1, 2, 8)] == [many[0], base.prompts[1], base.prompts[7]]
