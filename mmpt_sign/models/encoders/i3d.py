"""I3D as a tower that is trained: a window of pictures -> one vector, for the stream ``pictures``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from mmpt_sign.config.contracts import Encoder

if TYPE_CHECKING:
    from torch import nn

SIZE = 1024


class I3dTower(Encoder):
    """The vector has a last number that is always 1, so that a class's vector can hold the bias of a classifier."""

    name: Literal["i3d"] = "i3d"
    weights: str | None = Field(None, description="public checkpoint to start from, in the data root or as it stands")
    pixels: int = Field(224, ge=32, le=256, description="side of the pictures, as that of the stream")
    window: int = Field(16, ge=2, description="frames that one vector is of; a shorter clip repeats its last one")
    dropout: float = Field(0.5, ge=0, lt=1, description="before the classes")

    batch_statistics: ClassVar[bool] = True

    def resolved(self) -> I3dTower:
        """There is one architecture."""
        return self

    @property
    def width(self) -> int:
        """Numbers of a picture."""
        return 3 * self.pixels * self.pixels

    @property
    def token_width(self) -> int:
        """1024 and the constant."""
        return SIZE + 1

    def build(self) -> nn.Module:
        """The network."""
        from mmpt_sign.models.i3d_tower import I3dTower as Network

        return Network(self)
