"""RWTH German Fingerspelling (FingerCLIP): 35 letters and numbers of German Sign Language, 20 signers, two cameras."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from mmpt_sign.config.contracts import Dataset
from mmpt_sign.datasets._id_lists import labels, named, split_lists
from mmpt_sign.datasets._kept import absent_clips
from mmpt_sign.datasets._place import clip_files, corpus_folder
from mmpt_sign.datasets._splits import shuffled_split
from mmpt_sign.errors import DataError
from mmpt_sign.records import Record, Source
from mmpt_sign.text.prompt import Prompts, render

ID = r"(?P<signer>\d+)_(?P<letter>\d+)_(?P<sequence>\d+)_(?P<camera>cam\d)"


class RwthFingerspelling(Dataset):
    """``labels.txt`` (lines ``1 = A``) and a folder per kind of clips: ``pose/ID.pose``, ``i3d/ID.npy`` and so on.

    The splits are drawn from all clips before a camera is left out, as in the original.
    """

    name: Literal["rwth_fingerspelling"] = "rwth_fingerspelling"
    folder: Path | None = Field(None, description="default: rwth_fingerspelling in the data root")
    features: str = Field("pose", description="folder of the clips inside it; anything but pose holds (T, D) features")
    labels: str = "labels.txt"
    lists: dict[str, str] = Field(default_factory=dict, description="split: file of ids; default: drawn, 10 % each")
    split_seed: int = 3407
    cameras: tuple[str, ...] | None = Field(None, description="default: cam2 (the whole body) for poses, else all")
    prompts: Prompts = ("Fingerspell the letter {text} in German Sign Language.",)

    def records(self, data_root: Path | None) -> Sequence[Record]:
        """The clips of the chosen cameras, by id."""
        folder = corpus_folder(self.name, self.folder, data_root, self.labels)
        files = clip_files(folder / self.features)
        split = split_lists(folder, self.lists) or shuffled_split(sorted(files), self.split_seed, 0.1, 0.1)
        parts, names = named(split, ID), labels(folder / self.labels)
        cameras = self.cameras or (("cam2",) if self.features == "pose" else {p["camera"] for p in parts.values()})
        chosen = {name: part for name, part in sorted(parts.items()) if part["camera"] in cameras}
        gone = [n for n in chosen if n not in files]
        if gone:
            raise DataError(absent_clips(self.name, [folder / self.features / f"{n}.pose" for n in gone], len(chosen)))
        unnamed = sorted({int(part["letter"]) for part in chosen.values()} - set(names))
        problems = [f"{folder / self.labels}: does not name letter {number}" for number in unnamed]
        if problems:
            raise DataError(problems)
        return [self._record(files[n], split[n], p["signer"], names[int(p["letter"])]) for n, p in chosen.items()]

    def _record(self, path: Path, split: str, signer: str, letter: str) -> Record:
        source = Source(path, layout="frames" if self.features != "pose" and path.suffix == ".npy" else None)
        texts = render(self.prompts, letter, text_language="en", sign_language="gsg", signer=signer)
        return Record(path.stem, split, texts, source, signer, "gsg", "en", extra={"text": letter})
