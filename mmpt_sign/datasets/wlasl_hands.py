"""Hands of WLASL: isolated ASL signs of many signers, two hands in the order in which a detector found them."""

from __future__ import annotations

from typing import Literal

from mmpt_sign.datasets._array_set import ArraySet
from mmpt_sign.datasets._table_set import Stems


class WlaslHands(ArraySet):
    """``stems: [wlasl100]`` is WLASL100, ``[wlasl100, wlasl101_300]`` is WLASL300.

    The official splits share nearly all signers; ``split_by: signer`` draws disjoint ones.
    """

    name: Literal["wlasl_hands"] = "wlasl_hands"
    stems: Stems = ("wlasl100",)
    member: str = "hands"
    layout: str = "two_hands_unordered"
