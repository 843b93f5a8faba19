"""Two ASL signs by 17 signers with body, face and hands: an excerpt of Google's isolated sign data, signer-disjoint."""

from __future__ import annotations

from typing import Literal

from mmpt_sign.datasets._array_set import ArraySet
from mmpt_sign.datasets._table_set import Stems


class AslSignsHolistic(ArraySet):
    """203 points in fractions of the frame; long clips were thinned by the source."""

    name: Literal["asl_signs_holistic_2words"] = "asl_signs_holistic_2words"
    stems: Stems = ("poses",)
