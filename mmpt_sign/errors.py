"""The one small family of errors that a user can meet.

Every message answers three questions: what is wrong, where, and what to do.  Only ``cli`` and ``serve`` turn these
into exit codes and HTTP answers; everything below raises and never catches broadly.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class MmptSignError(Exception):
    """Root of everything that is the user's to fix rather than a bug."""


class ConfigError(MmptSignError):
    """One or many problems of an experiment file or of command-line options, all reported together."""

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class DataError(MmptSignError):
    """A data set, a split or a record is missing or wrong."""

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class PoseFormatError(DataError):
    """A pose file breaks its format or exceeds a limit."""

    def __init__(self, path: Path | str, problem: str) -> None:
        self.path = str(path)
        self.problem = problem
        super().__init__(f"{path}: {problem}")


class CheckpointError(MmptSignError):
    """Weights are missing, damaged, or belong to another model."""


class NotInstalledError(MmptSignError):
    """An optional part of the installation is needed and absent."""

    def __init__(self, what: str, extra: str | None, command: str | None = None) -> None:
        self.what = what
        self.extra = extra
        belongs = f"; it belongs to the extra [{extra}]" if extra else ""
        command = command or f"pip install 'mmpt_sign[{extra}]'"
        super().__init__(f"{what} is not installed{belongs}: {command}")
