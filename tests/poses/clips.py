"""Clips and pose files made for tests."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.layouts import layout

COMPONENTS = (
    ("BODY", ("nose", "left_shoulder", "right_shoulder")),
    ("LEFT_HAND", tuple(f"hand_{i}" for i in range(21))),
)


def clip_of(
    name: str = "holistic_203", frames: int = 12, *, missing: float = 0.2, dims: int = 3, seed: int = 0
) -> Clip:
    """Smooth random motion of any layout, a share of its points missing here and there."""
    rng = np.random.default_rng(seed)
    points = layout(name)
    start, step = rng.normal(size=(1, len(points), dims)), rng.normal(size=(1, len(points), dims))
    data = (start + step * np.linspace(0, 1, frames)[:, None, None]).astype(np.float32)
    confidence = rng.uniform(0.2, 1, size=data.shape[:2]).astype(np.float32)
    confidence[rng.random(confidence.shape) < missing] = 0
    data[confidence == 0] = 0
    return Clip(data, confidence, points)


def signer(frames: int = 10, *, left: bool = False, width: float = 100.0) -> Clip:
    """A whole body in pixels whose one hand moves; the other hand is never seen."""
    clip = clip_of("holistic_543", frames, missing=0.0)
    data, confidence = clip.data * width, clip.confidence.copy()
    hidden = clip.layout.components["RIGHT_HAND_LANDMARKS" if left else "LEFT_HAND_LANDMARKS"]
    data[:, hidden], confidence[:, hidden] = 0, 0
    return clip.with_data(data, confidence)


def same(a: Clip, b: Clip) -> bool:
    """Whether two clips are equal to the last bit."""
    return bool(np.array_equal(a.data, b.data) and np.array_equal(a.confidence, b.confidence) and a.layout == b.layout)


def check(clip: Clip) -> None:
    """What holds for every clip after every step: float32, finite, and zero where a point is missing."""
    assert clip.data.dtype == np.float32
    assert clip.confidence.dtype == np.float32
    assert clip.data.shape[:2] == clip.confidence.shape == (len(clip), len(clip.layout))
    assert len(clip) >= 1
    assert np.isfinite(clip.data).all()
    assert not clip.data[clip.confidence == 0].any()
    assert ((clip.confidence >= 0) & (clip.confidence <= 1)).all()


def header_bytes(
    version: float, components: Sequence[tuple[str, Sequence[str]]] = COMPONENTS, axes: str = "XYC"
) -> bytes:
    """The header of a ``.pose`` file 640 pixels wide."""

    def text(value: str) -> bytes:
        return struct.pack("<H", len(value)) + value.encode()

    parts = [struct.pack("<fHHHH", version, 640, 480, 0, len(components))]
    for name, points in components:
        parts += [text(name), text(axes), struct.pack("<HHH", len(points), 0, 0), *map(text, points)]
    return b"".join(parts)


def pose_bytes(data: np.ndarray, confidence: np.ndarray, version: float = 0.2, **header: object) -> bytes:  # type: ignore[type-arg]
    """A whole ``.pose`` file of (T, people, V, C) coordinates."""
    head = header_bytes(version, **header)  # type: ignore[arg-type]
    frames, people = data.shape[:2]
    if version == 0.0:
        both = np.concatenate([data, confidence[..., None]], -1).astype("<f4")
        return head + struct.pack("<HH", 24, frames) + b"".join(
            struct.pack("<H", people) + b"".join(struct.pack("<h", 0) + person.tobytes() for person in frame)
            for frame in both
        )  # fmt: skip
    counts = (
        struct.pack("<HHH", 24, frames & 0xFFFF, people) if version == 0.1 else struct.pack("<fIH", 24, frames, people)
    )
    return head + counts + data.astype("<f4").tobytes() + confidence.astype("<f4").tobytes()
