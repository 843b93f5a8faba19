"""Resizing and cutting of decoded frames, as the originals do it: bilinear without smoothing, halves of pixels kept."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def stretched(frame: NDArray[Any], height: int, width: int) -> NDArray[np.float32]:
    """Resized without keeping the aspect ratio; float32 in the range of the frame."""
    import torch
    from torch.nn import functional

    if frame.shape[:2] == (height, width):
        return frame.astype(np.float32)
    planes = torch.from_numpy(np.ascontiguousarray(frame)).permute(2, 0, 1)[None].float()
    resized = functional.interpolate(planes, (height, width), mode="bilinear", align_corners=False)
    result: NDArray[np.float32] = resized[0].permute(1, 2, 0).contiguous().numpy()
    return result


def rounded(frame: NDArray[np.float32]) -> Picture:
    """As a file would keep it."""
    return np.rint(frame).clip(0, 255).astype(np.uint8)


def short_side_to(frame: Picture, size: int) -> Picture:
    """Resized so that the shorter side is ``size``, the aspect ratio kept."""
    height, width = frame.shape[:2]
    scale = size / min(height, width)
    return rounded(stretched(frame, max(size, round(height * scale)), max(size, round(width * scale))))


def centre(frame: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """The middle of a frame; where the frame is smaller, black around it."""
    short = max(height - frame.shape[0], 0), max(width - frame.shape[1], 0)
    if any(short):
        frame = np.pad(frame, (*((n // 2, n - n // 2) for n in short), (0, 0)))
    top, left = (frame.shape[0] - height) // 2, (frame.shape[1] - width) // 2
    return frame[top : top + height, left : left + width]
