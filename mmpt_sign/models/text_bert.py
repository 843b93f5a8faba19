"""The network behind the text tower ``bert``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from mmpt_sign.errors import ConfigError
from mmpt_sign.models.bert import Projection, freeze_layers, make_bert
from mmpt_sign.models.token_set import TokenSet, masked_mean
from mmpt_sign.text.weights import locate

if TYPE_CHECKING:
    from mmpt_sign.models.texts.bert import Bert


class TextBert(nn.Module):
    """[CLS] words [SEP] -> tokens of the words and the [SEP]."""

    def __init__(self, part: Bert) -> None:
        super().__init__()
        if part.architecture is None:
            raise ConfigError("the text tower must be resolved before it is built")
        weights = None if part.weights is None else locate(part.weights)
        self.bert = make_bert(part.architecture, part.dropout, weights)
        self.projection = Projection(part.architecture.hidden_size, part.project)
        self.pool = part.pool
        freeze_layers(self.bert, part.freeze)

    def forward(self, ids: Tensor, mask: Tensor) -> TokenSet:
        """(B, S), (B, S) -> TokenSet of S - 1 positions."""
        states = self.bert(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        tokens = self.projection(states)
        words = mask[:, 1:]
        pooled = tokens[:, 0] if self.pool == "cls" else masked_mean(tokens[:, 1:], words)
        return TokenSet(tokens[:, 1:], words, pooled)
