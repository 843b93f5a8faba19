"""Training tests need the training extra; each gets a made corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus import make_corpus


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder data set of eight made signs."""
    return make_corpus(tmp_path_factory.mktemp("corpus"))
