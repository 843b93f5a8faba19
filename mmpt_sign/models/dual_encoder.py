"""The model: towers over streams, fusion, text tower, similarities; one tower without fusion is the simplest case."""

from __future__ import annotations

import math
from collections.abc import Mapping
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

    def forward(self, streams: Mapping[str, Frames]) -> TokenSet:
        """Frames of all streams in the batch -> TokenSet of this tower."""
        x, mask = self.front_end({name: streams[name] for name in self.streams})
        encoded: TokenSet = self.encoder(x, mask)
        return encoded


class DualEncoder(nn.Module):
    """Everything with parameters, assembled from the named parts of an experiment whose streams are fixed."""

    def __init__(self, experiment: Experiment) -> None:
        super().__init__()
        widths = {name: stream.width for name, stream in experiment.streams.items()}
        self.video = nn.ModuleDict({name: Tower(name, tower, widths) for name, tower in experiment.video.items()})
        self.fusion = experiment.fusion.build(
            {name: t.encoder.resolved().width for name, t in experiment.video.items()}
        )
        self.text = experiment.text.build()
        self.similarity = dict(experiment.similarity)
        self.pairs = {name: experiment.pair(name) or ("video", "text") for name in experiment.similarity}
        self.loss_parts = dict(experiment.loss)
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
        return {**sets, "video": sets.get("fused") or next(iter(sets.values()))}

    def encode_text(self, ids: Tensor, mask: Tensor) -> TokenSet:
        """TokenSet of prompts."""
        encoded: TokenSet = self.text(ids, mask)
        return encoded

    def forward(self, streams: Mapping[str, Frames], ids: Tensor, mask: Tensor) -> dict[str, TokenSet]:
        """All TokenSets of a batch, by name."""
        return {**self.encode_video(streams), "text": self.encode_text(ids, mask)}

    def matrices(self, sets: Mapping[str, TokenSet]) -> dict[str, Matrices]:
        """Unscaled scores of each configured pair."""
        return {
            name: part(sets[self.pairs[name][0]], sets[self.pairs[name][1]]) for name, part in self.similarity.items()
        }

    def losses(self, sets: Mapping[str, TokenSet], same_answer: Tensor) -> dict[str, Tensor]:
        """``loss`` (weighted total) and every term under its own name."""
        matrices = self.matrices(sets)
        terms: dict[str, Tensor] = {}
        total = torch.zeros((), device=same_answer.device)
        for name, part in self.loss_parts.items():
            parts = part(matrices[name], same_answer, scale=self.scale(name))
            total = total + part.weight * parts["loss"]
            terms.update({f"{name}/{key}": value.detach() for key, value in parts.items()})
        return {"loss": total, **terms}

    def scale(self, name: str) -> Tensor | float:
        """Factor on the scores of a loss, clamped as its options say."""
        part = self.loss_parts[name]
        if name in self.log_scales:
            learned: Tensor = self.log_scales[name].exp().clamp(max=part.max_scale)
            return learned
        return float(part.scale)
