"""Which parameter learns at which rate, in every precision and for every kind of text encoder."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.models.transformer import make_transformer
from mmpt_sign.training.network import SignTextModel, layers_above
from mmpt_sign.training.optimizer import GroupedAdam, mark_of
from mmpt_sign.training.options import AdamOptions
from mmpt_sign.training.workload import Workload
from tests.corpus import tiny_experiment

SMALL = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32, "vocab_size": 9}
SMALL_DISTILBERT = {"dim": 16, "n_layers": 3, "n_heads": 2, "hidden_dim": 32, "vocab_size": 9}


@pytest.fixture(scope="module")
def model(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> SignTextModel:
    """A small model with a learned scale and a rate for each layer."""
    from mmpt_sign.models.dual_encoder import DualEncoder

    values: dict[str, Any] = tiny_experiment(corpus, tmp_path_factory.mktemp("runs"))
    values["loss"] = {"video_text": {"name": "info_nce", "scale": "learned", "max_scale": 100.0}}
    experiment: Any = experiment_from_values(values, "test")
    return SignTextModel(DualEncoder(Workload(experiment).experiment), layer_decay=0.5)


def copies(parameters: list[nn.Parameter]) -> list[nn.Parameter]:
    """The float32 weights that fairseq trains in half precision."""
    from fairseq.optim.fp16_optimizer import FP16Optimizer

    made: list[nn.Parameter] = FP16Optimizer.build_fp32_params(None, parameters, flatten=False)
    return made


def test_half_precision_has_the_rates_and_decays_of_single_precision(model: SignTextModel) -> None:
    options = AdamOptions(lr=[0.1], weight_decay=0.01, decays="all_but_biases", groups="encoder=0.5")
    own = [parameter for parameter in model.parameters() if parameter.requires_grad]
    found = []
    for parameters in (own, copies(own)):
        groups = GroupedAdam(options, parameters).param_groups
        found.append([(group["factor"], group["weight_decay"], len(group["params"])) for group in groups])
    assert found[0] == found[1]
    assert {(factor, decay) for factor, decay, _ in found[0]} >= {(1.0, 0.0), (0.5, 0.01), (0.25, 0.0), (0.125, 0.01)}


@pytest.mark.parametrize("half", [False, True])
def test_a_learned_scale_never_passes_its_bound(model: SignTextModel, half: bool) -> None:
    scale = model.network.log_scales["video_text"]
    trained = copies([scale])[0] if half else scale
    optimizer = GroupedAdam(AdamOptions(lr=[0.5]), [trained])
    for _ in range(20):
        trained.grad = torch.tensor(-1.0)
        optimizer.step()
    assert trained.item() == pytest.approx(math.log(100.0))


def test_a_part_may_have_a_rate_of_zero(model: SignTextModel) -> None:
    optimizer = GroupedAdam(AdamOptions(lr=[0.1], groups="front_end=0.0"), model.parameters())
    optimizer.set_lr(0.05)
    assert optimizer.param_groups[0]["lr"] == 0.0
    assert optimizer.get_lr() == 0.05


@pytest.mark.parametrize(
    ("kind", "options", "first", "tables"),
    [
        ("bert", SMALL, "encoder.layer.0.", ("embeddings.",)),
        ("mpnet", SMALL, "encoder.layer.0.", ("embeddings.", "encoder.relative_attention_bias.")),
        ("electra", {**SMALL, "embedding_size": 8}, "encoder.layer.0.", ("embeddings.", "embeddings_project.")),
        ("deberta-v2", {**SMALL, "relative_attention": True}, "encoder.layer.0.", ("embeddings.", "encoder.rel_emb")),
        ("distilbert", SMALL_DISTILBERT, "transformer.layer.0.", ("embeddings.",)),
        ("modernbert", {**SMALL, "pad_token_id": 0}, "layers.0.", ("embeddings.",)),
    ],
)
def test_layers_are_found_in_any_encoder(
    kind: str, options: dict[str, Any], first: str, tables: tuple[str, ...]
) -> None:
    body, _ = make_transformer({"model_type": kind, **options}, None)
    tower = nn.Module()
    tower.bert = body
    above = layers_above(tower)
    found = {name: above[parameter] for name, parameter in body.named_parameters()}
    assert {count for name, count in found.items() if name.startswith(first)} == {2}
    assert all(any(name.startswith(table) for name in found) for table in tables)
    assert {count for name, count in found.items() if name.startswith(tables)} == {3}
    assert {count for name, count in found.items() if name.startswith("final_norm")} <= {0}


def test_layers_that_are_one_and_the_same_learn_at_the_full_rate() -> None:
    tower = nn.Module()
    tower.bert, _ = make_transformer({"model_type": "albert", **SMALL, "embedding_size": 8}, None)
    above = layers_above(tower)
    shared = {name: above[parameter] for name, parameter in tower.named_parameters()}
    assert {count for name, count in shared.items() if "albert_layers" in name} == {0}
    assert {count for name, count in shared.items() if "embedding" in name} == {1}


def test_parts_know_their_biases(model: SignTextModel) -> None:
    marks = {name: mark_of(parameter) for name, parameter in model.named_parameters()}
    assert marks["network.video.pose.front_end.network.0.bias"].is_bias
    assert not marks["network.video.pose.front_end.network.0.weight"].is_bias
