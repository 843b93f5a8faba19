"""SEDS's released checkpoints as models of ours: every tensor matched by name, quirks included as switches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.errors import CheckpointError, ConfigError
from mmpt_sign.models.checkpoint import NO_DATA, save_model
from mmpt_sign.models.clip_weights import sizes_of
from mmpt_sign.models.place import place_for_model
from mmpt_sign.registry import nearest
from mmpt_sign.released.cico import checksum, tokenizer_for
from mmpt_sign.released.filled import empty_network, filled
from mmpt_sign.released.importer import Imported
from mmpt_sign.released.pickled import read_tensors
from mmpt_sign.released.seds_keys import FIRST_MAP, IGNORED, KEYS, Sizes, expected, ours, without_prefix

if TYPE_CHECKING:
    from torch import Tensor

    from mmpt_sign.config.schema import Experiment

POSITIONS = 128  # of the fusion's 5,000 rows of sines; clips are 65 at most
HAND = "signbert.embed.st_gcn_hand"
PAIRS = ("fused_text", "pose_text", "rgb_text")


@dataclass(frozen=True)
class Corpus:
    """What the released weights of a corpus expect of its key points."""

    picture: tuple[int, int]
    bottom: int | None
    file: str  # how its released file begins


CORPORA = {
    "phoenix14t": Corpus((210, 260), None, "ph_"),
    "how2sign": Corpus((256, 256), 50, "h2s_"),
    "csl_daily": Corpus((512, 512), 50, "csl_"),
}


def import_seds(
    checkpoint: Path,
    folder: Path,
    *,
    corpus: str | None = None,
    vocabulary: Path | None = None,
    estimator: str = "rtmpose",
    heads: int | None = None,
    max_words: int = 32,
    sha256: str | None = None,
) -> Imported:
    """Write a released checkpoint as a model folder that scores as the original does."""
    place_for_model(folder)
    digest = checksum(checkpoint, sha256)
    state, ignored = recognised(read_tensors(checkpoint))
    name, expects = _corpus(corpus, checkpoint)
    sizes = sizes_in(state)
    words = tokenizer_for(checkpoint, vocabulary, sizes.text["vocabulary_size"])
    experiment = _experiment(sizes, expects, _points(estimator), heads, max_words, checkpoint.stem)
    network = filled(empty_network(experiment), for_model(state))
    notes = {"imported_from": checkpoint.name, "sha256": digest, "recipe": f"SEDS, {name}", "estimator": estimator}
    save_model(folder, network, experiment, words, notes)
    count = sum(parameter.numel() for parameter in network.parameters())
    picture = " x ".join(map(str, expects.picture))
    remarks = (
        "reads English: the original translates German and Chinese sentences first",
        f"reads key points of {estimator} in pictures of {picture}; those of another estimator are refused",
    )
    return Imported(folder, f"seds, {name}", count, ignored, remarks)


def recognised(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """The tensors that a model is made of, and what is left out; any difference of names or shapes is an error."""
    given = without_prefix(state)
    ignored = tuple(sorted(key for key in given if IGNORED.match(key)))
    found = {key: value for key, value in given.items() if key not in ignored}
    wanted = expected(sizes_in(found))
    problems = [
        *(f"missing {key}" for key in wanted if key not in found),
        *(f"left over {key}" for key in found if key not in wanted),
        *(
            f"{key} has shape {tuple(found[key].shape)}, not {shape}"
            for key, shape in wanted.items()
            if key in found and tuple(found[key].shape) != shape
        ),
    ]
    if problems:
        raise CheckpointError("not a SEDS checkpoint:\n  " + "\n  ".join(problems[:40]))
    return {key: value.float() for key, value in found.items()}, ignored


def sizes_in(state: Mapping[str, Tensor]) -> Sizes:
    """What the shapes tell; a checkpoint without the telling tensors is no SEDS checkpoint."""
    try:
        graph, pooled = (
            _outputs(state, f"{HAND}.{blocks}", ".gcn.conv.weight", 4) for blocks in ("st_gcn_networks", "st_gcn_pool")
        )
        return Sizes(
            pose=_tower(state, "clip", "visual."),
            rgb=_tower(state, "clip_rgb", "visual."),
            text=_tower(state, "clip", ""),
            features=int(state[f"clip_rgb.{FIRST_MAP}"].shape[1]),
            coordinates=int(state[f"{HAND}.st_gcn_networks.0.gcn.conv.weight"].shape[1]),
            graph=graph,
            pooled=pooled,
            heads=int(state["fusion.P2R_layers.0.src_src_att.sample_offsets.weight"].shape[0]) // KEYS[0],
            ff=int(state["fusion.P2R_layers.0.feed_forward.pwff_layer.0.weight"].shape[0]),
            longest=int(state["fusion.pe.pe"].shape[1]),
        )
    except KeyError as error:
        raise CheckpointError(f"not a SEDS checkpoint: missing {error.args[0]}") from error
    except (ValueError, IndexError) as error:
        raise CheckpointError(f"not a SEDS checkpoint: {error}") from error


def for_model(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state of our model; maps of single clips and of single frames need no kernel."""
    found: dict[str, Tensor] = {}
    for key, value in state.items():
        if key.endswith(FIRST_MAP):
            value = value.flatten(1)
        elif key == "fusion.pe.pe":
            value = value[0, :POSITIONS].clone()
        elif key.startswith("signbert.") and value.dim() == 4:
            value = value.squeeze(-1)
        found[ours(key)] = value
    return found


def _tower(state: Mapping[str, Tensor], tower: str, prefix: str) -> dict[str, int]:
    inside = {key.removeprefix(f"{tower}."): value for key, value in state.items() if key.startswith(f"{tower}.")}
    try:
        return sizes_of(inside, prefix)
    except KeyError as error:
        raise KeyError(f"{tower}.{error.args[0]}") from error


def _outputs(state: Mapping[str, Tensor], blocks: str, ending: str, kinds: int) -> tuple[int, ...]:
    """Channels of the blocks, counted from 0 on."""
    found: list[int] = []
    while (weight := state.get(f"{blocks}.{len(found)}{ending}")) is not None:
        found.append(int(weight.shape[0]) // kinds)
    if not found:
        raise KeyError(f"{blocks}.0{ending}")
    return tuple(found)


def _corpus(given: str | None, checkpoint: Path) -> tuple[str, Corpus]:
    name = given or next((name for name, c in CORPORA.items() if checkpoint.name.startswith(c.file)), None)
    if name is None:
        raise ConfigError(f"{checkpoint.name}: name the corpus it was trained on: --corpus {' or '.join(CORPORA)}")
    if name not in CORPORA:
        raise ConfigError(f"--corpus {name}{nearest(name, list(CORPORA))}; known: {', '.join(CORPORA)}")
    return name, CORPORA[name]


def _points(estimator: str) -> str:
    points = {"rtmpose": "rtm49", "mediapipe": "mediapipe49"}
    if estimator not in points:
        raise ConfigError(f"--estimator {estimator}{nearest(estimator, list(points))}; known: {', '.join(points)}")
    return points[estimator]


def _experiment(sizes: Sizes, corpus: Corpus, points: str, heads: int | None, max_words: int, name: str) -> Experiment:
    clips = sizes.pose["positions"] - 1
    encoder = {"name": "clip_visual", "heads": heads, "class_token": "valid", "pad_to": clips}
    released = {"data_bn_eps": 0.1, "bn_over_pads": True, "tcn_over_pads": True, "empty_windows": True}
    front_end = {
        "name": "stgcn_windows", "graph_channels": sizes.graph, "pooled": sizes.pooled, "max_clips": clips,
        "released_body": True, **released,
    }  # fmt: skip
    loss = {"name": "info_nce", "directions": "all"}
    values: dict[str, Any] = {
        "name": name,
        "dataset": NO_DATA,
        "streams": {
            "pose": {
                "kind": "pose_windows", "points": points, "channels": "xy", "picture": corpus.picture,
                "box": {"bottom": corpus.bottom}, "raw_256": True, "zero_is_missing": True, "drop_handless": True,
                "pose_decimate_300": True,
            },
            "rgb": {
                "kind": "features", "size": sizes.features, "thin_to": clips, "max_frames": clips,
                "long_clips": "truncate",
            },
        },
        "video": {
            "pose": {"front_end": front_end, "encoder": {**encoder, **sizes.pose}},
            "rgb": {"front_end": "mix", "encoder": {**encoder, **sizes.rgb}},
        },
        "fusion": {
            "name": "cross_gloss_attention", "of": ["pose", "rgb"], "heads": sizes.heads, "keys": KEYS, "ff": sizes.ff,
            "sampling": "released", "positions": min(POSITIONS, sizes.longest),
        },
        "text": {
            "name": "clip_text", **sizes.text, "heads": heads, "max_tokens": max_words, "pad_to": max_words,
            "pad_id_zero": True, "pool": "words",
        },
        "similarity": {
            **{pair: {"name": "token_softmax", "inner_mask": False} for pair in PAIRS},
            "pose_rgb": {"name": "diagonal_match", "inner_mask": False, "reduce": "sum"},
        },
        "loss": {
            "fused_text": {**loss, "scale": "learned", "initial_scale": 100},
            **{pair: {**loss, "scale": "fused_text"} for pair in PAIRS[1:]},
            "pose_rgb": {**loss, "scale": "fused_text", "weight": 0.4},
        },
        "batch": {"merge_texts": False},
    }  # fmt: skip
    return experiment_from_values(values, f"checkpoint {name}")
