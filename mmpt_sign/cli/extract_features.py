"""Extract from videos: ``mmpt-sign extract features``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mmpt_sign.cli.extract import (
    Index,
    MaxSkipped,
    Options,
    Overwrite,
    Ray,
    RetrySkipped,
    Sources,
    TimeLimit,
    Unit,
    Workers,
    group,
    listed,
    part_from,
    run,
)  # fmt: skip
from mmpt_sign.errors import ConfigError

if TYPE_CHECKING:
    from mmpt_sign.features.extractor import FeatureExtractor
    from mmpt_sign.features.readers import Readers

Precision = Literal["fp32", "fp16", "bf16"]
READERS = 8  # videos that are decoded at a time for one GPU


def add_to(app: typer.Typer) -> None:
    """Register the command in the group of all extractions."""
    group.command()(features)


def features(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the clip store, new or to be gone on with.")],
    sources: Sources = None,
    encoder: Annotated[str, typer.Option(help="i3d, s3d or s3d_howto100m.")] = "i3d",
    checkpoint: Annotated[Path | None, typer.Option(help="Its public weights (docs/features.md).")] = None,
    window: Annotated[int | None, typer.Option(min=1, help="Frames per vector; default: the encoder's.")] = None,
    stride: Annotated[
        int | None, typer.Option(min=1, help="Frames from vector to vector; default: the encoder's.")
    ] = None,
    fps: Annotated[float | None, typer.Option(help="Frames per second that it sees; default: the encoder's.")] = None,
    option: Options = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    precision: Annotated[Precision | None, typer.Option(help="Default: fp16 on a GPU, else fp32.")] = None,
    index: Index = None,
    unit: Unit = "seconds",
    workers: Workers = None,
    ray: Ray = None,
    time_limit: TimeLimit = 1800.0,
    max_skipped: MaxSkipped = 0.5,
    overwrite: Overwrite = False,
    retry_skipped: RetrySkipped = False,
) -> None:
    """Run a frozen video network over every video and put its features into a clip store.

    Stop it and start it again whenever you like.  The finished videos wait in a folder beside the store (OUT.parts).
    """
    from mmpt_sign.extraction.listing import is_video
    from mmpt_sign.features.extractor import FeatureExtractor

    network = part_from("video_network", encoder, option, window=window, stride=stride, fps=fps)
    if checkpoint is None:
        raise ConfigError(f"--encoder {encoder} needs --checkpoint FILE: {network.weights} (docs/features.md)")
    if not checkpoint.is_file():
        raise ConfigError(f"--checkpoint {checkpoint}: there is no such file ({network.weights})")
    items = listed(sources, index, unit, ".npy", is_video)
    parts = out.with_name(f"{out.name}.parts")
    extractor = FeatureExtractor(network, checkpoint.resolve(), device, precision, threads=1)
    crew = None if ray else _readers(extractor, parts, workers, time_limit)
    run(items, extractor, parts, workers, ray, time_limit, max_skipped, overwrite, retry_skipped, crew)
    _pack(parts, out)


def _readers(extractor: FeatureExtractor, parts: Path, workers: int | None, time_limit: float) -> Readers | None:
    """On a GPU one network for all: several processes would hold it several times and wait for each other."""
    from mmpt_sign.features.frozen import chosen_device
    from mmpt_sign.features.readers import Readers

    if chosen_device(extractor.device) == "cpu":
        return None
    return Readers(extractor, parts.resolve(), workers or READERS, time_limit or None)


def _pack(parts: Path, out: Path) -> None:
    from mmpt_sign.cli.progress import progress
    from mmpt_sign.features.build import build_store, own_clip
    from mmpt_sign.features.parts import records_of_parts

    with progress("packing", "clip") as shown:
        built = build_store(records_of_parts(parts), own_clip, out, changed="rebuild", others="keep", progress=shown)
    typer.echo(f"{out}: {built.clips} clips, {built.frames} rows, {built.form}; {built.added} packed now")
