"""Packed weights change the speed of a linear map and nothing else."""

from __future__ import annotations

import pickle
from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from mmpt_sign.models.packed_linear import PackedLinear, pack_linears


def both(seed: int = 0) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(seed)
    plain = nn.Sequential(nn.Linear(24, 40), nn.GELU(), nn.Sequential(nn.Linear(40, 8, bias=False)))
    packed = deepcopy(plain)
    pack_linears(packed)
    return plain, packed


@pytest.mark.parametrize("shape", [(1, 24), (12, 24), (3, 7, 24), (0, 24), (130, 24)])
def test_the_values_are_those_of_the_plain_map(shape: tuple[int, ...]) -> None:
    plain, packed = both()
    x = torch.randn(shape)
    with torch.inference_mode():
        assert_close(packed(x), plain(x), atol=1e-5, rtol=1e-5)


def test_a_row_does_not_depend_on_the_rows_beside_it() -> None:
    _, packed = both()
    x = torch.randn(64, 24)
    with torch.inference_mode():
        assert_close(packed(x)[5:6], packed(x[5:6]), atol=1e-6, rtol=1e-5)


def test_gradients_flow_outside_of_inference() -> None:
    plain, packed = both()
    x = torch.randn(5, 24)
    plain(x).sum().backward()
    packed(x).sum().backward()
    for one, other in zip(plain.parameters(), packed.parameters(), strict=True):
        assert one.grad is not None
        assert other.grad is not None
        assert_close(one.grad, other.grad)


def test_new_weights_are_packed_anew() -> None:
    plain, packed = both()
    other, _ = both(seed=1)
    x = torch.randn(5, 24)
    with torch.inference_mode():
        packed(x)
    packed.load_state_dict(other.state_dict())
    with torch.inference_mode():
        assert_close(packed(x), other(x), atol=1e-5, rtol=1e-5)


def test_state_and_pickles_know_nothing_of_it() -> None:
    plain, packed = both()
    x = torch.randn(5, 24)

    def answer(network: nn.Module) -> Tensor:
        with torch.inference_mode():
            found: Tensor = network(x)
        return found

    expected = answer(packed)
    assert packed.state_dict().keys() == plain.state_dict().keys()
    assert_close(answer(pickle.loads(pickle.dumps(packed))), expected)
    assert_close(answer(deepcopy(packed)), expected)


def test_only_plain_single_precision_maps_are_packed() -> None:
    class Own(nn.Linear):
        pass

    network = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2).half(), Own(2, 2), nn.Conv1d(2, 2, 1)])
    pack_linears(network)
    assert [type(part) for part in network] == [PackedLinear, nn.Linear, Own, nn.Conv1d]
