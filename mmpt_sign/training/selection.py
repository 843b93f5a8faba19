"""Which checkpoint is the best: a retrieval metric, or the loss, on the selecting split."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.distributed as dist

from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.training.gather import world_size

if TYPE_CHECKING:
    from mmpt_sign.batches.collate import Batch
    from mmpt_sign.models.dual_encoder import DualEncoder
    from mmpt_sign.training.workload import Workload

SHOWN = ("R@1", "R@5", "R@10", "MRR")
USUAL_SPLIT = "valid"  # the default: who has none is not mistaken, but trains without one

log = logging.getLogger(__name__)


def check_split(workload: Workload, *, warn: bool) -> None:
    """A selecting split that is named but absent is an error, before hours are trained that select nothing.

    A job reads the experiment with all its defaults written out, so that the default split counts as not named.
    """
    asked = workload.experiment.evaluate
    if asked.select == "last" or workload.has(asked.split):
        return
    if asked.split == USUAL_SPLIT and asked.patience is None:
        if warn:
            log.warning("the data set has no split '%s' to choose a checkpoint by: the last one is kept", asked.split)
        return
    try:
        workload.split(asked.split)
    except DataError as error:
        advice = "name one of these, or set evaluate.select: last"
        raise ConfigError([f"evaluate.split: {problem}; {advice}" for problem in error.problems]) from error


def look(network: DualEncoder, workload: Workload) -> dict[str, float]:
    """Figures on the selecting split; ``score`` is what is maximised."""
    chosen = workload.experiment.evaluate.select
    if chosen == "last" or not workload.has(workload.experiment.evaluate.split):
        return {}
    if chosen == "loss":
        loss = _loss(network, workload)
        return {"loss": loss, "score": -loss}
    return _retrieval(network, workload, chosen)


def _retrieval(network: DualEncoder, workload: Workload, chosen: str) -> dict[str, float]:
    from mmpt_sign.evaluation import retrieval, selection
    from mmpt_sign.evaluation.answers import joined_answers
    from mmpt_sign.inference.model import SignModel

    examples = workload.examples(workload.experiment.evaluate.split, training=False)
    model = SignModel(network, workload.experiment, workload.tokenizer)
    joined = joined_answers(examples.records)
    answers = [joined[record.answer] for record in examples.records]
    answer_of = {record.texts[0]: answer for record, answer in zip(examples.records, answers, strict=True)}
    video = model.encode_frames([examples.frames(i) for i in range(len(examples))])
    scores = model.score(video, model.encode_texts(list(answer_of)))
    gallery = workload.experiment.evaluate.gallery
    found = retrieval(scores, answers, list(answer_of.values()), gallery=gallery)
    both = {key: (found["video_to_text"][key] + found["text_to_video"][key]) / 2 for key in SHOWN}
    return {**both, "geometric_mean": selection(found), "score": selection(found, chosen)}


def agreed(figures: dict[str, float], device: torch.device) -> dict[str, float]:
    """The first process's figures, in all of them: who decided on figures of its own would stop while others wait.

    They may differ since each process has seen other clips, which batch normalisation remembers.
    """
    if world_size() == 1 or not figures:
        return figures
    values = torch.tensor(list(figures.values()), dtype=torch.float64, device=device)
    dist.broadcast(values, 0)
    return dict(zip(figures, values.tolist(), strict=True))


def _loss(network: DualEncoder, workload: Workload) -> float:
    """The mean over clips of the split, in batches that are mixed alike at every look and in every run.

    A split is often sorted by class, and in a batch of one class there would be nothing to tell apart.
    """
    options = workload.experiment
    examples = workload.examples(options.evaluate.split, training=False)
    collate = workload.collator(examples)
    order = np.random.default_rng(0).permutation(len(examples))
    was_training = network.training
    network.eval()
    total = 0.0
    with torch.inference_mode():
        for chosen in np.array_split(order, -(-len(order) // options.optim.batch_size)):
            total += len(chosen) * _loss_of(network, collate([examples[int(i)] for i in chosen]))
    network.train(was_training)
    return total / len(examples)


def _loss_of(network: DualEncoder, batch: Batch) -> float:
    """Of texts as they are, not augmented; compared in float32, whatever precision the network computes in."""
    weight = next(network.parameters())
    batch = batch.to(weight.device)
    streams = {name: (frames["x"].to(weight.dtype), frames["mask"]) for name, frames in batch.streams.items()}
    sets = {name: found.single() for name, found in network(streams, batch.text_ids, batch.text_mask).items()}
    return float(network.losses(sets, batch.same_answer)["loss"])
