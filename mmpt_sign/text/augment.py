"""Random changes of a prompt: two words change places, or some are left out; nothing is looked up in a dictionary.

What: `random_swap` of EDA with one swap, as CiCo trains with; tags such as <en> stay where they are.
Needs: words divided by spaces; a prompt of fewer than two words stays as it is.
Reference: Wei and Zou 2019, EDA; of its four operations only the swap helped CiCo.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from mmpt_sign.config.contracts import TextAugment

MOST_DRAWS = 4  # of the second word, which may hit the first one again


def augmented(text: str, options: TextAugment, rng: np.random.Generator) -> str:
    """The prompt, changed as often as the options say; the draws do not depend on one another's outcome."""
    swaps, deletes = rng.random(2)
    words = text.split()
    if swaps < options.random_swap:
        words = swapped(words, rng)
    if deletes < options.random_deletion:
        words = thinned(words, options.deleted, rng)
    return text if words == text.split() else " ".join(words)


def swapped(words: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Two words exchanged; unchanged where every draw of the second one hits the first."""
    changed, places = list(words), _places(words)
    if len(places) < 2:
        return changed
    first = places[int(rng.integers(len(places)))]
    for _ in range(MOST_DRAWS):
        second = places[int(rng.integers(len(places)))]
        if second != first:
            changed[first], changed[second] = changed[second], changed[first]
            break
    return changed


def thinned(words: Sequence[str], share: float, rng: np.random.Generator) -> list[str]:
    """Each word left out with a probability of ``share``; one of them stays in any case."""
    places = _places(words)
    if len(places) < 2:
        return list(words)
    gone = {place for place in places if rng.random() < share}
    if len(gone) == len(places):
        gone.remove(places[int(rng.integers(len(places)))])
    return [word for place, word in enumerate(words) if place not in gone]


def _places(words: Sequence[str]) -> list[int]:
    """Where the words stand that are no tags."""
    return [place for place, word in enumerate(words) if not (word.startswith("<") and word.endswith(">"))]
