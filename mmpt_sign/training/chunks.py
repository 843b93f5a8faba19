"""A batch in chunks: the loss sees all of it at once, the towers see a few clips at a time.

What: the activations of a chunk are thrown away after the forward pass and computed again when its gradient is due,
with the random numbers that it had, so the memory of one chunk suffices for a contrastive batch of any size and the
gradient is that of the whole batch.
Needs: towers whose rows do not depend on one another; batch normalisation would see chunks instead of batches.
Reference: Gao et al. 2021, Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor
from torch.utils.checkpoint import checkpoint

from mmpt_sign.models.frames import Frames
from mmpt_sign.models.token_set import TokenSet, joined

Sets = dict[str, TokenSet]
Encode = Callable[..., Sets]  # (streams or None, ids, mask, augmented ids, augmented mask) -> sets


def encoded_in_chunks(
    encode: Encode, streams: Mapping[str, Frames], texts: tuple[Tensor | None, ...], size: int, needs_tokens: bool
) -> Sets:
    """What ``encode`` makes of the whole batch, ``size`` rows at a time."""

    def chunk(*given: Any) -> Sets:
        sets = encode(*given)
        return sets if needs_tokens else {name: _pooled_alone(token_set) for name, token_set in sets.items()}

    def again(*given: Any) -> Sets:
        found: Sets = checkpoint(chunk, *given, use_reentrant=False, preserve_rng_state=True)
        return found

    rows = len(next(iter(streams.values()))[0])
    prompts = next(len(values) for values in texts if values is not None)
    clips = [
        again({name: _cut(frames, start, size) for name, frames in streams.items()}) for start in range(0, rows, size)
    ]
    words = [
        again(None, *(None if values is None else values[start : start + size] for values in texts))
        for start in range(0, prompts, size)
    ]
    return {name: joined([sets[name] for sets in parts]) for parts in (clips, words) for name in parts[0]}


def _cut(frames: Frames, start: int, size: int) -> Frames:
    """Some rows, padded to their own longest clip only."""
    x, mask = (values[start : start + size] for values in frames)
    length = max(int(mask.sum(1).max()), 1)
    return x[:, :length], mask[:, :length]


def _pooled_alone(token_set: TokenSet) -> TokenSet:
    mask = token_set.mask.new_ones(len(token_set), 1)
    return TokenSet(token_set.pooled[:, None], mask, token_set.pooled, present=token_set.present)
