"""The text tower of CiCo and SEDS: CLIP's text transformer, all outputs kept as tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from mmpt_sign.config.contracts import Text
from mmpt_sign.errors import CheckpointError
from mmpt_sign.models.clip_shape import ClipTower, located

if TYPE_CHECKING:
    from torch import nn

    from mmpt_sign.text.clip_tokenizer import ClipTokenizer

VIT_B_32 = {"hidden_size": 512, "layers": 12, "project": 512, "positions": 77}


class ClipText(ClipTower, Text):
    """``max_tokens`` counts start and end; a longer sentence is thinned evenly rather than cut.

    The vocabulary is CLIP's own, or that of any BERT-like folder for a tower that is trained from scratch.
    """

    name: Literal["clip_text"] = "clip_text"
    max_tokens: int = Field(32, ge=3, description="start and end counted in")
    vocabulary: str | None = Field(
        None, description="folder or file of the tokeniser: CLIP's (default: beside the weights), or minilm, a BERT's"
    )
    vocabulary_size: int | None = Field(None, ge=3, le=2_000_000, description="rows of the word table")
    pool: Literal["end", "words"] = Field("end", description="the pooled vector: the end token's, or the mean")
    pad_id_zero: bool = Field(False, description="padding is CLIP's word '!', which unmasked similarities then see")
    freeze: tuple[Literal["token_embedding", "text_positions", "all"], ...] = ()
    freeze_layers: int = Field(0, ge=0, description="first layers that stay as they are")

    @model_validator(mode="after")
    def _places_enough(self) -> Self:
        if self.positions is not None and max(self.max_tokens, self.pad_to or 0) > self.positions:
            raise ValueError(f"max_tokens and pad_to must not exceed the {self.positions} positions")
        return self

    def resolved(self) -> ClipText:
        """With every size spelled out, the words counted."""
        usual = VIT_B_32 if self.hidden_size is None else {**VIT_B_32, "hidden_size": self.hidden_size}
        if self.vocabulary_size is None and self.weights is None:
            usual = {**usual, "vocabulary_size": self.tokenizer().vocab_size}
        return self.filled(usual)

    @property
    def width(self) -> int:
        """Numbers per vector."""
        return self.size("project")

    def sizes_in(self, file: Path) -> dict[str, int]:
        """Sizes of CLIP's text transformer."""
        from mmpt_sign.models.clip_weights import text_sizes

        return text_sizes(file)

    def tokenizer(self, folder: Path | None = None) -> ClipTokenizer:
        """The tokeniser of the named vocabulary, the one beside the weights, or the one saved in ``folder``."""
        from mmpt_sign.text.clip_tokenizer import ClipTokenizer, find_vocabulary

        if folder is None:
            folder = find_vocabulary(self.vocabulary, None if self.weights is None else located(self.weights))
        words = ClipTokenizer.load(folder)
        rows = None if self.vocabulary_size is None and self.weights is None else self.size("vocabulary_size")
        if rows is not None and words.vocab_size != rows:
            raise CheckpointError(
                f"{folder}: a vocabulary of {words.vocab_size} words, but the text tower has {rows}: it belongs to "
                "other weights (CLIP's own has 49408)"
            )
        return words

    def build(self) -> nn.Module:
        """The network."""
        from mmpt_sign.models.clip_text import ClipTextTower

        part = self.resolved()
        tower = ClipTextTower(part)
        if part.weights is not None:
            from mmpt_sign.models.clip_weights import fill_text

            fill_text(tower, located(part.weights))
        return tower
