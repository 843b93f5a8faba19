"""The optimiser and the schedule of the published systems, against numbers worked out by hand."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from mmpt_sign.training.optimizer import GroupedAdam, GroupedBertAdam, Mark, mark
from mmpt_sign.training.options import BertAdamOptions
from mmpt_sign.training.schedule import factor

TRACE = ([1.0, -2.0], [0.9553201, -2.0445299], [0.8545935, -2.0877860], [0.7658390, -2.1326311])
GRADIENTS = ([3.0, 4.0], [0.3, 0.4], [0.3, -0.4], [0.0, 0.1])


def options(**changes: object) -> BertAdamOptions:
    given = {"eps": 1e-6, "weight_decay": 1e-3, "clip_tensor": 1.0, "decays": "all_but_biases", **changes}
    return BertAdamOptions(lr=[0.1], **given)  # type: ignore[arg-type]


def test_four_updates() -> None:
    parameter = nn.Parameter(torch.tensor([1.0, -2.0]))
    optimiser = GroupedBertAdam(options(), [parameter])
    for done, (expected, gradient) in enumerate(zip(TRACE, GRADIENTS, strict=True)):
        optimiser.set_lr(0.1 * factor(done / 20, 0.1))
        parameter.grad = torch.tensor(gradient)
        optimiser.step()
        assert parameter.tolist() == pytest.approx(expected, abs=1e-6)


def test_the_schedule_warms_up_from_zero_and_jumps_down_to_its_cosine() -> None:
    assert [factor(x, 0.1) for x in (0.0, 0.05)] == [0.0, 0.5]
    assert factor(0.0999999, 0.1) == pytest.approx(1.0, abs=1e-5)
    assert factor(0.1, 0.1) == pytest.approx(0.97553, abs=1e-5)
    assert factor(1.0, 0.1) == pytest.approx(0.0)
    assert factor(0.0, 0.0) == 1.0


def test_a_state_is_taken_up_again() -> None:
    parameter = nn.Parameter(torch.ones(3))
    one = GroupedBertAdam(options(), [parameter])
    for _ in range(2):
        parameter.grad = torch.tensor([0.1, 0.2, 0.3])
        one.step()
    other = nn.Parameter(parameter.detach().clone())
    two = GroupedBertAdam(options(), [other])
    two.load_state_dict(copy.deepcopy(one.state_dict()))
    for optimiser, p in ((one, parameter), (two, other)):
        p.grad = torch.tensor([0.3, 0.2, 0.1])
        optimiser.step()
    assert torch.equal(parameter, other)


def test_what_is_decayed() -> None:
    matrix, gain, bias = (nn.Parameter(torch.ones(*shape)) for shape in ((2, 2), (2,), (2,)))
    mark(bias, Mark(is_bias=True))
    for which, decayed in (("matrices", [True, False, False]), ("all_but_biases", [True, True, False])):
        groups = GroupedAdam(options(decays=which), [matrix, gain, bias]).param_groups
        found = [
            next(g["weight_decay"] > 0 for g in groups if any(p is q for q in g["params"]))
            for p in (matrix, gain, bias)
        ]
        assert found == decayed


def test_each_tensor_is_clipped_by_itself() -> None:
    large, small = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(2))
    optimiser = GroupedBertAdam(options(clip_tensor=1.0), [large, small])
    large.grad, small.grad = torch.tensor([30.0, 40.0]), torch.tensor([0.3, 0.4])
    optimiser.step()
    assert large.grad.tolist() == pytest.approx([0.6, 0.8], rel=1e-4)
    assert small.grad.tolist() == pytest.approx([0.3, 0.4])
