"""The networks against a second writing of them, and their windows against one window after the other."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmpt_sign.features.networks._i3d import I3d
from mmpt_sign.features.networks._quick_time import QuickTimeConv
from mmpt_sign.features.networks._s3d import S3d
from mmpt_sign.features.networks._s3d_howto100m import S3dHowTo100m
from mmpt_sign.features.networks._shared_taps import distinct_sums
from mmpt_sign.features.networks._sliding_i3d import SlidingI3d
from mmpt_sign.registry import build, names
from tests.features.networks import slow
from tests.features.networks.weights import with_random_weights

TOLERANCE = 1e-4


def frames(count: int, size: int | tuple[int, int], seed: int = 1) -> torch.Tensor:
    height, width = (size, size) if isinstance(size, int) else size
    return torch.rand((count, 3, height, width), generator=torch.Generator().manual_seed(seed)) - 0.5


@pytest.fixture(scope="module")
def i3d() -> I3d:
    network = with_random_weights(I3d())
    assert isinstance(network, I3d)
    return network


@pytest.mark.parametrize(("count", "size"), [(16, 32), (16, (33, 45)), (9, (38, 32)), (3, 41)])
def test_i3d_is_the_published_network_whatever_the_size(i3d: I3d, count: int, size: int) -> None:
    clip = frames(count, size).transpose(0, 1)
    expected = slow.i3d(clip.double().numpy(), slow.weights_of(i3d.state_dict()))
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(i3d(clip[None])[0].numpy(), expected, atol=TOLERANCE)


@pytest.mark.parametrize(("count", "size"), [(16, 32), (10, (33, 47)), (4, 40)])
def test_s3d_is_the_published_network(count: int, size: int) -> None:
    network = with_random_weights(S3d())
    clip = frames(count, size).transpose(0, 1)
    expected = slow.s3d(clip.double().numpy(), slow.weights_of(network.state_dict()))
    found = network(clip[None])[0].numpy()
    assert found.shape == (-(-count // 4), 832)
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)


@pytest.mark.parametrize(("count", "size"), [(30, 32), (8, (40, 36)), (16, (38, 34))])
def test_s3d_of_howto100m_is_the_published_network(count: int, size: int) -> None:
    network = with_random_weights(S3dHowTo100m())
    clip = frames(count, size).transpose(0, 1)
    expected = slow.s3d_howto100m(clip.double().numpy(), slow.weights_of(network.state_dict()))
    np.testing.assert_allclose(network(clip[None])[0].numpy(), expected, atol=TOLERANCE)


def test_sizes_are_the_published_ones() -> None:
    def parameters(network: torch.nn.Module) -> int:
        return sum(values.numel() for values in network.parameters())

    with_head = I3d(5383)
    assert len(with_head.state_dict()) == 344
    assert parameters(with_head) == 17_804_839
    base = S3d().base
    blocks = [base[:1], base[1:4], base[4:7], base[7:]]
    assert [parameters(block) for block in blocks] == [38_336, 226_176, 687_456, 3_782_304]
    assert parameters(S3d(channels=79)) == 4_972_608
    assert [x.shape[1] for x in S3d(5).eval().blocks(torch.zeros(1, 3, 8, 32, 32))] == [64, 192, 480, 832, 1024]
    assert with_head.eval()(torch.zeros(2, 3, 16, 32, 32)).shape == (2, 5383)


@pytest.mark.parametrize("stride", [1, 2, 3, 4, 8, 20])
@pytest.mark.parametrize("quick", [False, True])
def test_sliding_windows_are_the_windows_one_by_one(i3d: I3d, stride: int, quick: bool) -> None:
    video = frames(16 + 5 * stride, (33, 40))
    starts = range(0, 5 * stride + 1, stride)
    expected = torch.cat([i3d(video[n : n + 16].transpose(0, 1)[None]) for n in starts])
    (found,) = SlidingI3d(i3d, 16, quick_time=quick).rows([(video, tuple(starts))])
    assert (found - expected).abs().max() < TOLERANCE
    assert expected.std(0).max() > 100 * TOLERANCE, "the windows differ, so that mixing them up would show"


def test_class_scores_of_sliding_windows() -> None:
    network = with_random_weights(I3d(7))
    assert isinstance(network, I3d)
    video = frames(17, 32)
    expected = torch.cat([network(video[n : n + 16].transpose(0, 1)[None]) for n in (0, 1)])
    sliding = SlidingI3d(network, 16).double()
    (found,) = sliding.rows([(video.double(), (0, 1))])
    assert found.shape == (2, 7)
    assert found.dtype == torch.float64, "whoever moves the network moves its classifier"
    assert (found - expected).abs().max() < TOLERANCE


@pytest.mark.parametrize("window", [8, 12, 20])
def test_windows_of_other_lengths(i3d: I3d, window: int) -> None:
    video, starts = frames(window + 3, 32), (0, 1, 3)
    expected = torch.cat([i3d(video[n : n + window].transpose(0, 1)[None]) for n in starts])
    (found,) = SlidingI3d(i3d, window, quick_time=True).rows([(video, starts)])
    assert (found - expected).abs().max() < TOLERANCE


def test_videos_do_not_see_each_other(i3d: I3d) -> None:
    network = SlidingI3d(i3d, 16)
    videos = [(frames(17, 32, 3), (0, 1)), (frames(16, 32, 5), (0,))]
    alone = [network.rows([video])[0] for video in videos]
    for found, expected in zip(network.rows(videos), alone, strict=True):
        assert (found - expected).abs().max() < 1e-5


def test_windows_of_one_phase_share_all_but_their_ends() -> None:
    places = np.arange(10)[:, None] + np.arange(8)
    sums, where = distinct_sums(places, taps=3, before=1)
    assert len(sums) == 10 + 10 + 15  # a first and a last one of each window, and the middles that any window has
    assert where.shape == (10, 8)
    assert where[0, 2] == where[1, 1] != where[2, 0]


@pytest.mark.parametrize("count", [1, 2, 4, 6, 8])
def test_quick_convolution_over_time_is_the_plain_one(count: int) -> None:
    draw = torch.Generator().manual_seed(0)
    weight, bias = torch.randn((5, 4, 3, 3, 3), generator=draw), torch.randn(5, generator=draw)
    x = torch.randn((2, 4, count, 6, 7), generator=draw)
    expected = torch.nn.functional.conv3d(x.double(), weight.double(), bias.double(), padding=1).relu()
    assert (QuickTimeConv(weight, bias)(x) - expected).abs().max() < TOLERANCE


@pytest.mark.parametrize("name", names("video_network"))
def test_networks_are_found_by_name(name: str) -> None:
    assert isinstance(build("video_network", name), torch.nn.Module)
