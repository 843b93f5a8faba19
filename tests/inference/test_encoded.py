"""A model that compares tokens is used by its tokens: whatever the batches, the windows and the number of streams."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from mmpt_sign.batches.collate import pad_frames, pad_ids
from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.inference import comparing
from mmpt_sign.inference.encoded import Encoded
from mmpt_sign.inference.model import SignModel
from mmpt_sign.poses.clip import FloatArray
from mmpt_sign.streams.features import Features
from tests.inference.made import token_model, two_stream_model, with_other

TEXTS = ["<en> <ase> house", "<en> <ase> the sun over the water", "<en> <ase> a friend", "<en> <ase> house"]


@cache
def model() -> SignModel:
    return token_model()


@cache
def two() -> SignModel:
    return two_stream_model()


def clips(*lengths: int) -> list[FloatArray]:
    rng = np.random.default_rng(7)
    return [rng.normal(size=(length, 63)).astype(np.float32) for length in lengths]


def test_scores_are_those_of_the_network_on_one_padded_batch() -> None:
    given = clips(5, 16, 9, 2)
    network, tokenizer = model().network, model().tokenizer
    with torch.inference_mode():
        ids = pad_ids(tokenizer.encode(TEXTS, 16), tokenizer.pad_id)
        sets = network({"pose": pad_frames(given)}, *ids)
        matrices = network.matrices(sets)["video_text"]
    expected = network.similarity["video_text"].combined(matrices).numpy()
    video, text = model().encode_frames(given, batch_tokens=20), model().encode_texts(TEXTS, batch_tokens=10)
    np.testing.assert_allclose(model().score(video, text), expected, atol=2e-5)
    np.testing.assert_allclose(np.asarray(video), model().embed_frames(given), atol=1e-6)
    np.testing.assert_allclose(
        np.asarray(video) @ np.asarray(text).T, model().score(np.asarray(video), np.asarray(text))
    )
    assert np.abs(expected - np.asarray(video) @ np.asarray(text).T).max() > 0.01


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    video, text = model().encode_frames(clips(5, 16, 9, 2, 30)), model().encode_texts(TEXTS)
    whole = model().score(video, text)
    monkeypatch.setattr(comparing, "POSITIONS", 17)
    np.testing.assert_allclose(model().score(video, text), whole, atol=1e-6)
    np.testing.assert_allclose(model().score(video[1:4], text[[2, 0]]), whole[1:4][:, [2, 0]], atol=1e-6)


def test_a_long_clip_has_the_tokens_of_all_its_windows() -> None:
    long, *_ = clips(30)
    whole, one, two = (model().encode_frames([x]) for x in (long, long[:16], long[14:]))
    assert [side.sides["video"].counts[0] for side in (whole, one, two)] == [34, 17, 17]
    tokens = [side.sides["video"].tokens for side in (one, two)]
    np.testing.assert_allclose(whole.sides["video"].tokens, np.concatenate(tokens), atol=1e-5)
    np.testing.assert_allclose(whole.vectors, model().embed_frames([long]), atol=1e-6)


def test_collections_are_cut_and_joined() -> None:
    video = model().encode_frames(clips(5, 16, 9))
    again = Encoded.joined([video[2], video[:2]])
    assert len(again) == 3
    for row, old in enumerate((2, 0, 1)):
        np.testing.assert_array_equal(again[row].sides["video"].tokens, video[old].sides["video"].tokens)
    assert [len(one) for one in video] == [1, 1, 1]
    assert len(video[np.array([False, True, True])]) == 2
    assert len(model().encode_frames([])) == 0


def test_poses_and_texts_of_any_kind_go_the_same_way() -> None:
    given = [x.reshape(-1, 21, 3) for x in clips(5, 9)]
    scores = model().similarity(given, TEXTS)
    np.testing.assert_allclose(scores, model().score(model().encode_poses(given), model().encode_texts(TEXTS)))
    np.testing.assert_array_equal(scores[:, 0], scores[:, 3])
    best = model().classify(given[0], TEXTS[:3], top_k=1)[0][0]
    assert best[1] == pytest.approx(float(scores[0, :3].max()))


def test_vectors_and_tokens_are_not_mixed() -> None:
    with pytest.raises(DataError, match="both come from encode_"):
        model().score(model().encode_frames(clips(5)), model().embed_texts(TEXTS))


def test_each_stream_is_scored_by_name() -> None:
    rng = np.random.default_rng(1)
    given = [{name: rng.normal(size=(n, 63)).astype(np.float32) for name in ("pose", "other")} for n in (4, 9)]
    assert two().pairs == ["video_text", "other_text"]
    video, text = two().encode_frames(given, pairs=two().pairs), two().encode_texts(TEXTS, pairs=two().pairs)
    by_name = {pair: two().score(video, text, pair=pair) for pair in two().pairs}
    np.testing.assert_allclose(two().score(video, text), by_name["video_text"])
    assert np.abs(by_name["video_text"] - by_name["other_text"]).max() > 0.01
    alone = two().encode_frames(given)
    assert set(alone.sides) == {"video"}


def test_a_clip_without_a_stream_has_no_score_there_and_a_finite_one_elsewhere() -> None:
    (x, y) = clips(6, 9)
    video = two().encode_frames([{"pose": x}, {"pose": y, "other": y}], pairs=two().pairs)
    text = two().encode_texts(TEXTS, pairs=two().pairs)
    assert np.isfinite(two().score(video, text)).all()
    by_other = two().score(video, text, pair="other_text")
    assert np.isnan(by_other[0]).all()
    assert np.isfinite(by_other[1]).all()
    whole = two().score(two().encode_frames([{"pose": x, "other": x}]), text)
    np.testing.assert_allclose(two().score(video, text)[0], whole[0], atol=1e-5)


def test_one_pose_feeds_all_streams_that_read_poses() -> None:
    (x,) = clips(6)
    pose = x.reshape(-1, 21, 3)
    expected = two().embed_frames([{"pose": x, "other": x}])
    np.testing.assert_allclose(two().embed_poses(pose), expected, atol=1e-6)
    assert two().align(pose, TEXTS[1]).frames == 6
    with pytest.raises(ConfigError, match="one pose is not enough"):
        with_other(two(), Features(size=63)).embed_poses(pose)


def test_one_pose_is_enough_where_other_streams_are_optional() -> None:
    (x,) = clips(6)
    pose = x.reshape(-1, 21, 3)
    changed = with_other(two(), two().experiment.streams["other"].model_copy(update={"optional": True}))
    assert changed.needs == {"pose": "pose"}
    np.testing.assert_allclose(changed.embed_poses(pose), changed.embed_frames([{"pose": x}]), atol=1e-6)
    np.testing.assert_allclose(changed.embed_frames([x]), changed.embed_frames([{"pose": x}]), atol=1e-6)
    assert np.isfinite(changed.similarity(pose, TEXTS)).all()


def test_positions_that_are_not_valid_are_kept_where_they_compete() -> None:
    """As published systems have it: towers of fixed length, a hidden class token, no inner mask."""
    encoder = {
        "name": "clip_visual",
        "layers": 1,
        "hidden_size": 64,
        "project": 32,
        "pad_to": 16,
        "class_token": "hidden",
    }
    text = {
        "name": "clip_text",
        "vocabulary": "minilm",
        "layers": 1,
        "hidden_size": 64,
        "project": 32,
        "max_tokens": 16,
    }
    made = token_model(
        video={"pose": {"front_end": "linear", "encoder": encoder}},
        text={**text, "pad_to": 16},
        similarity={"video_text": {"name": "token_softmax", "inner_mask": False}},
    )
    given = clips(5, 16, 9)
    with torch.inference_mode():
        ids = pad_ids(made.tokenizer.encode(TEXTS, 16), made.tokenizer.pad_id)
        matrices = made.network.matrices(made.network({"pose": pad_frames(given)}, *ids))["video_text"]
    expected = made.network.similarity["video_text"].combined(matrices).numpy()
    video, words = made.encode_frames(given, batch_tokens=20), made.encode_texts(TEXTS, batch_tokens=20)
    assert set(video.sides["video"].counts) == {17}
    np.testing.assert_allclose(made.score(video, words), expected, atol=2e-5)
