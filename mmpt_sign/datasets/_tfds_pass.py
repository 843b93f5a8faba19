"""One streaming pass over a TFDS data set: each clip becomes a file as it goes by, and nothing stays in memory.

This is a program of its own, because tensorflow takes seconds to import and a gigabyte to hold, and because every other
path of the package must stay free of it: ``python -m mmpt_sign.datasets._tfds_pass FOLDER``, where ``FOLDER`` holds
``request.json``.  ``index.csv`` is written last; until then a pass that was stopped goes on behind its last clip.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmpt_sign.errors import DataError, MmptSignError
from mmpt_sign.files import complete, write_csv, write_text
from mmpt_sign.registry import nearest

REQUEST, INDEX, JOURNAL, SKIPPED, FAILURE = "request.json", "index.csv", "journal.jsonl", "skipped.csv", "failure.txt"
POSE_VERSION = 0.2  # the first one that keeps a frame rate of 29.97


def run(folder: Path) -> None:
    """Write the clips and the index of the request in ``folder``."""
    request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    builder = _builder(request)
    done = _journal(folder / JOURNAL)
    with (folder / JOURNAL).open("a", encoding="utf-8") as journal:
        for row in _written(builder, request, folder, {row["place"] for row in done}):
            journal.write(json.dumps(row, ensure_ascii=False) + "\n")
            journal.flush()
            done.append(row)
    kept = [row for row in done if "reason" not in row]
    if not kept:
        raise DataError(f"{folder}: of the {len(done)} clips of '{request['corpus']}' none has frames")
    write_csv(folder / SKIPPED, ("place", "id", "reason"), _only(done, ("place", "id", "reason"), having="reason"))
    write_csv(folder / INDEX, list(dict.fromkeys(column for row in kept for column in row)), kept)
    (folder / JOURNAL).unlink()


def _builder(request: Mapping[str, Any]) -> Any:
    """The library's builder, its data prepared (downloaded and converted, where that has not been done)."""
    import tensorflow_datasets as tfds
    from sign_language_datasets.datasets.config import SignDatasetConfig

    for module in request["registered_by"]:
        importlib.import_module(module)
    extra = {**request["extra"], **({"split": request["split_version"]} if request["split_version"] else {})}
    config = SignDatasetConfig(
        name=request["config"],
        version=request["version"],
        include_video=False,
        include_pose=request["pose"],
        extra=extra,
    )
    known = _registered(tuple(request["registered_by"]))
    if request["corpus"] not in known:
        hint = nearest(request["corpus"], known)
        raise DataError(f"no data set '{request['corpus']}'{hint}; there are {', '.join(known)}")
    builder = tfds.builder(request["corpus"], data_dir=request["data_dir"], config=config)
    builder.download_and_prepare()
    return builder


def _registered(modules: tuple[str, ...]) -> list[str]:
    from tensorflow_datasets.core import registered

    builders: dict[str, Any] = registered._DATASET_REGISTRY
    return sorted(name for name, builder in builders.items() if builder.__module__.startswith(modules))


def _written(builder: Any, request: Mapping[str, Any], folder: Path, done: set[str]) -> Iterator[dict[str, Any]]:
    """A row for each clip that was not there yet, in the fixed order of the prepared files."""
    import tensorflow_datasets as tfds
    from tqdm import tqdm

    header = _member(builder.info.features, request["feature"])._header
    if header is None:
        raise DataError(f"'{request['corpus']}' has no header for its poses; choose a config with poses")
    for split, about in builder.info.splits.items():
        read = tfds.ReadConfig(interleave_cycle_length=1)  # one file after the other: in order, and little in memory
        examples = tfds.as_numpy(builder.as_dataset(split=split, shuffle_files=False, read_config=read))
        shown = tqdm(examples, total=about.num_examples, desc=f"{request['corpus']} {split}", mininterval=5)
        for number, example in enumerate(shown):
            place = f"{split}/{number:07d}"
            if place not in done:
                yield _clip(example, header, request, folder, place)


def _clip(
    example: Mapping[str, Any], header: Any, request: Mapping[str, Any], folder: Path, place: str
) -> dict[str, Any]:
    split, number = place.split("/")
    row = {"place": place, "split": split, "number": str(int(number)), **dict(_scalars(example))}
    pose = _member(example, request["feature"])
    if not len(pose["data"]):
        return {**row, "reason": "has no frames"}
    fps = float(request["fps"] or pose["fps"])
    _write_pose(folder / "poses" / f"{place}.pose", header, pose, fps)
    for name in request["arrays"]:
        _write_array(folder / name / f"{place}.npy", _member(example, name))
    return {**row, "frames": len(pose["data"]), "fps": fps}


def _write_pose(path: Path, header: Any, pose: Mapping[str, Any], fps: float) -> None:
    from pose_format import Pose
    from pose_format.numpy import NumPyPoseBody

    header.version = POSE_VERSION
    with complete(path) as fresh, fresh.open("wb") as file:
        Pose(header, NumPyPoseBody(fps, pose["data"], pose["conf"])).write(file)


def _write_array(path: Path, values: Any) -> None:
    import numpy as np

    with complete(path) as fresh:
        np.save(fresh, np.asarray(values, np.float32))


def _scalars(example: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Texts and numbers of an example; what is inside of groups is reached through arrays only."""
    for name, value in example.items():
        if isinstance(value, bytes):
            yield name, value.decode("utf-8", errors="replace")
        elif getattr(value, "ndim", None) == 0:
            yield name, str(value.item())


def _member(tree: Any, path: str) -> Any:
    """``pose/front`` of nested groups."""
    for step in path.split("/"):
        try:
            tree = tree[step]
        except (KeyError, TypeError) as error:
            known = ", ".join(tree) if hasattr(tree, "keys") else "nothing"
            raise DataError(f"there is no feature '{path}'; beside '{step}' there is {known}") from error
    return tree


def _journal(path: Path) -> list[dict[str, Any]]:
    """The rows of an earlier pass; a last line that was cut off is written anew."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    whole = lines[:-1]
    write_text(path, "".join(f"{line}\n" for line in whole))
    return [json.loads(line) for line in whole]


def _only(rows: list[dict[str, Any]], columns: tuple[str, ...], having: str) -> list[dict[str, Any]]:
    return [{column: row.get(column, "") for column in columns} for row in rows if having in row]


def main(folder: Path) -> int:
    """Exit code 2 and ``failure.txt`` for what a user can mend; anything else keeps its trace."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        run(folder)
    except (MmptSignError, ImportError, OSError, ValueError, AssertionError) as error:
        write_text(
            folder / FAILURE, f"{type(error).__name__}: {error}" if not isinstance(error, MmptSignError) else str(error)
        )
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
