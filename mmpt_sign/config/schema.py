"""The typed experiment: every key of a YAML file, with its default and its meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from mmpt_sign.config.contracts import Options
from mmpt_sign.config.named import (
    DatasetPart,
    EncoderPart,
    EvaluationPart,
    FrontEndPart,
    FusionPart,
    LossPart,
    SimilarityPart,
    StreamPart,
    TextPart,
)
from mmpt_sign.registry import part

Conflicts = list[tuple[tuple[str, ...], str]]  # the path of a key, and why it cannot stay


class VideoTower(Options):
    """Frames of one stream (or of several that the front end mixes) -> one TokenSet."""

    front_end: FrontEndPart = Field(default_factory=lambda: part("front_end", "linear"))
    encoder: EncoderPart
    of: tuple[str, ...] | None = Field(None, description="streams that the front end reads; default: the tower's name")


class HiddenFramesOptions(Options):
    """A second task in training: hidden frames are told from the others."""

    weight: float = Field(1.0, gt=0, description="factor of this term in the total")
    share: float = Field(0.3, gt=0, lt=1, description="frames that are hidden")
    length: int = Field(4, ge=1, description="frames that are hidden together")


class BatchOptions(Options):
    """Which examples meet in a batch, and how they are laid out."""

    unit: Literal["clip", "group"] = Field(
        "clip", description="an epoch sees every clip once, or every answer once with one of its clips, drawn anew"
    )
    order: Literal["shuffled", "frozen", "round_robin"] = Field(
        "shuffled", description="reshuffled each epoch; shuffled once; or one example per answer in turn"
    )
    unique_texts: bool = Field(False, description="no answer twice in a batch, as far as the data allow")
    length_buckets: bool = Field(True, description="clips of similar length together, so that little is padding")
    texts: Literal["batch", "all"] = Field(
        "batch", description="texts of a batch: its clips' own, or all of the split, as in a classification"
    )
    merge_texts: bool = Field(True, description="each distinct prompt of a batch is encoded once")
    multiple: int = Field(1, ge=1, description="cut batches at multiples of this (the original: 8)")
    drop_last: bool = Field(False, description="leave out an incomplete last batch")


class OptimOptions(Options):
    """Optimiser, schedule and length of training."""

    name: Literal["adam", "adamw", "bert_adam", "sgd"] = Field(
        "adamw", description="bert_adam: as CiCo and SEDS are trained; sgd: its momentum is the first of betas"
    )
    lr: float = Field(5e-5, gt=0)
    betas: tuple[float, float] = (0.9, 0.98)
    eps: float = Field(1e-8, gt=0)
    weight_decay: float = Field(0.0, ge=0)
    decays: Literal["matrices", "all_but_biases"] = Field(
        "matrices", description="what weight decay acts on; all_but_biases: the gains of norms too, as in CiCo"
    )
    clip_norm: float = Field(2.0, ge=0, description="global gradient norm; 0 = off")
    clip_tensor: float = Field(0.0, ge=0, description="norm of each tensor's gradient, clipped afterwards; 0 = off")
    groups: dict[Literal["front_end", "encoder", "fusion", "text", "loss"], float] = Field(
        default_factory=dict, description="learning rate of a part of the model where it differs from lr"
    )
    layer_decay: float = Field(
        1.0, gt=0, le=1, description="rate of each BERT layer as a share of the rate of the one above it"
    )
    schedule: Literal["polynomial", "cosine", "constant", "bert_cosine"] = Field(
        "cosine", description="bert_cosine: a cosine over all updates, warm-up included, as in CiCo"
    )
    warmup: float = Field(0.1, ge=0, description="updates, or a share of all updates if below 1")
    decay_updates: int | None = Field(None, ge=1, description="length of the decay; default: the length of training")
    batch_size: int = Field(64, ge=1, description="clips per process and step")
    chunk: int | None = Field(
        None, ge=1, description="clips that go through the towers at once; the loss sees the whole batch in any case"
    )
    update_freq: int = Field(1, ge=1, description="steps whose gradients are added up before an update")
    epochs: int = Field(25, ge=1)
    max_updates: int | None = Field(None, ge=1, description="stop after this many updates even within an epoch")
    precision: Literal["fp32", "bf16", "amp", "fp16"] = Field(
        "fp32", description="amp: products in half precision (on a CPU bfloat16), weights and losses in float32"
    )
    average: float = Field(
        0.0, ge=0, lt=1, description="decay of a moving average of the weights used in the end; 0 = off"
    )


class EvaluateOptions(Options):
    """How checkpoints are chosen while training and what a predict job measures."""

    select: Literal["geometric_mean", "R@1", "R@5", "R@10", "MRR", "loss", "last"] = Field(
        "geometric_mean", description="what picks the best checkpoint; metrics are means of both directions"
    )
    split: str = Field("valid", description="split that selects; never the test split")
    gallery: Literal["video", "group"] = Field(
        "video", description="what a text is compared with when checkpoints are chosen: clips, or groups of one answer"
    )
    every: int = Field(1, ge=1, description="epochs between two looks at the selecting split")
    patience: int | None = Field(None, ge=1, description="stop after this many looks without improvement")
    tasks: tuple[EvaluationPart, ...] = Field(
        default_factory=lambda: (part("evaluation", "retrieval"),), description="what a predict job runs"
    )


class RunOptions(Options):
    """Where and on what a job runs; nothing here changes a number."""

    folder: Path = Path("runs")
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = Field(None, ge=1, description="CPU threads per process; default: torch's own choice")
    workers: int = Field(0, ge=0, description="data loader processes")
    log_every: int = Field(10, ge=1, description="updates between two lines of train.jsonl")
    save_seconds: float = Field(60.0, ge=0, description="at most this much work is lost when a run is killed")
    cache_megabytes: int = Field(1024, ge=0, description="prepared clips kept in memory")


class InitFrom(Options):
    """Weights to start from; ``init_from: FOLDER`` stands for ``init_from: {model: FOLDER}``."""

    model: Path = Field(description="a model or a run; of a run of several seeds the same seed is taken")
    fresh: tuple[str, ...] = Field(
        (), description="parameters that start anew, by the beginning of their names: [video.pose.front_end]"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_path(cls, value: Any) -> Any:
        return {"model": value} if isinstance(value, str | Path) else value


class Experiment(Options):
    """One experiment, as resolved from one YAML file."""

    name: str = Field("", description="set from the path of the file")
    notes: str = ""
    run: str | None = Field(None, description="name of the experiment whose run is evaluated; default: this one")
    data_root: Path | None = Field(None, description="folder of the corpora; default: the variable MMPT_SIGN_DATA")
    seed: int = Field(1, ge=0, lt=2**31)
    init_from: InitFrom | None = Field(None, description="run or model whose weights start this one")
    dataset: DatasetPart
    streams: dict[str, StreamPart] = Field(min_length=1)
    video: dict[str, VideoTower] = Field(min_length=1)
    fusion: FusionPart = Field(default_factory=lambda: part("fusion", "none"))
    text: TextPart
    similarity: dict[str, SimilarityPart] = Field(min_length=1)
    loss: dict[str, LossPart] = Field(min_length=1)
    hidden_frames: HiddenFramesOptions | None = Field(
        None,
        description="towers also learn to tell hidden frames from the others (with loss.NAME.weight 0: nothing else)",
    )
    batch: BatchOptions = BatchOptions()
    optim: OptimOptions = OptimOptions()
    evaluate: EvaluateOptions = EvaluateOptions()
    job: RunOptions = RunOptions()

    def conflicts(self) -> Conflicts:
        """Combinations that cannot work, each with the path of the key to change."""
        found: Conflicts = []
        for name, tower in self.video.items():
            found += [
                (("video", name), f"reads stream '{stream}', which is not among the streams: {', '.join(self.streams)}")
                for stream in tower.of or (name,)
                if stream not in self.streams
            ]
        found += [
            (("loss", name), f"has no similarity of the same name; similarities: {', '.join(self.similarity)}")
            for name in self.loss
            if name not in self.similarity
        ]
        found += [
            (("similarity", name), problem)
            for name in self.similarity
            if (problem := self._pair_problem(name)) is not None
        ]
        found += [(("loss", name), problem) for name in self.loss if (problem := self._scale_problem(name)) is not None]
        found += [
            (
                ("optim", "chunk"),
                f"cuts batches, over which the {what} {part.part_name} of {name} normalises",
            )
            for name, tower in self.video.items()
            for what, part in (("front end", tower.front_end), ("encoder", tower.encoder))
            if self.optim.chunk is not None and part.batch_statistics
        ]
        found += [
            (("hidden_frames",), f"are frames of one stream; {name} reads {', '.join(tower.of)}")
            for name, tower in self.video.items()
            if self.hidden_frames is not None and tower.of is not None and len(tower.of) > 1
        ]
        if (problem := self.fusion.conflict(self)) is not None:
            found.append((("fusion",), problem))
        if all(stream.optional for stream in self.streams.values()):
            found.append((("streams",), "are all optional: a record without any of them could not be embedded"))
        return [*found, *self._conflicts_of_batches(), *self._conflicts_of_training()]

    def _conflicts_of_batches(self) -> Conflicts:
        found: Conflicts = []
        if self.batch.unit == "group" and self.batch.order != "shuffled":
            found.append((("batch", "unit"), "draws other clips in every epoch: batch.order must be shuffled"))
        if self.batch.texts == "all" and (not self.batch.merge_texts or self.text.augment is not None):
            found.append((("batch", "texts"), "all needs merge_texts, and text.augment to be left out"))
        if self.batch.merge_texts:
            found += [
                (("loss", name), f"'{loss.part_name}' compares clip i with text i: set batch.merge_texts to false")
                for name, loss in self.loss.items()
                if loss.needs_paired_rows
            ]
        return found

    def _conflicts_of_training(self) -> Conflicts:
        found: Conflicts = []
        if self.optim.name == "adam" and self.optim.weight_decay:
            found.append((("optim", "weight_decay"), "is for the other optimisers: set optim.name to adamw"))
        if self.evaluate.select == "last" and self.evaluate.patience is not None:
            found.append(
                (("evaluate", "patience"), "waits for a better checkpoint: set evaluate.select, or leave it out")
            )
        if self.evaluate.split == "test":
            found.append((("evaluate", "split"), "the test split must not choose the checkpoint"))
        return found

    def sides(self) -> set[str]:
        """Names that a similarity may compare; ``video`` is the tower or fusion that speaks for the whole clip."""
        return {*self.video, "fused", "video", "text"}

    def pair(self, name: str) -> tuple[str, str] | None:
        """``pose_text`` -> ("pose", "text"), for names that may hold underscores themselves."""
        words = name.split("_")
        splits = [("_".join(words[:n]), "_".join(words[n:])) for n in range(1, len(words))]
        return next((pair for pair in splits if set(pair) <= self.sides()), None)

    def _pair_problem(self, name: str) -> str | None:
        pair = self.pair(name)
        if pair is None:
            return f"is not a pair A_B of {', '.join(sorted(self.sides()))}"
        return self.similarity[name].conflict(self, pair)

    def _scale_problem(self, name: str) -> str | None:
        scale = self.loss[name].scale
        if not isinstance(scale, str) or scale == "learned":
            return None
        learned = [other for other, part in self.loss.items() if part.scale == "learned"]
        if scale in learned:
            return None
        return f"scale '{scale}' is neither a number, nor learned, nor a loss with a learned scale ({learned})"
