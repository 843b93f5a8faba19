"""Which frames of a clip answer which word of a sentence, as far as a model that compares tokens knows.

What: every position of the clip spreads its attention over the words, and every word over the positions, both by the
softmax of their similarity; a word's span is the stretch where the product of the two stands most above a fifth of its
peak.
Needs: a model whose first similarity compares tokens.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmpt_sign.errors import ConfigError, DataError

if TYPE_CHECKING:
    from mmpt_sign.inference.encoded import Ragged
    from mmpt_sign.inference.model import SignModel
    from mmpt_sign.poses.clip import FloatArray
    from mmpt_sign.text.tokenizer import Tokenizer

TAU = 0.07  # of similarities that have no temperature of their own
UNBOUNDED = 4096  # tokens of a sentence that is not cut
OF_THE_PEAK = 0.2


@dataclass(frozen=True, slots=True)
class AlignedWord:
    """A word and the frames that answer it, the last one included; ``score`` is their mean cosine with the word."""

    word: str
    start: float
    end: float
    first_frame: int
    last_frame: int
    score: float
    attention: float


@dataclass(frozen=True)
class Alignment:
    """Words against positions, (W, P) each, and ``times`` (P, 2) in frames of the clip.

    ``attention`` is that of a position to the words, ``strength`` also counts how much the word prefers the position.
    """

    words: tuple[str, ...]
    cosines: FloatArray
    attention: FloatArray
    strength: FloatArray
    times: FloatArray
    frames: int
    fps: float

    @property
    def spans(self) -> list[AlignedWord]:
        """One span per word, in the order of the sentence."""
        return [self._span(row) for row in range(len(self.words))]

    def at_frames(self) -> FloatArray:
        """Attention (W, frames) of every frame: that of the positions which mean it."""
        middle = np.arange(self.frames) + 0.5
        covers = (self.times[:, :1] <= middle) & (middle < self.times[:, 1:])
        covers[np.abs(self.times.mean(1)[:, None] - middle).argmin(0), np.arange(self.frames)] = True
        found: FloatArray = (self.attention @ covers) / covers.sum(0)
        return found

    def _span(self, row: int) -> AlignedWord:
        strength = self.strength[row]
        start, end = best_stretch(strength - OF_THE_PEAK * strength.max())
        first = int(np.clip(np.floor(self.times[start:end, 0].min()), 0, self.frames - 1))
        behind = int(np.clip(np.ceil(self.times[start:end, 1].max()), first + 1, self.frames))
        return AlignedWord(
            self.words[row],
            first / self.fps,
            behind / self.fps,
            first,
            behind - 1,
            float(self.cosines[row, start:end].mean()),
            float(self.attention[row, start:end].mean()),
        )


def best_stretch(values: FloatArray) -> tuple[int, int]:
    """Where the sum of neighbouring values is largest: the first place, and the one behind the last."""
    best, ends = -np.inf, (0, 1)
    total, start = 0.0, 0
    for place, value in enumerate(values):
        if total <= 0:
            total, start = 0.0, place
        total += float(value)
        if total > best:
            best, ends = total, (start, place + 1)
    return ends


def align(
    model: SignModel,
    clip: FloatArray | Mapping[str, FloatArray],
    sentence: str,
    *,
    frames: int | None = None,
    fps: float = 25.0,
    shown: FloatArray | None = None,
) -> Alignment:
    """Frames as the streams encode them, against a sentence.

    ``frames`` is how many the clip itself has, ``shown`` which of them each of the given frames shows; without it they
    are spread evenly.
    """
    if not model.compares_tokens:
        raise ConfigError(
            "this model compares one vector of a clip with one of a text: it knows of no words and frames"
        )
    left, right = model.network.pairs[model.pairs[0]]
    video = model.encode_frames([clip]).sides[left]
    text = model.encode_texts([sentence]).sides[right]
    length = len(next(iter(clip.values())) if isinstance(clip, Mapping) else clip)
    places, times = _positions(video, length)
    words, of_token = words_of(model.tokenizer, sentence, model.experiment.text.max_tokens, int(text.mask.sum()))
    tokens = _unit(text.tokens[text.mask])
    cosines = np.stack([
        (tokens[of_token == row] @ _unit(video.tokens[places]).T).mean(0) for row in range(len(words))
    ])  # fmt: skip
    tau = float(getattr(model.network.similarity[model.pairs[0]], "tau", TAU))
    scaled = cosines / tau
    attention = np.exp(scaled - scaled.max(0))
    attention /= attention.sum(0)
    preference = np.exp(scaled - scaled.max(1, keepdims=True))
    total = frames or length
    edges = np.linspace(0, total, length + 1) if shown is None else _edges(shown, total)
    times = np.interp(times, np.arange(length + 1), edges).astype(np.float32)
    return Alignment(words, cosines, attention, attention * preference, times, total, fps)


def _edges(shown: FloatArray, frames: int) -> FloatArray:
    """Where the frames that are read begin and end in the clip, half-way between what two neighbours show."""
    middle = shown + 0.5
    edges = np.concatenate([[shown[0]], (middle[:-1] + middle[1:]) / 2, [shown[-1] + 1]])
    return np.clip(edges, 0, frames).astype(np.float32)


def words_of(tokenizer: Tokenizer, sentence: str, max_tokens: int, positions: int) -> tuple[tuple[str, ...], Any]:
    """The words that the model read, without tags and marks, and the number of each token's word (-1: of none)."""
    given = sentence.split()
    pieces = [row[1:-1] for row in tokenizer.encode(given, UNBOUNDED)] if given else []
    owners = [place for place, row in enumerate(pieces) for _ in row]
    whole, read = tokenizer.encode([sentence], UNBOUNDED)[0][1:-1], tokenizer.encode([sentence], max_tokens)[0][1:-1]
    if len(whole) != len(owners):
        raise DataError(
            f"'{sentence}' is not read word by word by this model's tokeniser, so words cannot be told apart"
        )
    kept = _kept(whole, read)
    numbers = np.array([-1, *(owners[place] for place in kept), -1])[-positions:]
    shown = {place: word for place, text in enumerate(given) if (word := _bare(text)) and place in numbers}
    if not shown:
        raise DataError(f"'{sentence}' holds no word to align")
    row_of = {place: row for row, place in enumerate(shown)}
    return tuple(shown.values()), np.array([row_of.get(int(number), -1) for number in numbers])


def _kept(whole: Sequence[int], read: Sequence[int]) -> list[int]:
    """Which tokens of the whole sentence remained when it was cut or thinned."""
    places, place = [], 0
    for token in read:
        while place < len(whole) and whole[place] != token:
            place += 1
        places.append(min(place, len(whole) - 1))
        place += 1
    return places


def _bare(word: str) -> str:
    return "" if word.startswith("<") and word.endswith(">") else word.strip(string.punctuation)


def _positions(video: Ragged, length: int) -> tuple[Any, FloatArray]:
    """The positions that mean frames, and which; spread evenly over the clip where the model does not say."""
    places = np.flatnonzero(video.mask)
    if video.times is None:
        edges = np.linspace(0, length, len(places) + 1, dtype=np.float32)
        return places, np.stack([edges[:-1], edges[1:]], 1)
    times = video.times[places]
    has_frames = times[:, 1] > times[:, 0]
    if not has_frames.any():
        raise DataError("no position of the clip means any frame")
    return places[has_frames], times[has_frames]


def _unit(tokens: FloatArray) -> FloatArray:
    values = np.asarray(tokens, np.float32)
    unit: FloatArray = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
    return unit
