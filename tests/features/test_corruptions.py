from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.errors import DataError
from mmpt_sign.features.build import build_store, own_clip
from mmpt_sign.features.store import Store, verify
from mmpt_sign.poses.clip import Clip
from tests.features.stores import contents, corpus
from tests.poses.clips import same

ROUNDS = 1000


def flipped(data: bytearray, draw: random.Random) -> None:
    for _ in range(draw.choice([1, 1, 1, 8])):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)


def cut(data: bytearray, draw: random.Random) -> None:
    del data[draw.randrange(len(data)) :]


def lengthened(data: bytearray, draw: random.Random) -> None:
    data += draw.randbytes(draw.choice([1, 8, 500]))


def zeroed(data: bytearray, draw: random.Random) -> None:
    start, size = draw.randrange(len(data)), draw.choice([1, 8, 64, 4096])
    data[start : start + size] = bytes(len(data[start : start + size]))


def swapped(data: bytearray, draw: random.Random) -> None:
    size = draw.choice([1, 8, 64])
    one, other = (draw.randrange(max(len(data) - size, 1)) for _ in range(2))
    data[one : one + size], data[other : other + size] = data[other : other + size], data[one : one + size]


def moved(data: bytearray, draw: random.Random) -> None:
    start, size = draw.randrange(len(data)), draw.choice([1, 8])
    del data[start : start + size]
    data += bytes(size)


def noise(data: bytearray, draw: random.Random) -> None:
    start, size = draw.randrange(len(data)), draw.choice([4, 64, 4096])
    data[start : start + size] = draw.randbytes(len(data[start : start + size]))


DAMAGE: tuple[Callable[[bytearray, random.Random], None], ...] = (
    flipped, cut, lengthened, zeroed, swapped, moved, noise,
)  # fmt: skip


def read_all(folder: Path, expected: list[Clip]) -> str:
    """How damage shows itself when the store is used; an answer that differs is a failure."""
    try:
        store = Store.open(folder)
    except DataError:
        return "on opening"
    found = "by verify alone"
    assert len(store) == len(expected)
    for item, clip in enumerate(expected):
        try:
            assert same(store.clip(item), clip), item
        except DataError:
            found = "on reading"
    return found


@pytest.mark.slow
def test_random_damage_never_passes_for_data(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    build_store(corpus(tmp_path / "corpus", 11, broken=(4,)), own_clip, folder, shard_clips=4, max_skipped=0.1)
    whole = contents(folder)
    assert len(whole) == 2 * 3 + 3
    expected = [Store.open(folder).clip(item) for item in range(10)]
    draw = random.Random(0)
    seen: Counter[str] = Counter()
    while seen.total() < ROUNDS:
        name = draw.choice(sorted(whole))
        data = bytearray(whole[name])
        draw.choice(DAMAGE)(data, draw)
        if bytes(data) == whole[name]:
            continue
        (folder / name).write_bytes(data)
        seen[read_all(folder, expected)] += 1
        with pytest.raises(DataError):
            verify(folder)
        (folder / name).write_bytes(whole[name])
    assert len(seen) == 3
    verify(folder)


def test_a_lost_file_is_reported_whichever_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    build_store(corpus(tmp_path / "corpus", 11, broken=(4,)), own_clip, folder, shard_clips=4, max_skipped=0.1)
    for name, data in contents(folder).items():
        (folder / name).unlink()
        with pytest.raises(DataError):
            verify(folder)
        (folder / name).write_bytes(data)
    verify(folder)


def test_two_stores_cannot_be_mixed(tmp_path: Path) -> None:
    """Files that are whole, of the right size, and of another store."""
    for name in ("one", "two"):
        build_store(corpus(tmp_path / name, 8), own_clip, tmp_path / f"{name}.store", shard_clips=4)
    two = corpus(tmp_path / "two", 8)
    for record in two:
        np.save(record.source.path, np.load(record.source.path) + 1)
    build_store(two, own_clip, tmp_path / "two.store", changed="rebuild", shard_clips=4)
    build_store(two, own_clip, tmp_path / "other.store", shard_clips=4)
    for name, data in contents(tmp_path / "one.store").items():
        other = tmp_path / "other.store" / name
        if not name.startswith("shards") or other.read_bytes() == data:
            continue
        before = other.read_bytes()
        other.write_bytes(data)
        with pytest.raises(DataError):
            verify(tmp_path / "other.store")
        if name.endswith(".bin"):
            with pytest.raises(DataError, match="damaged"):
                Store.open(tmp_path / "other.store").clip(4 if "00001" in name else 0)
        other.write_bytes(before)
