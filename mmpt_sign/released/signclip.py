"""SignCLIP's released checkpoints as models of ours: every tensor matched by name, nothing guessed silently."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmpt_sign.errors import CheckpointError
from mmpt_sign.models.bert_shape import BertShape

if TYPE_CHECKING:
    from torch import Tensor

PREFIX = "mmmodel."
VIDEO, TEXT = "video_encoder.", "text_encoder."
WORDS = "embeddings.word_embeddings.weight"
POSITIONS = "embeddings.position_embeddings.weight"
HEAD_SIZE = 64  # of every BERT of the published family
UNUSED = re.compile(r"(position_ids|token_type_ids)$|(^|\.)pooler\.dense\.|\.seg_embeddings\.weight$")
RENAMED = (
    (re.compile(r"^video_encoder\.videoconv\.conv1d_(\d+)\."), r"front_end.convolutions.\1."),
    (re.compile(r"^video_encoder\.videomlp\.(linear[12])\."), r"front_end.\1."),
    (re.compile(r"^video_encoder\.videomlp\.LayerNorm\."), "front_end.norm."),
    (re.compile(r"^video_encoder\.bert\."), "encoder.bert."),
    (re.compile(r"^video_projection\.linear\."), "encoder.projection.linear."),
    (re.compile(r"^text_encoder\."), "text.bert."),
    (re.compile(r"^text_projection\.linear\."), "text.projection.linear."),
)


@dataclass(frozen=True)
class Released:
    """A checkpoint, its tensors under the names of our modules, and what they tell about the model."""

    tensors: Mapping[str, Tensor]
    ignored: tuple[str, ...]

    @property
    def frame_size(self) -> int:
        """D, numbers per frame."""
        return int(self.tensors["front_end.linear1.weight"].shape[1])

    @property
    def convolutions(self) -> int:
        """Temporal convolutions before the frame MLP."""
        return len({key.split(".")[2] for key in self.tensors if key.startswith("front_end.convolutions.")})

    @property
    def projection(self) -> int | None:
        """Width of the projections, if there are any."""
        found = self.tensors.get("text.projection.linear.weight")
        return None if found is None else int(found.shape[0])

    @property
    def vocabulary(self) -> int:
        """Words of the text tower, which its tokeniser must have as well."""
        return int(self.tensors[f"text.bert.{WORDS}"].shape[0])

    def shape(self, tower: str, heads: int | None) -> BertShape:
        """Dimensions of a tower (``encoder.bert.`` or ``text.bert.``); heads leave no trace in the tensors."""
        width = int(self.tensors[tower + WORDS].shape[1])
        layers = {
            int(key[len(tower) :].split(".")[2]) for key in self.tensors if key.startswith(f"{tower}encoder.layer.")
        }
        if layers != set(range(len(layers))) or not layers:
            raise CheckpointError(f"layers {sorted(layers)} of {tower}: not counted from 0 without a gap")
        return BertShape(
            hidden_size=width,
            num_hidden_layers=len(layers),
            num_attention_heads=heads or _usual_heads(width),
            intermediate_size=int(self.tensors[f"{tower}encoder.layer.0.intermediate.dense.weight"].shape[0]),
            vocab_size=int(self.tensors[tower + WORDS].shape[0]),
            max_position_embeddings=int(self.tensors[tower + POSITIONS].shape[0]),
        )


def recognised(state: Mapping[str, Tensor]) -> Released:
    """The tensors under our names; keys that belong to no part of SignCLIP are an error that lists them."""
    ours: dict[str, Tensor] = {}
    ignored, strange = [], []
    for given, tensor in state.items():
        key = given.removeprefix(PREFIX)
        renamed = next((pattern.sub(name, key) for pattern, name in RENAMED if pattern.match(key)), None)
        if UNUSED.search(key):
            ignored.append(given)
        elif renamed is None:
            strange.append(given)
        else:
            ours[renamed] = tensor.float()
    needed = ("front_end.linear1.weight", f"encoder.bert.{WORDS}", f"encoder.bert.{POSITIONS}", f"text.bert.{WORDS}",
              f"text.bert.{POSITIONS}", "encoder.bert.encoder.layer.0.intermediate.dense.weight",
              "text.bert.encoder.layer.0.intermediate.dense.weight")  # fmt: skip
    problems = [f"left over {key}" for key in strange] + [f"missing {key}" for key in needed if key not in ours]
    if problems:
        raise CheckpointError("not a SignCLIP checkpoint:\n  " + "\n  ".join(problems[:40]))
    return Released(ours, tuple(sorted(ignored)))


def for_model(released: Released, tower: str, ends: tuple[int, int], positions: int | None) -> dict[str, Any]:
    """The state of our model with one video tower: its word table cut to [CLS] and [SEP], which is all it reads.

    ``positions`` is the length to which the original stretches the position table of clips that would not fit it.
    """
    state: dict[str, Any] = {}
    for key, tensor in released.tensors.items():
        if key == f"encoder.bert.{WORDS}":
            tensor = tensor[list(ends)].clone()
        if key == f"encoder.bert.{POSITIONS}" and positions is not None:
            tensor = _stretched(tensor, positions)
        state[key if key.startswith("text.") else f"video.{tower}.{key}"] = tensor
    return state


def stretched_to(longest_clip: int, rows: int) -> int | None:
    """Rows that the original gives the position table at ``longest_clip`` frames, None where it leaves it alone."""
    needed = longest_clip + 2
    return needed if needed > 512 and needed != rows else None


def _stretched(table: Tensor, rows: int) -> Tensor:
    from torch.nn.functional import interpolate

    return interpolate(table.T[None], size=rows, mode="linear", align_corners=False)[0].T.contiguous()


def _usual_heads(width: int) -> int:
    if width % HEAD_SIZE:
        raise CheckpointError(
            f"a BERT of width {width} does not have heads of {HEAD_SIZE}: say how many it has (--heads), or give the "
            "tokeniser as the folder of its BERT, whose config.json says it"
        )
    return width // HEAD_SIZE
