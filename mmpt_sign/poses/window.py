"""Windows of clips that are longer than an encoder's reach: everything is seen, nothing cut off silently."""

from __future__ import annotations


def windows(length: int, most: int) -> list[slice]:
    """As few windows of at most ``most`` frames as cover ``length``, evenly overlapping."""
    if length <= most:
        return [slice(0, length)]
    count = -(-length // most)
    starts = [round(i * (length - most) / (count - 1)) for i in range(count)]
    return [slice(start, start + most) for start in starts]
