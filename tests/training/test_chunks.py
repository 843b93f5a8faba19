"""A batch in chunks has the gradient of the whole batch, dropout repeated exactly, and less to remember."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.models.dual_encoder import DualEncoder
from mmpt_sign.models.token_set import TokenSet, joined
from mmpt_sign.training.chunks import encoded_in_chunks
from mmpt_sign.training.run import train
from tests.corpus import tiny_experiment
from tests.inference.made import token_model

SIZE = 3


def batch() -> tuple[dict[str, tuple[Tensor, Tensor]], tuple[Tensor | None, ...]]:
    """Seven clips of uneven length with five prompts, each of them changed as well."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(7, 12, 63, generator=generator)
    mask = torch.arange(12)[None] < torch.tensor([12, 3, 5, 4, 9, 2, 6])[:, None]
    ids = torch.randint(1000, 2000, (5, 6), generator=generator)
    words = torch.arange(6)[None] < torch.tensor([6, 4, 3, 5, 6])[:, None]
    return {"pose": (x * mask[..., None], mask)}, (ids, words, ids.flip(1), words.flip(1))


def right() -> Tensor:
    same = torch.zeros(7, 5, dtype=torch.bool)
    same[torch.arange(7), torch.arange(7) % 5] = True
    return same


def gradients(network: DualEncoder, sets: dict[str, TokenSet]) -> dict[str, Tensor]:
    network.zero_grad()
    network.losses(sets, right())["loss"].backward()
    return {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}


def network(similarity: str, dropout: float) -> DualEncoder:
    made = token_model(similarity={"video_text": similarity}).network
    for module in made.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = dropout
    return made.train()


@pytest.mark.parametrize("similarity", ["token_softmax", "pooled_dot"])
def test_the_gradient_is_that_of_the_whole_batch(similarity: str) -> None:
    model = network(similarity, 0.0)
    streams, texts = batch()
    whole = gradients(model, model(streams, *texts))
    chunked = gradients(model, encoded_in_chunks(model, streams, texts, SIZE, similarity == "token_softmax"))
    assert whole.keys() == chunked.keys()
    assert any("front_end" in name for name in whole)
    assert any("text" in name for name in whole)
    for name, gradient in whole.items():
        torch.testing.assert_close(chunked[name], gradient, atol=1e-5, rtol=1e-4, msg=name)


def test_dropout_is_repeated_exactly() -> None:
    """Equal to the same chunks with the same random numbers whose activations were kept."""
    model = network("token_softmax", 0.4)
    streams, texts = batch()
    torch.manual_seed(5)
    chunked = gradients(model, encoded_in_chunks(model, streams, texts, 100, True))
    torch.manual_seed(5)
    kept = gradients(model, {**model(streams), **model(None, *texts)})
    for name, gradient in kept.items():
        torch.testing.assert_close(chunked[name], gradient, atol=1e-6, rtol=1e-5, msg=name)
    torch.manual_seed(6)
    other = gradients(model, encoded_in_chunks(model, streams, texts, 100, True))
    assert any(not torch.allclose(other[name], kept[name]) for name in kept)


def test_activations_are_not_kept() -> None:
    model = network("pooled_dot", 0.0)
    streams, texts = batch()

    def kept_by(make: Any) -> int:
        sizes: list[int] = []

        def kept(tensor: Tensor) -> Tensor:
            sizes.append(tensor.numel())
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(kept, lambda tensor: tensor):
            make()
        return sum(sizes)

    whole = kept_by(lambda: model(streams, *texts))
    assert kept_by(lambda: encoded_in_chunks(model, streams, texts, SIZE, False)) < 0.1 * whole


def test_sets_of_different_lengths_are_joined() -> None:
    parts = [
        TokenSet(torch.ones(2, n, 4), torch.ones(2, n, dtype=torch.bool), torch.ones(2, 4), torch.ones(2, n, 2))
        for n in (3, 5)
    ]
    whole = joined(parts)
    assert whole.tokens.shape == (4, 5, 4)
    assert whole.mask.sum(1).tolist() == [3, 3, 5, 5]
    assert whole.times is not None
    assert whole.present is None


@pytest.fixture
def losses(corpus: Path, tmp_path: Path) -> dict[int | None, list[float]]:
    found = {}
    for chunk in (None, 3):
        values = tiny_experiment(
            corpus, tmp_path, batch_size=8, update_freq=2, epochs=4, warmup=0.25, lr=1e-3, chunk=chunk
        )
        values["optim"] |= {"name": "bert_adam", "schedule": "bert_cosine", "clip_tensor": 1.0}  # type: ignore[operator]
        values["similarity"] = {"video_text": "token_softmax"}
        values["video"]["pose"]["encoder"]["dropout"] = 0.0  # type: ignore[index]
        values["text"] |= {"dropout": 0.0, "augment": {"random_swap": 0.5}}  # type: ignore[operator]
        values["batch"] = {"unit": "group"}
        values["evaluate"] = {"gallery": "group"}
        train(experiment_from_values(values, "test"), tmp_path / str(chunk))
        lines = [json.loads(line) for line in (tmp_path / str(chunk) / "train.jsonl").read_text().splitlines()]
        found[chunk] = [line["loss"] for line in lines if "loss" in line]
        assert any("valid/R@1" in line for line in lines)
    return found


def test_a_run_in_chunks_is_the_run_of_whole_batches(losses: dict[int | None, list[float]]) -> None:
    assert len(losses[None]) == 4  # eight groups an epoch, one batch of them
    assert losses[3] == pytest.approx(losses[None], abs=1e-4)
