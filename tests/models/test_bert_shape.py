"""How many layers a BERT has when several keys speak of it."""

from __future__ import annotations

import pytest

from mmpt_sign.models.encoders.bert_video import BertVideo
from mmpt_sign.models.texts.bert import Bert
from tests.corpus import TINY_BERT


@pytest.mark.parametrize("part", [Bert, BertVideo])
@pytest.mark.parametrize(("layers", "used"), [(1, 1), (5, 2), (None, 2)])
def test_the_first_layers_of_a_spelled_out_architecture(
    part: type[Bert] | type[BertVideo], layers: int | None, used: int
) -> None:
    shape = part(weights=None, layers=layers, architecture=TINY_BERT).resolved().architecture
    assert shape is not None
    assert shape.num_hidden_layers == used
