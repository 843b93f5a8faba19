"""What a job works on, made from an experiment: records by split, tokeniser, streams fixed to the training data."""

from __future__ import annotations

import json
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.datasets._stores import experiment_records
from mmpt_sign.errors import DataError
from mmpt_sign.poses.arrays import read_source

if TYPE_CHECKING:
    from mmpt_sign.batches.collate import Collator
    from mmpt_sign.batches.example import Examples
    from mmpt_sign.config.schema import Experiment
    from mmpt_sign.poses.clip import Layout
    from mmpt_sign.records import Record
    from mmpt_sign.text.tokenizer import Tokenizer


class Workload:
    """Lazy, so that listing records costs nothing of what training needs."""

    def __init__(self, experiment: Experiment) -> None:
        self.given = experiment
        self._examples: dict[tuple[str, bool], Examples] = {}

    @cached_property
    def records(self) -> list[Record]:
        """All records of all splits."""
        records = experiment_records(self.given)
        if not records:
            raise DataError(f"the data set '{self.given.dataset.part_name}' has no records")
        return records

    def split(self, name: str) -> list[Record]:
        """The records of one split; an empty one is an error that names what there is."""
        chosen = [record for record in self.records if record.split == name]
        if not chosen:
            sizes = Counter(record.split for record in self.records)
            known = ", ".join(f"{split} ({count})" for split, count in sorted(sizes.items()))
            raise DataError(f"the data set '{self.given.dataset.part_name}' has no split '{name}'; it has {known}")
        return chosen

    def has(self, name: str) -> bool:
        """Whether there is a split of that name."""
        return any(record.split == name for record in self.records)

    @cached_property
    def experiment(self) -> Experiment:
        """The experiment with its streams fixed to the layouts of the first training clip that can be read."""
        fixed = {name: stream.fixed_to(self._layout(name)) for name, stream in self.given.streams.items()}
        return self.given.model_copy(update={"streams": fixed})

    def _layout(self, stream: str) -> Layout:
        problems: list[str] = []
        for record in self.split("train"):
            source = record.source_of(stream)
            if source is None:
                continue
            try:
                return read_source(source).layout
            except DataError as error:
                problems += error.problems
        raise DataError([f"no training clip of the stream '{stream}' can be read:", *problems[:10]])

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokeniser of the text tower."""
        return self.given.text.tokenizer()

    def examples(self, split: str, *, training: bool) -> Examples:
        """The examples of a split, augmented where ``training``."""
        from mmpt_sign.batches.example import Examples

        key = (split, training)
        if key not in self._examples:
            self._examples[key] = Examples(
                self.split(split),
                self.experiment.streams,
                self.tokenizer,
                max_tokens=self.experiment.text.max_tokens,
                seed=self.experiment.seed,
                training=training,
                augment=self.experiment.text.augment,
                cache_bytes=self.experiment.job.cache_megabytes << 20,
            )
        return self._examples[key]

    def collator(self, examples: Examples) -> Collator:
        """What makes batches of these examples."""
        from mmpt_sign.batches.collate import Collator

        batch = self.given.batch
        prompts = examples.prompts if batch.texts == "all" else ()
        return Collator(self.tokenizer.pad_id, merge_texts=batch.merge_texts, prompts=prompts)


def workload_of(path: str) -> Workload:
    """The workload of an experiment stored as JSON in a run folder."""
    return Workload(experiment_from_values(json.loads(Path(path).read_text(encoding="utf-8")), path))
