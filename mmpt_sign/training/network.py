"""The fairseq model: a shell around `DualEncoder` that tells the optimiser which parameter belongs to which part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from fairseq.models import BaseFairseqModel, register_model
from torch import Tensor, nn

from mmpt_sign.models.dual_encoder import DualEncoder
from mmpt_sign.models.frames import Frames
from mmpt_sign.models.hidden_frames import hidden_frames_of
from mmpt_sign.models.token_set import TokenSet
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
        for parameter in self.beside.parameters():
            setattr(parameter, "param_group", "loss")  # noqa: B010  (as below)
        names = [name for name, _ in network.named_parameters()]
        for name, parameter in network.named_parameters():
            setattr(parameter, "param_group", part_of(name))  # noqa: B010  (fairseq's own mark of grouped rates)
            setattr(parameter, "rate", layer_decay ** layers_above(name, names))  # noqa: B010  (read by our optimiser)
            setattr(parameter, "is_bias", "bias" in name.rsplit(".", 1)[-1])  # noqa: B010  (read by our optimiser)

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


def layers_above(name: str, names: Sequence[str]) -> int:
    """BERT layers between a parameter and the top of its tower; the tables lie below all of them."""
    tower, bert, inside = name.partition(".bert.")
    if not bert:
        return 0
    layers = {
        int(n.split(".bert.encoder.layer.")[1].split(".")[0]) for n in names if n.startswith(f"{tower}.bert.encoder.")
    }
    steps = inside.split(".")
    return len(layers) if steps[0] == "embeddings" else len(layers) - 1 - int(steps[2])
