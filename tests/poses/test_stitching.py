"""Clips in a row: where each piece is, what lies between two, and what is missing there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.errors import DataError
from mmpt_sign.poses.arrays import read_source
from mmpt_sign.poses.layouts import layout
from mmpt_sign.poses.names import LEFT_HAND, RIGHT_HAND
from mmpt_sign.poses.stitching import Piece, Stitched
from mmpt_sign.records import Source

POINTS = layout("hands_42").points


def hands(path: Path, frames: int, at: float, *, left: bool = True) -> Source:
    """Hands whose points are all at ``at`` and then move on by one per frame."""
    data = np.full((frames, 42, 3), at, np.float32) + np.arange(frames, dtype=np.float32)[:, None, None]
    if not left:
        data[:, :21] = np.nan
    np.save(path, data)
    return Source(path, layout="hands_42")


def test_pieces_stand_in_a_row_with_straight_ways_between(tmp_path: Path) -> None:
    first, second = hands(tmp_path / "a.npy", 5, 0), hands(tmp_path / "b.npy", 4, 20)
    made = Stitched((Piece(first, 1, 4, 3), Piece(second, 0, 4, 4, before=3)), POINTS, "none")
    clip = read_source(Source(Path("stitched"), made=made))
    assert made.spans() == ((0, 3), (6, 10))
    assert len(clip) == made.frames == 10
    np.testing.assert_allclose(clip.data[:, 7, 0], [1, 2, 3, 7.25, 11.5, 15.75, 20, 21, 22, 23])
    assert made.sources == (first, second)


def test_a_hand_that_one_sign_lacks_is_missing_on_the_way(tmp_path: Path) -> None:
    first, second = hands(tmp_path / "a.npy", 3, 1), hands(tmp_path / "b.npy", 3, 9, left=False)
    clip = Stitched((Piece(first, 0, 3, 3), Piece(second, 0, 3, 3, before=2)), POINTS, "none").clip()
    left, right = (list(clip.layout.components[name]) for name in (LEFT_HAND, RIGHT_HAND))
    assert clip.confidence[:, right].all()
    assert clip.confidence[:3, left].all()
    assert not clip.confidence[3:, left].any()
    assert not clip.data[3:, left].any()


def test_a_piece_is_sped_up_evenly(tmp_path: Path) -> None:
    made = Stitched((Piece(hands(tmp_path / "a.npy", 9, 0), 0, 9, 5),), POINTS, "none")
    np.testing.assert_allclose(made.clip().data[:, 0, 1], [0, 2, 4, 6, 8])


def test_clips_of_different_cameras_come_to_one_place_and_size(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shape = rng.normal(size=(6, 42, 3)).astype(np.float32)
    sources = []
    for name, scale, shift in (("near", 3.0, 100.0), ("far", 0.5, -7.0)):
        np.save(tmp_path / f"{name}.npy", shape * scale + shift)
        sources.append(Source(tmp_path / f"{name}.npy", layout="hands_42"))
    clip = Stitched(tuple(Piece(source, 0, 6, 6) for source in sources), POINTS, "hands").clip()
    np.testing.assert_allclose(clip.data[:6], clip.data[6:], atol=1e-4)


def test_a_file_that_has_become_shorter_is_named(tmp_path: Path) -> None:
    source = hands(tmp_path / "a.npy", 4, 0)
    with pytest.raises(DataError, match=r"a\.npy: has 4 frames, not the 6"):
        Stitched((Piece(source, 0, 6, 6),), POINTS, "none").clip()
