"""The video tower: [CLS] frames [SEP] through BERT layers, mean over frames and [SEP] (SignCLIP, VideoCLIP)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from mmpt_sign.config.contracts import Encoder
from mmpt_sign.models.bert_shape import BertShape, read_shape
from mmpt_sign.text.weights import locate

if TYPE_CHECKING:
    from torch import nn


class BertVideo(Encoder):
    """BERT layers over frames.

    ``sep_position`` is where the closing [SEP] stands in the position table.  ``after_clip`` puts it behind the clip's
    own last frame; released SignCLIP weights expect the fixed place after the longest clip (257 for 256 frames).
    """

    name: Literal["bert_video"] = "bert_video"
    weights: str | None = Field("minilm", description="name or folder of the BERT it starts from; null = random")
    layers: int | None = Field(None, ge=1, description="first layers used; default: all")
    dropout: float = Field(0.1, ge=0, lt=1)
    sep_position: int | Literal["after_clip"] = "after_clip"
    pool: Literal["frames_and_sep", "frames", "cls"] = "frames_and_sep"
    project: int | None = Field(None, ge=1, description="width of a bias-free projection at the end")
    freeze: int | Literal["embeddings", "all"] | None = None
    architecture: BertShape | None = Field(None, description="dimensions, when no weights name them")

    @model_validator(mode="after")
    def _has_dimensions(self) -> BertVideo:
        if self.weights is None and self.architecture is None:
            raise ValueError("name the weights to start from, or spell out the architecture")
        return self

    def resolved(self) -> BertVideo:
        """With the architecture spelled out."""
        if self.architecture is not None:
            return self
        shape = read_shape(locate(str(self.weights)))
        layers = min(self.layers or shape.num_hidden_layers, shape.num_hidden_layers)
        return self.model_copy(update={"architecture": shape.model_copy(update={"num_hidden_layers": layers})})

    @property
    def width(self) -> int:
        """What the front end delivers per frame."""
        shape = self.resolved().architecture
        return shape.hidden_size if shape else 0

    def build(self) -> nn.Module:
        """The network; its word table keeps the two rows it reads."""
        from mmpt_sign.models.video_bert import VideoBert

        return VideoBert(self.resolved())
