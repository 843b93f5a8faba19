"""The fairseq criterion: gather the embeddings of all processes, then the experiment's own losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fairseq import metrics
from fairseq.criterions import FairseqCriterion, register_criterion
from fairseq.dataclass import FairseqDataclass
from torch import Tensor

from mmpt_sign.training.gather import gathered


@dataclass
class ContrastiveConfig(FairseqDataclass):
    """Everything is in the experiment."""


@register_criterion("mmpt_sign", dataclass=ContrastiveConfig)
class Contrastive(FairseqCriterion):  # type: ignore[misc]
    """Every process computes the loss of the joined batch; fairseq's averaging over processes leaves it exact."""

    def forward(self, model: Any, sample: dict[str, Any], reduce: bool = True) -> tuple[Tensor, int, dict[str, Any]]:
        """Loss, a sample size of one (the loss is a mean already) and figures for the log."""
        streams = {name: (frames["x"], frames["mask"]) for name, frames in sample["streams"].items()}
        sets = model(streams, sample["text_ids"], sample["text_mask"])
        network = self.task_network(model)
        needs_tokens = any(part.needs == "tokens" for part in network.similarity.values())
        sets, same_answer = gathered(sets, sample, needs_tokens)
        terms = network.losses(sets, same_answer)
        log = {name: float(value.detach()) for name, value in terms.items()}
        log.update({f"scale/{name}": float(network.scale(name)) for name in network.log_scales})
        log["examples"] = int(sample["text_index"].shape[0])
        log["tokens"] = sum(int(mask.sum()) for _, mask in streams.values())
        return terms["loss"], 1, log

    @staticmethod
    def task_network(model: Any) -> Any:
        """The `DualEncoder` inside the model, or inside the wrapper of several processes."""
        return getattr(model, "module", model).network

    @staticmethod
    def reduce_metrics(logging_outputs: list[dict[str, Any]]) -> None:
        """Means over processes and steps; counts are added up."""
        for key in logging_outputs[0] if logging_outputs else ():
            values = [output.get(key, 0.0) for output in logging_outputs]
            counted = key in ("examples", "tokens")
            metrics.log_scalar(key, sum(values) if counted else sum(values) / len(values), round=6)

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """Means and counts are mixed."""
        return False
