"""3 x 3 x 3 convolutions with half the multiplications: Winograd's minimal filtering along time, F(4, 3).

Four outputs of a kernel of three need twelve products the plain way and six this way: the frames are brought to six
points of a polynomial, each point is a two-dimensional convolution with a kernel of its own, and four outputs are read
off the six.  The result is that of the plain convolution up to rounding (1e-5 of the values).  It pays on processors,
where convolutions are bound by arithmetic; on a GPU the library's own choice is better.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

OUTPUTS, TAPS = 4, 3
POINTS = OUTPUTS + TAPS - 1
# The points 0, 1, -1, 2, -2 and infinity (Lavin and Gray, 2016, section 4.3).
OF_FRAMES = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
OF_KERNEL = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
TO_OUTPUTS = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))


class QuickTimeConv(nn.Module):
    """``relu(conv3d(x, weight, bias, padding=1))`` for a 3 x 3 x 3 kernel at stride 1."""

    kernels: Tensor
    bias: Tensor
    to_outputs: Tensor

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        kernels = torch.einsum("pt,oithw->poihw", torch.tensor(OF_KERNEL, dtype=torch.float64), weight.double())
        self.register_buffer("kernels", kernels.float())
        self.register_buffer("bias", bias)
        self.register_buffer("to_outputs", torch.tensor(TO_OUTPUTS, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, H, W) -> (B, D, T, H, W), channels innermost in memory."""
        clips, channels, frames, height, width = x.shape
        rows = x.permute(0, 2, 3, 4, 1).reshape(clips, frames, -1)
        points = []
        for of_frames, kernel in zip(_over_windows(frames).to(x), self.kernels, strict=True):
            at_point = torch.bmm(of_frames.expand(clips, -1, -1), rows).view(-1, height, width, channels)
            kernel = kernel.contiguous(memory_format=torch.channels_last)
            y = functional.conv2d(at_point.permute(0, 3, 1, 2), kernel, padding=1)
            points.append(y.permute(0, 2, 3, 1).reshape(len(y), -1))
        outputs = torch.bmm(self.to_outputs.expand(len(points[0]), -1, -1), torch.stack(points, 1))
        outputs = outputs.view(clips, -1, height, width, len(self.bias)).add_(self.bias)
        return functional.relu_(outputs)[:, :frames].permute(0, 4, 1, 2, 3)


def _over_windows(frames: int) -> Tensor:
    """(points, tiles, frames): how each tile of four outputs reads the frames, with one zero in front and behind."""
    tiles = -(-frames // OUTPUTS)
    matrix = torch.zeros(POINTS, tiles, OUTPUTS * tiles + TAPS - 1)
    for tile in range(tiles):
        matrix[:, tile, OUTPUTS * tile : OUTPUTS * tile + POINTS] = torch.tensor(OF_FRAMES, dtype=torch.float32)
    return matrix[:, :, 1 : 1 + frames]
