"""Front ends: parameter counts of the original, padding without influence."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import mmpt_sign
from mmpt_sign.errors import DataError


def test_the_frame_mlp_has_the_parameters_of_the_original() -> None:
    mlp = mmpt_sign.build("front_end", name="frame_mlp", widths={"pose": 609}, d_out=768)
    count = sum(p.numel() for p in mlp.parameters())
    assert count == 768 * 609 + 768 + 1536 + 590_592


def test_each_convolution_adds_the_parameters_of_the_original() -> None:
    plain = mmpt_sign.build("front_end", name="frame_mlp", widths={"pose": 453}, d_out=768)
    conv = mmpt_sign.build("front_end", name="frame_mlp", widths={"pose": 453}, d_out=768, convolutions=2)
    extra = sum(p.numel() for p in conv.parameters()) - sum(p.numel() for p in plain.parameters())
    assert extra == 2 * 3_489_006


@pytest.mark.parametrize(
    "options",
    [{"name": "linear"}, {"name": "frame_mlp", "convolutions": 2, "kernel": 5}, {"name": "temporal", "layers": 2}],
    ids=str,
)
def test_padding_never_reaches_a_real_frame(options: dict[str, Any]) -> None:
    net = mmpt_sign.build("front_end", widths={"pose": 6}, d_out=8, **options).eval()
    clip = torch.randn(1, 4, 6)
    padded = torch.cat([clip, torch.full((1, 9, 6), 1e3)], 1)
    mask = torch.arange(13)[None] < 4
    alone, _ = net({"pose": (clip, torch.ones(1, 4, dtype=torch.bool))})
    within, _ = net({"pose": (padded, mask)})
    torch.testing.assert_close(within[:, :4], alone, atol=1e-5, rtol=0)


def test_streams_of_equal_length_are_read_side_by_side() -> None:
    net = mmpt_sign.build("front_end", name="linear", widths={"pose": 3, "lip": 4}, d_out=8).eval()
    pose, lip, mask = torch.randn(2, 5, 3), torch.randn(2, 5, 4), torch.ones(2, 5, dtype=torch.bool)
    together, _ = net({"pose": (pose, mask), "lip": (lip, mask)})
    torch.testing.assert_close(together, net.network(torch.cat([pose, lip], -1)))
    with pytest.raises(DataError, match="different lengths"):
        net({"pose": (pose, mask), "lip": (lip[:, :4], mask[:, :4])})
