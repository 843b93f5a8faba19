"""A file is complete or absent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.files import complete, read_csv, write_csv


def test_a_broken_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "new" / "a.csv", ("x", "y"), [{"x": 1}])

    def rows() -> Iterator[dict[str, int]]:
        yield {"x": 2}
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        write_csv(path, ("x", "y"), rows())
    assert read_csv(path) == [{"x": "1", "y": ""}]
    assert [file.name for file in path.parent.iterdir()] == ["a.csv"]


def test_cells_survive_commas_quotes_lines_and_accents(tmp_path: Path) -> None:
    text = 'Grüezi, "wie\ngeht\'s" 你好'
    path = write_csv(tmp_path / "a.csv", ("x", "y"), [{"x": text, "y": 1 / 3}, {"x": np.float32(0.5), "y": 12}])
    assert read_csv(path) == [{"x": text, "y": "0.333333"}, {"x": "0.5", "y": "12"}]


def test_complete_makes_the_folder(tmp_path: Path) -> None:
    with complete(tmp_path / "a" / "b" / "c.txt") as fresh:
        fresh.write_text("done")
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "done"
