"""Clip stores: a million clips opened and streamed, and a clip out of a store against the same clip out of its file.

    python -m benchmarks.store [--clips 1000000] [--stream 20000] [--rounds 60] [--folder DIR] [FILE.pose ...]

The made store has the index, the manifest and the files of a real one of clips of 60 frames and 203 points.  Its shards
are hard links to one shard of 256 clips, because the data of a million would take 86 GB; so all of its bytes are in
memory, and what is measured is the store and not a disk.  The bytes of clips in random order are compared with the same
work on the mapped shard itself, which no way of reading can beat.

Files and their stores are read in turn, ten clips each, so that a change of the machine's speed hits both; the figure
to look at is the ratio of the medians.  The first time in a run a clip is compared with its CRC-32, later it is not.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mmpt_sign.features.block import Form
from mmpt_sign.features.build import build_store, own_clip
from mmpt_sign.features.index import write_index
from mmpt_sign.features.manifest import SHARDS, VERSION, Manifest
from mmpt_sign.features.packing import Packer, outcomes
from mmpt_sign.features.sealed import digest_of
from mmpt_sign.features.shard import CLIPS, Packed, ShardWriter
from mmpt_sign.features.store import Store
from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.layouts import layout
from mmpt_sign.poses.read import read
from mmpt_sign.records import Record, Source
from mmpt_sign.registry import build

FRAMES, POINTS, WORDS = 60, "holistic_203", 3000
IN_TURN = 10  # reads of the same kind, as a training run does them
OPEN = """
import sys, time
import pyarrow.ipc
from mmpt_sign.features.store import Store
start = time.perf_counter()
store = Store.open(sys.argv[1])
print(time.perf_counter() - start)
start = time.perf_counter()
assert store.number_of("clip-0000007") == 7
print(time.perf_counter() - start)
start = time.perf_counter()
store.clip(len(store) - 1)
print(time.perf_counter() - start)
"""


def made_clip(seed: int) -> Clip:
    """Random motion of a whole signer."""
    rng, points = np.random.default_rng(seed), layout(POINTS)
    data = rng.normal(size=(1, len(points), 3)) * 200 + rng.normal(size=(FRAMES, len(points), 3)).cumsum(0)
    return Clip(data.astype(np.float32), rng.uniform(0.2, 1, data.shape[:2]).astype(np.float32), points)


def made_store(folder: Path, clips: int) -> Path:
    """A store of so many clips (rounded up to whole shards) whose shards are all the same file."""
    form = Form.of(layout(POINTS).points, 3)
    records = [_record(n) for n in range(CLIPS)]
    packer = Packer(lambda record: made_clip(int(record.id[5:])), form)
    writer = ShardWriter(folder, form, set())
    for outcome in outcomes([(record, "0" * 16) for record in records], packer, 1):
        assert isinstance(outcome.packed, Packed)
        writer.add(outcome.packed)
    writer.close(complete=True)
    (shard,) = writer.finished
    names = [f"{SHARDS}/{n:05d}" for n in range(-(-clips // CLIPS))]
    for name in names[1:]:
        for end in ("bin", "json"):
            os.link(folder / f"{shard.name}.{end}", folder / f"{name}.{end}")
    records += [_record(n) for n in range(CLIPS, CLIPS * len(names))]
    places = [place._replace(shard=name) for name in names for _, place in shard.clips]
    index = write_index(folder, records, places, names)
    files = {index: ((folder / index).stat().st_size, digest_of(folder / index))}
    listed = folder / f"{shard.name}.json"
    of_shard = {"bin": (shard.size, shard.sha256), "json": (listed.stat().st_size, digest_of(listed))}
    files |= {f"{name}.{end}": sums for name in names for end, sums in of_shard.items()}
    frames = FRAMES * len(records)
    Manifest(VERSION, form.points, 3, len(records), frames, index, tuple(names), files, {}).write(folder)
    return folder


def _record(n: int) -> Record:
    texts = (f"<en> <ase> word {n % WORDS}",)
    return Record(f"clip-{n:07d}", "train", texts, Source(Path()), f"signer {n % 97}", "ase", "en", f"g{n % WORDS}")


def seconds(work: Callable[[], Any]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def opening(folder: Path) -> None:
    """Print how long opening takes in a process of its own, and the first look-up by id."""
    found = []
    for _ in range(5):
        ended = subprocess.run([sys.executable, "-c", OPEN, str(folder)], capture_output=True, text=True, check=True)
        found.append([float(line) for line in ended.stdout.split()])
    first, look_up, clip = (statistics.median(column) for column in zip(*found, strict=True))
    index = next(folder.glob("index-*"))
    print(f"open                      {first:8.3f} s   (index {index.stat().st_size / 1e6:.0f} MB, checked whole)")
    print(f"first look-up by id       {look_up:8.3f} s   (once per process)")
    print(f"first clip                {clip * 1e3:8.3f} ms")


def streaming(folder: Path, clips: int) -> None:
    """Print the rates of reading clips in random order, against a plain sum over the mapped bytes."""
    store = Store.open(folder)
    order = np.random.default_rng(0).permutation(len(store))[:clips].tolist()
    shard = np.memmap(folder / SHARDS / "00000.bin", np.uint64, "r")
    size = store.form.bytes_of(FRAMES) * len(order)

    def raw() -> None:
        for _ in range(-(-size // shard.nbytes)):
            shard.sum()

    def blocks() -> None:
        for item in order:
            store.block(item).view(np.uint64).sum()

    def clips_of() -> None:
        for item in order:
            store.clip(item)

    shard.sum()
    first = seconds(blocks)
    times: dict[str, list[float]] = {"plain": [], "blocks": [], "clips": []}
    for _ in range(3):
        for name, work in (("plain", raw), ("blocks", blocks), ("clips", clips_of)):
            times[name].append(seconds(work))
    plain, packed, unpacked = (statistics.median(taken) for taken in times.values())
    print(f"{len(order)} clips in random order, {size / 1e9:.2f} GB packed:")
    print(f"sum of the mapped bytes   {size / plain / 1e9:8.2f} GB/s")
    print(f"sum of the store's bytes  {size / packed / 1e9:8.2f} GB/s  {plain / packed:6.2f} of plain")
    print(f"the same, first time      {size / first / 1e9:8.2f} GB/s  (each clip compared with its CRC-32)")
    print(f"clips as float32          {size / unpacked / 1e9:8.2f} GB/s  {len(order) / unpacked:8.0f} clips per second")


def corpus(folder: Path, rounds: int) -> None:
    """Print the mean of reading the clips of the demo's data set from their files and from a store."""
    records = build("dataset", name="fingerspelling_lexicon").records(None)
    build_store(records, own_clip, folder)
    groups = [range(start, min(start + IN_TURN, len(records))) for start in range(0, len(records), IN_TURN)]
    frames = sum(Store.open(folder).lengths) / len(records)
    times: dict[str, list[float]] = {"file": [], "first": [], "later": []}
    for _ in range(rounds):
        store = Store.open(folder)
        for group in groups:
            times["file"].append(seconds(partial(all_of, own_clip, [records[n] for n in group])) / len(group))
            times["first"].append(seconds(partial(all_of, store.clip, group)) / len(group))
            times["later"].append(seconds(partial(all_of, store.clip, group)) / len(group))
    file, first, later = (statistics.median(taken) for taken in times.values())
    what = f"{len(records)} clips of {frames:.0f} frames, 586 points, one after the other"
    shown(what, file, later)
    shown(f"{what}, first time", file, first)


def all_of(work: Callable[[Any], Clip], items: Iterable[Any]) -> None:
    """Read one clip after the other."""
    for item in items:
        work(item)


def parsing(path: Path, folder: Path, rounds: int) -> None:
    """Print the medians of reading one file and its clip in a store."""
    clip = read(path)
    build_store([Record("clip", "test", (path.stem,), Source(path))], own_clip, folder)
    store = Store.open(folder)
    if np.abs(store.clip(0).data - clip.data).max() > np.ptp(clip.data) / 1e4:
        raise SystemExit(f"{path}: the store holds another clip")
    times: dict[str, list[float]] = {"file": [], "store": []}
    for _ in range(rounds):
        times["file"] += [seconds(partial(read, path)) for _ in range(IN_TURN)]
        times["store"] += [seconds(partial(store.clip, 0)) for _ in range(IN_TURN)]
    what = f"{path.name[:24]}: {len(clip)} frames, {len(clip.layout)} points, again and again"
    shown(what, statistics.median(times["file"]), statistics.median(times["store"]))


def shown(what: str, file: float, store: float) -> None:
    """Print one line."""
    print(f"{what:<74} file {file * 1e3:7.3f} ms  store {store * 1e3:6.3f} ms {file / store:6.1f} x")


def usual_files() -> list[Path]:
    """The clips beside the checkout and the longest one of the pip package that the demo's data come from."""
    import spoken_to_signed

    lexicon = (Path(spoken_to_signed.__file__).parent / "assets/fingerspelling_lexicon").glob("*/*.pose")
    beside = Path(__file__).resolve().parents[2] / "shared/data/pose_files"
    longest = max(lexicon, key=lambda path: path.stat().st_size)
    return [*sorted(beside.glob("house*.pose")), *sorted(beside.glob("football_m*.pose")), longest]


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--clips", type=int, default=1_000_000)
    parser.add_argument("--stream", type=int, default=20_000, help="clips that are read")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--folder", type=Path, default=None, help="where the made stores go for the time being")
    given = parser.parse_args()
    place = Path(tempfile.mkdtemp(dir=given.folder))
    try:
        taken = seconds(lambda: made_store(place / "made", given.clips))
        print(f"{given.clips} clips of {FRAMES} frames and 203 points, made in {taken:.0f} s")
        opening(place / "made")
        streaming(place / "made", given.stream)
        corpus(place / "corpus", max(given.rounds // 10, 1))
        for number, path in enumerate(given.files or usual_files()):
            parsing(path, place / str(number), given.rounds)
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
