"""What corpora call their splits."""

from __future__ import annotations

import pytest

from mmpt_sign.records import usual_split


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("Train", "train"), ("dev", "valid"), ("Validation", "valid"), ("testing", "test"), ("public_test", "test"),
     ("TEST", "test"), ("Private_Test", "Private_Test"), ("", "")],
)  # fmt: skip
def test_names_of_splits_become_ours(theirs: str, ours: str) -> None:
    assert usual_split(theirs) == ours
