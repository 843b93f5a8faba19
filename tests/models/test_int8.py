"""Linear maps in 8 bits: near the original, alike in any batch, stored under plain names."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmpt_sign.errors import CheckpointError
from mmpt_sign.models.int8 import Int8Linear, in_floats, is_int8, make_room, quantised


def net() -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(24, 40), nn.GELU(), nn.Linear(40, 8, bias=False), nn.LayerNorm(8))


def in_8_bits(model: nn.Sequential) -> nn.Sequential:
    state = quantised(model, model.state_dict())
    made = net()
    make_room(made, state)
    made.load_state_dict(state)
    return made


def test_every_linear_map_is_replaced_and_stays_near() -> None:
    model = net()
    made = in_8_bits(model)
    assert [type(module) for module in made] == [Int8Linear, nn.GELU, Int8Linear, nn.LayerNorm]
    assert is_int8(made)
    assert not is_int8(model)
    x = torch.randn(3, 5, 24, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        assert torch.nn.functional.cosine_similarity(model(x).flatten(), made(x).flatten(), dim=0) > 0.999


def test_what_else_is_in_a_batch_changes_no_scale() -> None:
    made = in_8_bits(net())
    x = torch.randn(4, 24, generator=torch.Generator().manual_seed(2))
    x[3] *= 1000
    with torch.inference_mode():
        torch.testing.assert_close(made(x)[:1], made(x[:1]))
        assert torch.isfinite(made(torch.zeros(2, 24))).all()


def test_the_state_goes_back_to_floats() -> None:
    model = net()
    state = quantised(model, model.state_dict())
    assert state["0.weight"].dtype == torch.int8
    assert set(state) - set(model.state_dict()) == {"0.scale", "2.scale"}
    again = in_floats(state)
    assert set(again) == set(model.state_dict())
    exact = model.state_dict()["0.weight"]
    assert ((again["0.weight"] - exact).abs() <= exact.abs().amax(1, keepdim=True) / 127 * 0.51).all()
    with pytest.raises(CheckpointError, match="without a scale"):
        in_floats({"0.weight": state["0.weight"]})
