"""Released CiCo checkpoints: an imported model scores as the published forward pass, quirks included."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from typer.testing import CliRunner

import mmpt_sign
from mmpt_sign.cli.main import app
from mmpt_sign.errors import CheckpointError, ConfigError, DataError
from mmpt_sign.poses.clip import Clip, Layout
from mmpt_sign.released.cico import import_cico
from tests.models.clip_files import made_state, vocabulary
from tests.released import cico_original as original

HEADS, SIZE = 4, 10
COUNTS = (1, 2, 63, 64, 65, 130)
LENGTHS = (1, 5, 29, 30, 31, 32, 40)
WORDS = ("hello", "world", "the", "cat")
IDS = dict(zip(WORDS, (515, 519, 521, 523), strict=True))


def imported(folder: Path, state: original.State, alpha: float = 0.8, **saving: Any) -> Any:
    file = original.save(state, folder / "sota.pth", **saving)
    vocabulary(folder)
    import_cico(file, folder / "model", alpha=alpha, heads=HEADS)
    return mmpt_sign.load(folder / "model")


def features(count: int, seed: int) -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng((count, seed))
    return {name: rng.normal(size=(count, SIZE)).astype(np.float32) for name in ("agnostic", "aware")}


def sentence(count: int) -> list[str]:
    return [WORDS[(k * k + count) % 4] for k in range(count)]


def frames(model: Any, given: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """As the streams of the model make them of features."""
    made = {}
    for name, rows in given.items():
        part = model.experiment.streams[name]
        clip = Clip(rows[:, None], np.ones((len(rows), 1), np.float32), Layout(("window.features",)))
        made[name] = part.encode(part.prepare(clip))
    return made


@pytest.mark.parametrize("alpha", [0.8, 0.9])
def test_every_pair_scores_as_in_the_original(tmp_path: Path, alpha: float) -> None:
    state = original.checkpoint(SIZE)
    model = imported(tmp_path, state, alpha)
    videos = [features(count, 0) for count in COUNTS]
    texts = [sentence(count) for count in LENGTHS]
    clips = [original.clip_tokens(state, v["agnostic"], v["aware"], alpha, HEADS) for v in videos]
    words = [original.word_tokens(state, original.word_ids([IDS[w] for w in t]), HEADS) for t in texts]
    expected = np.array([[original.scores(c, w) for w in words] for c in clips])

    network = model.network
    with torch.inference_mode():
        padded = [network.encode_video(batch([frames(model, video)]))["video"] for video in videos]
        ids = [model.tokenizer.encode([" ".join(t)], 32)[0] for t in texts]
        read = [network.encode_text(torch.tensor([row]), torch.ones(1, len(row), dtype=torch.bool)) for row in ids]
        for found, (tokens, valid) in zip([*padded, *read], [*clips, *words], strict=True):
            np.testing.assert_allclose(found.tokens[0].numpy(), tokens, atol=1e-4)
            assert found.mask[0].tolist() == valid.tolist()
        matrices = [[network.matrices({"video": v, "text": t, "sign": v})["video_text"] for t in read] for v in padded]
    for k, direction in enumerate(("video_to_text", "text_to_video")):
        np.testing.assert_allclose(
            [[float(m[direction]) for m in row] for row in matrices], expected[..., k], atol=1e-5
        )
    assert float(network.scale("video_text").detach()) == pytest.approx(80.0, rel=1e-5)

    vectors = model.encode_frames([frames(model, video) for video in videos])
    scores = model.score(vectors, model.encode_texts([" ".join(t) for t in texts]))
    np.testing.assert_allclose(scores, expected.mean(-1), atol=1e-4)


def batch(clips: list[dict[str, NDArray[np.float32]]]) -> dict[str, Any]:
    return {
        name: (
            torch.from_numpy(np.stack([c[name] for c in clips])),
            torch.ones(1, len(clips[0][name]), dtype=torch.bool),
        )
        for name in clips[0]
    }


def test_a_pair_scores_alike_whatever_is_embedded_beside_it(tmp_path: Path) -> None:
    model = imported(tmp_path, original.checkpoint(SIZE))
    videos = [frames(model, features(count, 1)) for count in (3, 90, 64)]
    texts = ["hello world", "the cat " * 30, "cat"]
    together = model.score(model.encode_frames(videos), model.encode_texts(texts))
    alone = model.score(model.encode_frames(videos[:1]), model.encode_texts(texts[1:2]))
    np.testing.assert_allclose(together[0, 1], alone[0, 0], atol=1e-5)


def test_features_as_they_were_extracted_are_thinned_and_not_cut(tmp_path: Path) -> None:
    model = imported(tmp_path, original.checkpoint(SIZE))
    videos = [features(count, 2) for count in (1, 64, 65, 130)]
    words = model.encode_texts(["hello world", "cat", ""])
    expected = model.score(model.encode_frames([frames(model, video) for video in videos]), words)
    np.testing.assert_allclose(model.score(model.encode_frames(videos), words), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("clip", "message"),
    [
        ({}, "a clip with the streams none; the model reads agnostic, aware"),
        ({"rgb": np.zeros((9, SIZE), np.float32)}, "a clip with the streams rgb"),
        ({"aware": np.zeros((9, 5), np.float32)}, r"stream aware: .* frames of 10 numbers, \(T, 10\), .* of \(9, 5\)"),
        (np.zeros((9, SIZE), np.float32), "reads the streams agnostic, aware: name the frames of each"),
        ({"aware": np.zeros(SIZE, np.float32)}, r"not an array of \(10,\)"),
    ],
)
def test_wrong_streams_are_told_in_words(tmp_path: Path, clip: Any, message: str) -> None:
    model = imported(tmp_path, original.checkpoint(SIZE))
    with pytest.raises(DataError, match=message):
        model.encode_frames([clip])


@pytest.mark.parametrize(("name", "alpha"), [("ph_sota.pth", 0.9), ("H2S_sota.pth", 0.8), ("csl_sota.pth", 0.8)])
def test_what_the_file_does_not_hold_is_guessed_by_its_name_and_said(tmp_path: Path, name: str, alpha: float) -> None:
    file = original.save(original.checkpoint(SIZE), tmp_path / name)
    vocabulary(tmp_path)
    made = import_cico(file, tmp_path / "model", heads=HEADS)
    assert f"alpha {alpha:g} (by its name), 32 words of a text, 4 and 4 attention heads" in made.remarks[0]
    front_end: Any = mmpt_sign.load(tmp_path / "model").experiment.video["sign"].front_end
    assert front_end.weights["agnostic"] == alpha
    given = import_cico(file, tmp_path / "given", alpha=0.5, heads=HEADS)
    assert "alpha 0.5, 32 words" in given.remarks[0]


@pytest.mark.parametrize(
    "saving", [{"prefix": "module."}, {"old_names": True}, {"prefix": "module.", "old_names": True}]
)
def test_older_files_and_half_precision_are_read_alike(tmp_path: Path, saving: dict[str, Any]) -> None:
    state = original.checkpoint(SIZE, half=True)
    plain, old = tmp_path / "plain", tmp_path / "old"
    for folder in (plain, old):
        folder.mkdir()
    first = imported(plain, state).network.state_dict()
    second = imported(old, state, **saving).network.state_dict()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) and first[key].dtype == second[key].dtype for key in first)


def test_the_switches_of_the_original_are_stored_with_the_model(tmp_path: Path) -> None:
    model = imported(tmp_path, original.checkpoint(SIZE), 0.9)
    experiment = model.experiment
    tower = experiment.video["sign"]
    assert tower.front_end.weights == {"agnostic": 0.9, "aware": pytest.approx(0.1)}
    assert (tower.encoder.class_token, tower.encoder.pad_to, tower.encoder.layers) == ("hidden", 64, 2)
    assert (experiment.text.pad_to, experiment.text.pad_id_zero, experiment.text.max_tokens) == (32, True, 32)
    assert experiment.similarity["video_text"].inner_mask is False
    assert {part.thin_to for part in experiment.streams.values()} == {64}
    assert len(model.notes["sha256"]) == 64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("clip.visual.proj"), r"missing clip\.visual\.proj"),
        (lambda s: s.pop("clip.visual.transformer.resblocks.1.mlp.c_fc.bias"), r"missing .*resblocks\.1\.mlp\.c_fc"),
        (lambda s: s.update({"clip.visual.head.weight": torch.ones(2)}), r"left over .*head\.weight"),
        (lambda s: s.update({"cross.pooler.weight": torch.ones(2)}), r"left over cross\.pooler"),
        (lambda s: s.update({"clip.ln_final.weight": torch.ones(3)}), "has shape"),
        (lambda s: s.update({"clip.visual.conv1.weight": torch.ones(24, 3, 32, 32)}), "map of pictures"),
        (lambda s: s.pop("clip.transformer.resblocks.0.ln_1.weight"), "missing"),
        (lambda s: s.update({"clip.logit_scale": torch.ones(2)}), r"logit_scale is of \(2,\)"),
        (lambda s: s.update({"clip.visual.proj": torch.ones(5)}), "too few dimensions"),
    ],
)  # fmt: skip
def test_anything_missing_left_over_or_misshapen_is_listed_and_nothing_is_written(
    tmp_path: Path, change: Any, message: str
) -> None:
    state = original.checkpoint(SIZE)
    change(state)
    with pytest.raises(CheckpointError, match=message):
        imported(tmp_path, state)
    assert not (tmp_path / "model").exists()


def test_another_vocabulary_is_detected(tmp_path: Path) -> None:
    state = original.checkpoint(SIZE)
    state["clip.token_embedding.weight"] = torch.zeros(600, 16)
    with pytest.raises(CheckpointError, match="526 words, but the checkpoint has 600"):
        imported(tmp_path, state)


def test_the_command(tmp_path: Path) -> None:
    file = original.save(original.checkpoint(SIZE), tmp_path / "ph_sota.pth")
    words = vocabulary(tmp_path / "words")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    options = ["import", "cico", str(file), "-o", str(tmp_path / "model"), "--heads", "4", "--alpha", "0.9"]
    said = CliRunner().invoke(app, options)
    assert said.exit_code == 2
    assert "--vocabulary" in said.output
    said = CliRunner().invoke(app, [*options, "--vocabulary", str(words), "--sha256", digest])
    assert said.exit_code == 0, said.output
    assert "conv2_trans" in said.output
    assert mmpt_sign.load(tmp_path / "model").notes["sha256"] == digest


def test_wrong_shares_and_checksums_are_refused(tmp_path: Path) -> None:
    file = original.save(original.checkpoint(SIZE), tmp_path / "a.pth")
    with pytest.raises(ConfigError, match="between 0 and 1"):
        import_cico(file, tmp_path / "model", alpha=1.5)
    with pytest.raises(CheckpointError, match="SHA-256"):
        import_cico(file, tmp_path / "model", sha256="0" * 64)


@pytest.mark.slow
def test_the_release_at_its_full_size(tmp_path: Path) -> None:
    """305 tensors of 12 layers each, 768 and 512 numbers wide, 49,408 words, most of them in half precision."""
    state = {
        f"clip.{key}": value
        for key, value in made_state(
            width=768, text_width=512, project=512, image=(1024, 1, 1), places=65, layers=12, words=49_408
        ).items()
    }
    state |= {
        "clip.visual.conv2_trans.weight": torch.zeros(64, 128, 1, 1),
        "clip.logit_scale_first_softmax": torch.tensor(1.0),
        "clip.logit_scale_sec_softmax": torch.tensor(1.0),
    }
    assert len(state) == 305
    file = original.save(state, tmp_path / "H2S_sota.pth")
    pairs = [f"{a} {b}" for a in printable() for b in printable()][:48_894]
    vocabulary(tmp_path, merges=pairs)
    made = import_cico(file, tmp_path / "model")
    assert made.parameters == pytest.approx(149.7e6, rel=1e-3)
    model = mmpt_sign.load(tmp_path / "model")
    assert (model.tokenizer.cls_id, model.tokenizer.sep_id) == (49_406, 49_407)
    size, count = 1024, 70
    rng = np.random.default_rng(0)
    given = {name: rng.normal(size=(count, size)).astype(np.float32) for name in ("agnostic", "aware")}
    scores = model.score(model.encode_frames([frames(model, given)]), model.encode_texts(["hello world"]))
    assert np.isfinite(scores).all()


def printable() -> list[str]:
    return [chr(code) for code in (*range(33, 127), *range(161, 173), *range(174, 324))]
