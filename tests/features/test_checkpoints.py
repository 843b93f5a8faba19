"""Public checkpoints of every layout load; what does not fit is named; nothing in them is ever run."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from mmpt_sign.config.contracts import VideoNetwork
from mmpt_sign.errors import CheckpointError
from mmpt_sign.features import checkpoints
from mmpt_sign.features.checkpoints import load
from mmpt_sign.features.networks._i3d import I3d as I3dNetwork
from mmpt_sign.features.networks._s3d import S3d as S3dNetwork
from mmpt_sign.features.networks.i3d import I3d
from mmpt_sign.features.networks.s3d import S3d
from mmpt_sign.features.networks.s3d_howto100m import S3dHowto100m
from tests.features.networks.weights import saved, with_random_weights

TWOSTREAM = "recognition_network.visual_backbone_twostream.rgb_stream.backbone."


def same(part: VideoNetwork, network: torch.nn.Module, path: Path) -> tuple[str, ...]:
    """Load, compare every number with the network that was saved, and return what was ignored."""
    loaded = load(part, path)
    expected = network.state_dict()
    for name, value in loaded.network.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            assert torch.equal(value, expected[name]), name
    assert not loaded.network.training
    assert not any(values.requires_grad for values in loaded.network.parameters())
    return loaded.ignored


def test_i3d_as_a_training_program_leaves_it(tmp_path: Path) -> None:
    network = with_random_weights(I3dNetwork(11))
    beside = {"epoch": 3, "arch": "InceptionI3d", "best": np.float64(0.5), "optimizer": {"state": {}}}
    path = saved(tmp_path / "bsl5k.pth.tar", network, "module.", **beside)
    assert same(I3d(), network, path) == ("logits.conv3d.weight", "logits.conv3d.bias")
    assert same(I3d(classes=11), network, path) == ()


def test_i3d_bare_and_without_counters(tmp_path: Path) -> None:
    network = with_random_weights(I3dNetwork())
    weights = {k: v for k, v in network.state_dict().items() if not k.endswith("num_batches_tracked")}
    torch.save(weights, tmp_path / "rgb_imagenet.pt")
    same(I3d(), network, tmp_path / "rgb_imagenet.pt")
    save_file(weights, tmp_path / "i3d.safetensors")
    same(I3d(), network, tmp_path / "i3d.safetensors")


@pytest.mark.parametrize("prefix", ["module.", "backbone.", "recognition_network.visual_backbone.backbone.", TWOSTREAM])
def test_s3d_of_every_source(tmp_path: Path, prefix: str) -> None:
    network = with_random_weights(S3dNetwork(5))
    weights = {prefix + name: value for name, value in network.state_dict().items()}
    if prefix == "module.":
        weights["module.fc.0.weight"] = torch.zeros(400, 1024, 1, 1, 1)
    else:
        weights["another_tower.weight"] = torch.zeros(3)
    torch.save({"model_state": weights, "epoch": 1}, tmp_path / "best.ckpt")
    assert all(".14." in name or ".15." in name or "fc." in name or "another" in name
               for name in same(S3d(), with_four_blocks(network), tmp_path / "best.ckpt"))  # fmt: skip


def with_four_blocks(network: torch.nn.Module) -> torch.nn.Module:
    four = S3dNetwork(4)
    four.load_state_dict({k: v for k, v in network.state_dict().items() if k in four.state_dict()})
    return four


def test_s3d_of_howto100m_without_its_text(tmp_path: Path) -> None:
    network = with_random_weights(S3dHowto100m().build())
    weights = {**network.state_dict(), "text_module.word_embd.weight": torch.zeros(4, 3)}
    torch.save(weights, tmp_path / "s3d_howto100m.pth")
    assert same(S3dHowto100m(), network, tmp_path / "s3d_howto100m.pth") == ("text_module.word_embd.weight",)


def test_everything_that_does_not_fit_is_told_at_once(tmp_path: Path) -> None:
    weights = dict(I3dNetwork().state_dict())
    del weights["Mixed_4b.b1b.bn.running_var"]
    weights["Conv3d_2c_3x3.conv3d.weight"] = torch.zeros(192, 64, 1, 1, 1)
    weights["Mixed_9z.weight"] = torch.zeros(1)
    torch.save(weights, tmp_path / "odd.pt")
    with pytest.raises(CheckpointError) as raised:
        load(I3d(), tmp_path / "odd.pt")
    message = str(raised.value)
    assert "1 missing (Mixed_4b.b1b.bn.running_var)" in message
    assert "1 left over (Mixed_9z.weight)" in message
    assert "Conv3d_2c_3x3.conv3d.weight is (192, 64, 1, 1, 1), not (192, 64, 3, 3, 3)" in message


def test_classes_must_be_those_of_the_checkpoint(tmp_path: Path) -> None:
    path = saved(tmp_path / "eleven.pt", I3dNetwork(11))
    with pytest.raises(CheckpointError, match=r"logits.conv3d.bias is \(11,\), not \(12,\)"):
        load(I3d(classes=12), path)
    with pytest.raises(CheckpointError, match="2 missing"):
        load(I3d(classes=12), saved(tmp_path / "none.pt", I3dNetwork()))


class Command:
    def __reduce__(self) -> Any:
        return os.system, ("touch ran",)


NO_WEIGHTS = {
    "code": {"state_dict": {"a": Command()}},
    "list": [1, 2],
    "numbers": {"a": 1},
    "empty": {"state_dict": {}},
}


@pytest.mark.parametrize("content", NO_WEIGHTS.values(), ids=NO_WEIGHTS)
def test_what_holds_no_weights_is_refused(tmp_path: Path, content: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(content, tmp_path / "bad.pt")
    with pytest.raises(CheckpointError, match="bad.pt"):
        load(I3d(), tmp_path / "bad.pt")
    assert not (tmp_path / "ran").exists()


def test_no_advice_to_open_a_file_unsafely(tmp_path: Path) -> None:
    told = {}
    for name, content in (("code.pt", {"a": Command()}), ("class.pt", {"a": I3d()})):
        torch.save(content, tmp_path / name)
    (tmp_path / "clip.pose").write_bytes(b"\xcd\xcc\xcc\x3d" * 99)
    for name in ("code.pt", "class.pt", "clip.pose"):
        with pytest.raises(CheckpointError) as raised:
            load(I3d(), tmp_path / name)
        told[name] = str(raised.value)
        assert not any(word in told[name] for word in ("weights_only", "arbitrary code", "allowlist", "issue"))
    assert "more than tensors" in told["code.pt"]
    assert "system" in told["code.pt"]
    assert "more than tensors" in told["class.pt"]
    assert "is not a checkpoint" in told["clip.pose"]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no archive", b"\x80\x02.", os.urandom(500)])
def test_damaged_files_are_refused(tmp_path: Path, data: bytes) -> None:
    for name in ("bad.pt", "bad.safetensors"):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CheckpointError):
            load(I3d(), tmp_path / name)
    with pytest.raises(CheckpointError, match="no such file"):
        load(I3d(), tmp_path / "absent.pt")


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(1 << 20))
    monkeypatch.setattr(checkpoints, "MAX_BYTES", 1 << 16)
    with pytest.raises(CheckpointError, match="more than the 65536"):
        load(I3d(), tmp_path / "bomb.pt")
