"""Workers as processes of this machine."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from mmpt_sign.extraction.crew import Crew, Died, Hand, Message
from mmpt_sign.extraction.item import Extractor, Item
from mmpt_sign.extraction.worker import PARTIAL, Ready, Unready, perform, started

PATIENCE = 10.0  # seconds for a process to disappear after SIGKILL; only a hanging disk takes longer
LAST_WORDS = 300  # characters of a dead worker's messages that go into the reason


class LocalCrew(Crew):
    """Fresh processes (spawned, not forked: libraries with threads do not survive a fork), one pipe each."""

    def __init__(self, extractor: Extractor, folder: Path, size: int, time_limit: float | None) -> None:
        super().__init__(size, time_limit)
        self.extractor, self.folder = extractor, folder
        self._context = multiprocessing.get_context("spawn")
        self._hired = 0

    def hire(self) -> Hand:
        """A process that loads the extractor and then waits for items."""
        ours, theirs = self._context.Pipe()
        self._hired += 1
        words = self.folder / PARTIAL / f"worker-{os.getpid()}-{self._hired}.log"
        process = self._context.Process(target=_serve, args=(theirs, self.extractor, self.folder, words), daemon=True)
        process.start()
        theirs.close()
        return Hand((process, ours, words))

    def give(self, hand: Hand, item: Item) -> None:
        """Send it; a worker that has just died is noticed by `listen`."""
        try:
            hand.handle[1].send(item)
        except OSError:
            return

    def listen(self, seconds: float) -> list[tuple[Hand, Message]]:
        """Messages and deaths."""
        doors: dict[Any, Hand] = {}
        for hand in self.hands:
            process, pipe, _ = hand.handle
            doors[pipe] = doors[process.sentinel] = hand
        speaking = list(dict.fromkeys(doors[door] for door in wait(list(doors), seconds)))
        return [(hand, self._message(hand)) for hand in speaking]

    def _message(self, hand: Hand) -> Message:
        """What was said before a death counts: the last item may have been finished."""
        process, pipe, words = hand.handle
        try:
            if pipe.poll():
                message: Message = pipe.recv()
                return message
        except (EOFError, OSError):
            pass
        process.join(PATIENCE)
        return Died(f"the worker {_ending(process.exitcode)}{_last_words(words)}")

    def dismiss(self, hand: Hand) -> None:
        """SIGKILL: a worker that hangs inside a library hears nothing else."""
        process, pipe, words = hand.handle
        process.kill()
        process.join(PATIENCE)
        if process.exitcode is not None:
            process.close()
        pipe.close()
        words.unlink(missing_ok=True)


def _serve(pipe: Connection, extractor: Extractor, folder: Path, words: Path) -> None:
    """The life of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interruption means
    _follow_parent()
    log = _speak_into(words)
    make = started(extractor)
    if isinstance(make, Unready):
        pipe.send(make)
        return
    pipe.send(Ready())
    while True:
        try:
            item = pipe.recv()
        except EOFError:
            return
        os.ftruncate(log, 0)  # only the words about the present item matter
        pipe.send(perform(make, item, folder))


def _follow_parent() -> None:
    """End when the parent does, also when it is killed and can tell nobody."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _speak_into(words: Path) -> int:
    """Send all output, that of C++ libraries too, into a file: it would tear the progress bar, but explains a crash."""
    words.parent.mkdir(parents=True, exist_ok=True)
    log = os.open(words, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    sys.stdout.flush()
    sys.stderr.flush()
    for stream in (1, 2):
        os.dup2(log, stream)
    faulthandler.enable(log)
    return log


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name if -code in signal.valid_signals() else f"signal {-code}"
        return f"was ended by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
    return f"ended with exit code {code}"


def _last_words(words: Path) -> str:
    try:
        text = " ".join(words.read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        return ""
    fault = text.find("Fatal Python error")
    return f": {text[fault:][:LAST_WORDS] if fault >= 0 else text[-LAST_WORDS:]}" if text else ""
