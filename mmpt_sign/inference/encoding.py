"""Run a model over clips and texts: batches of similar length in, vectors and tokens out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from mmpt_sign.batches.collate import pad_frames, pad_ids
from mmpt_sign.errors import DataError
from mmpt_sign.inference.encoded import Encoded, Ragged
from mmpt_sign.models.token_set import TokenSet
from mmpt_sign.poses.window import windows

if TYPE_CHECKING:
    from mmpt_sign.inference.model import SignModel
    from mmpt_sign.models.frames import Frames
    from mmpt_sign.poses.clip import FloatArray

Streams = Mapping[str, "FloatArray"]
CACHED_TOKENS = 512
RELEASED_BATCH = 64  # clips in a batch of the evaluation of SEDS


def encode_clips(
    model: SignModel, clips: Sequence[FloatArray | Streams], batch_tokens: int, pairs: Sequence[str], *, tokens: bool
) -> Encoded:
    """Clips as the streams encode them; a long one is the mean of its windows and has the tokens of all of them.

    ``pairs`` are the similarities whose left sides are kept, with ``tokens`` where they need them; the first one's
    gives the vectors.
    """
    streams = model.experiment.streams
    only = next((name for name, stream in streams.items() if not stream.optional), next(iter(streams)))
    named = [_named(clip, streams) for clip in clips]
    pieces = [(i, first, part) for i, clip in enumerate(named) for first, part in _windows(clip, streams)]
    weights = [len(part[only] if only in part else next(iter(part.values()))) for _, _, part in pieces]
    sides = _collected(model, pairs, 0, [(i, first) for i, first, _ in pieces], weights, tokens)
    widths = {name: stream.width for name, stream in streams.items()}
    for chosen, room in _batches(model, [part for _, _, part in pieces], _budget(model, batch_tokens)):
        padded = _padded([pieces[i][2] for i in chosen], widths, room)
        found = run(model, model.network.encode_video, padded)
        for name, side in sides.items():
            side.add(chosen, found[name])
    return _encoded(model, pairs[0], 0, sides, len(named))


def encode_texts(
    model: SignModel, texts: Sequence[str], batch_tokens: int, pairs: Sequence[str], *, tokens: bool
) -> Encoded:
    """Prompts; equal ones are encoded once."""
    distinct = list(dict.fromkeys(texts))
    rows = model.tokenizer.encode(distinct, model.experiment.text.max_tokens)
    sides = _collected(model, pairs, 1, [(i, 0) for i in range(len(rows))], [1] * len(rows), tokens)
    for chosen in by_length([len(row) for row in rows], _budget(model, batch_tokens)):
        found = run(model, model.network.encode_text, *pad_ids([rows[i] for i in chosen], model.tokenizer.pad_id))
        for side in sides.values():
            side.add(chosen, found)
    encoded = _encoded(model, pairs[0], 1, sides, len(distinct))
    if len(distinct) == len(texts):
        return encoded
    row_of = {text: row for row, text in enumerate(distinct)}
    return encoded[[row_of[text] for text in texts]]


class _Collected:
    """Pooled vectors and tokens of one side, put back in the order of their owners."""

    def __init__(self, owners: Sequence[tuple[int, int]], weights: Sequence[int], tokens: bool, padding: bool) -> None:
        self.owners = owners  # of each piece: the item, and the frame at which the piece begins
        self.weights = weights
        self.tokens = tokens
        self.padding = padding
        self._pooled: dict[int, FloatArray] = {}
        self._tokens: dict[int, tuple[FloatArray, NDArray[np.bool_], FloatArray | None]] = {}
        self._present: dict[int, bool] = {}

    def add(self, pieces: Sequence[int], found: TokenSet) -> None:
        """A batch as the network returns it."""
        pooled = found.pooled.float().cpu().numpy()
        present = None if found.present is None else found.present.cpu().numpy()
        for k, piece in enumerate(pieces):
            self._pooled[piece] = pooled[k]
            self._present[piece] = present is None or bool(present[k])
        if not self.tokens:
            return
        tokens, mask = found.tokens.float().cpu().numpy(), found.mask.cpu().numpy()
        times = None if found.times is None else found.times.float().cpu().numpy()
        for k, piece in enumerate(pieces):
            kept = np.ones_like(mask[k]) if self.padding else mask[k]
            spans = None if times is None else times[k][kept] + self.owners[piece][1]
            self._tokens[piece] = tokens[k][kept], mask[k][kept], spans

    def ragged(self, items: int, width: int) -> Ragged:
        """All items: pooled vectors averaged over the pieces of each, tokens one piece after the other."""
        total, weight = np.zeros((items, width), np.float32), np.zeros((items, 1), np.float32)
        present, counts = np.zeros(items, bool), np.zeros(items, np.int64)
        for piece, (owner, _) in enumerate(self.owners):
            total[owner] += self._pooled[piece] * self.weights[piece]
            weight[owner] += self.weights[piece]
            present[owner] |= self._present[piece]
            counts[owner] += len(self._tokens[piece][0]) if self.tokens else 0
        kept = [self._tokens[piece] for piece in range(len(self.owners))] if self.tokens else []
        spans = [times for _, _, times in kept if times is not None]
        return Ragged(
            total / np.maximum(weight, 1),
            np.concatenate([np.zeros((0, width), np.float32), *(tokens for tokens, _, _ in kept)]),
            np.concatenate([np.zeros(0, bool), *(mask for _, mask, _ in kept)]),
            np.concatenate([[0], np.cumsum(counts)]),
            present,
            np.concatenate(spans) if kept and len(spans) == len(kept) else None,
        )


def _collected(
    model: SignModel,
    pairs: Sequence[str],
    end: int,
    owners: Sequence[tuple[int, int]],
    weights: Sequence[int],
    tokens: bool,
) -> dict[str, _Collected]:
    """One collector for each side that the similarities compare; tokens where one of them needs tokens."""
    parts: dict[str, list[Any]] = {}
    for name in pairs:
        parts.setdefault(model.network.pairs[name][end], []).append(model.network.similarity[name])
    return {
        side: _Collected(
            owners, weights, tokens and any(p.needs == "tokens" for p in given), any(p.sees_padding for p in given)
        )
        for side, given in parts.items()
    }


def _encoded(model: SignModel, pair: str, end: int, sides: Mapping[str, _Collected], items: int) -> Encoded:
    """Everything collected; the vectors are those of the first similarity."""
    width = model.experiment.text.width
    ragged = {name: side.ragged(items, width) for name, side in sides.items()}
    pooled = torch.from_numpy(ragged[model.network.pairs[pair][end]].pooled)
    return Encoded(model.network.similarity[pair].vectors(pooled).numpy(), ragged)


def run(model: SignModel, encode: Any, *inputs: Any) -> Any:
    """Call a part of the network as it is used, not as it is trained; streams and tensors are moved to it."""
    network = model.network
    training, kind = network.training, next(network.parameters()).dtype
    if training:  # walking through all modules takes a millisecond, which matters for one prompt
        network.eval()
    try:
        with torch.inference_mode():
            return encode(*(_moved(value, model.device, kind) for value in inputs))
    finally:
        if training:
            network.train()


def _moved(value: Any, device: torch.device, kind: torch.dtype) -> Any:
    if isinstance(value, Mapping):
        return {name: tuple(_moved(tensor, device, kind) for tensor in pair) for name, pair in value.items()}
    tensor: Tensor = value
    return tensor.to(device, kind if tensor.is_floating_point() else None)


def _batches(model: SignModel, parts: Sequence[Streams], budget: int) -> Iterator[tuple[list[int], dict[str, int]]]:
    """Pieces in batches, and the length to which a stream must be padded at least.

    Only released front ends see padding, a few frames of it behind a clip.  Their evaluation took clips in their order,
    so many at a time: here they see as much of it as they did there, whatever the batches.
    """
    lengths = [max(map(len, part.values())) for part in parts]
    towers: Mapping[str, Any] = dict(model.network.video.items())
    see = {name: t.front_end for t in towers.values() for name in t.streams if getattr(t.front_end, "reach", 0)}
    size = RELEASED_BATCH if see else max(len(parts), 1)
    for first in range(0, len(parts), size):
        group = parts[first : first + size]
        for rows in by_length(lengths[first : first + size], budget):
            chosen = [group[row] for row in rows]
            room = {
                name: min(_longest(chosen, name, seer) + seer.reach, _longest(group, name, seer))
                for name, seer in see.items()
            }
            yield [first + row for row in rows], room


def _longest(parts: Sequence[Streams], stream: str, front_end: Any) -> int:
    return max(max(len(part.get(stream, ())), int(front_end.part.window)) for part in parts)


def _padded(parts: Sequence[Streams], widths: Mapping[str, int], room: Mapping[str, int]) -> dict[str, Frames]:
    """Every stream of some pieces; one that a piece lacks is a frame of zeros, masked."""
    padded = {}
    for name, width in widths.items():
        x, mask = pad_frames([part.get(name, np.zeros((1, width), np.float32)) for part in parts])
        for row, part in zip(mask, parts, strict=True):
            row &= name in part
        missing = max(room.get(name, 0) - x.shape[1], 0)
        padded[name] = functional.pad(x, (0, 0, 0, missing)), functional.pad(mask, (0, missing))
    return padded


def _named(clip: FloatArray | Streams, streams: Mapping[str, Any]) -> Streams:
    """The clip once its streams and their widths are checked; features of another program are thinned here."""
    if not isinstance(clip, Mapping):
        needed = [name for name, stream in streams.items() if not stream.optional] or list(streams)[:1]
        if len(needed) > 1:
            raise DataError(f"the model reads the streams {', '.join(needed)}: name the frames of each, not one array")
        clip = {needed[0]: clip}
    unknown = [name for name in clip if name not in streams]
    if unknown or not clip:
        raise DataError(
            f"a clip with the streams {', '.join(clip) or 'none'}; the model reads {', '.join(streams)}: name one of "
            "them at least, and no other"
        )
    for name, x in clip.items():
        if len(x.shape) != 2 or x.shape[1] != streams[name].width:
            raise DataError(
                f"stream {name}: the model reads frames of {streams[name].width} numbers, (T, {streams[name].width}), "
                f"not an array of {tuple(x.shape)}"
            )
    return {name: streams[name].thinned(x) for name, x in clip.items()}


def _windows(clip: Streams, streams: Mapping[str, Any]) -> list[tuple[int, dict[str, FloatArray]]]:
    """The clip in pieces that fit, each with its first frame.

    Streams of equal length are cut at the same frames, others keep what fits.
    """
    longest = min(streams[name].max_frames for name in clip)
    lengths = {len(x) for x in clip.values()}
    fits = max(lengths) <= longest
    if fits or len(lengths) > 1 or any(streams[name].long_clips == "truncate" for name in clip):
        return [(0, {name: x[: streams[name].max_frames] for name, x in clip.items()})]
    cut = windows(max(lengths), longest)
    return [(window.start, {name: x[window] for name, x in clip.items()}) for window in cut]


def _budget(model: SignModel, asked: int) -> int:
    """A processor is quickest with batches that its cache holds (benchmarks/embed.py), a GPU with large ones."""
    return min(asked, CACHED_TOKENS) if model.device.type == "cpu" else asked


def by_length(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Indices in batches, longest first, each batch within ``budget`` padded positions."""
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batches and lengths[batches[-1][0]] * (len(batches[-1]) + 1) <= budget:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches
