"""SGD under the same options as the other optimisers."""

from __future__ import annotations

import torch

from mmpt_sign.training.optimizer import GroupedSgd
from mmpt_sign.training.options import SgdOptions


def test_an_update_is_that_of_sgd_with_momentum() -> None:
    weight, other = (torch.nn.Parameter(torch.ones(2, 2)) for _ in range(2))
    ours = GroupedSgd(SgdOptions(lr=[0.1], beta1=0.9), [weight])
    theirs = torch.optim.SGD([other], lr=0.1, momentum=0.9)
    ours.set_lr(0.1)
    for step in range(3):
        for parameter in (weight, other):
            parameter.grad = torch.full((2, 2), float(step + 1))
        ours.step()
        theirs.step()
    torch.testing.assert_close(weight, other)
