"""API keys, compared in a time that does not tell how much of a guess was right."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from pathlib import Path

from mmpt_sign.errors import ConfigError
from mmpt_sign.serve.settings import KEYS_VARIABLE

SHORTEST = 16


class Keys:
    """The accepted keys, kept as digests only.  Without any key everybody is let in."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        given = list(keys)
        if any(len(key) < SHORTEST for key in given):
            raise ConfigError(f"an API key has fewer than {SHORTEST} characters; make one with 'openssl rand -hex 24'")
        self._digests = [_digest(key.encode()) for key in given]

    @classmethod
    def found(cls, file: Path | None, variables: Mapping[str, str]) -> Keys:
        """From a file with one key per line (``#`` begins a remark), and from the environment."""
        lines = variables.get(KEYS_VARIABLE, "").split(",")
        if file is not None:
            try:
                lines += [line.partition("#")[0] for line in file.read_text(encoding="utf-8").splitlines()]
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"--api-keys {file}: cannot be read ({error})") from error
        keys = cls(key.strip() for key in lines if key.strip())
        if file is not None and not keys:
            raise ConfigError(f"--api-keys {file}: holds no key, which would let everybody in")
        return keys

    def __bool__(self) -> bool:
        return bool(self._digests)

    def admit(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether ``Authorization: Bearer KEY`` or ``X-API-Key: KEY`` holds one of the keys."""
        return not self._digests or self._knows(_presented(headers))

    def _knows(self, key: bytes) -> bool:
        """Every digest is compared, found or not."""
        given = _digest(key)
        return sum(hmac.compare_digest(given, digest) for digest in self._digests) > 0


def _presented(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    for name, value in headers:
        if name == b"x-api-key":
            return value.strip()
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].strip()
    return b""


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
