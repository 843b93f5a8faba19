"""A whole model of two streams: what a batch may not change, losses that add up, and clips that lack a stream."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.models.checkpoint import NO_DATA
from mmpt_sign.models.dual_encoder import DualEncoder
from mmpt_sign.models.valid_norm import ValidNorm

LENGTHS = (3, 20, 9, 1)
PAIRS = ("fused_text", "pose_text", "rgb_text", "pose_rgb")
TOWER = {"name": "clip_visual", "hidden_size": 16, "layers": 1, "project": 12, "positions": 40, "pool": "clips"}
Streams = dict[str, tuple[Tensor, Tensor]]


def values(encoder: dict[str, Any] | None = None) -> dict[str, Any]:
    tower = {**TOWER, **(encoder or {})}
    loss = {"name": "info_nce", "directions": "all", "scale": "fused_text"}
    return {
        "dataset": NO_DATA,
        "streams": {"pose": {"kind": "pose_windows"}, "rgb": {"kind": "features", "size": 6, "thin_to": 12}},
        "video": {
            "pose": {
                "front_end": {
                    "name": "stgcn_windows", "window": 4, "max_clips": 12, "graph_channels": [4, 4], "pooled": [6, 6],
                },
                "encoder": tower,
            },
            "rgb": {"front_end": "mix", "encoder": tower},
        },
        "fusion": {"name": "cross_gloss_attention", "heads": 2, "ff": 16},
        "text": {
            "name": "clip_text", "hidden_size": 16, "layers": 1, "project": 12, "positions": 20, "max_tokens": 12,
            "vocabulary_size": 50,
        },
        "similarity": {
            **dict.fromkeys(PAIRS[:3], "token_softmax"), "pose_rgb": "diagonal_match",
        },
        "loss": {
            "fused_text": {"name": "info_nce", "directions": "all", "scale": "learned"},
            "pose_text": {**loss, "weight": 0.8}, "rgb_text": {**loss, "weight": 0.8},
            "pose_rgb": {**loss, "weight": 0.4},
        },
    }  # fmt: skip


def made(encoder: dict[str, Any] | None = None) -> DualEncoder:
    torch.manual_seed(0)
    return DualEncoder(experiment_from_values(values(encoder), "test")).eval()


def streams(lengths: tuple[int, ...] = LENGTHS) -> Streams:
    """Poses of so many frames and features of as many windows."""
    found = {}
    rows = [min(max(n - 3, 1), 12) for n in lengths]
    for name, counts, width in (("pose", lengths, 147), ("rgb", rows, 6)):
        mask = torch.arange(max(counts))[None] < torch.tensor(counts)[:, None]
        drawn = [np.random.default_rng([n, width]).normal(size=(max(counts), width)) for n in lengths]
        found[name] = torch.from_numpy(np.stack(drawn)).float() * mask[..., None], mask
    return found


def texts() -> tuple[Tensor, Tensor]:
    mask = torch.arange(7)[None] < torch.tensor([7, 2, 5, 3])[:, None]
    return torch.randint(1, 50, (4, 7), generator=torch.Generator().manual_seed(0)) * mask, mask


def scores(model: DualEncoder, given: Streams, rows: slice = slice(None)) -> dict[str, dict[str, Tensor]]:
    ids, mask = texts()
    with torch.no_grad():
        return model.matrices(model(given, ids[rows], mask[rows]))


def test_scores_do_not_depend_on_padding_or_batch_mates() -> None:
    model, given = made(), streams()
    whole = scores(model, given)
    wide = {
        name: (nn.functional.pad(x, (0, 0, 0, 7), value=9.0), nn.functional.pad(m, (0, 7)))
        for name, (x, m) in given.items()
    }
    padded = scores(model, wide)
    for row in range(4):
        one = {
            name: (x[row : row + 1, : int(m[row].sum())], m[row : row + 1, : int(m[row].sum())])
            for name, (x, m) in given.items()
        }
        alone = scores(model, one)
        for pair in PAIRS:
            for way, matrix in whole[pair].items():
                torch.testing.assert_close(padded[pair][way], matrix, atol=1e-5, rtol=0)
                if pair == "pose_rgb":
                    torch.testing.assert_close(alone[pair][way][0, 0], matrix[row, row], atol=1e-5, rtol=0)
                else:
                    torch.testing.assert_close(alone[pair][way][0], matrix[row], atol=1e-5, rtol=0)


def test_the_total_is_the_sum_of_the_weighted_terms_under_one_scale() -> None:
    model, given = made().train(), streams()
    found = model.losses(model(given, *texts()), torch.eye(4, dtype=torch.bool))
    weights = dict(zip(PAIRS, (1, 0.8, 0.8, 0.4), strict=True))
    total = sum(weight * found[f"{pair}/loss"] for pair, weight in weights.items())
    torch.testing.assert_close(found["loss"].detach(), total)
    assert list(model.log_scales) == ["fused_text"]
    assert {float(model.scale(pair)) for pair in PAIRS} == {float(model.scale("fused_text"))}
    found["loss"].backward()
    missing = [name for name, p in model.named_parameters() if p.grad is None and "class_embedding" not in name]
    assert not missing


def test_both_towers_are_cut_into_the_same_clips() -> None:
    sets = made().encode_video(streams())
    assert sets["pose"].mask.equal(sets["rgb"].mask)
    assert sets["fused"].mask.equal(sets["pose"].mask)
    assert sets["fused"].times is not None
    assert sets["fused"].times[2, :7].tolist() == [[n, n + 4] for n in range(6)] + [[0, 0]]


@pytest.mark.parametrize("class_token", ["hidden", "valid"])
def test_a_class_token_in_front_means_no_frames(class_token: str) -> None:
    sets = made({"class_token": class_token, "pad_to": 12}).encode_video(streams())
    times = sets["pose"].times
    assert times is not None
    assert times.shape == (4, 13, 2)
    assert times[1, :3].tolist() == [[0, 0], [0, 4], [1, 5]]


@pytest.mark.parametrize("training", [False, True])
def test_a_clip_that_lacks_a_stream_is_found_by_the_other(training: bool) -> None:
    model, given = made(), streams()
    x, mask = given["rgb"]
    lacking = mask.clone()
    lacking[1] = False
    whole, sets = model.encode_video(given), model.encode_video({**given, "rgb": (x, lacking)})
    torch.testing.assert_close(sets["fused"].tokens[1], sets["pose"].tokens[1])
    for row in (0, 2, 3):
        torch.testing.assert_close(sets["fused"].pooled[row], whole["fused"].pooled[row], atol=1e-5, rtol=0)
    model.train(training)
    for name in ("pose", "rgb"):
        none = {**given, name: (given[name][0], torch.zeros_like(given[name][1]))}
        found = model.losses(model(none, *texts()), torch.eye(4, dtype=torch.bool))
        found["loss"].backward()
        assert torch.isfinite(found["loss"])
        assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


@pytest.mark.parametrize("training", [False, True])
def test_half_precision_goes_through(training: bool) -> None:
    model = made().bfloat16().train(training)
    given = {name: (x.bfloat16(), mask) for name, (x, mask) in streams().items()}
    found = model.losses(model(given, *texts()), torch.eye(4, dtype=torch.bool))
    found["loss"].backward()
    assert torch.isfinite(found["loss"])
    assert {p.grad.dtype for p in model.parameters() if p.grad is not None} == {torch.bfloat16}


RELEASED = {
    "bn_over_pads": True,
    "tcn_over_pads": True,
    "empty_windows": True,
    "data_bn_eps": 0.1,
    "released_body": True,
}


@pytest.mark.parametrize("released", [False, True])
def test_it_learns_who_belongs_to_whom(released: bool) -> None:
    written = values({"class_token": "valid", "pad_to": 12} if released else None)
    if released:
        written["video"]["pose"]["front_end"].update(RELEASED)
        written["text"]["pad_to"] = 12
        written["fusion"]["sampling"] = "released"
        written["similarity"] = {pair: {"name": "token_softmax", "inner_mask": False} for pair in PAIRS[:3]}
        written["similarity"]["pose_rgb"] = {"name": "diagonal_match", "inner_mask": False, "reduce": "sum"}
    torch.manual_seed(0)
    model = DualEncoder(experiment_from_values(written, "test")).train()
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    given, right, losses = streams(), torch.eye(4, dtype=torch.bool), []
    for _ in range(40):
        found = model.losses(model(given, *texts()), right)
        optimizer.zero_grad()
        found["loss"].backward()
        optimizer.step()
        losses.append(float(found["loss"].detach()))
    assert losses[0] > 2
    assert max(losses[-5:]) < 0.4 * losses[0]


def test_statistics_of_two_processes_are_those_of_one(tmp_path: Path) -> None:
    """Values, running statistics and gradients of a norm whose rows are spread over two processes."""
    torch.manual_seed(0)
    x, mask, goal = torch.randn(6, 4, 5), torch.rand(6, 5) < 0.7, torch.randn(6, 4, 5)
    norm = ValidNorm(4)
    rows = x.clone().requires_grad_()
    (norm(rows, mask) * goal * mask[:, None]).sum().backward()
    torch.save((x, mask, goal), tmp_path / "given.pt")
    script = tmp_path / "rank.py"
    script.write_text(RANK.format(folder=tmp_path), encoding="utf-8")
    ranks = [subprocess.Popen([sys.executable, str(script), str(rank)]) for rank in range(2)]
    assert [rank.wait(120) for rank in ranks] == [0, 0]
    assert rows.grad is not None
    for rank, part in enumerate((slice(0, 2), slice(2, 6))):
        gradient, mean, spread = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        torch.testing.assert_close(gradient, rows.grad[part], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(mean, norm.running_mean)
        torch.testing.assert_close(spread, norm.running_var)
    assert json.loads((tmp_path / "done.json").read_text()) == [2]


RANK = """
import json, os, sys
from pathlib import Path
import torch
from torch import distributed
from mmpt_sign.models.valid_norm import ValidNorm

folder, rank = Path("{folder}"), int(sys.argv[1])
distributed.init_process_group("gloo", init_method=f"file://{{folder}}/meet", rank=rank, world_size=2)
x, mask, goal = torch.load(folder / "given.pt", weights_only=True)
part = slice(0, 2) if rank == 0 else slice(2, 6)
norm, rows = ValidNorm(4), x[part].clone().requires_grad_()
(norm(rows, mask[part]) * goal[part] * mask[part][:, None]).sum().backward()
torch.save((rows.grad, norm.running_mean, norm.running_var), folder / f"{{rank}}.pt")
if rank == 0:
    (folder / "done.json").write_text(json.dumps([distributed.get_world_size()]))
distributed.barrier()
os._exit(0)  # threads of gloo that are still alive make an ordinary exit abort now and then
"""
