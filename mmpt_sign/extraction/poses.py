"""Video -> ``.pose`` file, with whichever estimator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from mmpt_sign.config.contracts import Estimator
from mmpt_sign.extraction.item import Extractor, Item, Made, Make
from mmpt_sign.video.span import Span


@dataclass(frozen=True)
class PoseExtractor(Extractor):
    """Writes what the estimator finds, in version 0.2 of the format."""

    suffix: ClassVar[str] = ".pose"

    estimator: Estimator

    def options(self) -> dict[str, Any]:
        """The estimator's block and what is behind it."""
        return {"extractor": "poses", **self.estimator.identity()}

    def start(self) -> Make:
        """Load the estimator."""
        estimate = self.estimator.start()
        return lambda item, path: _written(estimate, item, path)


def _written(estimate: Callable[[Path, Span, list[str]], Any], item: Item, path: Path) -> Made:
    remarks: list[str] = []
    pose = estimate(item.source, item.span, remarks)
    with path.open("wb") as file:
        pose.write(file)
    return Made(len(pose.body.data), "; ".join(remarks), {"fps": f"{float(pose.body.fps):.6g}"})
