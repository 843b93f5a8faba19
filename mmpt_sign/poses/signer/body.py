"""Bodies of made-up signers, and where the points of a body are while its hands do what a motion says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.poses.clip import Clip, FloatArray
from mmpt_sign.poses.flip import mirror_order
from mmpt_sign.poses.layouts import layout
from mmpt_sign.poses.signer.words import FINGERS, PLACE, SPREAD, TURN, Motion

LAYOUT = "body25_hands_67"
FPS = 25.0
Points = NDArray[np.float64]

# Face and hips in shoulder widths from the middle between the shoulders: x to the signer's left, y down, z to the back.
FACE = np.array([
    (0, -0.70, -0.35), (0.05, -0.80, -0.32), (0.09, -0.80, -0.31), (0.13, -0.80, -0.30), (-0.05, -0.80, -0.32),
    (-0.09, -0.80, -0.31), (-0.13, -0.80, -0.30), (0.21, -0.76, -0.05), (-0.21, -0.76, -0.05), (0.07, -0.58, -0.30),
    (-0.07, -0.58, -0.30),
])  # fmt: skip
SHOULDERS = np.array([(0.5, 0, 0), (-0.5, 0, 0)])
HIPS = np.array([(0.33, 1.55, 0), (-0.33, 1.55, 0)])
# Where fingers begin, in hand lengths from the wrist (x to the thumb, y to the finger tips), and their three bones.
BASES = np.array([(0.22, 0.14), (0.20, 0.52), (0.05, 0.54), (-0.09, 0.50), (-0.21, 0.43)])
BONES = np.array([(0.20, 0.16, 0.13), (0.24, 0.14, 0.10), (0.27, 0.16, 0.10), (0.25, 0.14, 0.10), (0.19, 0.11, 0.09)])
LEAN = np.array([0.9, 0.12, 0.0, -0.1, -0.22])  # how far fingers point sideways when they are spread
BENT = np.array([1.2, 1.6, 1.0])  # angle of each joint of a finger that is wholly bent
NEAR_STRAIGHT = 0.995


@dataclass(frozen=True)
class Body:
    """Sizes are in shoulder widths, the shoulder width and the place in fractions of the picture."""

    shoulders: float
    x: float
    y: float
    upper_arm: float
    forearm: float
    hand: float
    head: float
    trunk: float
    left_handed: bool
    speed: float
    reach: float

    def clip(self, motion: Motion, rng: np.random.Generator, noise: float, missing: float) -> Clip:
        """The motion by this body, with the errors of an estimator of poses: noise, and hands that it loses."""
        points = self._points(motion, rng)
        points[..., :2] += noise * rng.normal(size=points[..., :2].shape)
        points[..., 2] += 2 * noise * rng.normal(size=points.shape[:-1])
        data = points * self.shoulders
        data[..., :2] += (self.x, self.y)
        seen = np.ones(points.shape[:2], np.float32)
        for hand in (slice(25, 46), slice(46, 67)):
            if rng.random() < missing:
                first = int(rng.integers(len(data)))
                seen[first : first + int(rng.integers(1, 5)), hand] = 0
        clip = Clip((data * seen[..., None]).astype(np.float32), seen, layout(LAYOUT), FPS)
        return _left_handed(clip) if self.left_handed else clip

    def _points(self, motion: Motion, rng: np.random.Generator) -> Points:
        """(T, 67, 3) of a right-handed signer around the middle between the shoulders."""
        frames = len(motion)
        sway = 0.02 * np.sin(np.linspace(0, frames / 20, frames) + rng.uniform(0, 6.3))[:, None, None] * (1, 0.3, 0)
        body = np.concatenate([FACE * (1, self.head, 1), SHOULDERS, np.zeros((10, 3)), HIPS * (1, self.trunk, 1)])
        body = np.repeat(body[None], frames, 0) + sway
        hands = {}
        for number, (side, shoulder) in enumerate(((-1, 12), (1, 11))):  # the dominant one is the right hand
            target = motion[:, number, PLACE] * (side * self.reach, self.reach, -self.reach)
            elbow, wrist = self._arm(body[:, shoulder], target + sway[:, 0], side)
            hand = self.hand * _hand(motion[:, number], side)
            hands[side] = wrist[:, None] + hand
            body[:, [shoulder + 2, shoulder + 4]] = np.stack([elbow, wrist], 1)
            body[:, [shoulder + 6, shoulder + 8, shoulder + 10]] = hands[side][:, [17, 5, 2]]
            hands[side][..., 2] = hand[..., 2]  # estimators give the depth of a hand from its own wrist
        return np.concatenate([body, hands[1], hands[-1]], 1)

    def _arm(self, shoulder: Points, target: Points, side: int) -> tuple[Points, Points]:
        """Elbow and wrist: as near to the target as the arm is long, the elbow down and outwards."""
        upper, lower = self.upper_arm, self.forearm
        reach = target - shoulder
        far = np.linalg.norm(reach, axis=-1, keepdims=True).clip(1e-6)
        along = reach / far
        far = far.clip(abs(upper - lower) + 1e-3, NEAR_STRAIGHT * (upper + lower))
        forward = (upper**2 - lower**2 + far**2) / (2 * far)
        down = np.array([0.6 * side, 1.0, 0.3])
        across = down - (along @ down)[:, None] * along
        across /= np.linalg.norm(across, axis=-1, keepdims=True).clip(1e-6)
        height = np.sqrt((upper**2 - forward**2).clip(0))
        return shoulder + forward * along + height * across, shoulder + far * along


@lru_cache(maxsize=1024)
def body(people: int, number: int) -> Body:
    """Person ``number`` of the population ``people``; about one in six is left-handed."""
    rng = np.random.default_rng((people, number, 7))

    def about(value: float, share: float) -> float:
        return float(value * rng.uniform(1 - share, 1 + share))

    return Body(
        shoulders=about(0.26, 0.25), x=about(0.5, 0.1), y=about(0.45, 0.12), upper_arm=about(0.85, 0.1),
        forearm=about(0.75, 0.1), hand=about(0.52, 0.12), head=about(1.0, 0.12), trunk=about(1.0, 0.12),
        left_handed=bool(rng.random() < 1 / 6), speed=about(1.0, 0.2), reach=about(1.0, 0.1),
    )  # fmt: skip


def _hand(numbers: NDArray[np.float64], side: int) -> Points:
    """(T, 21, 3) from the wrist, in hand lengths; the hands of the two sides are mirror images."""
    frames = len(numbers)
    points = np.zeros((frames, 21, 3))
    lean = LEAN * (0.35 + 0.65 * numbers[:, SPREAD, None])  # (T, 5)
    bend = np.cumsum(numbers[:, FINGERS, None] * BENT, -1)  # (T, 5, 3)
    flat = np.stack([np.sin(lean), np.cos(lean)], -1)[:, :, None] * np.cos(bend)[..., None]  # (T, 5, 3, 2)
    bones = np.concatenate([flat, np.sin(bend)[..., None]], -1) * BONES[..., None]
    joints = np.cumsum(np.concatenate([np.zeros((frames, 5, 1, 3)), bones], 2), 2)
    joints[..., :2] += BASES[:, None]
    points[:, 1:] = joints.reshape(frames, 20, 3)
    turned: Points = np.einsum("tvc,tcd->tvd", points, _rotation(numbers[:, TURN]))
    return turned * (side, -1, -1)  # finger tips point up, palms to the camera


def _rotation(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, 3, 3) for row vectors: about the forearm's axis, across, and in the plane of the picture."""
    made = np.eye(3)[None]
    for axis in range(3):
        cos, sin = np.cos(angles[:, axis]), np.sin(angles[:, axis])
        one = np.zeros((len(angles), 3, 3))
        i, j = [(0, 2), (1, 2), (0, 1)][axis]
        one[:, range(3), range(3)] = 1.0
        one[:, i, i], one[:, j, j], one[:, i, j], one[:, j, i] = cos, cos, sin, -sin
        made = made @ one
    return made


def _left_handed(clip: Clip) -> Clip:
    """Everything on the other side of the body, about the middle of the picture."""
    order = mirror_order(clip.layout.points)
    data: FloatArray = clip.data[:, order].copy()
    seen = clip.confidence[:, order]
    data[..., 0] = np.where(seen > 0, 1 - data[..., 0], 0)
    return clip.with_data(data, seen)
