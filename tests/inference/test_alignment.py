"""Which frames answer which word: words of any tokeniser, spans of attention, the truth, the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mmpt_sign.cli.main import app
from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.evaluation.tasks.alignment import WordAlignment
from mmpt_sign.files import read_csv
from mmpt_sign.inference.alignment import Alignment, best_stretch, words_of
from mmpt_sign.inference.model import SignModel
from mmpt_sign.models.checkpoint import save_model
from mmpt_sign.poses.arrays import clip_from_array
from mmpt_sign.records import Record, Source
from mmpt_sign.streams.pose import Pose
from tests.inference.made import token_model

SENTENCE = "<en> <ase> The fingerspelling, slowly!"


@pytest.fixture(scope="module")
def model() -> SignModel:
    return token_model()


def test_words_are_put_together_from_pieces_without_tags_and_marks(model: SignModel) -> None:
    positions = len(model.tokenizer.encode([SENTENCE], 64)[0]) - 1  # as the tower counts them, without [CLS]
    words, of_token = words_of(model.tokenizer, SENTENCE, 64, positions)
    assert words == ("The", "fingerspelling", "slowly")
    assert of_token[-1] == -1
    assert [(of_token == row).sum() >= 1 for row in range(3)] == [True] * 3
    assert (of_token == 1).sum() > 1
    ordered = [row for row in of_token if row >= 0]
    assert ordered == sorted(ordered)


def test_a_sentence_that_was_cut_aligns_what_was_read(model: SignModel) -> None:
    long = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    words, of_token = words_of(model.tokenizer, long, 8, 7)
    assert words == ("one", "two", "three", "four", "five", "six")
    assert of_token.tolist() == [0, 1, 2, 3, 4, 5, -1]
    with pytest.raises(DataError, match="no word to align"):
        words_of(model.tokenizer, "<en> <ase>", 16, 9)


def test_the_best_stretch() -> None:
    assert best_stretch(np.array([-1.0, 2.0, -0.5, 3.0, -4.0, 1.0])) == (1, 4)
    assert best_stretch(np.array([-3.0, -1.0, -2.0])) == (1, 2)


def made(frames: int = 40) -> Alignment:
    """Two words whose positions of four frames each answer one after the other, with a doubt in the middle."""
    times = np.stack([np.arange(0, frames, 4), np.arange(4, frames + 4, 4)], 1).astype(np.float32)
    first = np.array([0.9, 0.95, 0.9, 0.9, 0.6, 0.2, 0.1, 0.1, 0.05, 0.1], np.float32)
    attention = np.stack([first, 1 - first])
    strength = np.maximum(attention - 0.3, 0)
    return Alignment(("sun", "house"), attention, attention, strength, times, frames, 20.0)


def test_spans_are_in_frames_and_seconds() -> None:
    sun, house = made().spans
    assert (sun.first_frame, sun.last_frame, sun.start, sun.end) == (0, 19, 0.0, 1.0)
    assert (house.first_frame, house.last_frame) == (20, 39)
    assert made().at_frames().shape == (2, 40)
    np.testing.assert_allclose(made().at_frames()[:, 17], [0.6, 0.4], atol=1e-6)


def test_every_frame_of_a_clip_is_answered_whatever_its_windows(model: SignModel) -> None:
    clip = np.random.default_rng(0).normal(size=(30, 21, 3)).astype(np.float32)
    found = model.align(clip, SENTENCE)
    assert found.words == ("The", "fingerspelling", "slowly")
    assert (found.times.min(), found.times.max(), found.frames) == (0, 30, 30)
    assert found.attention.shape == (3, 32)  # two windows of sixteen frames, none for the closing tokens
    np.testing.assert_allclose(found.attention.sum(0), 1, atol=1e-5)
    np.testing.assert_allclose(found.at_frames().sum(0), 1, atol=1e-5)
    assert all(0 <= span.first_frame <= span.last_frame < 30 for span in found.spans)


def test_a_model_of_vectors_knows_no_words() -> None:
    pooled = token_model(similarity={"video_text": "pooled_dot"})
    with pytest.raises(ConfigError, match="knows of no words"):
        pooled.align(np.ones((5, 21, 3), np.float32), SENTENCE)


class Perfect:
    """Finds the words where `made` has them."""

    def align_record(self, record: Record) -> Alignment:
        return made()


def test_spans_are_scored_against_the_truth(tmp_path: Path) -> None:
    spans = json.dumps([["house", 24, 40], ["Sun", 0, 20]])
    records = [Record("a", "test", ("sun house",), Source(Path("a")), extra={"spans": spans})]
    figures = WordAlignment().run(Perfect(), records, tmp_path)
    assert figures["hit@0.5"] == 1.0
    assert figures["mean_overlap"] == pytest.approx((1.0 + 16 / 20) / 2)
    assert figures["frame_accuracy"] == 1.0
    assert figures["even_mean_overlap"] == pytest.approx((1.0 + 16 / 20) / 2)
    assert figures["chance_frame_accuracy"] == 0.5
    assert [row["word"] for row in read_csv(tmp_path / "alignment.csv")] == ["house", "Sun"]
    assert (tmp_path / "alignment_1.png").stat().st_size > 1000
    with pytest.raises(DataError, match="knows the frames"):
        WordAlignment().run(Perfect(), [Record("a", "test", ("x",), Source(Path("a")))], tmp_path)


def test_the_command_writes_tables_and_a_picture(model: SignModel, tmp_path: Path) -> None:
    save_model(tmp_path / "model", model.network, model.experiment, model.tokenizer, {})
    np.save(tmp_path / "clip.npy", np.random.default_rng(0).normal(size=(12, 21, 3)).astype(np.float32))
    asked = ["align", str(tmp_path / "clip.npy"), SENTENCE, "-m", str(tmp_path / "model"), "-o", str(tmp_path / "out")]
    shown = CliRunner().invoke(app, [*asked, "--json"], catch_exceptions=False)
    assert [word["word"] for word in json.loads(shown.stdout)["words"]] == ["The", "fingerspelling", "slowly"]
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert files == {"alignment.csv", "alignment.json", "attention.csv", "alignment.png"}
    assert len(read_csv(tmp_path / "out" / "attention.csv")) == 12
    assert "fingerspelling" in CliRunner().invoke(app, asked[:-2], catch_exceptions=False).stdout


def test_frames_that_the_stream_leaves_out_are_counted() -> None:
    """The first ten frames show no hand and every second one is skipped."""
    clip = clip_from_array(np.random.default_rng(0).normal(size=(30, 21, 3)).astype(np.float32))
    confidence = clip.confidence.copy()
    confidence[:10] = 0
    seen = clip.with_data(clip.data, confidence)
    changed = {"points": "right_hand", "normalise": "none", "drop_empty": True, "stride": 2}
    stream = Pose(**changed).fixed_to(clip.layout)
    np.testing.assert_allclose(stream.frame_numbers(seen), np.arange(10, 30, 2))
    thinned = stream.model_copy(update={"thin_to": 4})
    np.testing.assert_allclose(thinned.frame_numbers(seen), [10, 16, 22, 28], atol=1e-4)
    pictured = token_model(streams={"pose": {"kind": "pose", **changed, "point_names": list(clip.layout.points)}})
    found = pictured.align(seen, SENTENCE)
    assert (found.times.min(), found.times.max(), found.frames) == (10, 29, 30)
