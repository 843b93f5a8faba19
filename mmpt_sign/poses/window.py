"""Windows of clips that are longer than an encoder's reach: everything is seen, nothing is cut off silently."""

from __future__ import annotations


def windows(length: int, max_frames: int) -> list[slice]:
    """As few windows of at most ``max_frames`` as cover ``length`` frames, overlapping evenly."""
    if max_frames < 1:
        raise ValueError(f"a window of {max_frames} frames")
    if length <= max_frames:
        return [slice(0, length)]
    count = -(-length // max_frames)
    starts = [round(i * (length - max_frames) / (count - 1)) for i in range(count)]
    return [slice(start, start + max_frames) for start in starts]
