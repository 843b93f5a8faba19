"""Everything that an operator may set, from flags or from the environment, checked before anything is loaded.

Every limit has a name, a default and a flag of the same name; a refused request is told all three.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from mmpt_sign.config.contracts import Options
from mmpt_sign.errors import ConfigError

PREFIX = "MMPT_SIGN_SERVE_"
DEFAULT = "default"
KEYS_VARIABLE = "MMPT_SIGN_API_KEYS"
MIB = 1 << 20
MOST_ANSWERS = 1_000_000  # that any server may be told to give


def _named(value: Any) -> Any:
    """``a=x,y`` or a list of such words -> ``{"a": "x", "default": "y"}``."""
    if isinstance(value, Mapping):
        return value
    words = (value if isinstance(value, str) else ",".join(map(str, value))).split(",")
    pairs = [word.strip().rpartition("=") for word in words if word.strip()]
    found = {name or DEFAULT: place for name, _, place in pairs}
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found


def _listed(value: Any) -> Any:
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


def _writable(folder: Path) -> Path:
    """Tried out, because permissions, read-only disks and quotas cannot be told apart by looking."""
    try:
        with tempfile.TemporaryDirectory(prefix="mmpt-sign-", dir=folder):
            return folder
    except OSError as error:
        raise ValueError(
            f"{folder}: uploads cannot be kept there ({error.strerror}); name a writable folder"
        ) from error


Places = Annotated[dict[str, Path], BeforeValidator(_named)]
Folder = Annotated[Path, AfterValidator(_writable)]
Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Settings(Options):
    """One server."""

    model_config = ConfigDict(allow_inf_nan=False)

    models: Places = Field(description="folders of models by name; 'default' answers where none is named")
    indexes: Places = Field(default_factory=dict, description="saved indexes by the name of their model")
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    device: str = Field("auto", description="auto, cpu or cuda")
    threads: int | None = Field(None, ge=1, description="CPU threads of the model; default: torch's own choice")
    api_keys: Path | None = Field(None, description="file with one key per line")
    cors: Words = Field((), description="origins whose pages may call /v1")
    temporary: Folder | None = Field(None, description="folder under which uploads lie while they are read")

    max_body_bytes: int = Field(32 * MIB, ge=1024, description="bytes of one request")
    max_bytes_inside: int = Field(256 * MIB, ge=1024, description="bytes of all requests at once")
    max_requests: int = Field(128, ge=1, description="requests at once")
    max_clips: int = Field(64, ge=1, description="clips of one request")
    max_frames: int = Field(16_384, ge=1, description="frames of one request, all clips together")
    max_texts: int = Field(256, ge=1, description="texts of one request")
    max_text_chars: int = Field(2000, ge=1, description="characters of one text")
    max_answers: int = Field(100, ge=1, le=MOST_ANSWERS, description="answers of one search or classification")
    max_seconds: float = Field(30.0, gt=0, description="seconds from the first byte of a request to its answer")
    max_wait_seconds: float = Field(10.0, gt=0, description="expected seconds in the queue")
    max_waiting: int = Field(65_536, ge=256, description="frames and text tokens in the queue")
    max_video_seconds: float = Field(60.0, gt=0, description="seconds that a video is long")
    max_video_work_seconds: float = Field(120.0, gt=0, description="seconds of work on one video")
    grace_seconds: float = Field(30.0, ge=0, description="how long a stopping server finishes what it took")

    batch_tokens: int = Field(8192, ge=1, description="padded frames or text tokens that the model takes at once")
    batch_pieces: int = Field(64, ge=1, description="clips or texts that the model takes at once; 1 = no batching")
    batch_spread: float = Field(0.25, ge=0, description="share by which lengths in a batch may differ from the oldest")
    decoders: int = Field(2, ge=1, description="threads that decode poses")
    video_workers: int = Field(1, ge=0, description="processes that turn video into poses; 0 = no video")

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        """Limits that contradict each other are refused at the start, not met by the first request."""
        if DEFAULT not in self.models:
            raise ValueError("one model must be the default: give a folder without a name")
        if unknown := set(self.indexes) - set(self.models):
            raise ValueError(f"index of an unknown model: {', '.join(sorted(unknown))}")
        for small, large in (
            ("max_body_bytes", "max_bytes_inside"),
            ("max_wait_seconds", "max_seconds"),
        ):
            if getattr(self, small) > getattr(self, large):
                raise ValueError(f"{small} ({getattr(self, small)}) is above {large} ({getattr(self, large)})")
        if "*" in self.cors and len(self.cors) > 1:
            raise ValueError("cors: '*' already allows every origin; give it alone or leave it out")
        return self

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Settings:
        """Checked settings; `ConfigError` lists everything that is wrong."""
        try:
            return cls(**values)
        except ValidationError as error:
            raise ConfigError([_sentence(problem) for problem in error.errors()]) from error

    @classmethod
    def from_environment(cls, variables: Mapping[str, str] | None = None) -> Settings:
        """From variables named as the flags are: ``MMPT_SIGN_SERVE_MAX_TEXTS`` for ``--max-texts``."""
        given = os.environ if variables is None else variables
        names = {PREFIX + name.upper(): name for name in cls.model_fields}
        mine = {key for key in given if key.startswith(PREFIX)}
        if unknown := mine - set(names):
            raise ConfigError(f"unknown variables: {', '.join(sorted(unknown))}")
        return cls.of({names[key]: given[key] for key in mine})


def flag(name: str) -> str:
    """How the command line calls a setting."""
    return {"models": "--model", "indexes": "--index"}.get(name, "--" + name.replace("_", "-"))


def _sentence(problem: Mapping[str, Any]) -> str:
    name = str(problem["loc"][0]) if problem["loc"] else ""
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{flag(name)}: {message}" if name else message
