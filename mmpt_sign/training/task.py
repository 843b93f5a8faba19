"""The fairseq task: which examples exist and which of them form the batches of an epoch."""

from __future__ import annotations

from typing import Any

from fairseq.data import FairseqDataset, iterators
from fairseq.tasks import FairseqTask, register_task

from mmpt_sign.batches.sampler import EpochBatches
from mmpt_sign.training.options import TaskOptions
from mmpt_sign.training.workload import Workload, workload_of


class TrainingExamples(FairseqDataset):  # type: ignore[misc]
    """The training split as fairseq wants to see it; all the work is done by `Examples`."""

    supports_fetch_outside_dataloader = False  # no batch is made just to have a dummy: no process is ever without one

    def __init__(self, workload: Workload) -> None:
        super().__init__()
        self.examples = workload.examples("train", training=True)
        self.collate = workload.collator(self.examples)

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> Any:
        return self.examples[index]

    def set_epoch(self, epoch: int) -> None:
        """Every epoch sees each example under another augmentation."""
        self.examples.set_epoch(epoch)

    def collater(self, samples: list[Any]) -> dict[str, Any]:
        """A batch as nested dictionaries of tensors, the form that fairseq moves between devices."""
        return self.collate(samples).as_dict() if samples else {}


@register_task("mmpt_sign", dataclass=TaskOptions)
class SignTextTask(FairseqTask):  # type: ignore[misc]
    """Contrastive training on Records."""

    def __init__(self, cfg: TaskOptions) -> None:
        super().__init__(cfg)
        self.workload = workload_of(cfg.experiment)

    @property
    def experiment(self) -> Any:
        """The experiment with its streams fixed to the training data."""
        return self.workload.experiment

    def load_dataset(self, split: str, combine: bool = False, **kwargs: Any) -> None:
        """Called by fairseq before every epoch; the examples are made once."""
        if split not in self.datasets:
            self.datasets[split] = TrainingExamples(self.workload)

    def get_batch_iterator(self, dataset: Any, *, epoch: int = 1, **options: Any) -> Any:
        """The batches of one epoch from our sampler, already shuffled and cut into one part per process."""
        shards = options.get("num_shards", 1)
        batches = EpochBatches(
            dataset.examples.answers,
            dataset.examples.lengths,
            self.experiment.batch,
            size=self.experiment.optim.batch_size,
            seed=self.experiment.seed,
            shards=shards,
        )
        return iterators.EpochBatchIterator(
            dataset=dataset,
            collate_fn=dataset.collater,
            batch_sampler=batches(epoch),
            seed=self.experiment.seed,
            num_shards=shards,
            shard_id=options.get("shard_id", 0),
            num_workers=options.get("num_workers", 0),
            epoch=epoch,
            disable_shuffling=True,
        )

    def reduce_metrics(self, logging_outputs: Any, criterion: Any) -> None:
        """The criterion's figures and nothing else; fairseq would ask for words and sentences."""
        type(criterion).reduce_metrics(logging_outputs)

    def max_positions(self) -> None:
        """Clips are cut into windows by their stream, never filtered by length."""
        return None

    @property
    def source_dictionary(self) -> None:
        """There is none: fairseq asks every task."""
        return None

    @property
    def target_dictionary(self) -> None:
        """There is none: fairseq asks every task."""
        return None
