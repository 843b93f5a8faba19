"""Every clip with every text by a model's own similarity, a block of both at a time: memory is bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from mmpt_sign.inference.encoding import by_length

if TYPE_CHECKING:
    from mmpt_sign.config.contracts import Similarity
    from mmpt_sign.inference.encoded import Positions, Ragged
    from mmpt_sign.poses.clip import FloatArray

POSITIONS = 4096  # padded tokens of a block on each side


def scores(part: Similarity, video: Ragged, text: Ragged, device: torch.device | str) -> FloatArray:
    """(N, M): the one score of each pair; NaN for clips that lack the stream which is compared."""
    found = np.zeros((len(video), len(text)), np.float32)
    columns = [(chosen, text.padded(chosen, device)) for chosen in _blocks(text)]
    with torch.inference_mode():
        for rows in _blocks(video):
            clips = video.padded(rows, device)
            for chosen, prompts in columns:
                found[np.ix_(rows, chosen)] = part.combined(part(clips, prompts)).float().cpu().numpy()
    found[~video.present] = np.nan
    return found


def _blocks(side: Ragged) -> list[Positions]:
    return [np.array(rows) for rows in by_length(np.maximum(side.counts, 1).tolist(), POSITIONS)]
