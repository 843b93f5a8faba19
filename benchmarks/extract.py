"""Video -> pose: what this package adds to MediaPipe itself, and what workers gain.

    python benchmarks/extract.py [VIDEO ...] [--rounds 3] [--workers 2]

The plain loop decodes with OpenCV, shows every frame to a new Holistic graph and either throws the answers away or
keeps their points in memory; the package decodes, times and turns the frames, keeps the points and writes the file.
All work on the same video in turns, in one process.  A core's worth is counted in processor time of all threads,
because MediaPipe itself uses several.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mmpt_sign.extraction.item import Item  # noqa: E402
from mmpt_sign.extraction.job import cores, extract  # noqa: E402
from mmpt_sign.extraction.poses import PoseExtractor  # noqa: E402
from mmpt_sign.extraction.worker import perform  # noqa: E402
from mmpt_sign.poses.estimators.mediapipe import Mediapipe  # noqa: E402

WARM_UP = 1
PARTS = ("pose", "face", "left_hand", "right_hand", "pose_world")


def usual_videos(folder: Path) -> list[Path]:
    """Four real signs beside the checkout, or drawn ones."""
    real = sorted((ROOT.parent / "shared/data/ksl_videos").glob("*_1.mp4"))[:4]
    if real:
        return real
    from tests.video.figure import make_figure

    return [make_figure(folder / f"figure-{number}.mp4", 40) for number in range(4)]


def plain(video: Path, *, keep: bool = False) -> int:
    """MediaPipe in a loop; the number of frames."""
    import cv2
    from mediapipe.python.solutions.holistic import Holistic

    film, count, kept = cv2.VideoCapture(str(video)), 0, []
    with Holistic(model_complexity=1) as graph:
        while True:
            found, picture = film.read()
            if not found:
                return count
            answer = graph.process(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
            count += 1
            if keep:
                parts = (getattr(answer, f"{name}_landmarks") for name in PARTS)
                kept.append([[(mark.x, mark.y, mark.z) for mark in part.landmark] for part in parts if part])


def measured(work: Callable[[], int]) -> tuple[float, float]:
    """Milliseconds per frame: processor time, time on the clock."""
    processor, clock = time.process_time(), time.perf_counter()
    frames = work()
    return (time.process_time() - processor) / frames * 1e3, (time.perf_counter() - clock) / frames * 1e3


def in_turns(videos: list[Path], rounds: int, folder: Path) -> dict[str, list[tuple[float, float]]]:
    """Both ways on every video, one after the other."""
    make = PoseExtractor(Mediapipe()).start()

    def ours(video: Path) -> int:
        outcome = perform(make, Item(video.stem, video, f"{video.stem}.pose"), folder)
        if outcome.made is None:
            raise SystemExit(f"{video}: {outcome.reason}")
        return outcome.made.frames

    ways: dict[str, Callable[[Path], int]] = {
        "a plain loop, answers dropped": plain,
        "a plain loop, answers kept": lambda video: plain(video, keep=True),
        "this package, to a .pose file": ours,
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for round_ in range(rounds + WARM_UP):
        for video in videos:
            for name, way in ways.items():
                taken = measured(lambda way=way, video=video: way(video))  # type: ignore[misc]
                times[name] += [taken] if round_ >= WARM_UP else []
    return times


def whole_job(videos: list[Path], workers: int, folder: Path) -> float:
    """Frames per second of a whole command, its start included."""
    items = [Item(f"{video.stem}-{n}", video, f"{video.stem}-{n}.pose") for n in range(4) for video in videos]
    report = extract(items, PoseExtractor(Mediapipe()), folder, workers=workers)
    return report.frames / report.seconds


def main() -> None:
    """Print milliseconds per frame of both ways, their ratio, and frames per second of whole jobs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=cores())
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        videos = given.videos or usual_videos(place)
        times = in_turns(videos, given.rounds, place / "turns")
        print(f"{len(videos)} videos, {given.rounds} rounds; medians of milliseconds per frame")
        medians = {
            name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in times.items()
        }
        for name, (processor, clock) in medians.items():
            print(f"{name:<32} {processor:7.1f} processor {clock:7.1f} clock {1e3 / processor:7.1f} frames/s per core")
        bare, loop, ours = (median[0] for median in medians.values())
        print(
            f"speed of this package per core: {loop / ours:.3f} x the loop that keeps them,"
            f" {bare / ours:.3f} x the one that drops them"
        )
        for workers in sorted({1, given.workers}):
            print(f"whole job, {workers} workers: {whole_job(videos, workers, place / str(workers)):.1f} frames/s")


if __name__ == "__main__":
    main()
