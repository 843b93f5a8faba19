"""S3D over whole videos: one vector per four frames, what TwoStream's visual head reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mmpt_sign.config.contracts import VideoNetwork
from mmpt_sign.features.pictures import centre, stretched

if TYPE_CHECKING:
    from torch import Tensor, nn


class S3d(VideoNetwork):
    """Frames are stretched to 224 x 224, blue first, -1 … 1; trailing frames that fill no step are dropped."""

    margin: ClassVar[int] = 32  # a step of four frames sees 31 frames before it and 28 behind it
    prefixes: ClassVar[tuple[str, ...]] = (
        "",
        "backbone.",
        "recognition_network.visual_backbone.backbone.",
        "recognition_network.visual_backbone_twostream.rgb_stream.backbone.",
    )
    unread: ClassVar[tuple[str, ...]] = ("base.14.", "base.15.", "fc.")
    weights: ClassVar[str] = (
        "the checkpoints of TwoStream (GitHub FangyunWei/SLRT) hold it after training; the one it starts from "
        "(Kinetics-400) is of the GitHub project kylemin/S3D"
    )

    name: Literal["s3d"] = "s3d"
    window: Literal[4] = 4
    stride: Literal[4] = 4
    crop: int | None = Field(None, ge=1, description="take the middle square of so many pixels before resizing")

    @property
    def size(self) -> int:
        """Channels of block 4."""
        return 832

    def picture(self, frame: NDArray[np.uint8]) -> NDArray[Any]:
        """224 x 224; numbers between whole ones stay, since the original resizes after decoding to floats."""
        return stretched(centre(frame, self.crop, self.crop) if self.crop else frame, 224, 224)

    def inputs(self, pictures: Tensor) -> Tensor:
        """Blue, green, red."""
        return pictures.permute(0, 3, 1, 2).flip(1).float() / 127.5 - 1

    def build(self) -> nn.Module:
        """Random weights."""
        from mmpt_sign.features.networks import _s3d

        return _s3d.S3d()

    def frozen(self, network: nn.Module, device: str) -> nn.Module:
        """All steps of a stretch of video at once."""
        from mmpt_sign.features.networks._rows import WholeVideo

        return WholeVideo(network, self.stride)
