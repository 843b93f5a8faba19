"""Fusions: golden sampling, what padding, batch mates and a missing stream may not do."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import mmpt_sign
from mmpt_sign.errors import ConfigError
from mmpt_sign.models.fusions.cross_gloss_attention import CrossGlossAttention
from mmpt_sign.models.gloss_attention import LocalAttention, centres, sinusoids
from mmpt_sign.models.token_set import TokenSet, masked_mean, padded

PARTS: list[dict[str, Any]] = [
    {"name": "mlp"},
    {"name": "cross_gloss_attention", "heads": 2, "ff": 16},
    {"name": "cross_gloss_attention", "heads": 2, "ff": 16, "edge": "wrap"},
    {"name": "cross_gloss_attention", "heads": 2, "ff": 16, "sampling": "released"},
]
SETTLED = [part for part in PARTS if part.get("sampling") != "released"]


def made(part: dict[str, Any], width: int = 8) -> Any:
    torch.manual_seed(0)
    network = mmpt_sign.build("fusion", widths={"pose": width, "rgb": width}, **part).eval()
    for name, parameter in network.named_parameters():
        if "offsets" in name:
            nn.init.normal_(parameter, std=1.0)  # so that places lie between positions and beyond the ends
    return network


def streams(lengths: list[int], seed: int = 0) -> dict[str, TokenSet]:
    generator = torch.Generator().manual_seed(seed)
    mask = torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]
    sets = {}
    for name in ("pose", "rgb"):
        tokens = torch.randn(len(lengths), max(lengths), 8, generator=generator)
        sets[name] = TokenSet(tokens, mask, masked_mean(tokens, mask))
    return sets


def without(token_set: TokenSet, clip: int) -> TokenSet:
    """The set of a batch in which one clip lacks the stream."""
    mask, tokens = token_set.mask.clone(), token_set.tokens.clone()
    mask[clip], tokens[clip] = False, 1e3
    return TokenSet(tokens, mask, token_set.pooled, present=mask.any(1))


def test_released_sampling_is_the_measured_one() -> None:
    options = CrossGlossAttention(heads=1, keys=(3,), sampling="released")
    attention = LocalAttention(options, 2, 3).eval()
    for linear in (attention.query, attention.key, attention.value, attention.out):
        nn.init.eye_(linear.weight)
        nn.init.zeros_(linear.bias)
    for tensor in (attention.offsets.weight, attention.offsets.bias):
        nn.init.zeros_(tensor)
    values = torch.stack([torch.arange(6.0), torch.ones(6)], -1)[None]
    found = attention(torch.zeros(1, 6, 2), values, torch.arange(6)[None] < 5)[0]
    expected = [[0.8333, 0.4167], [0.6333, 0.4167], [0.4333, 0.4167], [0.95, 0.5], [0.8333, 0.4167], [0.6333, 0.4167]]
    torch.testing.assert_close(found, torch.tensor(expected), atol=1e-4, rtol=0)


def test_more_clips_than_positions_are_refused() -> None:
    part = {"name": "cross_gloss_attention", "heads": 2, "ff": 16, "positions": 4}
    with pytest.raises(ConfigError, match="5 clips do not fit its 4 positions"):
        made(part)(streams([3, 5]))


def test_released_places_lean_to_the_past() -> None:
    assert centres(5, "released").tolist() == [-3, -2, -1, 0, 1]
    assert centres(3, "released").tolist() == [-2, -1, 0]
    assert centres(5, "aligned").tolist() == [-2, -1, 0, 1, 2]
    assert centres(3, "aligned").tolist() == [-1, 0, 1]


def test_aligned_sampling_reads_the_position_itself() -> None:
    options = CrossGlossAttention(heads=1, keys=(1,))
    attention = LocalAttention(options, 4, 1).eval()
    for linear in (attention.value, attention.out):
        nn.init.eye_(linear.weight)
        nn.init.zeros_(linear.bias)
    nn.init.zeros_(attention.offsets.weight)
    nn.init.constant_(attention.offsets.bias, 0.25)
    other = torch.randn(1, 5, 4)
    found = attention(torch.randn(1, 5, 4), other, torch.ones(1, 5, dtype=torch.bool))
    torch.testing.assert_close(found[:, :4], 0.75 * other[:, :4] + 0.25 * other[:, 1:], atol=1e-6, rtol=0)
    torch.testing.assert_close(found[:, 4], other[:, 4])  # clamped to the last clip
    behind_class_token = attention(other, other, torch.arange(5)[None] > 0)
    torch.testing.assert_close(behind_class_token[:, 1:], found[:, 1:])
    torch.testing.assert_close(behind_class_token[:, 0], other[:, 1])
    nn.init.zeros_(attention.offsets.bias)
    signs = torch.randn(1, 400, 4).sign().bfloat16()
    found = attention.bfloat16()(signs, signs, torch.ones(1, 400, dtype=torch.bool))
    torch.testing.assert_close(found, signs)  # far places are not rounded either


@pytest.mark.parametrize("part", SETTLED, ids=str)
def test_a_hidden_class_token_in_front_is_never_read(part: dict[str, Any]) -> None:
    network, sets = made(part), streams([4, 6])
    hidden = {name: TokenSet(s.tokens, s.mask & (torch.arange(6) > 0), s.pooled) for name, s in sets.items()}
    whole = network(hidden)["fused"].tokens[:, 1:]
    tokens = hidden["rgb"].tokens.clone()
    tokens[:, 0] *= -1
    changed = network({**hidden, "rgb": TokenSet(tokens, hidden["rgb"].mask, hidden["rgb"].pooled)})["fused"]
    torch.testing.assert_close(changed.tokens[:, 1:], whole)


@pytest.mark.parametrize("part", SETTLED, ids=str)
def test_a_clip_is_fused_alike_alone_and_in_any_batch(part: dict[str, Any]) -> None:
    network, sets = made(part), streams([3, 6, 1, 5])
    whole = network(sets)["fused"]
    assert whole.tokens.shape == (4, 6, 8)
    for clip, length in enumerate([3, 6, 1, 5]):
        alone = network({name: _cut(s.rows(torch.tensor([clip])), length) for name, s in sets.items()})["fused"]
        torch.testing.assert_close(whole.tokens[clip, :length], alone.tokens[0], atol=1e-5, rtol=0)
        torch.testing.assert_close(whole.pooled[clip], alone.pooled[0], atol=1e-5, rtol=0)
    noisy = {name: TokenSet(s.tokens + 1e3 * ~s.mask[..., None], s.mask, s.pooled) for name, s in sets.items()}
    torch.testing.assert_close(network(noisy)["fused"].pooled, whole.pooled, atol=1e-5, rtol=0)


def test_released_sampling_needs_a_fixed_length_only() -> None:
    network, sets = made(PARTS[3]), streams([3, 6, 1, 5])
    whole = network({name: padded(s, 9) for name, s in sets.items()})["fused"]
    for clip in range(4):
        alone = network({name: padded(s.rows(torch.tensor([clip])), 9) for name, s in sets.items()})["fused"]
        torch.testing.assert_close(whole.tokens[clip], alone.tokens[0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_a_clip_that_lacks_a_stream_is_the_other_one(part: dict[str, Any]) -> None:
    network, sets = made(part), streams([4, 4, 3, 2])
    lacking = {"pose": without(sets["pose"], 1), "rgb": without(sets["rgb"], 2)}
    lacking["rgb"].tokens.requires_grad_()
    fused = network(lacking)["fused"]
    whole = network(sets)["fused"]
    torch.testing.assert_close(fused.pooled[[0, 3]], whole.pooled[[0, 3]], atol=1e-5, rtol=0)
    torch.testing.assert_close(fused.tokens[1], sets["rgb"].tokens[1])
    torch.testing.assert_close(fused.tokens[2][:3], sets["pose"].tokens[2][:3])
    assert fused.mask.sum(1).tolist() == [4, 4, 3, 2]
    assert fused.present is not None
    assert fused.present.all()
    fused.pooled.square().sum().backward()
    assert lacking["rgb"].tokens.grad is not None
    assert torch.isfinite(lacking["rgb"].tokens.grad).all()
    neither = network({name: without(s, 0) for name, s in sets.items()})["fused"]
    assert torch.isfinite(neither.tokens).all()
    assert not neither.mask[0].any()


def test_dropped_streams_teach_to_do_with_either() -> None:
    sets = streams([4] * 400)
    network = made({**PARTS[0], "stream_dropout": 0.4})
    torch.testing.assert_close(network(sets)["fused"].tokens, made(PARTS[0])(sets)["fused"].tokens)
    fused = network.train()(sets)["fused"]
    alone = [(fused.tokens == sets[name].tokens).all((1, 2)).float().mean() for name in ("pose", "rgb")]
    assert all(0.13 < float(share) < 0.27 for share in alone)
    assert fused.mask.all()


def test_both_stacks_read_the_layer_before() -> None:
    """Exchanging the streams exchanges the stacks, so weights that are equal give the same outcome."""
    network, sets = made(PARTS[1]), streams([5, 4])
    mix = network.network
    mix.second_layers.load_state_dict(mix.first_layers.state_dict())
    mix.second_norm.load_state_dict(mix.first_norm.state_dict())
    recorded: list[Tensor] = []
    for stack in (mix.first_layers, mix.second_layers):
        stack[1].register_forward_hook(lambda module, given, result: recorded.append(result))
    network(sets)
    network({"pose": sets["rgb"], "rgb": sets["pose"]})
    torch.testing.assert_close(recorded[0], recorded[3])
    torch.testing.assert_close(recorded[1], recorded[2])


def test_positions_are_sines_and_cosines() -> None:
    table = sinusoids(7, 6)
    assert table.shape == (7, 6)
    torch.testing.assert_close(table[3, 2], torch.sin(torch.tensor(3 / 10000 ** (2 / 6))))
    torch.testing.assert_close(table[3, 5], torch.cos(torch.tensor(3 / 10000 ** (4 / 6))))


def test_towers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match="no tower called rgb"):
        mmpt_sign.build("fusion", name="mlp", widths={"pose": 8})
    with pytest.raises(ConfigError, match="pose have 8 numbers, those of rgb 6"):
        mmpt_sign.build("fusion", name="mlp", widths={"pose": 8, "rgb": 6})


def _cut(token_set: TokenSet, length: int) -> TokenSet:
    return TokenSet(token_set.tokens[:, :length], token_set.mask[:, :length], token_set.pooled)
