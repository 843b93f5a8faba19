"""The front end that mixes features of several networks over the same windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import mmpt_sign
from mmpt_sign.errors import ConfigError, DataError

WIDTHS = {"agnostic": 6, "aware": 6}


def front_end(widths: dict[str, int] | None = None, **options: Any) -> Any:
    torch.manual_seed(0)
    return mmpt_sign.build("front_end", name="mix", widths=widths or WIDTHS, d_out=5, **options)


def stream(lengths: list[int], seed: int, longest: int | None = None) -> tuple[Tensor, Tensor]:
    longest = longest or max(lengths)
    mask = torch.arange(longest)[None] < torch.tensor(lengths)[:, None]
    x = torch.randn(len(lengths), longest, 6, generator=torch.Generator().manual_seed(seed))
    return x * mask[..., None], mask


def test_alpha_weighs_the_agnostic_features() -> None:
    given = {"agnostic": stream([3, 5], 0), "aware": stream([3, 5], 1)}
    made = front_end(weights={"agnostic": 0.8, "aware": 0.2})
    x, mask = made(given)
    expected = made.linear(0.8 * given["agnostic"][0] + 0.2 * given["aware"][0])
    torch.testing.assert_close(x, expected)
    assert mask.sum(1).tolist() == [3, 5]
    assert made.linear.bias is None


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_at_the_ends_it_is_one_stream_alone(alpha: float) -> None:
    given = {"agnostic": stream([3, 5], 0), "aware": stream([3, 5], 1)}
    made = front_end(weights={"agnostic": alpha, "aware": 1 - alpha})
    alone = front_end({"agnostic": 6})
    torch.testing.assert_close(made(given)[0], alone({"agnostic": given["agnostic" if alpha else "aware"]})[0])


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 66, 100, 127, 128, 129, 200, 1412])
def test_clips_are_thinned_as_numpy_does_in_the_front_end_and_in_the_stream(count: int) -> None:
    made = front_end({"agnostic": 6}, max_clips=64)
    x, mask = stream([count, 3], 0, longest=max(count, 3))
    rows, kept = made({"agnostic": (x, mask)})
    picked = np.linspace(0, count - 1, 64).astype(int) if count > 64 else np.arange(count)
    assert int(kept[0].sum()) == len(picked)
    torch.testing.assert_close(rows[0][kept[0]], made.linear(x[0, torch.from_numpy(picked)]))
    torch.testing.assert_close(rows[1, :3], made.linear(x[1, :3]))

    part = mmpt_sign.build("stream", name="features", size=6, thin_to=64)
    from mmpt_sign.poses.clip import Clip, Layout

    clip = Clip(x[:1, :count].numpy().transpose(1, 0, 2), np.ones((count, 1), np.float32), Layout(("f.f",)), 25.0)
    np.testing.assert_array_equal(part.encode(part.prepare(clip)), x[0, torch.from_numpy(picked)].numpy())


def test_rows_are_interleaved_in_time() -> None:
    given = {"agnostic": stream([2, 3], 0), "aware": stream([2, 3], 1)}
    made = front_end(combine="cat")
    x, mask = made(given)
    assert mask.sum(1).tolist() == [4, 6]
    torch.testing.assert_close(x[1, 0::2], made.linear(given["agnostic"][0][1]))
    torch.testing.assert_close(x[1, 1::2], made.linear(given["aware"][0][1]))


@pytest.mark.parametrize("combine", ["sum", "cat"])
def test_a_missing_stream_leaves_the_word_to_the_other(combine: str) -> None:
    agnostic, aware = stream([3, 5], 0), stream([1, 5], 1)
    aware = (aware[0], aware[1] & torch.tensor([[False], [True]]))
    made = front_end(combine=combine)
    x, mask = made({"agnostic": agnostic, "aware": aware})
    both = made({"agnostic": agnostic, "aware": agnostic})
    valid = both[1][0]
    torch.testing.assert_close(x[0][valid], both[0][0][valid])
    assert torch.equal(mask, both[1])
    nothing = made({name: (x * 0, torch.zeros(2, 5, dtype=torch.bool)) for name, (x, _) in
                    {"agnostic": agnostic, "aware": stream([5, 5], 2)}.items()})  # fmt: skip
    assert nothing[0].isfinite().all()
    assert not nothing[1].any()


def test_features_of_other_windows_are_refused() -> None:
    with pytest.raises(DataError, match="agnostic 3, aware 40"):
        front_end()({"agnostic": stream([3], 0), "aware": stream([40], 1)})
    x, mask = front_end()({"agnostic": stream([5, 9, 30], 0), "aware": stream([5, 9, 3], 1)})
    assert mask.sum(1).tolist() == [5, 9, 3]  # one odd clip is told by what both streams have
    assert x.isfinite().all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": {"agnostic": 1.2, "aware": -0.2}}, "between 0 and 1"),
        ({"weights": {"agnostic": 0.5, "aware": 0.4}}, "add up to 1"),
        ({"weights": {"agnostic": 0.5, "aware": 0.5}, "combine": "cat"}, "shares of a sum"),
    ],
)
def test_shares_that_make_no_sum_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        front_end(**options)


def test_names_and_widths_must_be_those_of_the_tower() -> None:
    with pytest.raises(ConfigError, match="weights name agnostic, other"):
        front_end(weights={"agnostic": 0.5, "other": 0.5})
    with pytest.raises(ConfigError, match="one width"):
        front_end({"agnostic": 6, "aware": 7})


def test_it_knows_which_rows_its_positions_are_of() -> None:
    mask = stream([3, 70], 0)[1]
    plain = front_end({"agnostic": 6}).times(mask)
    assert plain.shape == (2, 70, 2)
    assert plain[0, :4].tolist() == [[0, 1], [1, 2], [2, 3], [0, 0]]
    few = front_end({"agnostic": 6}, max_clips=8).times(mask)
    assert few[1, :, 0].tolist() == np.linspace(0, 69, 8).astype(int).tolist()
    assert front_end(combine="cat").times(mask)[0, :7, 0].tolist() == [0, 0, 1, 1, 2, 2, 0]
