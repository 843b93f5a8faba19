"""The model: towers over streams, fusion, text tower, similarities; one tower without fusion is the simplest case."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mmpt_sign.models.frames import Frames

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment, VideoTower
    from mmpt_sign.models.token_set import TokenSet

Matrices = dict[str, Tensor]  # direction -> scores


class Tower(nn.Module):
    """Front end and encoder of one entry under ``video:``."""

    def __init__(self, name: str, options: VideoTower, widths: Mapping[str, int]) -> None:
        super().__init__()
        self.streams = options.of or (name,)
        encoder = options.encoder.resolved()
        self.front_end = options.front_end.build({s: widths[s] for s in self.streams}, encoder.width)
        self.encoder = encoder.build()
        self.shows_padding = getattr(encoder, "pad_to", None) is not None

    def forward(self, streams: Mapping[str, Frames]) -> TokenSet:
        """Frames of all streams in the batch -> TokenSet of this tower."""
        x, mask = self.front_end({name: streams[name] for name in self.streams})
        if self.shows_padding and not getattr(self.front_end, "fills_padding", False):
            x = x * mask.unsqueeze(-1)  # a bias makes something of the padding of this batch, which would be seen
        encoded: TokenSet = self.encoder(x, mask)
        present = torch.stack([streams[name][1].any(1) for name in self.streams]).any(0)
        return replace(encoded, present=present, times=self._times(encoded, streams))

    def _times(self, encoded: TokenSet, streams: Mapping[str, Frames]) -> Tensor | None:
        """The frames of each position, where the front end knows them; a class token in front means none."""
        spans = getattr(self.front_end, "times", None)
        if encoded.times is not None or spans is None:
            return encoded.times
        found: Tensor = spans(streams[self.streams[0]][1])
        before = int(getattr(self.encoder, "class_token", "pooled") != "pooled")
        behind = encoded.tokens.shape[1] - before - found.shape[1]
        return nn.functional.pad(found, (0, 0, before, behind)) if behind >= 0 else None


class DualEncoder(nn.Module):
    """Everything with parameters, assembled from the named parts of an experiment whose streams are fixed."""

    def __init__(self, experiment: Experiment) -> None:
        super().__init__()
        widths = {name: stream.width for name, stream in experiment.streams.items()}
        self.video = nn.ModuleDict({name: Tower(name, tower, widths) for name, tower in experiment.video.items()})
        self.fusion = experiment.fusion.build(
            {name: t.encoder.resolved().token_width for name, t in experiment.video.items()}
        )
        self.text = experiment.text.build()
        self.similarity = dict(experiment.similarity)
        self.pairs = {name: experiment.pair(name) or ("video", "text") for name in experiment.similarity}
        self.loss_parts = dict(experiment.loss)
        self.shared_scales = {name: str(part.scale) for name, part in experiment.loss.items() if _is_name(part.scale)}
        self.log_scales = nn.ParameterDict(
            {
                name: nn.Parameter(torch.tensor(math.log(part.initial_scale)))
                for name, part in experiment.loss.items()
                if part.scale == "learned"
            }
        )

    def encode_video(self, streams: Mapping[str, Frames]) -> dict[str, TokenSet]:
        """TokenSets by tower, plus ``video``: the one that stands for the clip as a whole."""
        sets: dict[str, TokenSet] = self.fusion({name: tower(streams) for name, tower in self.video.items()})
        return {**sets, "video": sets["fused"] if "fused" in sets else next(iter(sets.values()))}

    def encode_text(self, ids: Tensor, mask: Tensor) -> TokenSet:
        """TokenSet of prompts."""
        encoded: TokenSet = self.text(ids, mask)
        return encoded

    def forward(
        self,
        streams: Mapping[str, Frames] | None,
        ids: Tensor | None = None,
        mask: Tensor | None = None,
        augmented_ids: Tensor | None = None,
        augmented_mask: Tensor | None = None,
    ) -> dict[str, TokenSet]:
        """All TokenSets of what is given, by name; ``text_augmented`` are the same prompts, changed at random."""
        sets = {} if streams is None else self.encode_video(streams)
        if ids is not None and mask is not None:
            sets["text"] = self.encode_text(ids, mask)
        if augmented_ids is not None and augmented_mask is not None:
            sets["text_augmented"] = self.encode_text(augmented_ids, augmented_mask)
        return sets

    def matrices(self, sets: Mapping[str, TokenSet]) -> dict[str, Matrices]:
        """Unscaled scores of each configured pair; text to video is that of augmented texts where there are any."""
        return {name: self._compared(name, sets) for name in self.similarity}

    def _compared(self, name: str, sets: Mapping[str, TokenSet]) -> Matrices:
        part, (left, right) = self.similarity[name], self.pairs[name]
        matrices: Matrices = part(sets[left], sets[right])
        if right != "text" or "text_augmented" not in sets:
            return matrices
        return {**matrices, "text_to_video": part(sets[left], sets["text_augmented"])["text_to_video"]}

    def losses(self, sets: Mapping[str, TokenSet], same_answer: Tensor) -> dict[str, Tensor]:
        """``loss`` (weighted total) and every term under its own name."""
        terms: dict[str, Tensor] = {}
        total = torch.zeros((), device=same_answer.device)
        for name, part in self.loss_parts.items():
            matrices, right = self._compared(name, sets), self._right(name, same_answer)
            present = [sets[side].present for side in self.pairs[name]]
            matrices, right = _of_present(matrices, right, *present, paired=part.needs_paired_rows)
            if right.any():
                parts = part(matrices, right, scale=self.scale(name))
            else:
                parts = {"loss": 0 * matrices["video_to_text"].sum()}  # nothing to learn from, in every process alike
            total = total + part.weight * parts["loss"]
            terms.update({f"{name}/{key}": value.detach() for key, value in parts.items()})
        return {"loss": total, **terms}

    def scale(self, name: str) -> Tensor | float:
        """Factor on the scores of a loss, clamped as its options say."""
        owner = self.shared_scales.get(name, name)
        part = self.loss_parts[owner]
        if owner in self.log_scales:
            with torch.no_grad():  # the number itself, so that one at its bound still has a gradient and can come down
                self.log_scales[owner].clamp_(max=math.log(part.max_scale))
            learned: Tensor = self.log_scales[owner].exp()
            return learned
        return float(part.scale)

    def _right(self, name: str, same_answer: Tensor) -> Tensor:
        """Which pairs of a similarity are right: between two sides of the same clips those of each clip with itself."""
        if self.pairs[name][1] == "text":
            return same_answer
        return torch.eye(len(same_answer), dtype=torch.bool, device=same_answer.device)


def _is_name(scale: float | str) -> bool:
    return isinstance(scale, str) and scale != "learned"


def _of_present(
    matrices: Matrices, right: Tensor, rows: Tensor | None, columns: Tensor | None, *, paired: bool
) -> tuple[Matrices, Tensor]:
    """Without the rows and columns of clips that lack the stream which is compared."""
    if paired:
        known = [present for present in (rows, columns) if present is not None]
        rows = columns = torch.stack(known).all(0) if known else None
    for axis, present in enumerate((rows, columns)):
        if present is not None and not present.all():
            kept = present.nonzero().squeeze(1)
            matrices = {key: matrix.index_select(axis, kept) for key, matrix in matrices.items()}
            right = right.index_select(axis, kept)
    return matrices, right
