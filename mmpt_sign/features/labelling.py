"""Video -> a table of the signs that a classifier is sure of, as the extraction engine wants it; then one table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from mmpt_sign.errors import CheckpointError, NotInstalledError
from mmpt_sign.extraction.item import Item, Made, Make
from mmpt_sign.features.checkpoints import tensors
from mmpt_sign.features.extractor import FeatureExtractor
from mmpt_sign.features.frozen import Frozen, Together, load_frozen
from mmpt_sign.features.pseudo_labels import PseudoLabel, Rules, pseudo_labels, sure_windows
from mmpt_sign.files import complete, read_csv, write_csv
from mmpt_sign.records import SPLITS, usual_split
from mmpt_sign.video.decode import cut

OF_VIDEO = ("class", "probability", "start", "end")
COLUMNS = ("id", "video", "path", "class", "text", "probability", "start", "end", "fps", "split")


@dataclass(frozen=True)
class Labeller(FeatureExtractor):
    """Writes the labels of a video as they are found; the scores of all windows would be a gigabyte per hour."""

    suffix: ClassVar[str] = ".csv"

    rules: Rules = field(default_factory=Rules)

    def options(self) -> dict[str, Any]:
        """The network, its weights, and the thresholds."""
        return {**super().options(), "extractor": "pseudo labels", "rules": self.rules.model_dump(mode="json")}

    def start(self) -> Make:
        """Load the network."""
        import torch

        if self.threads:
            torch.set_num_threads(self.threads)
        frozen = load_frozen(self.network, self.checkpoint, self.device, self.precision)
        together = Together(frozen) if self.in_common else None
        return lambda item, path: self._label(frozen, together, item, path)

    def _label(self, frozen: Frozen, together: Together | None, item: Item, path: Path) -> Made:
        video = cut(item.source, item.span, fps=frozen.part.fps)
        windows, count, pictures = [], 0, _Counted(video)
        try:
            for rows in frozen.parts_of_video(pictures, together):
                windows += sure_windows(rows, count, frozen.part.stride, self.rules.confidence)
                count += len(rows)
        finally:
            video.close()
        found = pseudo_labels(windows, frozen.part.window, self.rules)
        write_csv(path, OF_VIDEO, (_row(label, pictures.count) for label in found))
        return Made(count, "; ".join(video.remarks), {"fps": f"{video.fps:.6g}", "labels": str(len(found))})


def classes_of(checkpoint: Path) -> int:
    """How many classes the classifier in a checkpoint of I3D tells apart."""
    found = [value for name, value in tensors(checkpoint).items() if name.endswith("logits.conv3d.weight")]
    if not found:
        raise CheckpointError(f"{checkpoint}: holds no classifier (logits.conv3d.weight), so it cannot name signs")
    return int(found[0].shape[0])


def split_of(item: Item) -> str:
    """By its column, else by a folder called like a split: the outermost that a search found, or the one named."""
    folders = (*Path(item.target).parts[:-1][:1], item.source.parent.name)
    return item.columns.get("split", "") or next((name for name in folders if usual_split(name) in SPLITS), "")


def without_test(items: Sequence[Item]) -> list[Item]:
    """The items of all other splits."""
    return [item for item in items if usual_split(split_of(item)) != "test"]


def joined(folder: Path, out: Path, classes: Sequence[str] | None, items: Sequence[Item]) -> int:
    """The labels of these videos as one table (CSV, or Parquet by its name); how many there are."""
    asked = {item.id: item for item in items}
    videos = [video for video in read_csv(folder / "index.csv") if video["id"] in asked]
    rows = [row for video in videos for row in _rows(folder, video, classes, asked[video["id"]])]
    columns = list(dict.fromkeys([*COLUMNS, *(key for row in rows for key in row)]))
    if out.suffix == ".parquet":
        _write_parquet(out, columns, rows)
    else:
        write_csv(out, columns, rows)
    return len(rows)


def _rows(
    folder: Path, video: Mapping[str, str], classes: Sequence[str] | None, item: Item
) -> Iterator[dict[str, str]]:
    """Everything that the table of videos said goes into every row of a video but its text, which is another one's."""
    about = {k: v for k, v in video.items() if k not in ("id", "path", "frames", "text", "group", "labels") and v}
    for number, row in enumerate(read_csv(folder / video["path"])):
        name = f"{int(row['class']):04d}"
        text = classes[int(row["class"])] if classes else name
        yield {
            **about, **row, "id": f"{video['id']}.{number}", "video": video["id"], "class": name, "text": text,
            "path": str(item.source), "split": split_of(item),
        }  # fmt: skip


def _row(label: PseudoLabel, frames: int) -> dict[str, Any]:
    """A video that is shorter than a window ends before its window does."""
    end = min(label.end, frames)
    return {"class": label.label, "probability": label.probability, "start": label.start, "end": end}


class _Counted:
    """Pictures, and how many of them have been asked for."""

    def __init__(self, pictures: Iterable[Any]) -> None:
        self.pictures, self.count = pictures, 0

    def __iter__(self) -> Iterator[Any]:
        for picture in self.pictures:
            self.count += 1
            yield picture


def _write_parquet(out: Path, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise NotInstalledError("pyarrow, which writes Parquet,", "datasets") from error
    kinds = {"start": pa.int32(), "end": pa.int32(), "probability": pa.float32()}
    values = {
        name: pa.array([row.get(name, "") for row in rows], pa.string()).cast(kinds.get(name, pa.string()))
        for name in columns
    }
    with complete(out) as fresh:
        pq.write_table(pa.table(values), fresh)
