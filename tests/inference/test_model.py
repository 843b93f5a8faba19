"""A trained model in use: any mix of inputs, any batch, the same numbers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import mmpt_sign
from mmpt_sign.errors import CheckpointError, ConfigError, DataError
from mmpt_sign.inference.model import SignModel
from mmpt_sign.poses.arrays import clip_from_array

Trained = tuple[Path, Path]


@pytest.fixture(scope="module")
def model(trained: Trained) -> SignModel:
    loaded: SignModel = mmpt_sign.load(trained[0], device="cpu")
    return loaded


def arrays(corpus: Path) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    return [np.load(path) for path in sorted(corpus.glob("*-0.npy"))]


def test_batched_equals_single(model: SignModel, trained: Trained) -> None:
    clips = arrays(trained[1])
    together = model.embed_poses(clips)
    alone = np.concatenate([model.embed_poses([clip]) for clip in clips])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(model.embed_poses(clips, batch_tokens=1), together, atol=1e-5)
    np.testing.assert_allclose(model.embed_poses(clips[::-1])[::-1], together, atol=1e-5)


def test_paths_arrays_and_clips_are_the_same_pose(model: SignModel, trained: Trained) -> None:
    path = trained[1] / "house-0.npy"
    array = np.load(path)
    assert model.embed_poses([]).shape == (0, 32)
    vectors = model.embed_poses([path, str(path), array, clip_from_array(array, "hand_21")])
    np.testing.assert_allclose(vectors, np.repeat(vectors[:1], 4, 0), atol=1e-5)
    np.testing.assert_allclose(model.embed_poses(path), vectors[:1], atol=1e-5)


def test_texts_keep_their_order_and_equal_ones_are_equal(model: SignModel) -> None:
    texts = ["<en> <ase> sun", "<en> <ase> house", "<en> <ase> sun"]
    vectors = model.embed_texts(texts)
    assert np.array_equal(vectors[0], vectors[2])
    np.testing.assert_allclose(vectors[1:2], model.embed_texts("<en> <ase> house"), atol=1e-5)


def test_classify_finds_the_sign(model: SignModel, trained: Trained) -> None:
    prompts = [f"<en> <ase> {word}" for word in ("house", "sun", "water", "friend")]
    best = model.classify([trained[1] / "house-0.npy"], prompts, top_k=2)[0]
    assert len(best) == 2
    assert best[0][0] == "<en> <ase> house"
    assert best[0][1] >= best[1][1]


def test_a_long_clip_is_the_mean_of_its_windows_and_stays_comparable(model: SignModel, trained: Trained) -> None:
    clip = np.load(trained[1] / "house-0.npy")
    long = np.tile(clip, (12, 1, 1))
    assert len(long) > 64
    assert float(model.embed_poses([long])[0] @ model.embed_poses([clip])[0]) > 0.8


def test_wrong_inputs_are_sentences(model: SignModel) -> None:
    with pytest.raises(DataError, match="no such pose file"):
        model.embed_poses(["missing.pose"])
    with pytest.raises(DataError, match="known layout"):
        model.embed_poses([np.zeros((3, 5, 3))])
    with pytest.raises(DataError, match="not a pose"):
        model.embed_poses([object()])
    with pytest.raises(DataError, match="strings"):
        model.embed_texts([3])  # type: ignore[list-item]


def test_a_clip_that_cannot_be_used_is_named_among_many(model: SignModel, trained: Trained, tmp_path: Path) -> None:
    good = trained[1] / "house-0.npy"
    unseen = np.full((5, 21, 3), np.nan, np.float32)
    np.save(tmp_path / "unseen.npy", unseen)
    np.save(tmp_path / "features.npy", np.ones((5, 30), np.float32))
    with pytest.raises(DataError, match=r"unseen\.npy: no point .* is seen"):
        model.embed_poses([good, tmp_path / "unseen.npy"])
    with pytest.raises(DataError, match=r"features\.npy: the clip has none of the model's points"):
        model.embed_poses([good, tmp_path / "features.npy"])
    assert len(model.embed_poses([clip_from_array(unseen, "hand_21")])) == 1


def test_the_index_finds_by_text_and_by_pose_and_survives_the_disk(
    model: SignModel, trained: Trained, tmp_path: Path
) -> None:
    records = mmpt_sign.build("dataset", name="folder", folder=trained[1], layout="hand_21").records(None)
    index = mmpt_sign.Index.build(model, records)
    assert index.search(pose=trained[1] / "sun-3.npy", k=1)[0].id == "sun-3"
    path = index.save(tmp_path / "signs")
    again = mmpt_sign.Index.load(path, model)
    assert again.search(text="<en> <ase> house", k=5) == index.search(text="<en> <ase> house", k=5)
    with pytest.raises(ConfigError, match="exactly one"):
        index.search()


def test_an_index_of_another_model_is_refused(model: SignModel, trained: Trained, tmp_path: Path) -> None:
    records = mmpt_sign.build("dataset", name="folder", folder=trained[1], layout="hand_21").records(None)
    path = mmpt_sign.Index.build(model, records).save(tmp_path / "signs")
    other = SignModel(model.network, model.experiment, model.tokenizer, {"fingerprint": "another"})
    with pytest.raises(CheckpointError, match="another model"):
        mmpt_sign.Index.load(path, other)


def test_runs_and_exports_open_alike(model: SignModel, trained: Trained, tmp_path: Path) -> None:
    exported = shutil.copytree(trained[0] / "model", tmp_path / "exported")
    text = ["<en> <ase> house"]
    np.testing.assert_array_equal(mmpt_sign.load(exported, device="cpu").embed_texts(text), model.embed_texts(text))


@pytest.mark.parametrize("damage", ["truncate", "foreign", "format"])
def test_damaged_models_are_refused_with_a_reason(trained: Trained, tmp_path: Path, damage: str) -> None:
    folder = shutil.copytree(trained[0] / "model", tmp_path / "model")
    weights, config = folder / "model.safetensors", folder / "config.json"
    if damage == "truncate":
        weights.write_bytes(weights.read_bytes()[:1000])
    content = json.loads(config.read_text())
    if damage == "foreign":
        content["experiment"]["text"]["project"] = 16
    if damage == "format":
        content["format"] = 99
    config.write_text(json.dumps(content))
    with pytest.raises(CheckpointError):
        mmpt_sign.load(folder, device="cpu")
