"""What a model makes of one pose: the frames of every stream that is read from poses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mmpt_sign.errors import ConfigError, DataError

if TYPE_CHECKING:
    from mmpt_sign.config.contracts import Stream
    from mmpt_sign.config.schema import Experiment
    from mmpt_sign.poses.clip import Clip, FloatArray


UNSEEN = "no point that the model reads is seen in any frame"


def is_seen(stream: Stream, prepared: Any) -> bool:
    """Whether any point is there; only streams of poses know."""
    return not stream.reads_poses or bool(prepared.confidence.any())


class OnePose:
    """The streams that a model needs, all of which one pose can feed."""

    def __init__(self, streams: Mapping[str, Stream]) -> None:
        self.streams = streams

    @classmethod
    def of(cls, experiment: Experiment) -> OnePose:
        """Those of an experiment.

        Raises:
            ConfigError: the model needs something else than poses.
        """
        needed = {name: stream for name, stream in experiment.streams.items() if not stream.optional}
        if not needed or not all(stream.reads_poses for stream in needed.values()):
            kinds = {name: stream.part_name for name, stream in needed.items()}
            raise ConfigError(f"this model needs the streams {kinds}; one pose is not enough")
        return cls(needed)

    def frames(self, clip: Clip, *, only_seen: bool = False) -> dict[str, FloatArray]:
        """(T, D) frames by stream; with ``only_seen`` of a clip that shows something, as others all look the same."""
        prepared = {name: stream.prepare(clip) for name, stream in self.streams.items()}
        if only_seen and not any(is_seen(self.streams[name], made) for name, made in prepared.items()):
            raise DataError(UNSEEN)
        return {name: stream.encode(prepared[name]) for name, stream in self.streams.items()}

    def frame_numbers(self, clip: Clip) -> FloatArray:
        """The frame of the clip that each frame of the first stream shows; the others are cut alike."""
        return next(iter(self.streams.values())).frame_numbers(clip)

    def most_frames(self, clip: Clip) -> float:
        """How many frames come of a clip: a stream that resamples may make many of few."""
        rates = [getattr(stream, "fps", None) for stream in self.streams.values()]
        return max((len(clip) * rate / clip.fps for rate in rates if rate), default=float(len(clip)))
