"""The engine: every item ends once, whatever the workers, the machine and the user do to the job."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmpt_sign.errors import ConfigError, DataError, MmptSignError
from mmpt_sign.extraction.item import Item
from mmpt_sign.extraction.job import Report, extract
from mmpt_sign.extraction.ledger import Ledger
from mmpt_sign.files import read_csv
from mmpt_sign.video.span import Span
from tests.conftest import ROOT
from tests.extraction.fakes import Copy, results, sources

FINE = ("one", "two", "three", "four")


def skipped(folder: Path) -> dict[str, str]:
    return {row["id"]: row["reason"] for row in read_csv(folder / "skipped.csv")}


def done(folder: Path) -> list[str]:
    return [json.loads(line)["id"] for line in (folder / "done.jsonl").read_text().splitlines()]


def test_whatever_workers_do_every_item_ends_once(tmp_path: Path) -> None:
    items = sources(tmp_path / "in", *FINE, "crash", "hang", "once", "raise", "bug", "odd")
    report = extract(items, Copy(), tmp_path / "out", workers=2, time_limit=2)
    good = [*FINE, "once", "odd"]
    assert results(tmp_path / "out") == {f"{name}.txt": f"TEXT OF {name.upper()}" for name in sorted(good)}
    assert sorted(done(tmp_path / "out")) == sorted(good)
    assert (report.made, report.skipped, report.kept, report.remarks) == (6, 4, 0, 1)
    reasons = skipped(tmp_path / "out")
    assert set(reasons) == {"crash", "hang", "raise", "bug"}
    assert "SIGSEGV" in reasons["crash"]
    assert "tried 2 times" in reasons["crash"]
    assert "longer than 2 seconds" in reasons["hang"]
    assert reasons["raise"] == "no good"
    assert "ZeroDivisionError: oops (fakes.py:" in reasons["bug"]
    assert not (tmp_path / "out" / ".partial").exists()


def test_one_worker_keeps_its_time_limit_and_is_started_once(tmp_path: Path) -> None:
    items = sources(tmp_path / "in", *FINE)
    extract(items, Copy(), tmp_path / "out", workers=1)
    assert len({row["worker"] for row in read_csv(tmp_path / "out" / "index.csv")}) == 1


def test_a_second_run_makes_nothing_again_and_a_changed_source_is_made_again(tmp_path: Path) -> None:
    items, out = sources(tmp_path / "in", *FINE, "raise"), tmp_path / "out"
    extract(items, Copy(), out, workers=2)
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.txt")}
    (tmp_path / "in" / "one").touch()  # the same content at another time is the same source
    again = extract(items, Copy(), out, workers=2)
    assert (again.made, again.kept, again.skipped) == (0, 4, 1)
    assert before == {path: path.stat().st_mtime_ns for path in out.glob("*.txt")}
    (tmp_path / "in" / "one").write_text("new words")
    (out / "two.txt").write_text("shorter")
    (out / "three.txt").unlink()
    assert extract(items, Copy(), out, workers=2).made == 3
    assert results(out)["one.txt"] == "NEW WORDS"


def test_sources_may_move_or_go_once_they_are_used(tmp_path: Path) -> None:
    items = sources(tmp_path / "in", *FINE)
    extract(items, Copy(), tmp_path / "out", workers=1)
    moved = sources(tmp_path / "elsewhere", *FINE)
    assert extract(moved, Copy(), tmp_path / "out", workers=1).kept == 4
    for item in moved:
        item.source.unlink()
    assert extract(moved, Copy(), tmp_path / "out", workers=1).kept == 4


def test_another_span_is_another_result(tmp_path: Path) -> None:
    (item,) = sources(tmp_path / "in", "one")
    extract([item], Copy(), tmp_path / "out", workers=1)
    other = Item(item.id, item.source, item.target, Span(1, 2))
    assert extract([other], Copy(), tmp_path / "out", workers=1).made == 1


def test_skipped_items_are_left_alone_until_asked_for(tmp_path: Path) -> None:
    items, out = sources(tmp_path / "in", "one", "raise"), tmp_path / "out"
    extract(items, Copy(), out, workers=1)
    (tmp_path / "in" / "raise").unlink()
    assert extract(items, Copy(), out, workers=1).skipped == 1
    assert skipped(out)["raise"] == "no good"
    extract(items, Copy(), out, workers=1, retry_skipped=True)
    assert "No such file" in skipped(out)["raise"]


def test_other_options_are_refused_unless_everything_is_to_be_overwritten(tmp_path: Path) -> None:
    items, out = sources(tmp_path / "in", "one"), tmp_path / "out"
    extract(items, Copy(), out, workers=1)
    with pytest.raises(ConfigError, match="flavour: 'plain' there, 'spicy' now"):
        extract(items, Copy(flavour="spicy"), out, workers=1)
    assert extract(items, Copy(flavour="spicy"), out, workers=1, overwrite=True).made == 1
    assert json.loads((out / "extraction.json").read_text())["flavour"] == "spicy"


def test_files_of_others_are_not_touched(tmp_path: Path) -> None:
    items, out = sources(tmp_path / "in", "one"), tmp_path / "out"
    out.mkdir()
    (out / "one.txt").write_text("mine")
    for _ in range(2):
        with pytest.raises(DataError, match="one.txt: exists already"):
            extract(items, Copy(), out, workers=1)
    (out / "one.txt").unlink()
    (out / "index.csv").write_text("id\n")
    with pytest.raises(DataError, match="index.csv: was not made"):
        extract(items, Copy(), out, workers=1)


def test_the_table_of_results_carries_what_the_index_said(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_text("abc")
    given = {"id": "a", "start": "3", "text": "house", "signer": "Ana, B."}
    item = Item("a", tmp_path / "in" / "a", "sub/a.txt", columns=given)
    extract([item], Copy(), tmp_path / "out", workers=1)
    (row,) = read_csv(tmp_path / "out" / "index.csv")
    assert (row["id"], row["path"], row["frames"], row["text"], row["signer"]) == (
        "a",
        "sub/a.txt",
        "3",
        "house",
        "Ana, B.",
    )
    assert "start" not in row
    renamed = Item("a", item.source, item.target, columns={**given, "text": "home"})
    extract([renamed], Copy(), tmp_path / "out", workers=1)
    assert read_csv(tmp_path / "out" / "index.csv")[0]["text"] == "home"


@pytest.mark.parametrize("target", ["../a.txt", "/a.txt", "", "..", "a\\b", "x/../../y"])
def test_targets_stay_inside_the_folder(target: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file name inside"):
        extract([Item("a", tmp_path / "a", target)], Copy(), tmp_path / "out")


def test_two_items_never_share_a_file(tmp_path: Path) -> None:
    items = [Item("a", tmp_path / "a", "same.txt"), Item("b", tmp_path / "b", "same.txt")]
    with pytest.raises(DataError, match="share their target"):
        extract(items, Copy(), tmp_path / "out")


@pytest.mark.parametrize(
    ("fails", "words"), [("sentence", "extra \\[pose\\]"), ("death", "no worker can start.*code 7")]
)
def test_workers_that_cannot_start_end_the_job_with_the_reason(fails: str, words: str, tmp_path: Path) -> None:
    items = sources(tmp_path / "in", "one", "two")
    with pytest.raises(MmptSignError, match=words):
        extract(items, Copy(start_fails=fails), tmp_path / "out", workers=2)


def test_one_job_at_a_time_in_a_folder(tmp_path: Path) -> None:
    items = sources(tmp_path / "in", "one")
    with Ledger(tmp_path / "out", {}), pytest.raises(DataError, match="another extraction"):
        extract(items, Copy(), tmp_path / "out", workers=1)


def test_a_half_written_line_of_the_journal_costs_one_item(tmp_path: Path) -> None:
    items, out = sources(tmp_path / "in", *FINE), tmp_path / "out"
    extract(items, Copy(), out, workers=1)
    journal = (out / "done.jsonl").read_text()
    (out / "done.jsonl").write_text(journal[:-40])
    assert extract(items, Copy(), out, workers=1).made == 1
    assert extract(items, Copy(), out, workers=1).kept == 4


def test_rows_of_others_are_left_out_and_their_items_made_again(tmp_path: Path) -> None:
    items, out = sources(tmp_path / "in", "one", "two", "raise"), tmp_path / "out"
    extract(items, Copy(), out, workers=1)
    journal = (out / "done.jsonl").read_text()
    (out / "done.jsonl").write_text(journal.replace('"span"', '"piece"', 1) + '{"target": []}\n')
    (out / "skipped.csv").write_text("name,why\nraise,no good\n")
    report = extract(items, Copy(), out, workers=1)
    assert (report.made, report.kept, report.skipped) == (1, 1, 1)
    assert skipped(out) == {"raise": "no good"}


@pytest.mark.parametrize("name", ["done.jsonl", "skipped.csv"])
def test_a_table_that_is_no_text_is_named_and_kept(name: str, tmp_path: Path) -> None:
    items, out = sources(tmp_path / "in", "one", "raise"), tmp_path / "out"
    extract(items, Copy(), out, workers=1)
    damaged = (out / name).read_bytes() + b"\xff\n"
    (out / name).write_bytes(damaged)
    with pytest.raises(DataError, match=f"{name}: cannot be read"):
        extract(items, Copy(), out, workers=1)
    assert (out / name).read_bytes() == damaged


def test_too_many_skipped_items_fail_the_job(tmp_path: Path) -> None:
    report = Report(tmp_path, total=10, made=6, kept=0, skipped=4, frames=1, remarks=0, seconds=1)
    report.judge(0.4)
    with pytest.raises(DataError, match="4 of 10 clips were skipped"):
        report.judge(0.3)
    with pytest.raises(DataError, match="10 of 10"):
        Report(tmp_path, 10, 0, 0, 10, 0, 0, 1).judge(1.0)


SCRIPT = """
import sys
from pathlib import Path
from mmpt_sign.extraction.job import extract
from tests.extraction.fakes import Copy, sources
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    items = sources(folder / "in", *(f"n{number:02}" for number in range(24)))
    extract(items, Copy(seconds=0.5), folder / "out", workers=2)
"""


def wait_for(count: int, journal: Path, process: subprocess.Popen[bytes]) -> None:
    while not (journal.exists() and journal.read_text().count("\n") >= count):
        assert process.poll() is None, "the job ended before it could be stopped"
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_job_goes_on_where_it_was(how: signal.Signals, tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)],
        env=environment,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background is born deaf to it
    )
    journal = tmp_path / "out" / "done.jsonl"
    wait_for(6, journal, process)
    process.send_signal(how)
    process.wait(20)
    before = done(tmp_path / "out")
    assert 6 <= len(before) < 24
    items = sources(tmp_path / "in", *(f"n{number:02}" for number in range(24)))
    report = extract(items, Copy(), tmp_path / "out", workers=2)
    assert report.kept == len(before)
    assert sorted(done(tmp_path / "out")) == [item.id for item in items], "nothing lost, nothing twice"
    assert results(tmp_path / "out") == {f"{item.id}.txt": f"TEXT OF {item.id.upper()}" for item in items}
    assert {path.name for path in (tmp_path / "out").iterdir() if path.name.startswith(".")} == {".partial.lock"}
