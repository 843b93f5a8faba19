"""How far a long piece of work is, for whoever asked to be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any

Progress = Callable[[int, int], None]  # how many are done, of how many (0: nobody knows)


def followed(things: Iterable[Any], progress: Progress | bool, total: int = 0) -> Iterator[Any]:
    """The things one by one; ``True`` shows a bar, a function is told after each."""
    count = total or (len(things) if isinstance(things, Sized) else 0)
    if progress is True:
        from tqdm import tqdm

        yield from tqdm(things, total=count or None, unit="clip")
        return
    for done, thing in enumerate(things, 1):
        yield thing
        if progress:
            progress(done, count)
