"""CiCo's released checkpoints as models of ours: every tensor matched by name, and the quirks they were trained with.

The original reads padding and the class token inside its similarity; a model made here does the same, each as a switch
of the part it belongs to, so that its scores are those of the original.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.errors import CheckpointError, ConfigError
from mmpt_sign.models.checkpoint import NO_DATA, save_model
from mmpt_sign.models.clip_weights import sizes_of
from mmpt_sign.models.place import place_for_model
from mmpt_sign.released.filled import empty_network, filled
from mmpt_sign.released.importer import Imported
from mmpt_sign.released.pickled import read_tensors
from mmpt_sign.text.clip_tokenizer import ClipTokenizer, find_vocabulary

if TYPE_CHECKING:
    from torch import Tensor

    from mmpt_sign.config.schema import Experiment

PREFIX = re.compile(r"^(module\.)?clip\.")
IGNORED = re.compile(r"^(visual\.conv2_trans\.weight|logit_scale_(first|sec)_softmax)$")
OLD_NAMES = ((".gamma", ".weight"), (".beta", ".bias"))
FIRST_MAP = "visual.conv1.weight"
TEXT = re.compile(r"^(token_embedding\.|positional_embedding$|transformer\.|ln_final\.|text_projection$)")
CLIP_WORDS = 49_408


def import_cico(
    checkpoint: Path,
    folder: Path,
    *,
    alpha: float | None = None,
    vocabulary: Path | None = None,
    heads: int | None = None,
    max_words: int = 32,
    sha256: str | None = None,
) -> Imported:
    """Write a released checkpoint as a model folder that scores as the original does.

    Weights do not tell the share ``alpha`` of the agnostic features; where it is not given, the file's name decides.
    """
    by_name = alpha is None
    alpha = usual_alpha(checkpoint) if alpha is None else alpha
    if not 0 <= alpha <= 1:
        raise ConfigError(f"--alpha {alpha}: the share of the domain-agnostic features lies between 0 and 1")
    place_for_model(folder)
    digest = checksum(checkpoint, sha256)
    tensors, ignored = recognised(read_tensors(checkpoint))
    sizes = {prefix: _sizes(tensors, prefix) for prefix in ("visual.", "")}
    words = tokenizer_for(checkpoint, vocabulary, sizes[""]["vocabulary_size"])
    experiment = _experiment(tensors, sizes, alpha, heads, max_words, checkpoint.stem)
    network = filled(empty_network(experiment), for_model(tensors))
    notes = {"imported_from": checkpoint.name, "sha256": digest, "recipe": f"CiCo, alpha {alpha:g}"}
    save_model(folder, network, experiment, words, notes)
    count = sum(parameter.numel() for parameter in network.parameters())
    return Imported(folder, "cico", count, ignored, _remarks(words, experiment, alpha, by_name))


def usual_alpha(checkpoint: Path) -> float:
    """0.9 for ``ph_sota.pth``, as PHOENIX-2014T was tested, 0.8 for all others."""
    return 0.9 if checkpoint.name.lower().startswith("ph") else 0.8


def recognised(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """The tensors by their names inside CLIP, and what is left out because nothing reads it."""
    found: dict[str, Tensor] = {}
    ignored, strange = [], []
    for given, tensor in state.items():
        key = PREFIX.sub("", given)
        for old, new in OLD_NAMES:
            key = key.removesuffix(old) + new if key.endswith(old) else key
        if key == given:
            strange.append(given)
        elif IGNORED.match(key):
            ignored.append(given)
        elif key.startswith("visual.") or TEXT.match(key) or key == "logit_scale":
            found[key] = tensor.float()
        else:
            strange.append(given)
    needed = (FIRST_MAP, "visual.proj", "visual.positional_embedding", "text_projection", "logit_scale",
              "token_embedding.weight", "positional_embedding")  # fmt: skip
    problems = [f"left over {key}" for key in strange] + [f"missing clip.{key}" for key in needed if key not in found]
    if not problems and (found[FIRST_MAP].ndim != 4 or found[FIRST_MAP].shape[2:] != (1, 1)):
        problems = [f"clip.{FIRST_MAP} is of {tuple(found[FIRST_MAP].shape)}: a map of pictures, not of clips"]
    if not problems and found["logit_scale"].numel() != 1:
        problems = [f"clip.logit_scale is of {tuple(found['logit_scale'].shape)}: one number is wanted"]
    if problems:
        raise CheckpointError("not a CiCo checkpoint:\n  " + "\n  ".join(problems[:40]))
    return found, tuple(sorted(ignored))


def for_model(tensors: Mapping[str, Tensor], tower: str = "sign") -> dict[str, Tensor]:
    """The state of our model; the first map is the front end's, and a map of single clips needs no kernel."""
    state: dict[str, Tensor] = {}
    for key, tensor in tensors.items():
        if key == FIRST_MAP:
            state[f"video.{tower}.front_end.linear.weight"] = tensor.flatten(1)
        elif key == "logit_scale":
            state["log_scales.video_text"] = tensor.reshape(())
        elif key.startswith("visual."):
            state[f"video.{tower}.encoder.{key.removeprefix('visual.')}"] = tensor
        else:
            state[f"text.{key}"] = tensor
    return state


def checksum(file: Path, expected: str | None = None) -> str:
    """SHA-256 of a file, which must be the expected one if there is one."""
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if expected is not None and found != expected.strip().lower():
        raise CheckpointError(f"{file}: its SHA-256 is {found}, not {expected}: another file, or a broken download")
    return found


def _sizes(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, int]:
    try:
        return sizes_of(tensors, prefix)
    except KeyError as error:
        raise CheckpointError(f"not a CiCo checkpoint: missing clip.{error.args[0]}") from error
    except IndexError as error:
        raise CheckpointError("not a CiCo checkpoint: a tensor of the transformers has too few dimensions") from error
    except ValueError as error:
        raise CheckpointError(f"not a CiCo checkpoint: {error}") from error


def tokenizer_for(checkpoint: Path, given: Path | None, rows: int) -> ClipTokenizer:
    """CLIP's tokeniser, the one given or the one beside the checkpoint, which must have as many words as that."""
    try:
        place = given or find_vocabulary(None, checkpoint)
    except CheckpointError as error:
        raise CheckpointError(
            f"CLIP's tokeniser is not beside {checkpoint}: give --vocabulary, its tokenizer.json, its vocab.json "
            "beside merges.txt, or OpenAI's bpe_simple_vocab_16e6.txt.gz"
        ) from error
    words = ClipTokenizer.load(place)
    if not words.of_clip or words.vocab_size != rows:
        raise CheckpointError(
            f"{place}: a vocabulary of {words.vocab_size} words, but the checkpoint has {rows} (CLIP's own: "
            f"{CLIP_WORDS}, start 49406, end 49407)"
        )
    return words


def _experiment(
    tensors: Mapping[str, Tensor], sizes: Mapping[str, dict[str, int]], alpha: float, heads: int | None,
    max_words: int, name: str,
) -> Experiment:  # fmt: skip
    clips = sizes["visual."]["positions"] - 1
    stream = {
        "kind": "features", "size": int(tensors[FIRST_MAP].shape[1]), "thin_to": clips, "max_frames": clips,
        "long_clips": "truncate",
    }  # fmt: skip
    values: dict[str, Any] = {
        "name": name,
        "dataset": NO_DATA,
        "streams": {"agnostic": stream, "aware": stream},
        "video": {
            "sign": {
                "of": ["agnostic", "aware"],
                "front_end": {"name": "mix", "weights": {"agnostic": alpha, "aware": 1 - alpha}},
                "encoder": {
                    "name": "clip_visual", **sizes["visual."], "heads": heads, "class_token": "hidden", "pad_to": clips,
                },
            }
        },
        "text": {
            "name": "clip_text", **sizes[""], "heads": heads, "max_tokens": max_words, "pad_to": max_words,
            "pad_id_zero": True, "pool": "words",
        },
        "similarity": {"video_text": {"name": "token_softmax", "inner_mask": False}},
        "loss": {"video_text": {"name": "info_nce", "initial_scale": 100, "directions": "all"}},
        "batch": {"merge_texts": False},
    }  # fmt: skip
    return experiment_from_values(values, f"checkpoint {name}")


def _remarks(words: ClipTokenizer, experiment: Experiment, alpha: float, by_name: bool) -> tuple[str, ...]:
    """What a file of weights cannot say is said here, so that a wrong guess is seen."""
    heads = [experiment.video["sign"].encoder.size("heads"), experiment.text.size("heads")]  # type: ignore[attr-defined]
    found = [
        f"not in the file: alpha {alpha:g}{' (by its name)' if by_name else ''}, {experiment.text.max_tokens} words of "
        f"a text, {heads[0]} and {heads[1]} attention heads; --alpha, --max-words and --heads change them",
        "reads English: the original translates German and Chinese sentences first",
    ]
    if words.vocab_size != CLIP_WORDS:
        found.append(f"a vocabulary of {words.vocab_size} words is not the public one of {CLIP_WORDS}")
    return tuple(found)
