"""Two streams of one clip, position by position: the same position must mean the same moment."""

from __future__ import annotations

import torch
from torch import Tensor

from mmpt_sign.errors import DataError
from mmpt_sign.models.token_set import TokenSet, padded

SLACK = 4  # positions: a video decoded twice may lose a frame or two at its end


def on_one_grid(first: TokenSet, second: TokenSet) -> tuple[TokenSet, TokenSet]:
    """Both padded to one length; refused where most clips of a batch differ in length by more than a few positions.

    One odd clip must not stop a training that has run for days: there the positions count that both streams have.
    """
    if len(first) == len(second):
        _check(first, second)
    length = max(first.tokens.shape[1], second.tokens.shape[1])
    return padded(first, length), padded(second, length)


def has_stream(token_set: TokenSet) -> Tensor:
    """(B,): whether the clip has this stream at all."""
    given = token_set.mask.any(1)
    return given if token_set.present is None else given & token_set.present


def _check(first: TokenSet, second: TokenSet) -> None:
    counts = first.mask.sum(1), second.mask.sum(1)
    both = has_stream(first) & has_stream(second)
    differ = both & ((counts[0] - counts[1]).abs() > SLACK)
    if int(differ.sum()) * 2 > int(both.sum()):
        clip = int(differ.nonzero()[0])
        raise DataError(
            f"the two streams are not cut into the same clips: one has {int(counts[0][clip])} positions where the "
            f"other has {int(counts[1][clip])}; give their front ends the same window, stride and max_clips, and make "
            "the features of windows of the same frames"
        )


def common_mask(first: TokenSet, second: TokenSet, has_first: Tensor, has_second: Tensor) -> Tensor:
    """Positions that both have; of a clip that has one stream only, that one's."""
    one, other = has_first[:, None], has_second[:, None]
    alone = torch.where(one, first.mask, second.mask & other)
    return torch.where(one & other, first.mask & second.mask, alone)
