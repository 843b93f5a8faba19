"""A made SEDS checkpoint and its forward pass, written straight over its tensors with torch's own operators.

Nothing of the package is used here, so that an import is compared with the published formulas and not with itself.
Videos go through in one padded batch, as in the original: its padding is part of what it computes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from tests.models.clip_files import made_state

State = dict[str, Tensor]
CLIPS, WINDOW, TAU = 64, 16, 0.07
PARTS = {
    "hand": [[2, 3, 4], [6, 7, 8], [10, 11, 12], [14, 15, 16], [18, 19, 20], [0, 1, 5, 9, 13, 17]],
    "body": [[1, 2, 3], [4, 5, 6], [0]],
}
GRAPH, POOLED, HEADS, FF = (4, 4, 6), (8, 8), 2, 20
FEATURES = 10


def checkpoint(*, layers: int = 1, seed: int = 0, half: bool = False) -> State:
    """Random tensors under the names of the release, unused ones included, few and small layers."""
    generator = torch.Generator().manual_seed(seed)
    common: dict[str, Any] = {"width": 24, "text_width": 16, "project": 12, "places": CLIPS + 1, "layers": layers}
    clip = made_state(image=(3 * POOLED[-1], 1, 1), seed=seed, **common)
    rgb = made_state(image=(FEATURES, 1, 1), seed=seed + 1, **common)
    state = {f"clip.{key}": value for key, value in clip.items()}
    state |= {f"clip_rgb.{key}": value for key, value in rgb.items() if key.startswith("visual.")}
    state |= {
        "clip.visual.conv2_trans.weight": torch.zeros(64, 128, 1, 1),
        "clip_rgb.visual.conv2_trans.weight": torch.zeros(64, 128, 1, 1),
        "clip.logit_scale": torch.tensor(math.log(80.0)),
        "clip.logit_scale_first_softmax": torch.tensor(1.0),
        "clip.logit_scale_sec_softmax": torch.tensor(1.0),
    }
    for part, (joints, pooled) in {"hand": (21, 6), "body": (7, 3)}.items():
        _part(state, f"signbert.embed.st_gcn_{part}", joints, pooled, generator)
    _temporal(state, "signbert.GCN_Conv", 3 * POOLED[-1], generator)
    _fusion(state, 12, generator)
    kept = ("ln_", "embedding", "logit_scale", "signbert", "fusion")
    return {k: v.half() if half and not any(word in k for word in kept) else v for k, v in state.items()}


def _layer(state: State, name: str, shape: tuple[int, ...], generator: torch.Generator) -> None:
    fan_in = math.prod(shape[1:])
    state[f"{name}.weight"] = torch.randn(shape, generator=generator) * fan_in**-0.5
    state[f"{name}.bias"] = 0.1 * torch.randn(shape[0], generator=generator)


def _norm(state: State, name: str, width: int, generator: torch.Generator, *, batch: bool = False) -> None:
    state[f"{name}.weight"] = 1 + 0.2 * torch.randn(width, generator=generator)
    state[f"{name}.bias"] = 0.2 * torch.randn(width, generator=generator)
    if batch:
        state[f"{name}.running_mean"] = 0.3 * torch.randn(width, generator=generator)
        state[f"{name}.running_var"] = 0.5 + torch.rand(width, generator=generator)
        state[f"{name}.num_batches_tracked"] = torch.tensor(7)


def _part(state: State, name: str, joints: int, pooled: int, generator: torch.Generator) -> None:
    state[f"{name}.A"] = torch.rand(4, joints, joints, generator=generator) / joints
    state[f"{name}.A_pool"] = torch.rand(4, pooled, pooled, generator=generator) / pooled
    _norm(state, f"{name}.data_bn", 2 * joints, generator, batch=True)
    state[f"{name}.data_bn.running_mean"] += 128
    state[f"{name}.data_bn.running_var"] *= 5000
    widths = [2, *GRAPH, *POOLED]
    for k, (a, b) in enumerate(zip(widths, widths[1:], strict=False)):
        block = f"{name}.st_gcn_networks.{k}" if k < len(GRAPH) else f"{name}.st_gcn_pool.{k - len(GRAPH)}"
        _layer(state, f"{block}.gcn.conv", (4 * b, a, 1, 1), generator)
        _norm(state, f"{block}.tcn.0", b, generator, batch=True)
        _layer(state, f"{block}.tcn.3", (b, b, 1, 1), generator)
        _norm(state, f"{block}.tcn.4", b, generator, batch=True)
        if k and a != b:
            _layer(state, f"{block}.residual.0", (b, a, 1, 1), generator)
            _norm(state, f"{block}.residual.1", b, generator, batch=True)
    _layer(state, f"{name}.conv4.0", (widths[-1], widths[-1], 1, 1), generator)
    _norm(state, f"{name}.conv4.1", widths[-1], generator, batch=True)
    for block in ("tcn_full_b1", "tcn_full_b2"):
        _temporal(state, f"{name}.{block}", widths[-1], generator)


def _temporal(state: State, name: str, width: int, generator: torch.Generator) -> None:
    for conv, kernel in (("conv1d_5", 5), ("conv1d_3_1", 3), ("conv1d_3_2", 3)):
        _layer(state, f"{name}.{conv}.0", (width, width, kernel), generator)
    _layer(state, f"{name}.conv1x1", (width, 2 * width, 1), generator)
    _norm(state, f"{name}.bn", width, generator, batch=True)


def _fusion(state: State, width: int, generator: torch.Generator) -> None:
    for stack in ("P2R", "R2P"):
        for k, keys in enumerate((5, 3)):
            layer = f"fusion.{stack}_layers.{k}"
            _norm(state, f"{layer}.layer_norm", width, generator)
            for name in ("k_layer", "v_layer", "q_layer", "output_layer"):
                _layer(state, f"{layer}.src_src_att.{name}", (width, width), generator)
            _layer(state, f"{layer}.src_src_att.sample_offsets", (HEADS * keys, width), generator)
            _norm(state, f"{layer}.feed_forward.layer_norm", width, generator)
            _layer(state, f"{layer}.feed_forward.pwff_layer.0", (FF, width), generator)
            _layer(state, f"{layer}.feed_forward.pwff_layer.3", (width, FF), generator)
        _norm(state, f"fusion.{stack}_layer_norm", width, generator)
    place = torch.arange(200.0)[:, None] / 10000 ** (torch.arange(0, width, 2) / width)
    table = torch.zeros(1, 200, width)
    table[0, :, 0::2], table[0, :, 1::2] = place.sin(), place.cos()
    state["fusion.pe.pe"] = table
    for name, d_out, d_in in (("c_fc", 4, 2), ("c_proj", 2, 4), ("c_proj1", 1, 2)):
        _layer(state, f"fusion.mlp_fusion.mlp.{name}", (d_out * width, d_in * width), generator)
    _norm(state, "fusion.mlp_fusion.ln", width, generator)


def save(state: State, file: Path, *, prefix: str = "") -> Path:
    """As the original writes it."""
    torch.save({prefix + key: value for key, value in state.items()}, file)
    return file


class Original:
    """The forward pass over a checkpoint's tensors."""

    def __init__(self, state: State, heads: int) -> None:
        self.state = {key: value.double() for key, value in state.items()}
        self.heads = heads

    def pose(self, videos: Sequence[NDArray[Any]]) -> tuple[Tensor, Tensor]:
        """Key points (F, 49, 2) of videos -> outputs (B, 65, D) and which are valid."""
        longest = max(max(len(v) for v in videos), WINDOW)
        x = torch.zeros(len(videos), longest, 49, 2, dtype=torch.float64)
        starts = np.full((len(videos), CLIPS), -1)
        for row, video in enumerate(videos):
            count = max(1, len(video) - WINDOW + 1)
            long = np.concatenate([video, np.repeat(video[-1:], max(WINDOW - len(video), 0), 0)])
            x[row, : len(long)] = torch.from_numpy(long.astype(float))
            chosen = np.arange(count) if count <= CLIPS else np.linspace(0, count - 1, CLIPS, dtype=int)
            starts[row, : len(chosen)] = chosen
        left, right, body = x.split((21, 21, 7), 2)
        features = torch.cat([self._part("hand", left), self._part("hand", right), self._part("body", body)], -1)
        windows = torch.zeros(len(videos), CLIPS, WINDOW, features.shape[-1], dtype=torch.float64)
        for row in range(len(videos)):
            for slot in range(CLIPS):
                start = int(starts[row, slot])
                if start >= 0:
                    windows[row, slot] = features[row, start : start + WINDOW]
        blocked = self._temporal("signbert.GCN_Conv", windows.flatten(0, 1).transpose(1, 2)).mean(2)
        return self._clip("clip", blocked.view(len(videos), CLIPS, -1), torch.from_numpy(starts >= 0))

    def rgb(self, videos: Sequence[NDArray[Any]]) -> tuple[Tensor, Tensor]:
        """Features (N, D) of videos, 64 rows at most -> outputs (B, 65, D) and which are valid."""
        x = torch.zeros(len(videos), CLIPS, videos[0].shape[1], dtype=torch.float64)
        valid = torch.zeros(len(videos), CLIPS, dtype=torch.bool)
        for row, video in enumerate(videos):
            x[row, : len(video)], valid[row, : len(video)] = torch.from_numpy(video.astype(float)), True
        return self._clip("clip_rgb", x, valid)

    def text(self, ids: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """32 outputs of each text; padding is word 0."""
        padded = torch.zeros(len(ids), 32, dtype=torch.long)
        for row, words in enumerate(ids):
            padded[row, : len(words)] = torch.tensor(words)
        x = self.state["clip.token_embedding.weight"][padded] + self.state["clip.positional_embedding"][:32]
        ahead = torch.full((32, 32), -torch.inf, dtype=torch.float64).triu(1)
        x = self._ln(self._blocks("clip.transformer", x, ahead.expand(len(ids), 32, 32)), "clip.ln_final")
        return x @ self.state["clip.text_projection"], torch.arange(32)[None] <= padded.argmax(1)[:, None]

    def fused(self, pose: Tensor, rgb: Tensor, valid: Tensor) -> Tensor:
        """Cross gloss attention over both sequences."""
        places = self.state["fusion.pe.pe"][:, : pose.shape[1]]
        p, r = pose + places, rgb + places
        for k, keys in enumerate((5, 3)):
            p, r = (
                self._gloss(f"fusion.P2R_layers.{k}", p, r, valid, keys),
                self._gloss(f"fusion.R2P_layers.{k}", r, p, valid, keys),
            )
        p, r = self._ln(p, "fusion.P2R_layer_norm", 1e-6), self._ln(r, "fusion.R2P_layer_norm", 1e-6)
        hidden = _quick(self._linear(torch.cat([p, r], -1), "fusion.mlp_fusion.mlp.c_fc"))
        hidden = _quick(self._linear(hidden, "fusion.mlp_fusion.mlp.c_proj"))
        hidden = self._linear(hidden, "fusion.mlp_fusion.mlp.c_proj1") + p + r
        return self._ln(hidden, "fusion.mlp_fusion.ln", 1e-12) + pose + rgb

    @property
    def scale(self) -> float:
        """Clamped as after every step of training."""
        return min(float(self.state["clip.logit_scale"].exp()), 100.0)

    def words(self, clips: tuple[Tensor, Tensor], texts: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Sign to word and word to sign of all pairs."""
        both = [torch.zeros(len(clips[0]), len(texts[0]), dtype=torch.float64) for _ in range(2)]
        for a, b in np.ndindex(len(clips[0]), len(texts[0])):
            cosines = F.normalize(clips[0][a], dim=-1) @ F.normalize(texts[0][b], dim=-1).T
            both[0][a, b] = (cosines * (cosines / TAU).softmax(1)).sum(1)[clips[1][a]].mean()
            both[1][a, b] = (cosines * (cosines / TAU).softmax(0)).sum(0)[texts[1][b]].mean()
        return self.scale * both[0], self.scale * both[1]

    def matched(self, pose: tuple[Tensor, Tensor], rgb: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Pose against RGB, position by position, of all pairs."""
        both = [torch.zeros(len(pose[0]), len(rgb[0]), dtype=torch.float64) for _ in range(2)]
        for a, b in np.ndindex(len(pose[0]), len(rgb[0])):
            cosines = F.normalize(pose[0][a], dim=-1) @ F.normalize(rgb[0][b], dim=-1).T
            both[0][a, b] = (cosines * (cosines / TAU).softmax(1)).diagonal()[pose[1][a]].sum()
            both[1][a, b] = (cosines * (cosines / TAU).softmax(0)).diagonal()[rgb[1][b]].sum()
        return self.scale * both[0], self.scale * both[1]

    def _part(self, part: str, x: Tensor) -> Tensor:
        name, (batch, frames, joints, _) = f"signbert.embed.st_gcn_{part}", x.shape
        flat = self._bn(x.reshape(batch * frames, joints * 2), f"{name}.data_bn", 0.1)
        x = flat.view(batch * frames, joints, 2).permute(0, 2, 1).unsqueeze(2)  # (N, C, 1, V)
        for k in range(3):
            x = self._graph(f"{name}.st_gcn_networks.{k}", x, self.state[f"{name}.A"], first=k == 0)
        x = torch.stack([x[..., members].max(-1).values for members in PARTS[part]], -1)
        for k in range(2):
            x = self._graph(f"{name}.st_gcn_pool.{k}", x, self.state[f"{name}.A_pool"])
        x = self._bn(self._conv(x.max(-1, keepdim=True).values, f"{name}.conv4.0"), f"{name}.conv4.1").relu()
        x = x.view(batch, frames, -1).transpose(1, 2)
        for block in ("tcn_full_b1", "tcn_full_b2"):
            x = self._temporal(f"{name}.{block}", x)
        return x.transpose(1, 2)

    def _graph(self, name: str, x: Tensor, links: Tensor, *, first: bool = False) -> Tensor:
        sent = self._conv(x, f"{name}.gcn.conv")
        count, channels, _, joints = sent.shape
        heard = torch.einsum("nkctv,kvw->nctw", sent.view(count, 4, channels // 4, 1, joints), links)
        own = self._bn(self._conv(self._bn(heard, f"{name}.tcn.0").relu(), f"{name}.tcn.3"), f"{name}.tcn.4")
        if first:
            past: Tensor | float = 0.0
        elif f"{name}.residual.0.weight" in self.state:
            past = self._bn(self._conv(x, f"{name}.residual.0"), f"{name}.residual.1")
        else:
            past = x
        return (own + past).relu()

    def _temporal(self, name: str, x: Tensor) -> Tensor:
        def conv(x: Tensor, layer: str, pad: int) -> Tensor:
            return F.conv1d(x, self.state[f"{name}.{layer}.weight"], self.state[f"{name}.{layer}.bias"], padding=pad)

        near = conv(conv(x, "conv1d_3_1.0", 1).relu(), "conv1d_3_2.0", 1).relu()
        merged = conv(torch.cat([conv(x, "conv1d_5.0", 2).relu(), near], 1), "conv1x1", 0)
        return self._bn(merged, f"{name}.bn").relu()

    def _clip(self, name: str, rows: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        mapped = F.conv2d(rows.transpose(1, 2).unsqueeze(-1), self.state[f"{name}.visual.conv1.weight"])
        first = self.state[f"{name}.visual.class_embedding"].expand(len(rows), 1, -1)
        x = torch.cat([first, mapped.squeeze(-1).transpose(1, 2)], 1)
        x = self._ln(x + self.state[f"{name}.visual.positional_embedding"], f"{name}.visual.ln_pre")
        seen = torch.cat([torch.ones(len(rows), 1, dtype=torch.bool), valid], 1)
        hidden = torch.zeros(len(rows), 65, 65, dtype=torch.float64).masked_fill(~seen[:, None], -torch.inf)
        x = self._ln(self._blocks(f"{name}.visual.transformer", x, hidden), f"{name}.visual.ln_post")
        return x @ self.state[f"{name}.visual.proj"], seen

    def _blocks(self, name: str, x: Tensor, hidden: Tensor) -> Tensor:
        k = 0
        while f"{name}.resblocks.{k}.ln_1.weight" in self.state:
            at = f"{name}.resblocks.{k}"
            inner = self._ln(x, f"{at}.ln_1")
            states = inner @ self.state[f"{at}.attn.in_proj_weight"].T + self.state[f"{at}.attn.in_proj_bias"]
            size = x.shape[-1] // self.heads
            mixed = []
            for head in range(self.heads):
                query, key, value = (part[..., head * size : (head + 1) * size] for part in states.chunk(3, -1))
                mixed.append((query @ key.transpose(1, 2) / math.sqrt(size) + hidden).softmax(-1) @ value)
            x = x + self._linear(torch.cat(mixed, -1), f"{at}.attn.out_proj")
            inner = _quick(self._linear(self._ln(x, f"{at}.ln_2"), f"{at}.mlp.c_fc"))
            x = x + self._linear(inner, f"{at}.mlp.c_proj")
            k += 1
        return x

    def _gloss(self, name: str, q: Tensor, kv: Tensor, valid: Tensor, keys: int) -> Tensor:
        att, (batch, length, width) = f"{name}.src_src_att", q.shape
        query = self._linear(self._ln(q, f"{name}.layer_norm", 1e-6), f"{att}.q_layer")
        offsets = self._linear(query, f"{att}.sample_offsets").view(batch, length, HEADS, keys).transpose(1, 2)
        around = torch.arange(-3, 2) if keys == 5 else torch.arange(-2, 1)
        places = torch.arange(length)[:, None] + around + offsets
        places = places % (valid.sum(1) - 1).double()[:, None, None, None]
        grid = torch.stack([places / (length - 1) * 2 - 1, torch.ones_like(places)], -1).flatten(0, 1)

        def by_head(x: Tensor) -> Tensor:
            return x.view(batch, length, HEADS, -1).transpose(1, 2).flatten(0, 1)

        sampled = []
        for layer in ("k_layer", "v_layer"):
            values = by_head(self._linear(kv, f"{att}.{layer}")).transpose(1, 2).unsqueeze(2)  # (B H, d, 1, L)
            sampled.append(F.grid_sample(values, grid, padding_mode="zeros", align_corners=False).permute(0, 2, 3, 1))
        size = width // HEADS
        weights = (by_head(query).unsqueeze(2) * sampled[0]).sum(-1).div(math.sqrt(size)).softmax(-1)
        context = (weights.unsqueeze(-1) * sampled[1]).sum(2).view(batch, HEADS, length, size)
        h = q + self._linear(context.transpose(1, 2).flatten(2), f"{att}.output_layer")
        inner = self._linear(self._ln(h, f"{name}.feed_forward.layer_norm", 1e-6), f"{name}.feed_forward.pwff_layer.0")
        return h + self._linear(inner.relu(), f"{name}.feed_forward.pwff_layer.3")

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return F.linear(x, self.state[f"{name}.weight"], self.state[f"{name}.bias"])

    def _conv(self, x: Tensor, name: str) -> Tensor:
        return F.conv2d(x, self.state[f"{name}.weight"], self.state[f"{name}.bias"])

    def _ln(self, x: Tensor, name: str, eps: float = 1e-5) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], self.state[f"{name}.weight"], self.state[f"{name}.bias"], eps)

    def _bn(self, x: Tensor, name: str, eps: float = 1e-5) -> Tensor:
        mean, spread, gain, bias = (
            self.state[f"{name}.{key}"] for key in ("running_mean", "running_var", "weight", "bias")
        )
        return F.batch_norm(x, mean, spread, gain, bias, training=False, eps=eps)


def _quick(x: Tensor) -> Tensor:
    return x * torch.sigmoid(1.702 * x)
