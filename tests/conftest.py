"""What all tests share: determinism, no network, bounded memory, and where the real data sets are."""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings

os.environ["HF_HUB_OFFLINE"] = "1"
settings.register_profile("project", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("project")

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_finish() -> None:
    """The modules that were imported stay: the garbage collector need not look at them again and again (a tenth)."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def memory_given_back() -> Iterator[None]:
    """The C library keeps what large models took, several GiB by and by; here it hands it back."""
    yield
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets beside a checkout; tests that need it skip where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the shared data sets are not here ({folder})")
    return folder
