"""Windows of a stream of pictures, and a network over them: nothing depends on how they are cut into segments."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from mmpt_sign.config.contracts import VideoNetwork
from mmpt_sign.errors import DataError
from mmpt_sign.features.frozen import Frozen, Together
from mmpt_sign.features.networks.i3d import I3d
from mmpt_sign.features.networks.s3d import S3d
from mmpt_sign.features.networks.s3d_howto100m import S3dHowto100m
from mmpt_sign.features.windows import Sliding, ahead
from tests.features.networks.weights import with_random_weights


def windows(count: int, network: VideoNetwork, most: int) -> list[list[int]]:
    """The frames of every window, black ones as -1: pictures here are their own numbers, counted from 1."""
    pictures = (np.full((1, 1, 3), n + 1) for n in range(count))
    found = []
    for segment in Sliding(pictures, network).segments(most):
        assert 1 <= len(segment.starts) <= most
        numbers = segment.pictures[:, 0, 0, 0] - 1
        found += [numbers[start : start + network.window].tolist() for start in segment.starts]
    return found


@pytest.mark.parametrize("most", [1, 3, 16])
@pytest.mark.parametrize("count", [1, 15, 16, 17, 30, 47])
@pytest.mark.parametrize("stride", [1, 4, 16, 20])
def test_every_window_once(count: int, stride: int, most: int) -> None:
    expected = [list(range(n, n + 16)) for n in range(0, count - 15, stride)]
    short = [[*range(count), *[count - 1] * (16 - count)]]
    assert windows(count, I3d(stride=stride), most) == (expected or short)


@pytest.mark.parametrize("count", [1, 29, 30, 31, 60, 95])
def test_the_last_second_is_filled_up_with_black(count: int) -> None:
    seconds = -(-count // 30)
    numbers = [*range(count), *[-1] * (30 * seconds - count)]
    assert windows(count, S3dHowto100m(), 2) == [numbers[30 * n : 30 * n + 30] for n in range(seconds)]


@pytest.mark.parametrize("most", [1, 2, 7, 100])
def test_a_network_over_whole_videos_sees_no_seam(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    part = S3d()
    monkeypatch.setattr(S3d, "inputs", lambda self, pictures: pictures.permute(0, 3, 1, 2).float())
    network: Any = with_random_weights(part.build())
    pictures = np.random.default_rng(0).normal(size=(151, 32, 32, 3)).astype(np.float32)
    expected = network(torch.from_numpy(pictures[:148]).permute(3, 0, 1, 2)[None])[0].numpy()
    frozen = Frozen(part, network)
    found = [frozen.rows([segment])[0] for segment in Sliding(pictures, part).segments(most)]
    np.testing.assert_allclose(np.concatenate(found), expected, atol=1e-4)


def test_features_of_videos_read_side_by_side() -> None:
    part = I3d(stride=2)
    frozen = Frozen(part, with_random_weights(part.build()))
    rng = np.random.default_rng(0)
    videos = [rng.integers(0, 256, (count, 60, 80, 3), dtype=np.uint8) for count in (5, 16, 21)]
    alone = [frozen.of_video(iter(video)) for video in videos]
    assert [rows.shape for rows in alone] == [(1, 1024), (1, 1024), (3, 1024)]
    together, found = Together(frozen), {}

    def read(n: int) -> None:
        found[n] = frozen.of_video(iter(videos[n]), together)

    readers = [threading.Thread(target=read, args=(n,)) for n in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    together.close()
    for n, expected in enumerate(alone):
        np.testing.assert_allclose(found[n], expected, atol=1e-5)


def test_no_frames_and_numbers_that_are_none() -> None:
    part = I3d()
    network = with_random_weights(part.build())
    with pytest.raises(DataError, match="no frames"):
        Frozen(part, network).of_video(iter(()))
    norm: Any = network.get_submodule("Mixed_5c.b0.bn")
    norm.bias.data.fill_(float("nan"))
    with pytest.raises(DataError, match="not finite"):
        Frozen(part, network).of_video(iter([np.zeros((20, 20, 3), np.uint8)]))


def test_i3d_samples_the_middle_of_the_stored_frame() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    part = I3d()
    assert part.picture(frame) is frame
    found = part.inputs(torch.from_numpy(frame[None]))[0].permute(1, 2, 0).numpy() + 0.5
    places = (np.linspace(-0.875, 0.875, 224) + 1) * 128 - 0.5
    low, part_above = np.floor(places).astype(int), (places % 1)
    rows = frame[low] * (1 - part_above)[:, None, None] + frame[low + 1] * part_above[:, None, None]
    expected = rows[:, low] * (1 - part_above)[:, None] + rows[:, low + 1] * part_above[:, None]
    np.testing.assert_allclose(found, expected / 255, atol=1e-4)


def test_pictures_as_the_originals_cut_them() -> None:
    wide = np.zeros((100, 200, 3), np.uint8)
    wide[:, 48:152] = 255
    assert I3d().picture(wide).shape == (256, 256, 3)
    assert S3dHowto100m().picture(wide).shape == (224, 224, 3)
    assert S3dHowto100m().picture(wide).min() == 255, "the middle square"
    phoenix = np.full((260, 210, 3), (255, 0, 0), np.uint8)
    inputs = S3d(crop=224).inputs(torch.from_numpy(S3d(crop=224).picture(phoenix)[None]))[0]
    assert inputs[:, 100, 100].tolist() == [-1, -1, 1], "blue first"
    assert inputs[2, :, :7].max() == -1 < inputs[2, :, 7:-7].min() == 1, "seven black columns on both sides"


def test_reading_ahead_is_bounded_and_ends_with_its_reader() -> None:
    made: list[int] = []

    def numbers() -> Iterator[int]:
        for n in range(100):
            made.append(n)
            yield n

    with ahead(numbers(), most=2) as coming:
        assert [next(coming), next(coming)] == [0, 1]
        time.sleep(0.3)
        assert len(made) <= 6
    after = len(made)
    time.sleep(0.2)
    assert len(made) == after


def test_errors_of_the_reader_are_raised_where_they_are_read() -> None:
    def broken() -> Iterator[Any]:
        yield 1
        raise DataError("damaged")

    with pytest.raises(DataError, match="damaged"), ahead(broken()) as coming:
        assert list(coming)
