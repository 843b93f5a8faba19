"""What a released checkpoint of SEDS holds, name by name and shape by shape, and what we call each of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmpt_sign.models.graph import BODY, HAND, KINDS
from mmpt_sign.models.signbert import our_name

if TYPE_CHECKING:
    from torch import Tensor

PREFIX = re.compile(r"^module\.")
OLD_NAMES = ((".gamma", ".weight"), (".beta", ".bias"))
IGNORED = re.compile(r"^(clip|clip_rgb)\.visual\.conv2_trans\.weight$|^clip\.logit_scale_(first|sec)_softmax$")
FIRST_MAP = "visual.conv1.weight"
KEYS = (5, 3)  # sampled places of the two layers; they leave no other trace than their product with the heads
STACKS = {"P2R": "first", "R2P": "second"}
FUSION = (
    (r"^fusion\.(P2R|R2P)_layer_norm\.", r"\1_norm."),
    (r"^fusion\.(P2R|R2P)_layers\.(\d+)\.", r"\1_layers.\2."),
    (r"\.layer_norm\.", ".norm1."),
    (r"\.feed_forward\.norm1\.", ".norm2."),
    (r"\.feed_forward\.pwff_layer\.0\.", ".fc1."),
    (r"\.feed_forward\.pwff_layer\.3\.", ".fc2."),
    (r"\.src_src_att\.sample_offsets\.", ".attention.offsets."),
    (r"\.src_src_att\.k_layer\.", ".attention.key."),
    (r"\.src_src_att\.v_layer\.", ".attention.value."),
    (r"\.src_src_att\.q_layer\.", ".attention.query."),
    (r"\.src_src_att\.output_layer\.", ".attention.out."),
    (r"^fusion\.mlp_fusion\.mlp\.c_fc\.", "mix.fc1."),
    (r"^fusion\.mlp_fusion\.mlp\.c_proj\.", "mix.fc2."),
    (r"^fusion\.mlp_fusion\.mlp\.c_proj1\.", "mix.fc3."),
    (r"^fusion\.mlp_fusion\.ln\.", "mix.norm."),
    (r"^fusion\.pe\.pe$", "positions"),
)
Shape = tuple[int, ...]
Table = Iterator[tuple[str, Shape]]


@dataclass(frozen=True)
class Sizes:
    """Everything that the shapes tell about a checkpoint."""

    pose: Mapping[str, int]  # of the tower: hidden_size, layers, project, positions
    rgb: Mapping[str, int]
    text: Mapping[str, int]
    features: int
    coordinates: int
    graph: Shape
    pooled: Shape
    heads: int
    ff: int
    longest: int

    @property
    def window(self) -> int:
        """Numbers per window: left hand, right hand, arms."""
        return 3 * self.pooled[-1]


def expected(sizes: Sizes) -> dict[str, Shape]:
    """Every entry with its shape; of full size 804, four of which nothing reads."""
    return dict(
        [
            *_tower("clip", sizes.pose, sizes.window),
            *_tower("clip_rgb", sizes.rgb, sizes.features),
            *_text(sizes.text),
            *_part("hand", len(HAND.graph.distances), len(HAND.parts), sizes),
            *_part("body", len(BODY.graph.distances), len(BODY.parts), sizes),
            *_temporal("signbert.GCN_Conv", sizes.window),
            *_fusion(sizes),
            ("clip.logit_scale", ()),
        ]
    )


def without_prefix(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The entries under their usual names: without the wrapper of several processes, norms in today's words."""
    found: dict[str, Tensor] = {}
    for given, tensor in state.items():
        key = PREFIX.sub("", given)
        for old, new in OLD_NAMES:
            key = key.removesuffix(old) + new if key.endswith(old) else key
        found[key] = tensor
    return found


def ours(key: str) -> str:
    """What our model calls an entry."""
    if key.startswith("signbert."):
        return f"video.pose.front_end.{our_name(key.removeprefix('signbert.'))}"
    if key.startswith("fusion."):
        name = key
        for pattern, replacement in FUSION:
            name = re.sub(pattern, replacement, name)
        return "fusion.network." + re.sub(r"^(P2R|R2P)", lambda found: STACKS[found[1]], name)
    if key == "clip.logit_scale":
        return "log_scales.fused_text"
    tower, _, name = key.partition(".")
    stream = "rgb" if tower == "clip_rgb" else "pose"
    if name == FIRST_MAP:
        return f"video.{stream}.front_end.linear.weight"
    if name.startswith("visual."):
        return f"video.{stream}.encoder.{name.removeprefix('visual.')}"
    return f"text.{name}"


def _linear(name: str, d_out: int, *d_in: int) -> Table:
    yield f"{name}.weight", (d_out, *d_in)
    yield f"{name}.bias", (d_out,)


def _norm(name: str, width: int) -> Table:
    yield f"{name}.weight", (width,)
    yield f"{name}.bias", (width,)


def _batch_norm(name: str, width: int) -> Table:
    yield from _norm(name, width)
    yield f"{name}.running_mean", (width,)
    yield f"{name}.running_var", (width,)
    yield f"{name}.num_batches_tracked", ()


def _blocks(name: str, layers: int, width: int) -> Table:
    for number in range(layers):
        block = f"{name}.{number}"
        yield f"{block}.attn.in_proj_weight", (3 * width, width)
        yield f"{block}.attn.in_proj_bias", (3 * width,)
        yield from _linear(f"{block}.attn.out_proj", width, width)
        yield from _linear(f"{block}.mlp.c_fc", 4 * width, width)
        yield from _linear(f"{block}.mlp.c_proj", width, 4 * width)
        yield from _norm(f"{block}.ln_1", width)
        yield from _norm(f"{block}.ln_2", width)


def _tower(name: str, sizes: Mapping[str, int], numbers: int) -> Table:
    width = sizes["hidden_size"]
    yield f"{name}.{FIRST_MAP}", (width, numbers, 1, 1)
    yield f"{name}.visual.class_embedding", (width,)
    yield f"{name}.visual.positional_embedding", (sizes["positions"], width)
    yield from _norm(f"{name}.visual.ln_pre", width)
    yield from _norm(f"{name}.visual.ln_post", width)
    yield from _blocks(f"{name}.visual.transformer.resblocks", sizes["layers"], width)
    yield f"{name}.visual.proj", (width, sizes["project"])


def _text(sizes: Mapping[str, int]) -> Table:
    width = sizes["hidden_size"]
    yield "clip.token_embedding.weight", (sizes["vocabulary_size"], width)
    yield "clip.positional_embedding", (sizes["positions"], width)
    yield from _blocks("clip.transformer.resblocks", sizes["layers"], width)
    yield from _norm("clip.ln_final", width)
    yield "clip.text_projection", (width, sizes["project"])


def _part(part: str, joints: int, pooled: int, sizes: Sizes) -> Table:
    name = f"signbert.embed.st_gcn_{part}"
    yield f"{name}.A", (KINDS, joints, joints)
    yield f"{name}.A_pool", (KINDS, pooled, pooled)
    yield from _batch_norm(f"{name}.data_bn", joints * sizes.coordinates)
    widths = [sizes.coordinates, *sizes.graph, *sizes.pooled]
    for number, (d_in, d_out) in enumerate(zip(widths, widths[1:], strict=False)):
        where = number - len(sizes.graph)
        block = f"{name}.st_gcn_networks.{number}" if where < 0 else f"{name}.st_gcn_pool.{where}"
        yield from _linear(f"{block}.gcn.conv", KINDS * d_out, d_in, 1, 1)
        yield from _batch_norm(f"{block}.tcn.0", d_out)
        yield from _linear(f"{block}.tcn.3", d_out, d_out, 1, 1)
        yield from _batch_norm(f"{block}.tcn.4", d_out)
        if number and d_in != d_out:
            yield from _linear(f"{block}.residual.0", d_out, d_in, 1, 1)
            yield from _batch_norm(f"{block}.residual.1", d_out)
    yield from _linear(f"{name}.conv4.0", widths[-1], widths[-1], 1, 1)
    yield from _batch_norm(f"{name}.conv4.1", widths[-1])
    yield from _temporal(f"{name}.tcn_full_b1", widths[-1])
    yield from _temporal(f"{name}.tcn_full_b2", widths[-1])


def _temporal(name: str, width: int) -> Table:
    for conv, kernel in (("conv1d_5", 5), ("conv1d_3_1", 3), ("conv1d_3_2", 3)):
        yield from _linear(f"{name}.{conv}.0", width, width, kernel)
    yield from _linear(f"{name}.conv1x1", width, 2 * width, 1)
    yield from _batch_norm(f"{name}.bn", width)


def _fusion(sizes: Sizes) -> Table:
    width = sizes.pose["project"]
    for stack in STACKS:
        for number, keys in enumerate(KEYS):
            layer = f"fusion.{stack}_layers.{number}"
            yield from _norm(f"{layer}.layer_norm", width)
            for name in "kvq":
                yield from _linear(f"{layer}.src_src_att.{name}_layer", width, width)
            yield from _linear(f"{layer}.src_src_att.output_layer", width, width)
            yield from _linear(f"{layer}.src_src_att.sample_offsets", sizes.heads * keys, width)
            yield from _norm(f"{layer}.feed_forward.layer_norm", width)
            yield from _linear(f"{layer}.feed_forward.pwff_layer.0", sizes.ff, width)
            yield from _linear(f"{layer}.feed_forward.pwff_layer.3", width, sizes.ff)
        yield from _norm(f"fusion.{stack}_layer_norm", width)
    yield "fusion.pe.pe", (1, sizes.longest, width)
    for name, d_out, d_in in (("c_fc", 4, 2), ("c_proj", 2, 4), ("c_proj1", 1, 2)):
        yield from _linear(f"fusion.mlp_fusion.mlp.{name}", d_out * width, d_in * width)
    yield from _norm("fusion.mlp_fusion.ln", width)
