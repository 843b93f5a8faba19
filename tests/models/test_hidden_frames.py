"""Hidden frames: how many, in which runs, and that a tower learns to tell them from the others."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.config.schema import HiddenFramesOptions
from mmpt_sign.errors import ConfigError
from mmpt_sign.models.hidden_frames import HiddenFrames, stretches
from tests.inference.made import token_model


@settings(deadline=None, max_examples=20)
@given(share=st.floats(0.1, 0.8), length=st.integers(1, 8), seed=st.integers(0, 99))
def test_about_the_share_of_the_valid_frames_is_hidden_in_runs(share: float, length: int, seed: int) -> None:
    torch.manual_seed(seed)
    mask = torch.arange(200)[None] < torch.tensor([200] * 30 + [40] * 30)[:, None]
    hidden = stretches(mask, share, length)
    assert not (hidden & ~mask).any()
    inside = hidden[:30, length : 200 - length]  # runs are cut at both ends
    assert float(inside.float().mean()) == pytest.approx(share, abs=0.08)
    starts = inside[:, 1:] & ~inside[:, :-1]
    kept = torch.stack([inside[:, 1 + k :][:, : starts.shape[1] - length + 1] for k in range(length)]).all(0)
    assert kept[starts[:, : kept.shape[1]]].all()


def test_a_tower_learns_to_tell_hidden_frames_from_the_others() -> None:
    torch.manual_seed(0)
    tower = token_model().network.video["pose"].eval()
    width = 63
    part = HiddenFrames(width, tower(_waves(1, width)).tokens.shape[-1], HiddenFramesOptions(share=0.3, length=2))
    optimizer = torch.optim.Adam([*tower.parameters(), *part.parameters()], lr=3e-3)
    losses = []
    for _ in range(60):
        loss = part(tower, _waves(16, width))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


def _waves(clips: int, width: int) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Clips that can be continued: one sine each, the same for all numbers of a frame."""
    phase = torch.rand(clips, 1, 1) * 6
    x = torch.sin(phase + torch.arange(12)[None, :, None] * 0.5).expand(-1, -1, width)
    return {"pose": (x.contiguous(), torch.ones(clips, 12, dtype=torch.bool))}


def test_several_streams_in_a_tower_are_refused() -> None:
    with pytest.raises(ConfigError, match="are frames of one stream"):
        experiment_from_values(
            {
                "dataset": {"name": "folder", "folder": "."},
                "streams": {"a": {"kind": "features", "size": 4}, "b": {"kind": "features", "size": 4}},
                "video": {"both": {"of": ["a", "b"], "encoder": "bert_video"}},
                "text": "bert",
                "similarity": {"video_text": "pooled_dot"},
                "loss": {"video_text": "info_nce"},
                "hidden_frames": {},
            },
            "test",
        )
