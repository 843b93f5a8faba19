"""The contracts that hold the system together: what each kind of named part must offer.

A *part* is the YAML block itself: a small frozen, validated object whose fields are the block's keys and whose method
does the work or builds the network.  Its module is light (torch is imported inside methods, never at the top), so a
whole experiment is checked before anything heavy is loaded.  The file name of a part is its name in YAML.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from mmpt_sign.config.schema import Experiment
    from mmpt_sign.models.token_set import TokenSet
    from mmpt_sign.poses.clip import Clip, FloatArray, Layout
    from mmpt_sign.records import Record
    from mmpt_sign.text.tokenizer import Tokenizer
    from mmpt_sign.video.span import Span


class Options(BaseModel):
    """A validated block of YAML: unknown keys are errors, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(Options, ABC):
    """A block that is chosen by name from a registry (``registry.names(kind)`` lists the choices)."""

    kind_of_part: ClassVar[str]
    name_key: ClassVar[str] = "name"

    @property
    def part_name(self) -> str:
        """The name by which a registry and YAML know this part."""
        return str(getattr(self, self.name_key))

    @model_validator(mode="before")
    @classmethod
    def _from_bare_name(cls, value: Any) -> Any:
        """Let ``front_end: linear`` stand for ``front_end: {name: linear}``."""
        return {cls.name_key: value} if isinstance(value, str) else value


class Dataset(Part):
    """Records and nothing else; reading frames is the stream's work."""

    kind_of_part: ClassVar[str] = "dataset"

    @abstractmethod
    def records(self, data_root: Path | None) -> Sequence[Record]:
        """Every record of every split, in a stable order."""


class Augmentation(Part):
    """One random change of a prepared clip, drawn from ``rng`` alone so that it can be repeated."""

    kind_of_part: ClassVar[str] = "augmentation"
    short_form: ClassVar[str | None] = None  # the key that a bare number stands for: ``noise: 0.01``

    @abstractmethod
    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """The changed clip; the given one is never written to."""

    @model_validator(mode="before")
    @classmethod
    def _from_bare_number(cls, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool) and cls.short_form:
            return {cls.short_form: value}
        return {} if value is True or value is None else value


class Stream(Part):
    """Data side of one modality: Clip -> (T, D) array of frames, the same in training, prediction and use."""

    kind_of_part: ClassVar[str] = "stream"
    name_key: ClassVar[str] = "kind"
    reads_poses: ClassVar[bool] = False  # True: a pose as anyone may have it is enough

    max_frames: int = Field(256, ge=1, description="longest window that is fed to the encoder at once")
    long_clips: Literal["window", "truncate"] = Field(
        "window", description="a longer clip is cut into windows whose embeddings are averaged, or cut off"
    )
    store: Path | None = Field(
        None, description="clips of this stream come from this clip store, by record id, not from the record's source"
    )
    optional: bool = Field(False, description="records that the store does not have are used without this stream")

    @abstractmethod
    def fixed_to(self, layout: Layout) -> Stream:
        """This stream with its points spelled out for the training data, so that other layouts map onto them."""

    @property
    @abstractmethod
    def width(self) -> int:
        """D, once the stream is fixed to a layout."""

    @abstractmethod
    def prepare(self, clip: Clip) -> Clip:
        """The deterministic part (selection, mirroring, normalisation), worth caching."""

    @abstractmethod
    def encode(self, clip: Clip, rng: np.random.Generator | None = None) -> FloatArray:
        """A prepared clip as (T, D) frames; with ``rng`` it is augmented first.  T >= 1 always."""

    def thinned(self, frames: FloatArray) -> FloatArray:
        """Frames that another program made, as many of them as `encode` would have kept."""
        return frames

    def frame_numbers(self, clip: Clip) -> FloatArray:
        """Of each of the T frames, the frame of the clip that it shows: evenly spread, unless a stream knows better."""
        import numpy as np

        return np.linspace(0, len(clip) - 1, len(self.encode(self.prepare(clip))), dtype=np.float32)


class FrontEnd(Part):
    """Frames of one or several streams -> (B, L, d_out) inputs of an encoder."""

    kind_of_part: ClassVar[str] = "front_end"
    batch_statistics: ClassVar[bool] = False  # True: in training it normalises over the clips of a batch

    @abstractmethod
    def build(self, widths: Mapping[str, int], d_out: int) -> nn.Module:
        """A module ``{stream: (x (B, L, D), mask (B, L))} -> (x (B, L', d_out), mask (B, L'))``."""


class Encoder(Part):
    """(x (B, L, width), mask (B, L)) -> TokenSet, whatever the modality."""

    kind_of_part: ClassVar[str] = "encoder"
    batch_statistics: ClassVar[bool] = False  # as that of a front end

    @abstractmethod
    def resolved(self) -> Encoder:
        """This part with the architecture spelled out, so that it can be rebuilt without its pretrained weights."""

    @property
    @abstractmethod
    def width(self) -> int:
        """What the front end must deliver, known once resolved."""

    @property
    def token_width(self) -> int:
        """Numbers per token of what it returns, known once resolved."""
        projected: int | None = getattr(self, "project", None)
        return projected or self.width

    @abstractmethod
    def build(self) -> nn.Module:
        """The network, with pretrained weights where the part names them."""


class Fusion(Part):
    """dict of TokenSets -> dict of TokenSets; may add ``fused``."""

    kind_of_part: ClassVar[str] = "fusion"

    @abstractmethod
    def build(self, widths: Mapping[str, int]) -> nn.Module:
        """A module that keeps the length and mask of every set it returns; widths are those of the towers' tokens."""

    def conflict(self, experiment: Experiment) -> str | None:
        """Why this cannot fuse the towers of such an experiment, told before anything starts."""
        return None


class TextAugment(Options):
    """Random changes of a prompt in training; the changed prompt is a second text beside the original."""

    random_swap: float = Field(0.0, ge=0, le=1, description="how often two words of a prompt change places")
    random_deletion: float = Field(0.0, ge=0, le=1, description="how often words of a prompt are left out")
    deleted: float = Field(0.1, gt=0, lt=1, description="share of the words that a deletion leaves out on average")


class Text(Part):
    """The text tower: tokeniser and encoder of prompts."""

    kind_of_part: ClassVar[str] = "text"

    max_tokens: int = Field(64, ge=3, description="[CLS] and [SEP] counted in")
    augment: TextAugment | None = Field(
        None, description="text to video is trained on changed prompts, video to text on the prompts as they are"
    )

    @property
    @abstractmethod
    def width(self) -> int:
        """Numbers per vector, known once resolved."""

    @abstractmethod
    def resolved(self) -> Text:
        """As `Encoder.resolved`."""

    @abstractmethod
    def tokenizer(self, folder: Path | None = None) -> Tokenizer:
        """The tokeniser of the named weights, or the one saved in ``folder``."""

    @abstractmethod
    def build(self) -> nn.Module:
        """A module ``(ids (B, S), mask (B, S)) -> TokenSet``."""


class Similarity(Part):
    """Two TokenSets -> directed score matrices ``{"video_to_text": (Bv, Bt), "text_to_video": (Bv, Bt)}``, unscaled."""

    kind_of_part: ClassVar[str] = "similarity"
    needs: ClassVar[Literal["pooled", "tokens"]] = "pooled"

    @property
    def sees_padding(self) -> bool:
        """Whether positions that are not valid take part too, as in some published systems, and so must be kept."""
        return False

    @abstractmethod
    def __call__(self, video: TokenSet, text: TokenSet) -> dict[str, Tensor]:
        """Scores of every pair; a symmetric similarity returns the same matrix under both names."""

    def combined(self, matrices: Mapping[str, Tensor]) -> Tensor:
        """The one score (Bv, Bt) that evaluation, search and serving use: by default the mean of both directions."""
        return (matrices["video_to_text"] + matrices["text_to_video"]) / 2

    def conflict(self, experiment: Experiment, pair: tuple[str, str]) -> str | None:
        """Why this cannot compare the two sides in such an experiment, told before anything starts."""
        return None

    @abstractmethod
    def vectors(self, pooled: Tensor) -> Tensor:
        """Pooled vectors as an index stores them: their dot product is this similarity, or its fast first pass."""


class Loss(Part):
    """Score matrices and which pairs are right -> named scalars."""

    kind_of_part: ClassVar[str] = "loss"
    needs_paired_rows: ClassVar[bool] = False  # True: row i and column i are one clip, texts must not be merged

    weight: float = Field(1.0, ge=0, description="factor of this term in the total")
    scale: float | str = Field(
        1.0, description="factor on the scores before the softmax: a number, learned, or the loss whose scale it shares"
    )
    initial_scale: float = Field(1 / 0.07, gt=0, description="where a learned scale starts")
    max_scale: float = Field(100.0, gt=0, description="where a learned scale is clamped")

    @abstractmethod
    def __call__(
        self, matrices: Mapping[str, Tensor], same_answer: Tensor, *, scale: Tensor | float | None = None
    ) -> dict[str, Tensor]:
        """Scalars whose entry ``loss`` is minimised; ``same_answer`` (Bv, Bt) bool marks the right pairs."""


class Evaluation(Part):
    """One way of judging a trained model, runnable on a finished run without training."""

    kind_of_part: ClassVar[str] = "evaluation"

    split: str = Field("test", description="split of the data set that is judged")

    @abstractmethod
    def run(self, model: Any, records: Sequence[Record], folder: Path) -> dict[str, float]:
        """Write CSV files into ``folder`` and return the headline figures."""


class Estimator(Part):
    """One way from pixels (or from another program's output) to a ``pose_format.Pose``."""

    kind_of_part: ClassVar[str] = "estimator"

    reads: ClassVar[Literal["videos", "keypoint folders"]] = "videos"

    fps: float | None = Field(None, gt=0, le=240, description="frames per second of the poses; default: the source's")

    def identity(self) -> dict[str, Any]:
        """Everything that the numbers depend on, as JSON values: these options, and versions of what is behind them."""
        return self.model_dump(mode="json")

    @abstractmethod
    def start(self) -> Callable[[Path, Span, list[str]], Any]:
        """Load libraries and weights, once per process; the result makes the pose of a span of a source.

        What is odd about the source is added to the list; what makes a pose impossible is raised.
        """


class VideoNetwork(Part):
    """A frozen network that looks at the pictures of a video and gives one vector per step.

    Row n is of the ``window`` frames from n * ``stride`` on; a network that runs over whole videos also looks at up to
    ``margin`` frames on both sides of them.
    """

    kind_of_part: ClassVar[str] = "video_network"
    margin: ClassVar[int] = 0
    tail: ClassVar[Literal["drop", "black"]] = "drop"  # frames too few for another window: left out, or filled up
    prefixes: ClassVar[tuple[str, ...]] = ()  # what public checkpoints write before the names of this network
    unread: ClassVar[tuple[str, ...]] = ()  # beginnings of names in them that features do not need
    weights: ClassVar[str]  # where its public weights come from

    window: int = Field(ge=1, description="frames that one vector is of")
    stride: int = Field(ge=1, description="frames from one vector to the next")
    fps: float | None = Field(None, gt=0, le=240, description="rate of the frames it sees; default: the video's own")

    @property
    @abstractmethod
    def size(self) -> int:
        """Numbers per vector."""

    @abstractmethod
    def picture(self, frame: NDArray[np.uint8]) -> NDArray[Any]:
        """A decoded frame (H, W, 3) cut and resized as the original does it, once per frame: (S, S, 3), 0 … 255."""

    @abstractmethod
    def inputs(self, pictures: Tensor) -> Tensor:
        """(T, S, S, 3) -> (T, 3, s, s) float32 in the range that the network was trained with, on any device."""

    @abstractmethod
    def build(self) -> nn.Module:
        """The network in the layout of its public checkpoints, weights random."""

    @abstractmethod
    def frozen(self, network: nn.Module, device: str) -> nn.Module:
        """The form that extracts; its ``rows`` takes (frames (T, 3, s, s), starts of windows) of one or more videos."""
