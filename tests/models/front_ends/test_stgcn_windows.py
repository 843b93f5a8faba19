"""Windows of graph features: the grid, the gathering, padding without influence, statistics of valid frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import mmpt_sign
from mmpt_sign.errors import CheckpointError, ConfigError
from mmpt_sign.models.valid_norm import ValidNorm
from mmpt_sign.models.windows import window_starts

SMALL: dict[str, Any] = {"graph_channels": (4, 4, 6), "pooled": (8, 8), "max_clips": 6, "window": 4}
RELEASED: dict[str, Any] = {
    "bn_over_pads": True, "tcn_over_pads": True, "empty_windows": True, "data_bn_eps": 0.1, "released_body": True,
}  # fmt: skip


def made(channels: int = 3, **options: Any) -> Any:
    torch.manual_seed(0)
    network = mmpt_sign.build(
        "front_end", name="stgcn_windows", widths={"pose": 49 * channels}, d_out=5, **{**SMALL, **options}
    )
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d):  # as after some training, so that nothing is the identity
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 2)
            nn.init.normal_(module.bias, std=0.1)
    return network.eval()


def clips(lengths: list[int], room: int | None = None, channels: int = 3) -> tuple[Tensor, Tensor]:
    room = room or max(lengths)
    mask = torch.arange(room)[None] < torch.tensor(lengths)[:, None]
    generator = torch.Generator().manual_seed(1)
    x = torch.stack([_clip(length, room, channels, generator) for length in lengths])
    return x, mask


def _clip(length: int, room: int, channels: int, generator: torch.Generator) -> Tensor:
    frames = torch.randn(length, 49 * channels, generator=generator)
    return torch.cat([frames, torch.zeros(room - length, frames.shape[1])])


@pytest.mark.parametrize("frames", [1, 15, 16, 17, 79, 80, 301])
def test_the_grid_of_windows(frames: int) -> None:
    count = max(1, frames - 15)
    expected = np.arange(count) if count <= 64 else np.linspace(0, count - 1, 64).astype(int)
    found = window_starts(torch.tensor([frames]), 16, 1, 64)[0].numpy()
    np.testing.assert_array_equal(found[: len(expected)], expected)
    assert (found[len(expected) :] == -1).all()


def test_grids_of_any_length_and_stride() -> None:
    for frames in range(1, 700):
        for window, stride in ((16, 1), (16, 2), (8, 3)):
            count = max(-(-(frames - window) // stride) + 1, 1)
            starts = [max(min(k * stride, frames - window), 0) for k in range(count)]
            chosen = range(count) if count <= 64 else np.linspace(0, count - 1, 64, dtype=int)
            found = window_starts(torch.tensor([frames]), window, stride, 64)[0]
            assert found[found >= 0].tolist() == [starts[k] for k in chosen]
    assert window_starts(torch.tensor([0, 5]), 4, 1, 3).tolist() == [[-1, -1, -1], [0, 1, -1]]
    assert window_starts(torch.tensor([9]), 4, 1, 1).tolist() == [[0]]


def test_gathered_windows_equal_a_loop() -> None:
    network = made()
    features, starts = torch.randn(3, 9, 24), window_starts(torch.tensor([9, 4, 6]), 4, 1, 6)
    found = network._rows(features, starts)
    for clip in range(3):
        for slot, start in enumerate(starts[clip].tolist()):
            if start < 0:
                assert not found[clip, slot].any()
                continue
            window = features[clip, start : start + 4].T[None]
            alone = network.window(window, torch.ones(1, 4, dtype=torch.bool)).mean(2)[0]
            torch.testing.assert_close(found[clip, slot], alone, atol=1e-6, rtol=0)


def test_a_clip_is_read_alike_alone_and_in_any_batch() -> None:
    network = made()
    x, mask = clips([3, 9, 1, 6])
    whole, valid = network({"pose": (x, mask)})
    assert valid.sum(1).tolist() == [1, 6, 1, 3]
    noisy, _ = network({"pose": (x + 1e3 * ~mask[..., None], mask)})
    torch.testing.assert_close(noisy, whole, atol=1e-5, rtol=0)
    for clip, length in enumerate([3, 9, 1, 6]):
        alone, own = network({"pose": (x[clip : clip + 1, :length], mask[clip : clip + 1, :length])})
        assert own.all()
        torch.testing.assert_close(whole[clip, : own.shape[1]], alone[0], atol=1e-5, rtol=0)


def test_a_short_clip_goes_on_with_its_last_frame() -> None:
    network = made()
    x, mask = clips([2])
    longer = torch.cat([x, x[:, 1:].expand(-1, 2, -1)], 1)
    short, _ = network({"pose": (x, mask)})
    whole, _ = network({"pose": (longer, torch.ones(1, 4, dtype=torch.bool))})
    torch.testing.assert_close(short, whole)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("options", [{}, RELEASED], ids=["default", "released"])
def test_a_clip_without_frames_is_finite_and_has_no_windows(options: dict[str, Any], training: bool) -> None:
    network = made(**options).train(training)
    for lengths in ([0, 5], [0, 0]):
        x, mask = clips(lengths, room=5)
        found, valid = network({"pose": (x, mask)})
        assert valid[0].sum() == 0
        found.square().sum().backward()
        assert torch.isfinite(found).all()
        assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


def test_times_are_the_frames_of_each_window() -> None:
    _, mask = clips([3, 9])
    assert made().times(mask).tolist() == [
        [[0, 3], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0]],
        [[0, 4], [1, 5], [2, 6], [3, 7], [4, 8], [5, 9]],
    ]


def test_statistics_in_training_are_of_valid_frames() -> None:
    """Three clips in one padded batch leave the same running statistics as their frames without padding."""
    x, mask = clips([4, 7, 5])
    loose = made().train()
    tight = made().train()
    loose.graph["hand"].dropout.p = tight.graph["hand"].dropout.p = 0
    loose({"pose": (x, mask)})
    frames = x.view(3, 7, 49, 3)[:, :, :21][mask]
    tight.graph["hand"].data_norm(frames.reshape(len(frames), -1))
    right = x.view(3, 7, 49, 3)[:, :, 21:42][mask]
    tight.graph["hand"].data_norm(right.reshape(len(right), -1))
    torch.testing.assert_close(
        loose.graph["hand"].data_norm.running_mean, tight.graph["hand"].data_norm.running_mean, atol=1e-6, rtol=0
    )


def test_norms_of_valid_positions_are_plain_norms_where_all_are_valid() -> None:
    x = torch.randn(6, 4, 5)
    ours, plain = ValidNorm(4), nn.BatchNorm1d(4)
    torch.testing.assert_close(ours(x), plain(x), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(ours.running_var, plain.running_var)
    torch.testing.assert_close(ours.running_mean, plain.running_mean)
    mask = torch.rand(6, 5) < 0.6
    kept = ours(x, mask).transpose(1, 2)[mask]
    torch.testing.assert_close(kept, nn.BatchNorm1d(4)(x.transpose(1, 2)[mask]), atol=1e-5, rtol=1e-5)


def test_both_hands_go_through_one_network_and_the_arms_through_another() -> None:
    network = made()
    x, mask = clips([5])
    points = x.view(1, 5, 49, 3)
    points[:, :, 21:42] = points[:, :, :21]
    hand = network.graph["hand"]
    torch.testing.assert_close(hand(points[:, :, :21], mask), hand(points[:, :, 21:42], mask))
    assert set(network.graph) == {"hand", "body"}


def test_the_network_has_the_size_of_the_published_one() -> None:
    with torch.device("meta"):
        network = mmpt_sign.build("front_end", name="stgcn_windows", widths={"pose": 98}, d_out=768)
    count = {name: sum(p.numel() for p in part.parameters()) for name, part in network.named_children()}
    assert round(count["graph"] / 1e6, 1) == 19.3
    assert round(count["window"] / 1e6, 1) == 30.7


def test_other_streams_are_refused() -> None:
    with pytest.raises(ConfigError, match="49 points per frame"):
        mmpt_sign.build("front_end", name="stgcn_windows", widths={"pose": 100}, d_out=4, **SMALL)


THEIRS = {
    "data_norm": "data_bn", "blocks": "st_gcn_networks", "pooled": "st_gcn_pool", "spread": "gcn.conv",
    "norm1": "tcn.0", "mix": "tcn.3", "norm2": "tcn.4", "shortcut": "residual", "head": "conv4.0",
    "head_norm": "conv4.1", "temporal.0": "tcn_full_b1", "temporal.1": "tcn_full_b2", "wide": "conv1d_5.0",
    "near1": "conv1d_3_1.0", "near2": "conv1d_3_2.0", "merge": "conv1x1", "norm": "bn",
}  # fmt: skip


def signbert_names(network: nn.Module) -> dict[str, Tensor]:
    """The state of our network under the published names."""
    found = {}
    for key, value in network.state_dict().items():
        if key.startswith("linear"):
            continue
        words = key.replace("temporal.", "temporal_").split(".")
        named = [THEIRS.get(word.replace("temporal_", "temporal."), word) for word in words]
        name = ".".join(named).replace("graph.", "embed.st_gcn_").replace("window.", "GCN_Conv.")
        is_conv = value.dim() == 3 and key.startswith("graph") and key.endswith("weight") and "temporal" not in key
        found[name] = value[..., None] if is_conv else value
    return found


def test_a_start_from_signbert_fills_the_hands(tmp_path: Path) -> None:
    teacher = made(2)
    file = tmp_path / "pretrain_signbert.pth"
    torch.save({"state_dict": {"GCN_Transform": signbert_names(teacher)}, "epoch": 3}, file)
    torch.manual_seed(5)
    student = mmpt_sign.build("front_end", name="stgcn_windows", widths={"pose": 98}, d_out=5, signbert=file, **SMALL)
    hand, body = (_equal(student.graph[part], teacher.graph[part]) for part in ("hand", "body"))
    assert hand
    assert not body
    for part in ("body", "window"):
        student = mmpt_sign.build(
            "front_end", name="stgcn_windows", widths={"pose": 98}, d_out=5, signbert=file, start_parts=(part,), **SMALL
        )
        assert _equal(*(net.window if part == "window" else net.graph[part] for net in (student, teacher)))


def _equal(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_weights_that_do_not_fit_are_refused_by_name(tmp_path: Path) -> None:
    options = {**SMALL, "graph_channels": (4, 4, 7)}
    file = tmp_path / "other.pth"
    torch.save({"state_dict": signbert_names(made(2, **options))}, file)
    with pytest.raises(CheckpointError, match=r"graph\.hand\.blocks\.2\.spread\.weight has shape"):
        mmpt_sign.build("front_end", name="stgcn_windows", widths={"pose": 98}, d_out=5, signbert=file, **SMALL)
    with pytest.raises(CheckpointError, match="no file"):
        mmpt_sign.build("front_end", name="stgcn_windows", widths={"pose": 98}, d_out=5, signbert="x.pth", **SMALL)
    file.write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match="not readable as weights"):
        mmpt_sign.build("front_end", name="stgcn_windows", widths={"pose": 98}, d_out=5, signbert=file, **SMALL)
