"""docs/extract.md is true: real videos go to poses, to a store, through training, to a score, by its very commands."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import pytest

from mmpt_sign.features.store import Store
from mmpt_sign.files import read_csv
from mmpt_sign.poses.read import read
from tests.conftest import ROOT
from tests.e2e.test_readme import shell

pytestmark = [pytest.mark.shared, pytest.mark.slow]

PAGE = (ROOT / "docs" / "extract.md").read_text(encoding="utf-8")
WORDS = ("good", "end")
COLUMNS = ("id", "path", "split", "signer", "sign_language", "text_language", "text")


def commands() -> list[str]:
    block = re.search(r"<!-- from video to a score -->\n```sh\n(.*?)```", PAGE, flags=re.DOTALL)
    assert block is not None
    return block.group(1).strip().splitlines()


def make_videos(folder: Path, real: Path) -> None:
    """Two words, two people each, and one file that is no video; the first person is for training."""
    folder.mkdir()
    with (folder / "index.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for word in WORDS:
            for take, split in ((1, "train"), (2, "test")):
                shutil.copy(real / f"{word}_{take}.mp4", folder)
                writer.writerow((f"{word}_{take}", f"{word}_{take}.mp4", split, f"person{take}", "kvk", "en", word))
        (folder / "broken.mp4").write_bytes(b"no video")
        writer.writerow(("broken", "broken.mp4", "train", "person1", "kvk", "en", "good"))


def test_video_to_score(shared_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("mediapipe")
    pytest.importorskip("av")
    make_videos(tmp_path / "videos", shared_data / "ksl_videos")
    said = [shell(command, tmp_path) for command in commands()]
    assert "4 made, 0 were there, 1 skipped" in said[0]
    assert [row["id"] for row in read_csv(tmp_path / "poses" / "skipped.csv")] == ["broken"]
    store = Store.open(tmp_path / "signs.store")
    assert len(store) == 4
    assert sum(store.lengths) == sum(len(read(path)) for path in (tmp_path / "poses").glob("*.pose"))
    scores = re.findall(r"'<en> <kvk> (\w+)' (-?[\d.e-]+)", said[-1])
    assert [word for word, _ in scores] == ["good", "end"]
    assert all(-1.001 <= float(score) <= 1.001 for _, score in scores)
