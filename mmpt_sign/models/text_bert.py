"""The network behind the text towers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mmpt_sign.models.bert import Projection, freeze_layers
from mmpt_sign.models.lora import add_lora
from mmpt_sign.models.token_set import TokenSet, masked_mean

if TYPE_CHECKING:
    from mmpt_sign.models.texts.bert import Bert
    from mmpt_sign.models.texts.transformer import Transformer

REMEMBERED = 4096


class TextTower(nn.Module):
    """[CLS] words [SEP] -> tokens of the words and the [SEP].

    A frozen tower runs without dropout and gradients, and remembers the prompts it has encoded.
    """

    centre: Tensor
    spread: Tensor

    def __init__(self, body: nn.Module, width: int, part: Bert | Transformer) -> None:
        super().__init__()
        self.bert: Any = body
        self.projection = Projection(width, part.project)
        self.pool = part.pool
        self.frozen = part.freeze == "all"
        self.standardise = part.standardise
        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("spread", torch.ones(()))
        self._remembered: dict[tuple[int, ...], Tensor] = {}
        freeze_layers(self.bert, part.freeze)
        if part.lora is not None:
            add_lora(self.bert, part.lora)

    def forward(self, ids: Tensor, mask: Tensor) -> TokenSet:
        """(B, S), (B, S) -> TokenSet of S - 1 positions."""
        states = self._remembering(ids, mask) if self.frozen else self._states(ids, mask)
        tokens = self.projection((states - self.centre) / self.spread)
        words = mask[:, 1:]
        pooled = tokens[:, 0] if self.pool == "cls" else masked_mean(tokens[:, 1:], words)
        return TokenSet(tokens[:, 1:], words, pooled)

    def fit(self, ids: Tensor, mask: Tensor) -> None:
        """Take centre and spread from the prompts of the training data, if the tower is told to standardise.

        Prompts of one template are nearly parallel; without this a new projection first has to unlearn the template.
        """
        if not self.standardise:
            return
        was_training = self.training
        self.eval()
        with torch.no_grad():
            parts = [
                masked_mean(self._states(i, m)[:, 1:], m[:, 1:])
                for i, m in zip(torch.split(ids, 64), torch.split(mask, 64), strict=True)
            ]
        pooled = torch.cat(parts)
        self.centre.copy_(pooled.mean(0))
        self.spread.copy_((pooled - pooled.mean(0)).pow(2).mean().sqrt().clamp_min(1e-6))
        self.train(was_training)

    def train(self, mode: bool = True) -> TextTower:
        """A frozen tower never drops anything out."""
        super().train(mode)
        if self.frozen:
            self.bert.train(False)
        return self

    def _states(self, ids: Tensor, mask: Tensor) -> Tensor:
        states: Tensor = self.bert(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        return states

    @torch.no_grad()
    def _remembering(self, ids: Tensor, mask: Tensor) -> Tensor:
        """As `_states`, row by row from memory where a prompt was encoded before; always in the weights' precision."""
        keys: Sequence[tuple[int, ...]] = [
            tuple(row[:length]) for row, length in zip(ids.tolist(), mask.sum(1).tolist(), strict=True)
        ]
        new = [row for row, key in enumerate(keys) if key not in self._remembered]
        if len(self._remembered) + len(new) > REMEMBERED:
            self._remembered.clear()
            new = list(range(len(keys)))
        if new:
            with torch.autocast(ids.device.type, enabled=False):
                found = self._states(ids[new], mask[new])
            for row, states in zip(new, found, strict=True):
                self._remembered[keys[row]] = states[: len(keys[row])].clone()
        return nn.utils.rnn.pad_sequence([self._remembered[key].to(ids.device) for key in keys], batch_first=True)
