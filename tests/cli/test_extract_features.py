"""``mmpt-sign extract features`` and ``import features`` from the shell: stores, resumption, sentences."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mmpt_sign.extraction.item import Item
from mmpt_sign.extraction.job import extract
from mmpt_sign.features.extractor import FeatureExtractor
from mmpt_sign.features.networks.s3d_howto100m import S3dHowto100m
from mmpt_sign.features.readers import Readers
from mmpt_sign.features.store import Store
from mmpt_sign.files import read_csv
from mmpt_sign.video.decode import frames
from tests.cli.test_commands import said
from tests.features.networks.weights import saved, with_random_weights
from tests.video.made import make_video

pytest.importorskip("av")
SMALL = ("--encoder", "s3d_howto100m", "--option", "pixels=32", "--window", "4", "--stride", "4", "--fps", "10")
SMALL_PART = S3dHowto100m(pixels=32, window=4, stride=4, fps=10)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("weights") / "s3d.pth", with_random_weights(SMALL_PART.build()))


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """Two videos of 10 frames per second, and one that is none."""
    folder = tmp_path / "videos"
    (folder / "deep").mkdir(parents=True)
    make_video(folder / "a.mp4", 9)
    make_video(folder / "deep/b.mp4", 16)
    (folder / "broken.mp4").write_bytes(b"no video")
    return folder


def by_hand(checkpoint: Path, video: Path) -> NDArray[np.float32]:
    """Windows cut out of the decoded video one by one."""
    network = SMALL_PART.build()
    network.load_state_dict(torch.load(checkpoint, weights_only=True))
    pictures = np.stack([SMALL_PART.picture(picture) for picture in frames(video, fps=10)])
    pictures = np.concatenate([pictures, np.zeros((-len(pictures) % 4, *pictures.shape[1:]), np.uint8)])
    with torch.inference_mode():
        clips = SMALL_PART.inputs(torch.from_numpy(pictures)).reshape(-1, 4, 3, 32, 32).transpose(1, 2)
        return np.asarray(network.eval()(clips))


def test_videos_become_a_store(videos: Path, checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "features/s3d"
    words = (
        "extract",
        "features",
        str(videos),
        "-o",
        str(out),
        "--checkpoint",
        str(checkpoint),
        *SMALL,
        "--workers",
        "1",
    )
    text = said(*words)
    assert "2 made, 0 were there, 1 skipped" in text
    assert "features/s3d: 2 clips, 7 rows, features of 512 numbers; 2 packed now" in text
    store = Store.open(out)
    assert list(store.ids) == ["a", "deep/b"]
    for n, name in enumerate(store.ids):
        expected = by_hand(checkpoint, videos / f"{name}.mp4")
        np.testing.assert_allclose(store.clip(n).data[:, 0], expected, atol=np.abs(expected).max() / 1e4)
        assert store.clip(n).fps == 2.5
    assert [row["id"] for row in read_csv(out.with_name("s3d.parts") / "skipped.csv")] == ["broken"]
    make_video(videos / "c.mp4", 4)
    assert "1 made, 2 were there" in (text := said(*words))
    assert "3 clips, 8 rows, features of 512 numbers; 1 packed now" in text
    other = said(*[*words, "--stride", "2"], code=2)
    assert "stride: 4 there, 2 now" in other


def test_readers_around_one_network_give_the_same(videos: Path, checkpoint: Path, tmp_path: Path) -> None:
    extractor = FeatureExtractor(SMALL_PART, checkpoint, "cpu")
    names = ("a.mp4", "deep/b.mp4", "broken.mp4")
    items = [Item(name, videos / name, f"{Path(name).stem}.npy") for name in names]
    crew = Readers(extractor, tmp_path / "out", 3, 60)
    report = extract(items, extractor, tmp_path / "out", crew=crew)
    assert (report.made, report.skipped) == (2, 1)
    for name in names[:2]:
        found = np.load(tmp_path / "out" / f"{Path(name).stem}.npy")
        np.testing.assert_allclose(found, by_hand(checkpoint, videos / name), atol=1e-4)


def test_one_wrong_checkpoint_ends_the_job(videos: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pt"
    torch.save({"state_dict": {"a.weight": torch.zeros(1)}}, wrong)
    words = ("extract", "features", str(videos), "-o", str(tmp_path / "x"), *SMALL, "--workers", "1")
    assert "is no checkpoint of s3d_howto100m" in said(*words, "--checkpoint", str(wrong), code=2)
    missing = said(*words, code=2)
    assert "needs --checkpoint FILE" in missing
    assert "antoine77340/S3D_HowTo100M" in missing
    assert "no such file" in said(*words, "--checkpoint", str(tmp_path / "absent.pt"), code=2)
    assert "did you mean 'i3d'" in said("extract", "features", str(videos), "-o", "x", "--encoder", "i3", code=2)
    assert not (tmp_path / "x").exists()


def test_feature_files_become_a_store(tmp_path: Path) -> None:
    for name in ("train/one", "test/two"):
        path = tmp_path / f"files/{name}.pkl"
        path.parent.mkdir(parents=True)
        path.write_bytes(pickle.dumps({"name": name, "feature": np.ones((3, 8), np.float32)}))
    words = ("import", "features", str(tmp_path / "files"), "-o", str(tmp_path / "store"))
    assert "2 clips, 6 rows, features of 8 numbers; 2 imported now" in said(*words, "--layout", "cico_pkl")
    assert {r.id: r.split for r in Store.open(tmp_path / "store").records()} == {"one": "train", "two": "test"}
    assert "did you mean 'cico_pkl'" in said(*words, "--layout", "cico", code=2)
    assert "no file that ends in .mat" in said(*words, "--layout", "mat", code=2)
