"""The fairseq criterion: gather the embeddings of all processes, then the experiment's own losses."""

from __future__ import annotations

from typing import Any

from fairseq import metrics
from fairseq.criterions import FairseqCriterion, register_criterion
from torch import Tensor

from mmpt_sign.training.chunks import encoded_in_chunks
from mmpt_sign.training.gather import gathered
from mmpt_sign.training.options import CriterionOptions

COUNTS = ("examples", "tokens", "steps")


@register_criterion("mmpt_sign", dataclass=CriterionOptions)
class Contrastive(FairseqCriterion):  # type: ignore[misc]
    """Every process computes the loss of the joined batch; fairseq's averaging over processes leaves it exact."""

    def __init__(self, task: Any) -> None:
        super().__init__(task)
        self.chunk = task.experiment.optim.chunk

    @classmethod
    def build_criterion(cls, cfg: CriterionOptions, task: Any) -> Contrastive:
        """What it needs is in the task's experiment."""
        return cls(task)

    def forward(self, model: Any, sample: dict[str, Any], reduce: bool = True) -> tuple[Tensor, int, dict[str, Any]]:
        """Loss, a sample size of one (the loss is a mean already) and figures for the log."""
        streams = {name: (frames["x"], frames["mask"]) for name, frames in sample["streams"].items()}
        texts = tuple(sample.get(name) for name in ("text_ids", "text_mask", "augmented_ids", "augmented_mask"))
        network = model.network  # seen through the wrappers of several processes as well
        needs_tokens = any(part.needs == "tokens" for part in network.similarity.values())
        if self.chunk and model.training:
            sets = encoded_in_chunks(model, streams, texts, self.chunk, needs_tokens)
        else:
            sets = model(streams, *texts)
        sets, same_answer = gathered(sets, sample, needs_tokens)
        terms = network.losses(sets, same_answer)
        if model.training:
            beside = model.terms_beside(streams)
            terms = {**terms, **beside, "loss": sum(beside.values(), terms["loss"])}
        log = {name: float(value.detach()) for name, value in terms.items()}
        log.update({f"scale/{name}": float(network.scale(name).detach()) for name in network.log_scales})
        log["steps"] = 1
        log["examples"] = int(sample["text_index"].shape[0])
        log["tokens"] = sum(int(mask.sum()) for _, mask in streams.values())
        return terms["loss"], 1, log

    @staticmethod
    def reduce_metrics(logging_outputs: list[dict[str, Any]]) -> None:
        """Means over processes and steps; counts are added up."""
        steps = sum(output["steps"] for output in logging_outputs)
        for key in logging_outputs[0] if logging_outputs else ():
            total = sum(output.get(key, 0.0) for output in logging_outputs)
            metrics.log_scalar(key, total if key in COUNTS else total / steps, round=6)

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """Processes add up their figures, ``steps`` among them, which the means are then taken over."""
        return True
