"""The usual vocabulary and grammar of ``made_sentences``, and who of its people is in which split."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, ...]] = {
    "time": ("today", "tomorrow", "yesterday", "tonight", "monday", "sunday"),
    "person": ("teacher", "doctor", "mother", "father", "friend", "child", "farmer", "neighbour"),
    "verb": ("buys", "finds", "sells", "paints", "carries", "cleans", "likes", "needs"),
    "quality": ("red", "small", "old", "new", "heavy", "cheap"),
    "thing": ("apples", "books", "flowers", "bread", "shoes", "houses", "horses", "cars", "letters", "chairs"),
    "place": ("school", "market", "river", "garden", "station", "village"),
}
# Signed in another order than written, and without the little words, as signed languages do.
PATTERNS = (
    "{time} the {person} {verb} {quality} {thing} at the {place} | time place person thing quality verb",
    "the {person} {verb} {thing} {time} | time person thing verb",
    "at the {place} the {person} {verb} {quality} {thing} | place thing quality person verb",
    "{time} {quality} {thing} are at the {place} | time place thing quality",
    "the {quality} {person} {verb} {thing} at the {place} | place person quality thing verb",
)


def people_of(split: str, signers: int, apart: bool) -> list[int]:
    """A quarter of the people are kept for testing and a quarter for validation where they are to be apart."""
    if not apart:
        return list(range(signers))
    share = max(1, signers // 4)
    return {
        "test": list(range(share)),
        "valid": list(range(share, 2 * share)),
        "train": list(range(2 * share, signers)),
    }[split]
