"""S3D of HowTo100M: 512 numbers per second of video, as FingerCLIP and VideoCLIP use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mmpt_sign.config.contracts import VideoNetwork
from mmpt_sign.features.pictures import centre, short_side_to

if TYPE_CHECKING:
    from torch import Tensor, nn


class S3dHowto100m(VideoNetwork):
    """Frames at 30 per second, the shorter side brought to 224 and the middle square taken, 0 … 1.

    A last second that is not full is filled up with black frames.
    """

    tail: ClassVar[Literal["drop", "black"]] = "black"
    prefixes: ClassVar[tuple[str, ...]] = ("", "model.", "backbone.")
    unread: ClassVar[tuple[str, ...]] = ("text_module.",)
    weights: ClassVar[str] = (
        "s3d_howto100m.pth of the GitHub project antoine77340/S3D_HowTo100M (the text file beside it is not needed)"
    )

    name: Literal["s3d_howto100m"] = "s3d_howto100m"
    window: int = Field(30, ge=2, multiple_of=2, description="frames that one vector is of")
    stride: int = Field(30, ge=1, description="frames from one vector to the next")
    fps: float | None = Field(30.0, gt=0, le=240, description="rate of the frames it sees; null: the video's own")
    pixels: int = Field(224, ge=32, multiple_of=2, description="side of the square that it sees")

    @property
    def size(self) -> int:
        """Numbers of its text space."""
        return 512

    def picture(self, frame: NDArray[np.uint8]) -> NDArray[Any]:
        """The middle square."""
        return centre(short_side_to(frame, self.pixels), self.pixels, self.pixels)

    def inputs(self, pictures: Tensor) -> Tensor:
        """Nothing is subtracted."""
        return pictures.permute(0, 3, 1, 2).float() / 255

    def build(self) -> nn.Module:
        """Random weights."""
        from mmpt_sign.features.networks import _s3d_howto100m

        return _s3d_howto100m.S3dHowTo100m()

    def frozen(self, network: nn.Module, device: str) -> nn.Module:
        """One batch."""
        from mmpt_sign.features.networks._rows import EachWindow

        return EachWindow(network, self.window)
