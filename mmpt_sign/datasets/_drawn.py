"""What data sets share whose sentences are drawn from a grammar: how many, how often, and how they become records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import Field, field_validator

from mmpt_sign.config.contracts import Dataset, Options
from mmpt_sign.datasets._grammar import Pattern, Sentence
from mmpt_sign.datasets._word_spans import KEY, WordSpan, written
from mmpt_sign.records import Making, Record, Source
from mmpt_sign.text.prompt import Prompts, render
from mmpt_sign.text.tags import SignLanguage, TextLanguage


class Counts(Options):
    """Distinct sentences of each split; none is in two of them."""

    train: int = Field(800, ge=0)
    valid: int = Field(100, ge=0)
    test: int = Field(200, ge=0)


class Takes(Options):
    """How often each sentence is signed."""

    train: int = Field(3, ge=1)
    valid: int = Field(1, ge=1)
    test: int = Field(1, ge=1)


class DrawnSentences(Dataset):
    """Takes of one sentence are the same answer; ``extra`` holds the frames of every word (``spans``)."""

    patterns: tuple[str, ...] = Field(min_length=1, description="sentences with slots | slots in the order of signing")
    sentences: Counts = Counts()
    takes: Takes = Takes()
    seed: int = Field(1, ge=0, description="everything is drawn from it")
    prompts: Prompts = ("{text}",)
    sign_language: SignLanguage | None = None
    text_language: TextLanguage = "en"

    @field_validator("patterns")
    @classmethod
    def _understood(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            Pattern.parse(pattern)
        return patterns

    def record(
        self,
        name: str,
        split: str,
        sentence: Sentence,
        made: Making,
        spans: Sequence[WordSpan],
        *,
        signer: str,
        extra: Mapping[str, str] | None = None,
        sources: Mapping[str, Making] | None = None,
    ) -> Record:
        """One clip of a sentence."""
        signed = self.sign_language or ""
        place = Path(self.part_name)
        texts = render(
            self.prompts, sentence.text, text_language=self.text_language, sign_language=signed, signer=signer
        )
        return Record(
            id=name, split=split, texts=texts, source=Source(place, member=name, made=made), signer=signer,
            sign_language=signed, text_language=self.text_language, group=sentence.text, frames=made.frames,
            extra={"text": sentence.text, KEY: written(spans), **(extra or {})},
            sources={stream: Source(place, member=name, made=other) for stream, other in (sources or {}).items()},
        )  # fmt: skip
