"""The video tower: [CLS] frames [SEP] through BERT layers, mean over frames and [SEP] (SignCLIP, VideoCLIP)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from mmpt_sign.config.contracts import Encoder
from mmpt_sign.models.bert_shape import BertTower

if TYPE_CHECKING:
    from torch import nn


class BertVideo(BertTower, Encoder):
    """BERT layers over frames.

    ``sep_position`` is where the closing [SEP] stands in the position table.  ``after_clip`` puts it behind the clip's
    own last frame; released SignCLIP weights expect the fixed place after the longest clip (257 for 256 frames).
    """

    name: Literal["bert_video"] = "bert_video"
    sep_position: int | Literal["after_clip"] = "after_clip"
    pool: Literal["frames_and_sep", "frames", "cls", "attention"] = Field(
        "frames_and_sep", description="means, the first position, or frames weighed by a learned direction"
    )

    def resolved(self) -> BertVideo:
        """With the architecture spelled out."""
        return self.with_architecture()

    @property
    def width(self) -> int:
        """What the front end delivers per frame."""
        shape = self.resolved().architecture
        return shape.hidden_size if shape else 0

    def build(self) -> nn.Module:
        """The network; its word table keeps the two rows it reads."""
        from mmpt_sign.models.video_bert import VideoBert

        return VideoBert(self.resolved())
