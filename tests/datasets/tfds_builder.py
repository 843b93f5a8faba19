"""A made TFDS data set as sign-language-datasets writes them; imported by the pass alone, in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from pose_format import Pose
from pose_format.numpy import NumPyPoseBody
from pose_format.pose_header import PoseHeader, PoseHeaderComponent, PoseHeaderDimensions
from sign_language_datasets.datasets.config import SignDatasetConfig
from sign_language_datasets.utils.features import PoseFeature

POINTS = [f"P{k}" for k in range(21)]
SPLITS = {"train": 5, "validation": 2, "test": 2}
CLIPS = int(os.environ.get("MADE_SIGNS_CLIPS", "0"))  # more of them, to see that memory does not grow
FRAMES = int(os.environ.get("MADE_SIGNS_FRAMES", "4"))


def header() -> PoseHeader:
    """A right hand in a picture of 100 pixels."""
    part = PoseHeaderComponent("RIGHT_HAND_LANDMARKS", POINTS, [(0, 1)], [(0, 0, 0)], "XYZC")
    return PoseHeader(0.2, PoseHeaderDimensions(100, 100, 100), [part])


class MadeSigns(tfds.core.GeneratorBasedBuilder):  # type: ignore[misc]
    """Clip n of a split is filled with n; the last training clip has no pose."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [SignDatasetConfig(name="default", include_pose="holistic")]

    def _info(self) -> Any:
        path = Path(self.data_dir).parent / "made.poseheader"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            header().write(file)
        features = {
            "id": tfds.features.Text(),
            "text": tfds.features.Text(),
            "signer_id": tfds.features.Text(),
            "signed_language": tfds.features.Text(),
            "lip": tfds.features.Tensor(shape=(None, 3), dtype=np.float32),
            "pose": PoseFeature(shape=(None, 1, 21, 3), header_path=str(path)),
        }
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, manager: Any) -> dict[str, Any]:
        return {split: self._generate_examples(split, count) for split, count in SPLITS.items()}

    def _generate_examples(self, split: str, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
        for n in range(CLIPS if CLIPS and split == "train" else count):
            data = np.full((FRAMES, 1, 21, 3), n + 1, np.float32)
            body = NumPyPoseBody(29.97, data, np.ones(data.shape[:3], np.float32))
            code = self.builder_config.extra.get("code", "DGS")
            yield (
                str(n),
                {
                    "id": str(n),
                    "text": ("Haus", "Hund")[n % 2],
                    "signer_id": f"s{n % 2}",
                    "signed_language": code,
                    "lip": np.full((FRAMES, 3), n, np.float32),
                    "pose": None if split == "train" and n == 4 and not CLIPS else Pose(header(), body),
                },
            )
