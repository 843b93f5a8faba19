"""A bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from mmpt_sign.extraction.item import Item, Made, Outcome
from mmpt_sign.extraction.progress import Progress

ITEM = Item("a", Path("a"), "a.txt")


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def run(stream: StringIO) -> str:
    progress = Progress(stream, every=0)
    progress.begin(4, 1)
    progress.step(Outcome(ITEM, Made(30)))
    progress.step(Outcome(ITEM, reason="broken"))
    progress.end()
    return stream.getvalue()


def test_plain_lines_say_how_far_how_fast_and_how_long() -> None:
    lines = run(StringIO()).splitlines()
    assert lines[0] == "4 clips, 1 of them finished or skipped before"
    assert lines[1].startswith("2/4 clips, 0 skipped, ")
    assert "frames/s" in lines[1]
    assert lines[2].startswith("3/4 clips, 1 skipped")
    assert lines[2].endswith("left")


def test_a_terminal_gets_a_bar() -> None:
    text = run(Terminal())
    assert "\r" in text
    assert "1 skipped" in text
    assert "3/4" in text
