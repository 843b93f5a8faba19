"""RWTH German Fingerspelling: 35 letters and numbers of German Sign Language by 20 signers, two cameras (FingerCLIP)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from mmpt_sign.config.contracts import Dataset
from mmpt_sign.datasets._place import corpus_folder
from mmpt_sign.datasets._splits import shuffled_split
from mmpt_sign.datasets._word_lists import labels, split_lists
from mmpt_sign.errors import DataError
from mmpt_sign.records import Record, Source
from mmpt_sign.text.prompt import Prompts, render

ID = re.compile(r"(?P<signer>\d+)_(?P<letter>\d+)_(?P<sequence>\d+)_(?P<camera>cam\d)\Z")


class RwthFingerspelling(Dataset):
    """``poses/<id>.pose`` or ``features/<id>.npy``, with ``labels.txt`` (lines ``1 = A``) beside the folder."""

    name: Literal["rwth_fingerspelling"] = "rwth_fingerspelling"
    folder: Path | None = Field(None, description="default: rwth_fingerspelling in the data root")
    clips: str = Field("poses", description="folder of the .pose or .npy files inside it")
    labels: str = "labels.txt"
    lists: dict[Literal["train", "valid", "test"], str] = Field(
        default_factory=dict, description="files of ids, one a line; default: 10 % each drawn with the seed from all ids"
    )
    split_seed: int = 3407
    cameras: tuple[str, ...] = Field(("cam2",), description="cam1 shows the hand only: poses need cam2")
    layout: str | None = Field(None, description="what the points of .npy files are")
    prompts: Prompts = ("Fingerspell the letter {text} in German Sign Language.",)

    def records(self, data_root: Path | None) -> Sequence[Record]:
        """The clips of the chosen cameras; the splits are drawn before a camera is left out, as in the original."""
        folder = corpus_folder(self.name, self.folder, data_root, self.labels)
        files = {p.stem: p for p in sorted((folder / self.clips).glob("*")) if p.suffix in (".pose", ".npy")}
        if not files:
            raise DataError(f"{folder / self.clips}: holds no .pose and no .npy file")
        names, split = labels(folder / self.labels), split_lists(folder, self.lists)
        split = split or shuffled_split(sorted(files), self.split_seed, 0.1, 0.1)
        parts = {name: ID.match(name) for name in split}
        strange = [f"{folder}: id '{name}' is not SIGNER_LETTER_SEQUENCE_CAMERA" for name, match in parts.items() if not match]
        if strange:
            raise DataError(strange)
        chosen = {name: match for name, match in parts.items() if match and match["camera"] in self.cameras}
        missing = [f"{folder / self.clips}: no clip of the listed id '{name}'" for name in chosen if name not in files]
        missing += [f"{folder / self.labels}: no label {m['letter']}" for m in chosen.values() if int(m["letter"]) not in names]
        if missing:
            raise DataError(list(dict.fromkeys(missing)))
        return [self._record(files[n], split[n], m["signer"], names[int(m["letter"])]) for n, m in sorted(chosen.items())]

    def _record(self, path: Path, split: str, signer: str, letter: str) -> Record:
        source, texts = Source(path, layout=self.layout), render(self.prompts, letter, signer=signer)
        return Record(path.stem, split, texts, source, signer, "gsg", "en", extra={"text": letter})
