"""From a lexicon of clips and a grammar to records of stitched sentences."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmpt_sign.datasets._grammar import Classes, Pattern, Sentence, class_of, draw
from mmpt_sign.datasets._lexicon import Lexicon, dealt
from mmpt_sign.datasets._word_spans import LETTERS, WordSpan, written
from mmpt_sign.poses.stitching import Piece, Stitched
from mmpt_sign.records import SPLITS, Record

if TYPE_CHECKING:
    from mmpt_sign.datasets.stitched_sentences import StitchedSentences

SPELLED = "spelled"


def stitched_records(part: StitchedSentences, data_root: Path | None) -> list[Record]:
    """All takes of all sentences that the options ask for."""
    lexicon = Lexicon(part.of, data_root, part.without)
    points = lexicon.points(part.points)
    sentences = draw(part.patterns, _classes(part, lexicon), part.sentences.model_dump(), part.seed)
    found = []
    for number, split in enumerate(SPLITS):
        for n, sentence in enumerate(sentences[split]):
            for take in range(getattr(part.takes, split)):
                rng = np.random.default_rng((part.seed, number, n, take if part.takes_apart else 0, 31))
                found.append(_record(part, lexicon, points, f"{split}_{n:05d}_{take}", split, sentence, rng))
    return found


def _classes(part: StitchedSentences, lexicon: Lexicon) -> Mapping[str, Classes]:
    """The words of every class, split by split: a word without clips in a split is not in its sentences."""
    slots = dict.fromkeys(class_of(slot) for pattern in part.patterns for slot in Pattern.parse(pattern).slots)
    free = [name for name in slots if name not in part.words and name != SPELLED]
    given = {word for words in part.words.values() for word in words}
    rest = [word for word in lexicon.words("train") if word not in given]
    classes = {**dealt(rest, free, part.seed), **part.words} if free else dict(part.words)
    found: dict[str, Classes] = {}
    for split in SPLITS:
        words, letters = set(lexicon.words(split)), lexicon.letters(split)
        here = {name: [word for word in members if word in words] for name, members in classes.items()}
        spelled = [word for word in part.spelled if set(word) <= letters and word not in lexicon.clips["train"]]
        found[split] = {**here, SPELLED: spelled}
    return found


def _record(
    part: StitchedSentences, lexicon: Lexicon, points: tuple[str, ...], name: str, split: str, sentence: Sentence,
    rng: np.random.Generator,
) -> Record:  # fmt: skip
    pieces: list[Piece] = []
    words: list[tuple[str, int]] = []  # the word that each piece belongs to, by its place in the sentence
    signers: dict[str, None] = {}
    for at, word in enumerate(sentence.words):
        is_sign = word in lexicon.clips[split]
        for k, record in enumerate(lexicon.draw(split, word, rng)):
            first, last = lexicon.signed(record)
            frames = min(last - first, part.longest) if is_sign else part.letter_frames
            before = part.between_letters if k else part.between
            pieces.append(Piece(record.source, first, last, frames, before if pieces else 0))
            words.append((word if is_sign else word[k], at))
            signers[record.signer] = None
    made = Stitched(tuple(pieces), points, part.place)
    spans, letters = _spans(sentence, words, made.spans())
    extra = {"signers": " ".join(signers), **({LETTERS: written(letters)} if letters else {})}
    signer = next(iter(signers)) if len(signers) == 1 else ""
    return part.record(name, split, sentence, made, spans, signer=signer, extra=extra)


def _spans(
    sentence: Sentence, words: list[tuple[str, int]], found: tuple[tuple[int, int], ...]
) -> tuple[list[WordSpan], list[WordSpan]]:
    """Spans of the words, and those of the letters of words that are spelled."""
    spans, letters = [], []
    for at, word in enumerate(sentence.words):
        own = [(sign, span) for (sign, place), span in zip(words, found, strict=True) if place == at]
        spans.append(WordSpan(word, own[0][1][0], own[-1][1][1]))
        if own[0][0] != word:
            letters += [WordSpan(sign, *span) for sign, span in own]
    return spans, letters
