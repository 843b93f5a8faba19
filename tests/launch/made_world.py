"""A data root with every corpus in small, tiny BERTs under the names of the real ones, and a table of means."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from mmpt_sign.poses.layouts import layout
from mmpt_sign.poses.read import frame_count
from mmpt_sign.text.weights import locate
from tests.datasets.corpora import kaggle_parquet, pose_file, write_csv
from tests.datasets.layouts import LAYOUTS, text

BERTS = ("bert-base-cased", "bert-base-uncased")
CONCEPTS = ("TV", "cat", "dog", "icecream", "ice cream", "house")  # so that zero-shot tests find words they may ask for


def make_world(root: Path) -> Path:
    """Everything the shipped experiments look for."""
    _dictionary(root / "spreadthesign")
    _fingerspelling(root / "rwth_fingerspelling")
    _kaggle(root / "asl_signs")
    for made in LAYOUTS:
        if not (root / made.name).exists() or made.options.get("version") == "plus":
            made.make(root / made.name)
    for file in root.rglob("*.pose"):
        _whole_signer(file)
    for name in BERTS:
        _tiny_bert(root / "weights" / name)
    _means(root / "means/sign_vq.npz")
    return root


def _whole_signer(file: Path) -> None:
    """A body, a face and two hands in the place of the lone hand that the makers of corpora write."""
    from pose_format import Pose
    from pose_format.numpy import NumPyPoseBody
    from pose_format.pose_header import PoseHeader, PoseHeaderComponent, PoseHeaderDimensions

    names: dict[str, list[str]] = {}
    for name in layout("holistic_543").points:
        part, _, point = name.partition(".")
        names.setdefault(part, []).append(point)
    parts = [PoseHeaderComponent(part, points, [], [(0, 0, 0)], "XYZC") for part, points in names.items()]
    frames = frame_count(file)
    data = np.random.default_rng(frames).normal(50, 10, (frames, 1, 543, 3)).astype(np.float32)
    body = NumPyPoseBody(25, data, np.ones((frames, 1, 543), np.float32))
    with file.open("wb") as stream:
        Pose(PoseHeader(0.2, PoseHeaderDimensions(100, 100, 100), parts), body).write(stream)


def _dictionary(folder: Path) -> None:
    """Every concept in three sign languages, one of them for each split."""
    rows = [
        {"pose": f"{number}.pose", "videoLanguage": language, "language": "en", "text": concept}
        for number, (concept, language) in enumerate((c, s) for c in CONCEPTS for s in ("ase", "gsg", "swl"))
    ]
    write_csv(folder / "metadata.csv", rows)
    for number in range(len(rows)):
        pose_file(folder / "poses" / f"{number}.pose", 4 + number % 3)
    for k, split in enumerate(("train", "val", "test")):
        text(folder / "splits/1.0.0-uzh" / f"{split}.txt", *(str(n) for n in range(len(rows)) if n % 3 == k))


def _fingerspelling(folder: Path) -> None:
    """Two letters by ten signers, so that a tenth of the clips is something."""
    text(folder / "labels.txt", "1 = A", "27 = AE")
    rng = np.random.default_rng(0)
    for name in (f"{signer}_{letter}_1_cam2" for signer in range(1, 11) for letter in (1, 27)):
        pose_file(folder / "pose" / f"{name}.pose", 5)
        for features, size in (("s3d", 512), ("i3d", 1024)):
            (folder / features).mkdir(exist_ok=True)
            np.save(folder / features / f"{name}.npy", rng.normal(size=(5, size)).astype(np.float32))


def _kaggle(folder: Path) -> None:
    """Two signs by ten signers."""
    rows = [
        {
            "path": f"train_landmark_files/{p}/{p}{k}.parquet",
            "participant_id": p,
            "sequence_id": f"{p}{k}",
            "sign": sign,
        }
        for p in range(1, 11)
        for k, sign in enumerate(("TV", "cat"))
    ]
    write_csv(folder / "train.csv", rows)
    for row in rows:
        kaggle_parquet(folder / str(row["path"]), 3)


def _tiny_bert(folder: Path) -> None:
    """Twelve layers, so that experiments may ask for six or twelve of them; 768 numbers wide only in name."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(hidden_size=16, num_hidden_layers=12, num_attention_heads=2, intermediate_size=32)
    BertModel(config).save_pretrained(folder)
    for file in locate("minilm").iterdir():
        if file.name.startswith(("tokenizer", "vocab", "special")):
            shutil.copy(file, folder)


def _means(file: Path) -> None:
    from mmpt_sign.poses.select import SELECTIONS

    points = SELECTIONS["sign_vq"]
    file.parent.mkdir(parents=True)
    np.savez(file, points=np.array(points), mean=np.zeros((len(points), 3)), deviation=np.ones((len(points), 3)))
