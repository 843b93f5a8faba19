"""What torch's reader says of a file that it refuses, without its advice to open the file unsafely."""

from __future__ import annotations

from pathlib import Path

ADVICE = ("Weights only load failed", "Please file an issue", "Check the documentation")
ASIDES = (" Please use ", "(Could this error message be improved?")  # what follows in a line is no finding
MORE_THAN_TENSORS = ("GLOBAL", "Can only build", "Can only create")
LONGEST = 200


def refusal(path: Path, error: Exception) -> str:
    """One sentence: either the file asks for more than tensors, or it is no checkpoint at all."""
    lines = [line.strip() for line in str(error).splitlines()]
    found = [_finding(line) for line in lines if line and not line.startswith(ADVICE)]
    more = [line for line in found if any(sign in line for sign in MORE_THAN_TENSORS)]
    if more:
        return f"{path}: refused, it asks for more than tensors ({more[0]})"
    return f"{path}: is not a checkpoint, or a damaged one ({(found or [type(error).__name__])[0]})"


def _finding(line: str) -> str:
    for aside in ASIDES:
        line = line.partition(aside)[0]
    return line.strip()[:LONGEST]
