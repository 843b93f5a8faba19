"""The network behind the front end ``mix``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mmpt_sign.errors import DataError
from mmpt_sign.models.frames import Frames

if TYPE_CHECKING:
    from mmpt_sign.models.front_ends.mix import MixFrontEnd

SLACK = 4  # rows: a video decoded twice may lose a frame or two at its end


class Mix(nn.Module):
    """Rows of the same windows, mixed, thinned and mapped."""

    shares: Tensor

    def __init__(self, part: MixFrontEnd, streams: list[str], d_in: int, d_out: int) -> None:
        super().__init__()
        self.streams = streams
        self.interleaves = part.combine == "cat"
        self.max_clips = part.max_clips
        self.register_buffer("shares", torch.tensor(part.shares(streams)), persistent=False)
        self.linear = nn.Linear(d_in, d_out, bias=part.bias)

    def forward(self, streams: Mapping[str, Frames]) -> Frames:
        """(B, L, D) of each stream -> (B, L', d_out)."""
        x, masks = self._side_by_side(streams)
        present = masks.any(2)
        self._check(masks.sum(2), present)
        mask = (masks | ~present[..., None]).all(0) & present.any(0)[:, None]
        if self.interleaves:
            mixed, mask = _in_turn(x, present, mask)
        else:
            share = self.shares.to(x.dtype)[:, None] * present
            share = share / share.sum(0).clamp_min(1e-6)
            mixed = (x * share[..., None, None]).sum(0)
        if self.max_clips is not None:
            mixed, mask = thinned(mixed, mask, self.max_clips)
        return self.linear(mixed), mask

    def times(self, mask: Tensor) -> Tensor:
        """Which rows (B, L', 2) of the streams each position is of, the second one excluded."""
        each = len(self.streams) if self.interleaves else 1
        counts = mask.sum(1) * each
        rows = picked(counts, mask.shape[1] * each, self.max_clips)
        valid = torch.arange(rows.shape[1], device=mask.device) < counts[:, None]
        first = torch.div(rows, each, rounding_mode="floor") * valid
        return torch.stack([first, first + valid], -1)

    def _side_by_side(self, streams: Mapping[str, Frames]) -> tuple[Tensor, Tensor]:
        """(streams, B, L, D) and (streams, B, L), padded to the longest."""
        given = [streams[name] for name in self.streams]
        longest = max(x.shape[1] for x, _ in given)
        pad = nn.functional.pad
        x = torch.stack([pad(x, (0, 0, 0, longest - x.shape[1])) for x, _ in given])
        return x, torch.stack([pad(mask, (0, longest - mask.shape[1])) for _, mask in given])

    def _check(self, counts: Tensor, present: Tensor) -> None:
        """Two networks over the same windows give equally many rows; anything else would mix different moments.

        One odd clip must not stop a training that has run for days: it is told by the rows that all its streams have.
        """
        odd = ((counts.amax(0) - counts > SLACK) & present).any(0)
        if 2 * int(odd.sum()) > int(present.any(0).sum()):
            clip = int(odd.nonzero()[0])
            found = ", ".join(f"{name} {int(n)}" for name, n in zip(self.streams, counts[:, clip], strict=True))
            raise DataError(
                f"front_end mix: the streams of a clip have different numbers of rows ({found}): they are not features "
                "of the same windows; extract them with the same window, stride and frame rate"
            )


def _in_turn(x: Tensor, present: Tensor, mask: Tensor) -> Frames:
    """A row of each stream in turn; a stream that a clip lacks is replaced by the first one that it has."""
    count, batch, length, size = x.shape
    first = present.to(torch.uint8).argmax(0)
    there = torch.where(present[..., None, None], x, x[first, torch.arange(batch, device=x.device)])
    return there.permute(1, 2, 0, 3).reshape(batch, length * count, size), mask.repeat_interleave(count, 1)


def thinned(x: Tensor, mask: Tensor, most: int) -> Frames:
    """At most so many rows of each clip."""
    counts = mask.sum(1)
    places = picked(counts, x.shape[1], most)
    rows = x.gather(1, places[..., None].expand(-1, -1, x.shape[2]))
    return rows, torch.arange(places.shape[1], device=x.device) < counts[:, None]


def picked(counts: Tensor, length: int, most: int | None) -> Tensor:
    """Rows (B, L') of clips so many rows long: evenly as NumPy's linspace, rounded down, picks them, if too many."""
    slot = torch.arange(min(length, most or length), device=counts.device).expand(len(counts), -1)
    if most is None or most >= length:
        return slot
    last = (counts - 1).clamp_min(0)
    even = (slot * (last.double() / max(most - 1, 1))[:, None]).floor().long()
    if most > 1:
        even[:, -1] = last
    return torch.where((counts > most)[:, None], even, slot)
