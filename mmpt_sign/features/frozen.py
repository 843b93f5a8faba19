"""A frozen network with its weights on its device: pictures of many videos in, rows of features out."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.features.windows import Segment, Sliding, ahead

if TYPE_CHECKING:
    from torch import Tensor

    from mmpt_sign.config.contracts import VideoNetwork

Precision = Literal["fp32", "fp16", "bf16"]
Rows = NDArray[np.float32]
WINDOWS, FRAMES = 64, 320  # at once: enough that reordering weights for each batch does not count, and no more memory


class Frozen:
    """Answers for the segments of any number of videos at once; the answers do not depend on which these are."""

    def __init__(self, part: VideoNetwork, network: Any, device: str = "cpu", precision: Precision = "fp32") -> None:
        import torch

        self.part, self.device = part, torch.device(device)
        self.dtype = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}[precision]
        self._network: Any = part.frozen(network, device).to(self.device, self.dtype)

    @property
    def windows(self) -> int:
        """How many windows of one video are worth computing at once."""
        return max(1, min(WINDOWS, (FRAMES - self.part.window) // self.part.stride + 1))

    def rows(self, segments: Sequence[Segment]) -> list[Rows]:
        """One array (windows, size) per segment."""
        import torch

        with torch.inference_mode():
            given = [(self._inputs(segment), segment.starts) for segment in segments]
            vectors: list[Tensor] = self._network.rows(given)
            rows = torch.cat(vectors).float().cpu().numpy()
        if not np.isfinite(rows).all():
            raise DataError("the network gave numbers that are not finite; try --precision fp32 or bf16")
        return np.split(rows, np.cumsum([len(segment.starts) for segment in segments])[:-1])

    def of_video(self, pictures: Iterable[Any], together: Together | None = None) -> Rows:
        """All rows of one video."""
        return np.concatenate(list(self.parts_of_video(pictures, together)))

    def parts_of_video(self, pictures: Iterable[Any], together: Together | None = None) -> Iterator[Rows]:
        """The rows of one video part by part, its frames decoded ahead of the network."""
        sliding = Sliding((self.part.picture(picture) for picture in pictures), self.part)
        is_empty = True
        with ahead(sliding.segments(self.windows)) as coming:
            for segment in coming:
                is_empty = False
                yield self.rows([segment])[0] if together is None else together.rows(segment)
        if is_empty:
            raise DataError("the video has no frames")

    def _inputs(self, segment: Segment) -> Tensor:
        import torch

        return self.part.inputs(torch.from_numpy(segment.pictures).to(self.device)).to(self.dtype)


class Together:
    """Segments of several videos, each read by a thread of its own, become one batch as soon as the network is free.

    A GPU would idle over videos that are shorter than a batch.
    """

    def __init__(self, frozen: Frozen) -> None:
        self.frozen = frozen
        self._waiting: queue.Queue[tuple[Segment, Future[Rows]] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def rows(self, segment: Segment) -> Rows:
        """The rows of a segment, whenever its turn comes."""
        answer: Future[Rows] = Future()
        self._waiting.put((segment, answer))
        return answer.result()

    def close(self) -> None:
        """Finish what waits, then end."""
        self._waiting.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch, ended = [first], False
            while not ended and sum(len(segment.starts) for segment, _ in batch) < WINDOWS:
                try:
                    more = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    ended = True
                else:
                    batch.append(more)
            self._answer(batch)
            if ended:
                return

    def _answer(self, batch: list[tuple[Segment, Future[Rows]]]) -> None:
        try:
            for rows, (_, answer) in zip(self.frozen.rows([s for s, _ in batch]), batch, strict=True):
                answer.set_result(rows)
        except BaseException as error:  # noqa: BLE001  (every reader gets it, and decides about its video)
            for _, answer in batch:
                answer.set_exception(error)


def load_frozen(
    part: VideoNetwork, checkpoint: Path | None, device: str = "auto", precision: Precision | None = None
) -> Frozen:
    """The network of ``part`` with public weights; half precision on a GPU unless told otherwise."""
    from mmpt_sign.features.checkpoints import load

    if checkpoint is None:
        raise ConfigError(f"--encoder {part.part_name} needs --checkpoint FILE: {part.weights}; see docs/features.md")
    chosen = chosen_device(device)
    return Frozen(part, load(part, checkpoint).network, chosen, precision or ("fp32" if chosen == "cpu" else "fp16"))


def chosen_device(device: str) -> str:
    """``auto`` is the first GPU where there is one; a device that is not there is the user's mistake."""
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"--device {device}: cannot be used ({str(error).splitlines()[0]})") from error
    return device
