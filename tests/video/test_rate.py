"""Frames at any times become frames at a constant rate: nothing is lost, nothing invented, nothing held back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpt_sign.video.rate import at_constant_rate


def shown(times: list[float], last: float = 0.0) -> Iterator[tuple[float, float, int]]:
    return ((time, last, number) for number, time in enumerate(times))


@pytest.mark.parametrize("fps", [0.5, 10, 23.976, 25, 29.97, 30000 / 1001, 60, 119.88])
def test_a_constant_stream_passes_unchanged_also_after_hours(fps: float) -> None:
    count = 20_000
    assert list(at_constant_rate(shown([n / fps for n in range(count)]), fps)) == list(range(count))


def test_jitter_below_half_a_frame_changes_nothing() -> None:
    times = [n / 25 + (0.012 if n % 3 else -0.006) for n in range(200)]
    assert list(at_constant_rate(shown(times), 25)) == list(range(200))


def test_a_pause_repeats_the_nearest_frame() -> None:
    assert list(at_constant_rate(shown([0, 0.1, 0.5, 0.6]), 10)) == [0, 1, 1, 2, 2, 2, 3]


def test_twice_the_rate_doubles_and_half_the_rate_halves() -> None:
    times = [n / 10 for n in range(10)]
    assert len(list(at_constant_rate(shown(times, 0.1), 20))) == 20
    assert list(at_constant_rate(shown(times, 0.1), 5)) == [0, 2, 4, 6, 8]


def test_a_span_starts_and_ends_where_it_says() -> None:
    times = [n / 10 for n in range(100)]
    assert list(at_constant_rate(shown(times), 10, start=3.0, count=4)) == [30, 31, 32, 33]
    assert list(at_constant_rate(shown(times), 10, start=9.8, count=9)) == [98, 99]
    assert list(at_constant_rate(shown(times), 10, start=10.5)) == []


def test_no_frame_is_asked_for_before_it_is_needed() -> None:
    asked = []

    def source() -> Iterator[tuple[float, float, int]]:
        for number in range(100):
            asked.append(number)
            yield number / 10, 0.1, number

    assert len(list(at_constant_rate(source(), 10, count=5))) == 5
    assert len(asked) <= 7


@given(st.lists(st.floats(0.001, 2.0), min_size=1, max_size=40), st.sampled_from([5.0, 12.5, 30.0]))
def test_every_picture_is_the_one_nearest_in_time(steps: list[float], fps: float) -> None:
    times = [sum(steps[:n]) for n in range(len(steps))]
    for number, picture in enumerate(at_constant_rate(shown(times), fps)):
        nearest = min(abs(number / fps - time) for time in times)
        assert abs(number / fps - times[picture]) == pytest.approx(nearest, abs=1e-9)
