from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mmpt_sign.errors import NotInstalledError
from mmpt_sign.look.collection import collection
from mmpt_sign.look.page import write_page
from mmpt_sign.look.plots import INK, plots
from mmpt_sign.look.statistics import Statistics
from tests.corpus import make_corpus
from tests.look.made import LAYOUT, made, statistics

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """Which elements there are, that all of them are closed, and what they point at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.wrong: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.addresses += [value or "" for key, value in attrs if key in ("src", "href", "xlink:href")]
        self.ids += [value or "" for key, value in attrs if key == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@pytest.fixture
def found(tmp_path: Path) -> Statistics:
    return statistics(made(tmp_path / "corpus"))


def test_plots_are_the_same_bytes_every_time(found: Statistics) -> None:
    first, again = plots(found), plots(Statistics(found.given, found.looks))
    assert [plot.name for plot in first] == ["lengths", "texts", "signers", "seen", "confidence"]
    assert [plot.svg for plot in first] == [plot.svg for plot in again]
    for plot in first:
        assert plot.svg.startswith("<svg")
        assert not re.search(r"<metadata|20\d\d-\d\d-\d\d", plot.svg)
        assert INK in plot.svg
        assert plot.words.endswith(".")


def test_several_languages_get_their_plots(tmp_path: Path) -> None:
    folder = make_corpus(tmp_path / "corpus")
    index = folder / "index.csv"
    lines = index.read_text().splitlines()
    tags = ("ase", "gsg", "bfi", "fsl")
    changed = [line.replace(",ase,", f",{tags[number % 4]},") for number, line in enumerate(lines)]
    index.write_text("\n".join(changed))
    names = [plot.name for plot in plots(statistics(collection(folder, LAYOUT), 5))]
    assert {"languages", "shared_texts"} <= set(names)


def test_the_page_is_whole_and_needs_no_network(found: Statistics, tmp_path: Path) -> None:
    text = write_page(tmp_path / "index.html", found, plots(found)).read_text()
    page = Page(text)
    assert not page.open
    assert not page.wrong
    assert all(address.startswith(("#", "data:")) for address in page.addresses)
    assert len(page.ids) == len(set(page.ids))
    assert page.seen.count("svg") == page.seen.count("figcaption") == 5
    assert page.seen.count("caption") == page.seen.count("table") >= 4
    assert "prefers-color-scheme: dark" in text
    assert INK not in text
    assert "script" not in page.seen


def test_what_users_write_stays_text(tmp_path: Path) -> None:
    folder = make_corpus(tmp_path / "corpus", words=("house",))
    index = folder / "index.csv"
    index.write_text(index.read_text().replace(",house\n", ",<script>alert(1)</script> $x^2$\n"))
    found = statistics(collection(folder, LAYOUT))
    text = write_page(tmp_path / "index.html", found, plots(found)).read_text()
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_without_matplotlib_the_extra_is_named(
    found: Statistics, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(NotInstalledError, match=r"\[plot\]"):
        plots(found)
    assert "Made without plots" in write_page(tmp_path / "index.html", found, []).read_text()
