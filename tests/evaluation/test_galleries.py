"""Which prompts and clips meet."""

from __future__ import annotations

import numpy as np
import pytest

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.galleries import attribute, material, query_values
from tests.evaluation.made import records


def test_split_or_vocabulary() -> None:
    own = material(records(), "test", vocabulary=False, within=None)
    assert (len(own.records), len(own.prompts), len(own.blocks)) == (16, 8, 1)
    everything = material(records(), "test", vocabulary=True, within=None)
    assert (len(everything.records), len(everything.prompts)) == (16, 10)


def test_within_one_attribute() -> None:
    found = material(records(), "test", vocabulary=True, within="sign_language")
    assert [(len(block.clips), len(block.prompts)) for block in found.blocks] == [(8, 5), (8, 5)]
    for block, language in zip(found.blocks, ("ase", "gsg"), strict=True):
        assert all(f"<{language}>" in found.prompts[i] for i in block.prompts)
        assert all(found.records[i].sign_language == language for i in block.clips)


def test_attributes_of_queries() -> None:
    found = material(records(), "test", vocabulary=False, within=None)
    clips, texts = np.arange(len(found.records)), np.arange(len(found.prompts))
    assert query_values(found, "video_to_text", clips, "signer") == ["signer0", "signer1"] * 8
    assert query_values(found, "text_to_video", texts, "sign_language") == ["ase"] * 4 + ["gsg"] * 4
    assert query_values(found, "text_to_video", texts, "signer") == [None] * 8
    assert attribute(records()[0], "hand") == "right"


def test_unknown_names_are_told() -> None:
    with pytest.raises(DataError, match="splits of the data set: test, train"):
        material(records(), "tset", vocabulary=False, within=None)
    with pytest.raises(DataError, match="no attribute 'dialect'; its extra holds: hand"):
        material(records(), "test", vocabulary=False, within="dialect")
