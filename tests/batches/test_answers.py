"""Which answers are one in training, and what a batch makes of it."""

from __future__ import annotations

from pathlib import Path

from mmpt_sign.batches.answers import answer_numbers
from mmpt_sign.batches.collate import Collator
from mmpt_sign.batches.example import Example, Examples
from mmpt_sign.records import Record, Source
from tests.batches.test_example import Letters

TEXTS = ("<en> <ase> house", "<en> <gsg> house", "house", "<en> <ase> sun", "sun")


def record(*texts: str, group: str = "") -> Record:
    return Record("/".join((*texts, group)), "train", texts, Source(Path("x")), group=group)


def test_a_second_prompt_that_another_answer_shares_is_right() -> None:
    """The first clip drew what both have, the second one its own."""
    records = [
        record(f"<en> <{tag}> {word}", word) for tag, word in (("ase", "house"), ("gsg", "house"), ("ase", "sun"))
    ]
    numbers = answer_numbers(records)
    drawn = ("house", "<en> <gsg> house", "sun")
    batch = Collator(0)(
        [
            Example(k, {}, [1], TEXTS.index(text), numbers[record.answer])
            for k, (record, text) in enumerate(zip(records, drawn, strict=True))
        ]
    )
    assert batch.same_answer.tolist() == [[True, True, False], [True, True, False], [False, False, True]]
    examples = Examples(records, {}, Letters(), max_tokens=8, seed=1, training=True)  # type: ignore[arg-type]
    assert [prompt.answer_id for prompt in examples.prompts] == [0, 0, 0, 1, 1]
    assert len(set(examples.answers)) == 3  # a sampler's answers stay as the data set has them


def test_answers_are_joined_over_others() -> None:
    chain = [record("a", "ab", group="1"), record("c", "cd", group="2"), record("d", "cd", "b", group="3")]
    assert answer_numbers([*chain, record("e", "f", group="4")]) == {"1": 0, "2": 1, "3": 1, "4": 2}
    assert answer_numbers([*chain, record("b", "ab", group="4")]) == {"1": 0, "2": 0, "3": 0, "4": 0}
    assert answer_numbers([record("a", group="1"), record("b", "a", group="2")]) == {"1": 0, "2": 0}


def test_a_clip_of_one_prompt_joins_nothing_and_letter_case_tells_apart() -> None:
    alone = [record("a", group="1"), record("a", group="2"), record("b", group="2")]
    assert answer_numbers(alone) == {"1": 0, "2": 1}
    assert answer_numbers([record("<de> ß", "ß"), record("<it> ss", "ss"), record("<it> SS", "SS")]) == {
        "<de> ß": 0, "<it> ss": 1, "<it> SS": 2,
    }  # fmt: skip
