"""Any data set of the package sign-language-datasets, read through TFDS once and from pose files ever after."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from mmpt_sign.datasets._corpus import Corpus
from mmpt_sign.datasets._table import Row
from mmpt_sign.datasets._table_set import Column
from mmpt_sign.datasets._tfds_cache import ASKED, cached
from mmpt_sign.errors import DataError
from mmpt_sign.text.tags import sign_language_tag
from mmpt_sign.text.weights import DATA_VARIABLE, data_root_or_environment


class SignLanguageDatasets(Corpus):
    """``folder`` is where the pose files go: a first pass writes them, later runs need neither TFDS nor tensorflow."""

    usual_columns: ClassVar[dict[Column, str]] = {
        "signer": "signer_id", "sign_language": "signed_language", "text_language": "spoken_language"}  # fmt: skip
    required: ClassVar[tuple[Column, ...]] = ("id", "text")
    files: ClassVar[Mapping[str, str]] = {"index.csv": ""}

    name: Literal["sign_language_datasets"] = "sign_language_datasets"
    corpus: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="name in the package, such as asl_citizen")
    version: str = "1.0.0"
    config: str = Field("holistic", description="name of the builder's configuration")
    split_version: str | None = Field(None, description="option split of the builder, such as 1.0.0-uzh")
    pose: str = Field("holistic", description="kind of poses that the builder is asked for")
    feature: str = Field("pose", description="the poses among its features; pose/front of nested ones")
    arrays: tuple[str, ...] = Field((), description="(T, D) features that are streams of their own, such as lip")
    extra: dict[str, str] = Field(default_factory=dict, description="options of the builder, such as pose_dir")
    data_dir: Path | None = Field(None, description="where TFDS keeps its files; default: its own")
    registered_by: tuple[str, ...] = Field(("sign_language_datasets.datasets",), description="modules to import first")
    clips: str = "poses/{place}.pose"

    @model_validator(mode="before")
    @classmethod
    def _streams_of_arrays(cls, values: Any) -> Any:
        arrays = values.get("arrays", ()) if isinstance(values, dict) else ()
        return {"also": {name: f"{name}/{{place}}.npy" for name in arrays}, **values} if arrays else values

    def place(self, data_root: Path | None) -> Path:
        """The folder of the pose files, made if it is not there."""
        root = data_root_or_environment(data_root)
        name = "-".join(filter(None, (self.corpus, self.version, self.config, self.split_version)))
        if root is None and self.folder is None:
            raise DataError(f"no place for the pose files of '{self.corpus}'; set data_root, {DATA_VARIABLE} or folder")
        folder = (root or Path()) / (self.folder or f"{self.name}/{name}")
        return cached(folder, self.model_dump(mode="json", include=ASKED))

    def ours(self, row: Row) -> Mapping[str, str]:
        """Ids are unique within a split only, and sign languages may be called DGS or ch-de."""
        called = row["sign_language"]
        return {"id": f"{row['split']}_{row['id']}", "sign_language": sign_language_tag(called) if called else ""}
