from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpt_sign.poses.window import windows


@given(st.integers(1, 2000), st.integers(1, 300))
def test_windows_cover_everything_evenly(length: int, most: int) -> None:
    found = windows(length, most)
    seen = np.zeros(length, int)
    for window in found:
        seen[window] += 1
        assert window.stop - window.start == min(length, most)
    assert seen.all()
    assert len(found) == -(-length // most)
    steps = np.diff([window.start for window in found])
    assert not len(steps) or steps.max() - steps.min() <= 1
    assert (found[0].start, found[-1].stop) == (0, length)


def test_a_window_has_a_frame() -> None:
    with pytest.raises(ValueError, match="0 frames"):
        windows(5, 0)
