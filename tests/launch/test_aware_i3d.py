"""A network of isolated signs is trained on pseudo-labels of made videos, and comes out as a public checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import mmpt_sign
from mmpt_sign.batches.collate import Collator
from mmpt_sign.batches.example import Examples
from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.errors import CheckpointError, ConfigError, DataError
from mmpt_sign.features.checkpoints import load
from mmpt_sign.features.networks.i3d import I3d
from mmpt_sign.inference.i3d_checkpoint import write_i3d
from mmpt_sign.models.encoders.i3d import I3dTower
from mmpt_sign.models.i3d_tower import public_weights
from mmpt_sign.models.texts.labels import Labels
from mmpt_sign.poses.arrays import feature_clip, read_source
from mmpt_sign.records import Source
from mmpt_sign.streams.pictures import Pictures
from mmpt_sign.training.workload import Workload
from tests.datasets.corpora import write_csv
from tests.features.networks.weights import saved, with_random_weights
from tests.video.made import make_video

pytest.importorskip("av")
PLAIN: dict[str, Any] = {"mirror": 0, "zoom": 0, "shift": 0, "brightness": 0}
CLASSES = ("bread", "house", "water")


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A public checkpoint with three classes."""
    return saved(tmp_path_factory.mktemp("weights") / "bsl.pt", with_random_weights(I3d(classes=3).build()), "module.")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Two videos and the table of what is signed in them; nobody signs water."""
    folder = tmp_path / "pseudo_labels"
    (folder / "videos").mkdir(parents=True)
    for name in ("a", "b"):
        make_video(folder / f"videos/{name}.mp4", 40, 25)
    rows = [
        {"id": f"{video}.{start}", "video": video, "class": "0001", "text": text, "probability": 0.9, "start": start,
         "end": start + 18, "split": split}
        for video, start, text, split in (("a", 0, "house", "train"), ("a", 20, "bread", "train"),
                                          ("b", 0, "bread", "train"), ("b", 20, "house", "dev"))
    ]  # fmt: skip
    write_csv(folder / "pseudo_labels.csv", rows)
    (tmp_path / "class.txt").write_text("".join(f"{n:04d} {name}\n" for n, name in enumerate(CLASSES)))
    return tmp_path


def values(root: Path, start: Path | None, pixels: int = 32, **optim: Any) -> dict[str, Any]:
    weights = None if start is None else str(start)
    return {
        "name": "test/aware",
        "data_root": str(root),
        "dataset": {"name": "pseudo_labels", "clips": "videos/{video}.mp4"},
        "streams": {"pictures": {"kind": "pictures", "pixels": pixels}},
        "video": {"pictures": {"front_end": "as_is", "encoder": {"name": "i3d", "weights": weights, "pixels": pixels}}},
        "text": {"name": "labels", "labels": str(root / "class.txt"), "weights": weights},
        "similarity": {"video_text": {"name": "pooled_dot", "normalise": False}},
        "loss": {"video_text": {"name": "classification", "scale": 1.0}},
        "batch": {"texts": "all", "length_buckets": False},
        "optim": {"lr": 1e-4, "batch_size": 2, "epochs": 1, "warmup": 0, **optim},
        "evaluate": {"select": "loss"},
        "job": {"folder": str(root / "runs"), "threads": 1, "workers": 0},
    }


def test_pictures_reach_the_network_as_in_extraction(corpus: Path) -> None:
    clip = read_source(Source(corpus / "pseudo_labels/videos/a.mp4", 3, 21))
    assert clip.data.shape == (18, 1, 3 * 256 * 256)
    seen = Pictures().encode(Pictures().prepare(clip)).reshape(18, 3, 224, 224)
    part = I3d()
    pictures = torch.from_numpy(clip.data.reshape(-1, 256, 256, 3).astype(np.uint8))
    np.testing.assert_allclose(seen, part.inputs(pictures).numpy(), atol=1e-6)
    plain = Pictures(**PLAIN).encode(clip, np.random.default_rng(0))
    np.testing.assert_allclose(plain.reshape(seen.shape), seen, atol=1e-6)
    varied = Pictures().encode(clip, np.random.default_rng(0)).reshape(seen.shape)
    assert np.abs(varied - seen).max() > 0.1
    assert (varied.min() >= -0.5, varied.max() <= 0.5) == (True, True)


def test_raw_pictures_are_whole_and_in_0_to_1(corpus: Path) -> None:
    clip = read_source(Source(corpus / "pseudo_labels/videos/a.mp4", 0, 4))
    seen = Pictures(raw=True, pixels=128).encode(clip).reshape(-1, 3, 128, 128)
    assert len(seen) == 16  # a clip that is shorter than a window stands still at its end
    assert (seen[4:] == seen[3]).all()
    planes = torch.from_numpy(clip.data.reshape(-1, 256, 256, 3)).permute(0, 3, 1, 2) / 255
    wanted = torch.nn.functional.interpolate(planes, (128, 128), mode="bilinear", align_corners=False)
    np.testing.assert_allclose(seen[:4], wanted.numpy(), atol=1e-5)
    with pytest.raises(DataError, match="reads videos"):
        Pictures().prepare(feature_clip(np.ones((3, 8), np.float32), 25.0))


def test_scores_of_the_tower_are_those_of_the_classifier(corpus: Path, start: Path) -> None:
    network = I3dTower(weights=str(start), pixels=32).build().eval()
    table = Labels(labels=CLASSES, weights=str(start)).build()
    original = load(I3d(classes=3), start).network
    x = torch.randn(2, 16, 3 * 32 * 32, generator=torch.Generator().manual_seed(0)) * 0.2
    mask = torch.ones(2, 16, dtype=torch.bool)
    with torch.inference_mode():
        video, text = network(x, mask), table(torch.tensor([[0], [1], [2]]), torch.ones(3, 1, dtype=torch.bool))
        expected = original(x.unflatten(2, (3, 32, 32)).transpose(1, 2))
        torch.testing.assert_close(video.pooled @ text.pooled.T, expected, atol=1e-4, rtol=1e-4)
        short = network(torch.cat([x[:, :5], torch.full((2, 9, 3072), 7.0)], 1), mask[:, :14] & (torch.arange(14) < 5))
        alone = network(x[:1, :5], mask[:1, :5])
    torch.testing.assert_close(short.pooled[:1], alone.pooled, atol=1e-5, rtol=1e-5)


def test_every_batch_is_compared_with_all_classes(corpus: Path) -> None:
    work = Workload(experiment_from_values(values(corpus, None), "test"))
    examples = work.examples("train", training=True)
    batch = work.collator(examples)([examples[0]])
    assert batch.text_ids[:, 0].tolist() == [1, 0, 2]  # its own class, the other one, and the one that nobody signs
    assert batch.same_answer.tolist() == [[True, False, False]]
    assert Collator(0)([examples[0]]).text_ids.tolist() == [[1]]
    assert isinstance(examples, Examples)


def test_labels_are_a_closed_list(corpus: Path) -> None:
    part = Labels(labels=corpus / "class.txt")
    assert part.resolved().labels == CLASSES
    with pytest.raises(DataError, match=r"'hause' \(did you mean 'house'"):
        part.tokenizer().encode(["hause"], 4)
    with pytest.raises(CheckpointError, match="no file"):
        Labels(labels=Path("absent.txt")).tokenizer()
    (corpus / "twice.txt").write_text("a\na\n")
    with pytest.raises(ConfigError, match="twice"):
        Labels(labels=corpus / "twice.txt").tokenizer()


def test_a_batch_that_is_normalised_over_is_not_cut(corpus: Path) -> None:
    with pytest.raises(ConfigError, match="cuts batches, over which the encoder i3d of pictures normalises"):
        experiment_from_values(values(corpus, None, chunk=1), "test")


@pytest.mark.slow
def test_a_trained_network_is_a_public_checkpoint_again(corpus: Path, start: Path) -> None:
    from mmpt_sign.training.run import train

    experiment = experiment_from_values(values(corpus, start, max_updates=2, name="sgd", average=0.5), "test")
    folder = corpus / "runs/test/aware"
    train(experiment, folder)
    model = mmpt_sign.load(folder)
    assert write_i3d(model, corpus / "aware.pt") == (344, 3)
    again = load(I3d(classes=3), corpus / "aware.pt").network.state_dict()
    before = load(I3d(classes=3), start).network.state_dict()
    assert set(load(I3d(), corpus / "aware.pt").network.state_dict()) < set(again)  # as `extract features` reads it
    assert {name for name, value in again.items() if not torch.equal(value, before[name])} >= {
        "Conv3d_1a_7x7.conv3d.weight", "logits.conv3d.weight", "logits.conv3d.bias",
    }  # fmt: skip
    assert (corpus / "aware.txt").read_text() == (corpus / "class.txt").read_text()
    with pytest.raises(DataError, match="none of the 3 labels"):
        model.embed_texts(["ice cream"])
    assert set(public_weights({}, torch.zeros(3, 5))) == {"module.logits.conv3d.weight", "module.logits.conv3d.bias"}
