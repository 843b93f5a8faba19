"""What every corpus with an index table shares, so that a data set's own file holds only what is special about it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from mmpt_sign.config.contracts import Dataset
from mmpt_sign.datasets._kept import Absent, kept
from mmpt_sign.datasets._place import corpus_folder
from mmpt_sign.datasets._split_file import with_splits_of
from mmpt_sign.datasets._splits import SplitBy, known_signer, resplit, split_name
from mmpt_sign.datasets._table import COMMAS, Dialect, Row, read_header, read_table
from mmpt_sign.datasets._vocabulary import VocabularyBlock
from mmpt_sign.errors import DataError
from mmpt_sign.records import Record, Source
from mmpt_sign.text.prompt import TAGGED, Prompts, render
from mmpt_sign.text.tags import SignLanguage, TextLanguage

Column = Literal[
    "id", "path", "split", "signer", "sign_language", "text_language", "text", "start", "end", "group", "frames", "fps",
    "member", "item",
]  # fmt: skip
Stems = Annotated[tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)]
OWN = frozenset(Column.__args__)  # type: ignore[attr-defined]


def group_of(text: str) -> str:
    """Same text, same answer, whatever the case: ``ä`` and ``Ä`` are one letter (``ß`` has no upper case)."""
    return text.upper() if len(text.upper()) == len(text) else text


class TableSet(Dataset):
    """Rows of one or several tables, each a Record."""

    usual_columns: ClassVar[dict[Column, str]] = {}
    required: ClassVar[tuple[Column, ...]] = ("id", "split", "text")
    dialect: ClassVar[Dialect] = COMMAS

    folder: Path | None = Field(None, description="default: the folder of the data set's name in the data root")
    prompts: Prompts = Field((TAGGED,), description="templates; the first is the canonical prompt of a clip")
    columns: dict[Column, str] = Field(
        default_factory=dict, description="what the table calls our columns, if different"
    )
    splits: dict[str, str] = Field(default_factory=dict, description="the table's splits to train, valid, test")
    sign_language: SignLanguage | None = Field(None, description="ISO 639-3, for rows that do not say")
    text_language: TextLanguage = Field("en", description="ISO 639-1, for rows that do not say")
    fps: float | None = Field(None, gt=0, description="frame rate, for rows and files that do not say")
    group_by: Literal["prompt", "text"] = Field("prompt", description="clips with the same what are the same answer")
    empty_text: str | None = Field(None, description="text of rows without one; default: such rows are left out")
    split_by: SplitBy | None = Field(None, description="draw the splits anew, signers kept apart or not")
    split_seed: int = 3407
    valid_share: float = Field(0.1, ge=0, lt=0.5, description="share of the validation split where drawn anew")
    test_share: float = Field(0.1, ge=0, lt=0.5, description="share of the test split where drawn anew")
    split_file: Path | None = Field(None, description="table of ids and splits, as 'mmpt-sign data split' writes it")
    vocabulary: VocabularyBlock | None = Field(None, description="keep clips of these texts only")
    without: Stems = Field((), description="leave clips of these texts out")
    drop_longer_than: int | None = Field(None, ge=1, description="leave longer clips out (the original: 256)")
    absent: Absent = Field("ignore", description="listed clips without a file: error, skip, or ignore (do not look)")

    @abstractmethod
    def tables(self, folder: Path) -> Sequence[Path]:
        """The index tables of the corpus."""

    @abstractmethod
    def source(self, table: Path, row: Row, position: int) -> Source:
        """Where the frames of a row are; ``position`` counts rows from 0."""

    @property
    @abstractmethod
    def landmark(self) -> str:
        """A file by which the corpus's folder is recognised."""

    def records(self, data_root: Path | None) -> Sequence[Record]:
        """What is listed, less what the options leave out."""
        found = kept(self, self.listed(data_root), data_root)
        return with_splits_of(found, self.split_file, self.place(data_root)) if self.split_file else found

    def listed(self, data_root: Path | None) -> Sequence[Record]:
        """Every row of every table, in the order of the files."""
        found = [record for table in self.tables(self.place(data_root)) for record in self._of_table(table)]
        _check_ids(found)
        return (
            resplit(found, self.split_by, self.split_seed, self.valid_share, self.test_share)
            if self.split_by
            else found
        )

    def place(self, data_root: Path | None) -> Path:
        """The corpus's folder; `DataError` if it is not there."""
        return corpus_folder(str(getattr(self, "name", "")), self.folder, data_root, self.landmark)

    def _of_table(self, table: Path) -> list[Record]:
        found, problems = self.understood(table, self.rows(table))
        if problems:
            raise DataError([f"{table}: row {number}: {message}" for number, message in problems])
        return found

    def understood(self, table: Path, rows: Sequence[Row]) -> tuple[list[Record], list[tuple[int, str]]]:
        """The records of the rows that can be understood, and what is wrong with the others by row number."""
        found: list[Record] = []
        problems: list[tuple[int, str]] = []
        for position, row in enumerate(rows):
            try:
                if row["text"] or self.empty_text is not None:
                    found.append(self._record(table, row, position))
            except (ValueError, DataError) as error:
                problems.append((row.number, str(error)))
        return found, problems

    def rows(self, table: Path) -> list[Row]:
        """The rows of a table under our column names."""
        there = read_header(table, self.dialect)
        usual: dict[str, str] = {
            ours: theirs for ours, theirs in self.usual_columns.items() if theirs in there and ours not in there
        }
        required = (
            self.required
            if not (self.split_by or self.split_file)
            else tuple(name for name in self.required if name != "split")
        )
        columns = {**usual, **{str(ours): theirs for ours, theirs in self.columns.items()}}
        return read_table(table, required, columns, self.dialect)

    def _record(self, table: Path, row: Row, position: int) -> Record:
        text = row["text"] or str(self.empty_text)
        written, signed = row["text_language"] or self.text_language, row["sign_language"] or self.sign_language or ""
        signer = known_signer(row["signer"])
        return Record(
            id=row["id"] or str(position),
            split=split_name(row["split"] or "train", self.splits),
            texts=render(self.prompts, text, text_language=written, sign_language=signed, signer=signer),
            source=self.source(table, row, position),
            signer=signer,
            sign_language=signed,
            text_language=written,
            group=row["group"] or (group_of(text) if self.group_by == "text" else ""),
            frames=row.integer("frames"),
            extra={"row": str(row.number), "text": text, **{k: v for k, v in row.values.items() if k not in OWN}},
        )


def _check_ids(records: Sequence[Record]) -> None:
    seen: dict[str, str] = {}
    problems = []
    for record in records:
        row = record.extra.get("row", "?")
        if record.id in seen:
            problems.append(
                f"{record.source.path.parent}: id '{record.id}' of row {row} is already that of row {seen[record.id]}"
            )
        seen.setdefault(record.id, row)
    if problems:
        raise DataError(problems)
