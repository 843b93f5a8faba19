"""Which checkpoint is the best: a retrieval metric, or the loss, on the selecting split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from mmpt_sign.models.dual_encoder import DualEncoder
    from mmpt_sign.training.workload import Workload

SHOWN = ("R@1", "R@5", "R@10", "MRR")


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


def _loss(network: DualEncoder, workload: Workload) -> float:
    options = workload.experiment
    examples = workload.examples(options.evaluate.split, training=False)
    collate = workload.collator(examples)
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()
    losses = []
    with torch.inference_mode():
        for start in range(0, len(examples), options.optim.batch_size):
            batch = collate([examples[i] for i in range(start, min(start + options.optim.batch_size, len(examples)))])
            batch = batch.to(device)
            streams = {name: (frames["x"], frames["mask"]) for name, frames in batch.streams.items()}
            sets = network(streams, batch.text_ids, batch.text_mask)  # of texts as they are, not augmented
            losses.append(float(network.losses(sets, batch.same_answer)["loss"]))
    network.train(was_training)
    return sum(losses) / max(len(losses), 1)
