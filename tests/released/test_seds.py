"""Released SEDS checkpoints: an imported model scores as the published forward pass, quirks included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from typer.testing import CliRunner

import mmpt_sign
from mmpt_sign.batches.collate import pad_frames, pad_ids
from mmpt_sign.cli.main import app
from mmpt_sign.errors import CheckpointError, ConfigError, DataError
from mmpt_sign.poses.layouts import layout
from mmpt_sign.released.seds import import_seds
from mmpt_sign.released.seds_keys import IGNORED, Sizes, expected
from tests.models.clip_files import WORDS, vocabulary
from tests.released import seds_original as original
from tests.streams.test_pose_windows import skeleton

HEADS = 4
COUNTS = (1, 15, 16, 17, 30, 79, 80, 120)  # frames of the videos
FULL = {"hidden_size": 768, "layers": 12, "project": 512, "positions": 65}


def imported(folder: Path, state: original.State, name: str = "ph_best_model.bin", **options: Any) -> Any:
    file = original.save(state, folder / name, **options)
    vocabulary(folder)
    import_seds(file, folder / "model", heads=HEADS)
    return mmpt_sign.load(folder / "model", device="cpu")


def videos() -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
    """Key points as the original's loader gives them, and features of the same windows."""
    rng = np.random.default_rng(0)
    poses = [rng.uniform(0, 256, (frames, 49, 2)).astype(np.float32) for frames in COUNTS]
    rows = [min(max(frames - 15, 1), 64) for frames in COUNTS]
    return poses, [rng.normal(size=(count, original.FEATURES)).astype(np.float32) for count in rows]


def sentences() -> list[list[int]]:
    rng = np.random.default_rng(1)
    return [[WORDS - 2, *map(int, rng.integers(1, WORDS - 2, count)), WORDS - 1] for count in (0, 3, 12, 30)]


def scored(model: Any, poses: list[Any], features: list[Any], ids: list[list[int]]) -> dict[str, dict[str, Any]]:
    """Scaled matrices of all pairs."""
    network = model.network
    streams = {"pose": pad_frames([pose.reshape(len(pose), -1) for pose in poses]), "rgb": pad_frames(features)}
    with torch.no_grad():
        matrices = network.matrices(network(streams, *pad_ids(ids, 0)))
        return {
            name: {key: value * network.scale(name) for key, value in found.items()} for name, found in matrices.items()
        }


def published(state: original.State) -> dict[str, tuple[Any, Any]]:
    system, (poses, features) = original.Original(state, HEADS), videos()
    pose, rgb, text = system.pose(poses), system.rgb(features), system.text(sentences())
    fused = system.fused(pose[0], rgb[0], pose[1]), pose[1]
    by_stream = {"fused_text": fused, "pose_text": pose, "rgb_text": rgb}
    found = {name: system.words(clips, text) for name, clips in by_stream.items()}
    return {**found, "pose_rgb": system.matched(pose, rgb)}


@pytest.mark.parametrize("half", [False, True], ids=["float32", "float16"])
def test_every_score_is_that_of_the_original(tmp_path: Path, half: bool) -> None:
    state = original.checkpoint(layers=2, half=half)
    model = imported(tmp_path, state)
    found, wanted = scored(model, *videos(), sentences()), published(state)
    assert set(found) == set(wanted)
    for name, (first, second) in wanted.items():
        assert first.std() > 1e-3
        torch.testing.assert_close(found[name]["video_to_text"].double(), first, atol=1e-4, rtol=1e-5)
        torch.testing.assert_close(found[name]["text_to_video"].double(), second, atol=1e-4, rtol=1e-5)


def test_clips_see_the_padding_of_the_original_whatever_the_batches(tmp_path: Path) -> None:
    state = original.checkpoint()
    model, wanted = imported(tmp_path, state), published(state)
    given = [{"pose": pose.reshape(len(pose), -1), "rgb": rows} for pose, rows in zip(*videos(), strict=True)]
    with torch.no_grad():
        text = model.network.encode_text(*pad_ids(sentences(), 0))
    for pair in ("fused_text", "pose_text", "rgb_text"):
        side = model.encode_frames(given, batch_tokens=40, pairs=[pair]).sides[pair.removesuffix("_text")]
        found = model.network.similarity[pair](side.padded(np.arange(len(given)), "cpu"), text)
        for matrix, published_one in zip(found.values(), wanted[pair], strict=True):
            matrix = matrix.double() * float(model.network.scale(pair).detach())
            torch.testing.assert_close(matrix, published_one, atol=1e-4, rtol=1e-5)


def test_a_model_scores_key_points_and_features_as_the_original(tmp_path: Path) -> None:
    """As docs/from-seds.md has it, text and all."""
    state = original.checkpoint()
    model, texts = imported(tmp_path, state), ["a b", "c"]
    pairs = ["fused_text", "pose_text", "rgb_text"]
    points, stream = skeleton(20), model.experiment.streams["pose"]
    features = np.random.default_rng(0).normal(size=(5, original.FEATURES)).astype(np.float32)
    pose = stream.encode(stream.prepare(points))
    clips, prompts = (
        model.encode_frames([{"pose": pose, "rgb": features}], pairs=pairs),
        model.encode_texts(texts, pairs=pairs),
    )
    system = original.Original(state, HEADS)
    seen, rgb = system.pose([pose.reshape(20, 49, 2)]), system.rgb([features])
    fused = system.fused(seen[0], rgb[0], seen[1]), seen[1]
    words = system.text(model.tokenizer.encode(texts, 32))
    for pair, side in zip(pairs, (fused, seen, rgb), strict=True):
        first, second = system.words(side, words)
        found = model.score(clips, prompts, pair) * float(model.network.scale(pair).detach())
        np.testing.assert_allclose(found, (first + second) / 2, atol=1e-4)


def test_the_table_is_that_of_a_full_checkpoint() -> None:
    text = {"hidden_size": 512, "layers": 12, "project": 512, "positions": 77, "vocabulary_size": 49408}
    sizes = Sizes(FULL, FULL, text, 1024, 2, (128, 128, 256), (512, 512), 8, 2048, 5000)
    table = expected(sizes)
    assert len(table) == 804 - 4  # nothing reads four of the entries
    assert table["clip.visual.conv1.weight"] == (768, 1536, 1, 1)
    assert table["signbert.embed.st_gcn_hand.data_bn.weight"] == (42,)
    assert table["signbert.embed.st_gcn_body.st_gcn_networks.2.residual.0.weight"] == (256, 128, 1, 1)
    assert table["fusion.P2R_layers.0.src_src_att.sample_offsets.weight"] == (40, 512)
    assert table["fusion.R2P_layers.1.src_src_att.sample_offsets.weight"] == (24, 512)


def test_the_made_checkpoint_has_every_entry_of_the_table() -> None:
    state = original.checkpoint(layers=12)
    assert len(state) == 804
    assert sum(bool(IGNORED.match(key)) for key in state) == 4


@pytest.mark.parametrize("prefix", ["", "module."])
def test_what_is_left_out_is_told(tmp_path: Path, prefix: str) -> None:
    file = original.save(original.checkpoint(), tmp_path / "csl_best_model.bin", prefix=prefix)
    vocabulary(tmp_path)
    result = CliRunner().invoke(app, ["import", "seds", str(file), "-o", str(tmp_path / "m"), "--heads", "4"])
    assert result.exit_code == 0, result.output
    assert "clip.logit_scale_sec_softmax, clip.visual.conv2_trans.weight, clip_rgb.visual.conv2_trans" in result.output
    assert "reads key points of rtmpose in pictures of 512 x 512" in result.output
    notes = json.loads((tmp_path / "m" / "config.json").read_text())["notes"]
    assert (notes["estimator"], notes["recipe"]) == ("rtmpose", "SEDS, csl_daily")


@pytest.mark.parametrize(
    "key",
    [
        "clip.visual.proj", "clip.transformer.resblocks.0.ln_1.weight", "clip_rgb.visual.class_embedding",
        "signbert.embed.st_gcn_body.A_pool", "signbert.embed.st_gcn_hand.st_gcn_networks.1.gcn.conv.bias",
        "signbert.GCN_Conv.bn.running_var", "fusion.R2P_layers.1.src_src_att.q_layer.bias", "fusion.pe.pe",
        "clip.logit_scale",
    ],
)  # fmt: skip
def test_a_missing_a_foreign_and_a_misshapen_entry_are_named(tmp_path: Path, key: str) -> None:
    vocabulary(tmp_path)
    state = original.checkpoint()
    changes = (
        ({k: v for k, v in state.items() if k != key}, f"missing {key}"),
        ({**state, f"{key}_more": state[key]}, f"left over {key}_more"),
        ({**state, key: torch.zeros(3, 3, 3, 3, 3)}, key),
    )
    for number, (changed, message) in enumerate(changes):
        file = original.save(changed, tmp_path / f"ph_{number}.bin")
        with pytest.raises(CheckpointError) as caught:
            import_seds(file, tmp_path / "model", heads=HEADS)
        assert message in str(caught.value) or (number == 2 and "not a SEDS checkpoint" in str(caught.value))
        assert not (tmp_path / "model").exists()


def test_the_corpus_must_be_known(tmp_path: Path) -> None:
    file = original.save(original.checkpoint(), tmp_path / "pytorch_model.bin")
    vocabulary(tmp_path)
    with pytest.raises(ConfigError, match="name the corpus"):
        import_seds(file, tmp_path / "model")
    with pytest.raises(ConfigError, match="did you mean 'csl_daily'"):
        import_seds(file, tmp_path / "model", corpus="csl-daily")
    made = import_seds(file, tmp_path / "model", corpus="how2sign", heads=HEADS)
    assert made.recipe == "seds, how2sign"
    pose: Any = mmpt_sign.load(tmp_path / "model", device="cpu").experiment.streams["pose"]
    assert (pose.picture, pose.box.bottom, pose.points) == ((256, 256), 50, "rtm49")


def test_points_of_another_estimator_are_refused(tmp_path: Path) -> None:
    model = imported(tmp_path, original.checkpoint())
    with pytest.raises(DataError, match="reads points of rtmpose"):
        model.experiment.streams["pose"].prepare(skeleton(points=layout("holistic_543")))


def test_poses_reach_the_network_as_the_original_reads_them(tmp_path: Path) -> None:
    """Key points in pixels through the stream: cut and mirrored as by hand, then scored as the original's."""
    state = original.checkpoint()
    model = imported(tmp_path, state)
    stream = model.experiment.streams["pose"]
    frames = stream.encode(stream.prepare(skeleton(20)))
    assert frames.shape == (20, 98)
    features = np.random.default_rng(0).normal(size=(5, original.FEATURES)).astype(np.float32)
    found = scored(model, [frames], [features], sentences()[:2])["pose_text"]["video_to_text"]
    system = original.Original(state, HEADS)
    first, _ = system.words(system.pose([frames.reshape(20, 49, 2)]), system.text(sentences()[:2]))
    torch.testing.assert_close(found.double(), first, atol=1e-4, rtol=1e-5)
