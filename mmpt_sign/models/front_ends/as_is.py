"""No front end: the frames of one stream as they are, for encoders that read them themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from mmpt_sign.config.contracts import FrontEnd
from mmpt_sign.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn


class AsIs(FrontEnd):
    """The encoder must be as wide as the stream."""

    name: Literal["as_is"] = "as_is"

    def build(self, widths: Mapping[str, int], d_out: int) -> nn.Module:
        """Nothing is learned."""
        from torch import nn

        from mmpt_sign.models.frames import FrameMap

        if sum(widths.values()) != d_out:
            given = ", ".join(f"{name} {width}" for name, width in widths.items())
            raise ConfigError(f"front_end as_is: the encoder reads {d_out} numbers per frame, the streams give {given}")
        return FrameMap(nn.Identity())
