"""Video -> one ``.npy`` file of features per video, as the extraction engine wants it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from mmpt_sign.config.contracts import VideoNetwork
from mmpt_sign.extraction.item import Extractor, Item, Made, Make
from mmpt_sign.extraction.signature import signature
from mmpt_sign.features.frozen import Frozen, Precision, Together, chosen_device, load_frozen
from mmpt_sign.video.decode import cut


@dataclass(frozen=True)
class FeatureExtractor(Extractor):
    """Every worker loads the checkpoint once; on a processor each of them computes with one thread."""

    suffix: ClassVar[str] = ".npy"

    network: VideoNetwork
    checkpoint: Path
    device: str = "auto"
    precision: Precision | None = None
    threads: int | None = None
    in_common: bool = False

    def together(self) -> FeatureExtractor:
        """One for threads: `start` is called once, and what the threads read goes through the network together."""
        return replace(self, in_common=True, threads=None)

    def options(self) -> dict[str, Any]:
        """The network's block, its weights by their content, and how exactly it computes."""
        block = self.network.model_dump(mode="json")
        precision = self.precision or ("fp32" if chosen_device(self.device) == "cpu" else "fp16")
        return {"extractor": "features", **block, "weights": signature(self.checkpoint), "precision": precision}

    def start(self) -> Make:
        """Load the network."""
        import torch

        if self.threads:
            torch.set_num_threads(self.threads)
        frozen = load_frozen(self.network, self.checkpoint, self.device, self.precision)
        return maker(frozen, Together(frozen) if self.in_common else None)


def maker(frozen: Frozen, together: Together | None = None) -> Make:
    """The function that makes one file."""

    def make(item: Item, path: Path) -> Made:
        video = cut(item.source, item.span, fps=frozen.part.fps)
        try:
            rows = frozen.of_video(video, together)
        finally:
            video.close()
        with path.open("wb") as file:
            np.save(file, rows)
        return Made(len(rows), "; ".join(video.remarks), {"fps": f"{video.fps / frozen.part.stride:.6g}"})

    return make
