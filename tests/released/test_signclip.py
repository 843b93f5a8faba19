"""Released checkpoints: the imported model embeds as the original does, and nothing wrong is imported silently."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import mmpt_sign
from mmpt_sign.errors import CheckpointError, ConfigError
from mmpt_sign.poses.layouts import layout
from mmpt_sign.released.importer import Imported, import_signclip
from tests.released import original

PROMPTS = ("<en> <ase> house", "random text", "", "how are you? " * 40)
IDS = {"<en> <ase> house": [2, 5, 7, 6, 5, 8, 9, 6, 10, 3], "random text": [2, 12, 13, 3], "": [2, 3]}


def run_file(folder: Path, *, frames: int = 256, tokens: int = 64, dataset: str = "", model: str = "") -> Path:
    """A run file in the original's flat form."""
    file = folder / "run.yaml"
    file.write_text(
        "dataset:\n"
        "  video_processor: PoseProcessor\n  bert_name: bert-base-cased\n"
        f"  max_video_len: {frames}\n  max_len: {tokens}\n"
        f"{dataset}"
        "fairseq:\n  common: {fp16: true}\n"
        f"model:\n  model_cls: MMFusionSeparate\n  num_hidden_video_layers: 2\n{model}",
        encoding="utf-8",
    )
    return file


def imported(folder: Path, state: original.State, config: Path | None = None, **options: Any) -> Imported:
    checkpoint = original.save(state, folder / "checkpoint_best.pt")
    return import_signclip(
        checkpoint, folder / "model", config=config, tokenizer=original.vocabulary(folder), heads=2, **options
    )


def holistic(frames: int, seed: int) -> NDArray[np.float32]:
    """A whole body in pixels: shoulders where shoulders are, some points never seen."""
    rng = np.random.default_rng(seed)
    points = rng.normal(200, 40, (frames, 543, 3))
    points[:, 11], points[:, 12] = [150, 200, 0], [250, 210, 0]
    points[..., 2] /= 1000
    points[:, rng.integers(33, 543, 40)] = np.nan
    return points.astype(np.float32)


def by_the_book(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Spec: clip-wise shoulder normalisation in three dimensions, raw depth, legs hidden, missing = 0, 203 points."""
    names = layout("holistic_543").points
    left, right = names.index("POSE_LANDMARKS.LEFT_SHOULDER"), names.index("POSE_LANDMARKS.RIGHT_SHOULDER")
    centre = (points[:, left] + points[:, right]).mean(0) / 2
    size = np.linalg.norm(points[:, left] - points[:, right], axis=-1).mean()
    moved = (points - centre) / size
    moved[:, 25:33] = 0
    chosen = [names.index(name) for name in layout("holistic_203").points]
    frames: NDArray[np.float32] = np.nan_to_num(moved[:, chosen]).reshape(len(points), -1)
    return frames


@pytest.mark.parametrize("count", [1, 7, 60, 300])
def test_poses_are_embedded_as_by_the_original(tmp_path: Path, count: int) -> None:
    state = original.made_state(609)
    config = run_file(tmp_path, dataset="  pose_components: reduced_face\n")
    imported(tmp_path, state, config)
    clip = holistic(count, seed=count)
    found = mmpt_sign.load(tmp_path / "model").embed_poses([clip], points="holistic_543")[0]
    expected = original.video_vector(state, by_the_book(clip), longest=256)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-4)


@pytest.mark.parametrize("frames", [32, 128, 600], ids=["bsl", "fingerspelling", "stretched positions"])
def test_the_longest_clip_decides_where_sep_stands(tmp_path: Path, frames: int) -> None:
    state = original.made_state(63)
    imported(tmp_path, state, run_file(tmp_path, frames=frames, dataset="  pose_components: [RIGHT_HAND_LANDMARKS]\n"))
    model = mmpt_sign.load(tmp_path / "model")
    assert model.experiment.streams["pose"].max_frames == frames
    x = np.random.default_rng(0).normal(size=(20, 63)).astype(np.float32)
    np.testing.assert_allclose(model.embed_frames([x])[0], original.video_vector(state, x, frames), atol=1e-4)


def test_prompts_are_embedded_as_by_the_original(tmp_path: Path) -> None:
    state = original.made_state(609, projection=True)
    imported(tmp_path, state, run_file(tmp_path, tokens=32, dataset="  pose_components: reduced_face\n"))
    model = mmpt_sign.load(tmp_path / "model")
    ids = {**IDS, PROMPTS[3]: [2, *([16, 17, 18, 19] * 10)[:29], 3]}
    found = model.embed_texts(PROMPTS)
    for prompt, vector in zip(PROMPTS, found, strict=True):
        np.testing.assert_allclose(vector, original.text_vector(state, ids[prompt]), atol=1e-4)


def test_scores_are_raw_dot_products_unless_the_run_normalised(tmp_path: Path) -> None:
    state = original.made_state(63, projection=True)
    x = np.random.default_rng(0).normal(size=(9, 63)).astype(np.float32)
    expected = {
        "true": (original.video_vector(state, x, 64) @ original.text_vector(state, IDS["random text"])).item(),
        "l2_norm": torch.cosine_similarity(
            original.video_vector(state, x, 64), original.text_vector(state, IDS["random text"]), dim=0
        ).item(),
    }
    for way, score in expected.items():
        folder = tmp_path / way
        folder.mkdir()
        run = run_file(
            folder, frames=64, dataset="  pose_components: [RIGHT_HAND_LANDMARKS]\n",
            model=f"  multimodal_projection: {way}\n",
        )  # fmt: skip
        imported(folder, state, run)
        model = mmpt_sign.load(folder / "model")
        found = model.score(model.embed_frames([x]), model.embed_texts(["random text"]))
        assert found[0, 0] == pytest.approx(score, abs=1e-4)


@pytest.mark.parametrize("count", [3, 30, 40])
def test_convolutions_run_over_padding_as_in_the_original(tmp_path: Path, count: int) -> None:
    state = original.made_state(63, conv=2)
    imported(tmp_path, state, run_file(tmp_path, frames=40, dataset="  pose_components: [RIGHT_HAND_LANDMARKS]\n"))
    x = np.random.default_rng(count).normal(size=(count, 63)).astype(np.float32)
    found = mmpt_sign.load(tmp_path / "model").embed_frames([x, np.ones((40, 63), np.float32)])[0]
    np.testing.assert_allclose(found, original.video_vector(state, x, 40), atol=1e-4)


def test_standardised_points_are_embedded_as_by_the_original(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """sign-vq: 178 points, hands relative to their wrists, every point standardised by the dictionary's table."""
    names, chosen = layout("holistic_543").points, layout("holistic_178").points
    rng = np.random.default_rng(5)
    mean, deviation = rng.normal(size=(178, 3)), rng.uniform(0, 2, (178, 3))
    deviation[3] = 0
    (tmp_path / "means").mkdir()
    np.savez(tmp_path / "means/sign_vq.npz", points=np.array(chosen), mean=mean, deviation=deviation)
    monkeypatch.setenv("MMPT_SIGN_DATA", str(tmp_path))
    state = original.made_state(534)
    imported(tmp_path, state, run_file(tmp_path, dataset="  preprocess: sign-vq\n"))

    clip = np.nan_to_num(holistic(30, seed=3), nan=7.0)
    left, right = names.index("POSE_LANDMARKS.LEFT_SHOULDER"), names.index("POSE_LANDMARKS.RIGHT_SHOULDER")
    moved = clip - (clip[:, left] + clip[:, right]).mean(0) / 2
    moved /= np.linalg.norm(clip[:, left] - clip[:, right], axis=-1).mean()
    for start in (501, 522):
        moved[:, start : start + 21] -= moved[:, start : start + 1].copy()
    points = moved[:, [names.index(name) for name in chosen]]
    frames = ((points - mean) / np.where(deviation > 0, deviation, 1)).reshape(30, -1)
    monkeypatch.delenv("MMPT_SIGN_DATA")  # the table is part of the model
    found = mmpt_sign.load(tmp_path / "model").embed_poses([clip], points="holistic_543")[0]
    np.testing.assert_allclose(found, original.video_vector(state, frames, 256), atol=1e-4)


def test_poses_and_lips_are_read_side_by_side(tmp_path: Path) -> None:
    state = original.made_state(609 + 768)
    data = "  pose_components: reduced_face\n  include_lip_reading: true\n"
    imported(tmp_path, state, run_file(tmp_path, frames=32, tokens=32, dataset=data))
    model = mmpt_sign.load(tmp_path / "model")
    rng = np.random.default_rng(0)
    pose, lip = (rng.normal(size=(20, size)).astype(np.float32) for size in (609, 768))
    found = model.embed_frames([{"pose": pose, "lip": lip}])[0]
    expected = original.video_vector(state, np.concatenate([pose, lip], 1), 32)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    with pytest.raises(ConfigError, match="needs the streams"):
        model.embed_poses([np.zeros((3, 543, 3), np.float32)])


def test_half_precision_weights_are_used_in_full(tmp_path: Path) -> None:
    state = original.made_state(63)
    checkpoint = original.save(state, tmp_path / "half.pt", half=True)
    run = run_file(tmp_path, frames=64, dataset="  pose_components: [RIGHT_HAND_LANDMARKS]\n")
    import_signclip(checkpoint, tmp_path / "model", config=run, tokenizer=original.vocabulary(tmp_path), heads=2)
    rounded = {key: value.half().float() if value.is_floating_point() else value for key, value in state.items()}
    x = np.random.default_rng(1).normal(size=(5, 63)).astype(np.float32)
    found = mmpt_sign.load(tmp_path / "model").embed_frames([x])[0]
    np.testing.assert_allclose(found, original.video_vector(rounded, x, 64), atol=1e-5)


def test_a_recipe_of_ours_does_as_well(tmp_path: Path) -> None:
    state = original.made_state(63)
    made = imported(tmp_path, state, recipe="rwthfs_scratch_hand_dominant_aug",
                    overrides=["video.pose.encoder.sep_position=257"])  # fmt: skip
    assert made.recipe == "rwthfs_scratch_hand_dominant_aug"
    assert sorted(made.ignored) == sorted(f"mmmodel.{key}" for key in state if "pooler" in key or "position_ids" in key)
    x = np.random.default_rng(0).normal(size=(20, 63)).astype(np.float32)
    found = mmpt_sign.load(tmp_path / "model").embed_frames([x])[0]
    np.testing.assert_allclose(found, original.video_vector(state, x, 256), atol=1e-4)


def test_every_key_that_does_not_fit_is_listed(tmp_path: Path) -> None:
    config = run_file(tmp_path, dataset="  pose_components: reduced_face\n")
    state = original.made_state(609)
    del state["video_encoder.bert.encoder.layer.1.output.dense.bias"]
    state["text_encoder.encoder.layer.0.output.dense.weight"] = torch.zeros(3, 3)
    state["text_encoder.encoder.layer.0.gate.weight"] = torch.zeros(3)
    with pytest.raises(CheckpointError) as caught:
        imported(tmp_path, state, config)
    message = str(caught.value)
    assert "missing video.pose.encoder.bert.encoder.layer.1.output.dense.bias" in message
    assert "text.bert.encoder.layer.0.output.dense.weight has shape (3, 3)" in message
    assert "left over text.bert.encoder.layer.0.gate.weight" in message
    assert not (tmp_path / "model").exists()


def test_strange_keys_and_missing_towers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="left over mmmodel.logit_scale"):
        imported(tmp_path, {**original.made_state(609), "logit_scale": torch.ones(())})
    half = {key: value for key, value in original.made_state(609).items() if key.startswith("video")}
    with pytest.raises(CheckpointError, match="missing text.bert"):
        imported(tmp_path, half)


def test_another_tokeniser_is_noticed(tmp_path: Path) -> None:
    checkpoint = original.save(original.made_state(609), tmp_path / "c.pt")
    config = run_file(tmp_path, dataset="  pose_components: reduced_face\n")
    other = tmp_path / "other.txt"
    other.write_text("\n".join((*original.WORDS, "more")) + "\n")
    with pytest.raises(CheckpointError, match=r"21 words, but .* has 20"):
        import_signclip(checkpoint, tmp_path / "model", config=config, tokenizer=other, heads=2)
    with pytest.raises(CheckpointError, match="--tokenizer"):
        import_signclip(checkpoint, tmp_path / "model", config=config, heads=2)
    other.write_text("just\nwords\n")
    with pytest.raises(CheckpointError, match=r"lacks \[PAD\]"):
        import_signclip(checkpoint, tmp_path / "model", config=config, tokenizer=other, heads=2)


def test_a_recipe_of_other_frames_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="makes frames of 609 numbers, the checkpoint reads 63"):
        imported(tmp_path, original.made_state(63), run_file(tmp_path, dataset="  pose_components: reduced_face\n"))
    with pytest.raises(ConfigError, match="name the recipe"):
        imported(tmp_path, original.made_state(61))
    with pytest.raises(ConfigError, match="did you mean 'rwthfs_scratch_pose'"):
        imported(tmp_path, original.made_state(63), recipe="rwthfs_scratch_poses")


def test_keys_without_effect_are_told(tmp_path: Path) -> None:
    run = run_file(tmp_path, dataset="  pose_components: reduced_face\n  dropout: 0.2\n")
    assert imported(tmp_path, original.made_state(609), run).remarks == ("dataset.dropout never had an effect",)


def test_heads_come_from_the_tokenisers_bert(tmp_path: Path) -> None:
    state = original.made_state(63)
    checkpoint = original.save(state, tmp_path / "c.pt")
    run = run_file(tmp_path, dataset="  pose_components: [RIGHT_HAND_LANDMARKS]\n")
    bert = tmp_path / "bert"
    bert.mkdir()
    original.vocabulary(bert)
    with pytest.raises(CheckpointError, match="--heads"):
        import_signclip(checkpoint, tmp_path / "model", config=run, tokenizer=original.vocabulary(tmp_path))
    (bert / "config.json").write_text('{"model_type": "bert", "num_attention_heads": 4}')
    import_signclip(checkpoint, tmp_path / "model", config=run, tokenizer=bert)
    x = np.random.default_rng(0).normal(size=(20, 63)).astype(np.float32)
    found = mmpt_sign.load(tmp_path / "model").embed_frames([x])[0]
    np.testing.assert_allclose(found, original.video_vector(state, x, 256, heads=4), atol=1e-4)


def test_a_checkpoint_runs_no_code(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {tmp_path / 'pwned'}",)

    file = tmp_path / "evil.pt"
    torch.save({"model": original.made_state(609), "args": Evil()}, file)
    with pytest.raises(CheckpointError, match="refused"):
        import_signclip(file, tmp_path / "model", heads=2)
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 not really", b"\x80\x02}q\x00."], ids=["empty", "cut zip", "empty dict"]
)
def test_what_is_no_checkpoint_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.pt"
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"x.pt: (?!refused)"):
        import_signclip(file, tmp_path / "model")
