"""The fairseq model: a shell around `DualEncoder` that tells the optimiser which parameter belongs to which part."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from fairseq.models import BaseFairseqModel, register_model
from torch import Tensor, nn

from mmpt_sign.models.bert import layers_of
from mmpt_sign.models.dual_encoder import DualEncoder
from mmpt_sign.models.frames import Frames
from mmpt_sign.models.hidden_frames import hidden_frames_of
from mmpt_sign.models.token_set import TokenSet
from mmpt_sign.training.optimizer import Mark, mark
from mmpt_sign.training.options import ModelOptions


@register_model("mmpt_sign", dataclass=ModelOptions)
class SignTextModel(BaseFairseqModel):  # type: ignore[misc]
    """One dual encoder under fairseq's interface, and what its towers learn beside it."""

    def __init__(
        self, network: DualEncoder, layer_decay: float = 1.0, beside: nn.ModuleDict | None = None, mixed: bool = False
    ) -> None:
        super().__init__()
        self.network = network
        self.mixed = mixed
        self.beside = nn.ModuleDict() if beside is None else beside
        for name, parameter in self.beside.named_parameters():
            mark(parameter, Mark("loss", is_bias=is_bias(name)))
        above = layers_above(network) if layer_decay < 1 else {}
        for name, parameter in network.named_parameters():
            rate = layer_decay ** above.get(parameter, 0)
            mark(parameter, Mark(part_of(name), rate, is_bias(name), largest(name, network)))

    @classmethod
    def build_model(cls, cfg: Any, task: Any) -> SignTextModel:
        """Build from the task's experiment."""
        experiment = task.experiment
        optim, beside = experiment.optim, hidden_frames_of(experiment)
        return cls(DualEncoder(experiment), optim.layer_decay, beside, mixed=optim.precision == "amp")

    def forward(self, *inputs: Any) -> dict[str, TokenSet]:
        """TokenSets of a batch, by name; what compares them computes in float32."""
        with self._mixed_precision():
            sets: dict[str, TokenSet] = self.network(*inputs)
        return {name: token_set.single() for name, token_set in sets.items()} if self.mixed else sets

    def terms_beside(self, streams: Mapping[str, Frames]) -> dict[str, Tensor]:
        """Weighted losses of what the towers learn from clips alone."""
        with self._mixed_precision():
            losses = {name: part(self.network.video[name], streams) for name, part in self.beside.items()}
        return {f"hidden_frames/{name}": loss.float() for name, loss in losses.items()}

    def _mixed_precision(self) -> torch.autocast:
        """On a CPU matrix products in bfloat16; on a GPU fairseq's own context, which knows of GPUs alone, does it."""
        here = next(self.network.parameters()).device.type
        return torch.autocast("cpu", torch.bfloat16, enabled=self.mixed and self.training and here == "cpu")

    def max_positions(self) -> None:
        """No limit that fairseq should enforce."""
        return None


def part_of(name: str) -> str:
    """``video.pose.front_end.…`` -> ``front_end``: the groups that ``optim.groups`` may give a rate of their own."""
    steps = name.split(".")
    if steps[0] == "video":
        return steps[2]
    return {"text": "text", "fusion": "fusion", "log_scales": "loss"}[steps[0]]


def is_bias(name: str) -> bool:
    """Whether a parameter is left out where all but biases are decayed."""
    return "bias" in name.rsplit(".", 1)[-1]


def largest(name: str, network: DualEncoder) -> float:
    """The bound of a parameter: learned scales have one."""
    owner, _, loss = name.partition(".")
    return math.log(network.loss_parts[loss].max_scale) if owner == "log_scales" else math.inf


def layers_above(network: nn.Module) -> dict[nn.Parameter, int]:
    """Layers between each parameter of a BERT-like encoder and the top of its tower."""
    bodies = [getattr(module, "bert", None) for module in network.modules()]
    found = [_layers_above(body) for body in bodies if isinstance(body, nn.Module)]
    return {parameter: count for above in found for parameter, count in above.items()}


def _layers_above(body: nn.Module) -> dict[nn.Parameter, int]:
    """Tables lie below all layers, as does what a kind of encoder makes of them, but not a norm behind the layers."""
    layers, children = layers_of(body), list(body.children())
    layered = max((n for n, child in enumerate(children) if {*layers} & {*child.modules()}), default=-1)
    above = {parameter: 0 for child in children[layered + 1 :] for parameter in child.parameters()}
    above |= {parameter: n for n, layer in enumerate(reversed(layers)) for parameter in layer.parameters()}
    return {parameter: above.get(parameter, len(layers)) for parameter in body.parameters()}
