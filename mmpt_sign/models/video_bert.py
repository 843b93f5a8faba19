"""The network behind the encoder ``bert_video``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mmpt_sign.errors import ConfigError
from mmpt_sign.models.bert import Projection, freeze_layers, make_bert
from mmpt_sign.models.lora import add_lora
from mmpt_sign.models.token_set import TokenSet, masked_mean
from mmpt_sign.text.weights import locate

if TYPE_CHECKING:
    from mmpt_sign.models.encoders.bert_video import BertVideo

CLS, SEP = 101, 102  # rows of the word table in every original BERT vocabulary


class VideoBert(nn.Module):
    """Frames between [CLS] and [SEP].

    The [SEP] is stored behind the padding but carries the position that its clip gives it, so a clip is embedded
    alike alone and in any batch.
    """

    def __init__(self, part: BertVideo) -> None:
        super().__init__()
        if part.architecture is None:
            raise ConfigError("bert_video must be resolved before it is built")
        weights = None if part.weights is None else locate(part.weights)
        self.bert = make_bert(part.architecture, part.dropout, weights, vocabulary=[CLS, SEP])
        self.projection = Projection(part.architecture.hidden_size, part.project)
        self.sep_position = part.sep_position
        self.pool = part.pool
        width = part.project or part.architecture.hidden_size
        self.attention = FramePooling(width) if part.pool == "attention" else None
        freeze_layers(self.bert, part.freeze)
        if part.lora is not None:
            add_lora(self.bert, part.lora)

    def forward(self, x: Tensor, mask: Tensor) -> TokenSet:
        """(B, L, width), (B, L) -> tokens of the L frames and the [SEP]."""
        states = self.bert(
            inputs_embeds=self._between_cls_and_sep(x),
            attention_mask=_with_ends(mask).long(),
            position_ids=self._positions(mask),
        ).last_hidden_state
        tokens = self.projection(states)
        kept = _with_ends(mask)[:, 1:]
        return TokenSet(tokens[:, 1:], kept, self._pooled(tokens, mask), _frames_of_positions(mask))

    def _between_cls_and_sep(self, x: Tensor) -> Tensor:
        ends = self.bert.embeddings.word_embeddings.weight.to(x.dtype)
        first, last = (row.expand(x.shape[0], 1, -1) for row in ends)
        return torch.cat([first, x, last], 1)

    def _positions(self, mask: Tensor) -> Tensor:
        length = mask.shape[1]
        table = self.bert.config.max_position_embeddings
        if length + 2 > table:
            raise ConfigError(f"{length} frames and two ends do not fit the {table} positions: lower max_frames")
        frames = torch.arange(length + 1, device=mask.device).expand(mask.shape[0], -1)
        if self.sep_position == "after_clip":
            last = mask.sum(1, keepdim=True) + 1
        else:
            last = torch.full((mask.shape[0], 1), int(self.sep_position), device=mask.device)
        return torch.cat([frames, last], 1)

    def _pooled(self, tokens: Tensor, mask: Tensor) -> Tensor:
        if self.pool == "cls":
            return tokens[:, 0]
        if self.pool == "frames":
            return masked_mean(tokens[:, 1:-1], mask)
        if self.attention is not None:
            pooled: Tensor = self.attention(tokens[:, 1:-1], mask)
            return pooled
        return masked_mean(tokens[:, 1:], _with_ends(mask)[:, 1:])


class FramePooling(nn.Module):
    """A mean of frames weighed by what each says; it starts as the plain mean."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.direction = nn.Parameter(torch.zeros(width))

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(B, L, D), (B, L) -> (B, D); padding never contributes."""
        logits = (tokens @ self.direction).masked_fill(~mask, torch.finfo(tokens.dtype).min)
        return (tokens * logits.softmax(1).unsqueeze(-1)).sum(1)


def _frames_of_positions(mask: Tensor) -> Tensor:
    """(B, L + 1, 2): a frame each, and none for the [SEP]."""
    first = torch.arange(mask.shape[1] + 1, device=mask.device)
    behind = torch.cat([first[1:], first[-1:]])
    return torch.stack([first, behind], 1).expand(mask.shape[0], -1, -1)


def _with_ends(mask: Tensor) -> Tensor:
    """The mask of [CLS] frames [SEP]."""
    one = mask.new_ones((mask.shape[0], 1))
    return torch.cat([one, mask, one], 1)
