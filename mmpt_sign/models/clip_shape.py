"""What both CLIP towers may say about their size, and where their weights lie; light enough for validation."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from mmpt_sign.config.contracts import Options
from mmpt_sign.errors import CheckpointError
from mmpt_sign.registry import nearest
from mmpt_sign.text.weights import searched_root

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin")
HEAD_SIZE = 64  # of every published CLIP


class ClipTower(Options):
    """Sizes that are left out are those of the weights, or of ViT-B/32 where there are none."""

    weights: str | None = Field(None, description="file of CLIP's weights, or its name in the data root; null = random")
    layers: int | None = Field(None, ge=1, le=200, description="first layers used; default: all")
    hidden_size: int | None = Field(None, ge=1, le=16384, description="width of the layers")
    heads: int | None = Field(None, ge=1, le=256, description="default: of 64 numbers each")
    project: int | None = Field(None, ge=1, le=16384, description="width of the tokens that are compared")
    positions: int | None = Field(None, ge=2, le=100_000, description="rows of the position table")
    dropout: float = Field(0.0, ge=0, lt=1)
    recompute: bool = Field(
        False, description="compute layers again for the gradient instead of keeping them: less memory, a third slower"
    )
    pad_to: int | None = Field(
        None, ge=1, description="always so many clips or words, padding included, for unmasked similarities"
    )

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.hidden_size is not None and self.hidden_size % (self.heads or usual_heads(self.hidden_size)):
            raise ValueError(f"hidden_size {self.hidden_size} cannot be divided among {self.heads} heads")
        return self

    def filled(self, usual: dict[str, int]) -> Self:
        """With every size spelled out: as written, else as in the weights, else ``usual``."""
        from_weights = {} if self.weights is None else self.sizes_in(located(self.weights))
        sizes: dict[str, int] = {}
        for name, size in {**usual, **from_weights}.items():
            written = getattr(self, name)
            sizes[name] = size if written is None else int(written)
        sizes["heads"] = self.heads or usual_heads(sizes["hidden_size"])
        return self.model_copy(update=sizes)

    def size(self, name: str) -> int:
        """One of the sizes, of this part or, if it is not spelled out, as resolved."""
        written = getattr(self, name)
        return int(written if written is not None else getattr(self.resolved(), name))

    def resolved(self) -> Any:
        """With every size spelled out."""
        raise NotImplementedError

    def sizes_in(self, file: Path) -> dict[str, int]:
        """Sizes of this tower in a file of weights."""
        raise NotImplementedError


def usual_heads(width: int) -> int:
    """Heads of 64 numbers where the width allows it, else one."""
    return width // HEAD_SIZE if width % HEAD_SIZE == 0 else 1


def located(name: str) -> Path:
    """The file of CLIP weights ``name``: itself, in a folder of that name, or ``<data root>/weights/<name>``."""
    root = searched_root()
    plain = name.replace("/", "-")
    given = Path(name).expanduser()
    places = [given] if root is None or given.is_absolute() else [given, root / "weights" / plain]
    for place in places:
        for file in (place, *(place.with_name(place.name + suffix) for suffix in SUFFIXES)):
            if file.is_file():
                return file
        inside = [place / f"{stem}{suffix}" for stem in ("model", "pytorch_model") for suffix in SUFFIXES]
        for file in inside:
            if file.is_file():
                return file
    known = [] if root is None else sorted(p.stem for p in (root / "weights").glob("*"))
    looked = " and ".join(str(place) for place in places)
    raise CheckpointError(
        f"CLIP weights '{name}' not found{nearest(plain, known)}: looked for {looked} and the same with "
        f"{', '.join(SUFFIXES)}; any file of the public ViT-B/32 layout will do (OpenAI's own, or transformers')"
    )
