"""The models of a server and the one thread that may touch them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmpt_sign.errors import ConfigError
from mmpt_sign.inference.one_pose import OnePose
from mmpt_sign.serve.errors import Refused

if TYPE_CHECKING:
    from mmpt_sign.inference.encoded import Vectors
    from mmpt_sign.inference.index import Index
    from mmpt_sign.inference.model import SignModel
    from mmpt_sign.serve.settings import Settings

CHARACTERS_PER_TOKEN = 3
WARM_UP = "<en> <ase> house"
TEXT, POSE = "text", "pose"


@dataclass(frozen=True)
class Engine:
    """One model by its name, with its index where there is one."""

    name: str
    model: SignModel
    index: Index | None = None

    @property
    def width(self) -> int:
        """Numbers per vector."""
        return int(self.model.experiment.text.width)

    def reads(self) -> OnePose:
        """What prepares poses, for models that need nothing else."""
        try:
            return OnePose.of(self.model.experiment)
        except ConfigError as error:
            raise Refused(422, "invalid", f"'{self.name}': {error}") from error

    def text_sizes(self, texts: Sequence[str]) -> list[int]:
        """About how many tokens each text has, for the queue; the tokeniser itself runs beside the model."""
        most = int(self.model.experiment.text.max_tokens)
        return [min(most, len(text) // CHARACTERS_PER_TOKEN + 2) for text in texts]

    def warm_up(self) -> None:
        """Let the first request not pay for first times."""
        self.model.encode_texts([WARM_UP])
        streams = self.model.experiment.streams.items()
        frames = {name: np.zeros((min(16, part.max_frames), part.width), np.float32) for name, part in streams}
        if frames:
            self.model.encode_frames([frames])


class Engines:
    """All models by name."""

    def __init__(self, engines: Sequence[Engine], threads: int | None = None) -> None:
        self._engines = {engine.name: engine for engine in engines}
        self.thread = ThreadPoolExecutor(1, "model", initializer=_limit_threads, initargs=(threads,))

    @classmethod
    def load(cls, settings: Settings) -> Engines:
        """Open every model and index that the settings name."""
        from mmpt_sign.inference.index import Index
        from mmpt_sign.inference.load import load

        models = {name: load(folder, settings.device) for name, folder in settings.models.items()}
        indexes = {name: Index.load(path, models[name]) for name, path in settings.indexes.items()}
        return cls([Engine(name, model, indexes.get(name)) for name, model in models.items()], settings.threads)

    def __iter__(self) -> Any:
        return iter(self._engines.values())

    def named(self, name: str) -> Engine:
        """The engine called so; its name is the client's, so a wrong one is not repeated."""
        if name not in self._engines:
            raise Refused(404, "no_such_model", f"no model of this name; there are: {', '.join(self._engines)}")
        return self._engines[name]

    def run(self, kind: str, contents: list[Any]) -> Vectors:
        """One batch; ``kind`` is ``text/NAME`` or ``pose/NAME``.  Called in the models' thread only."""
        what, _, name = kind.partition("/")
        model = self._engines[name].model
        if what == TEXT:
            return model.encode_texts(contents)
        return model.encode_frames(contents)

    def warm_up(self) -> None:
        """In the models' thread."""
        for engine in self:
            self.thread.submit(engine.warm_up).result()


def models_by(models: Mapping[str, SignModel]) -> list[Engine]:
    """Engines of models that are in memory already."""
    return [Engine(name, model) for name, model in models.items()]


def _limit_threads(threads: int | None) -> None:
    """Threads of torch are counted per calling thread, so this runs in the models' own."""
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
