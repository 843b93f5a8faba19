"""Videos as the steps after them want them: ``mmpt-sign data prepare how2sign``, ``phoenix14t``, ``csl_daily``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mmpt_sign.cli.data import group as data
from mmpt_sign.cli.extract import MaxSkipped, Overwrite, Ray, RetrySkipped, TimeLimit, Workers, run

group = typer.Typer(help="Cut recordings into sentences; gather pictures into videos.", no_args_is_help=True)

Out = Annotated[Path, typer.Option("-o", "--out", help="Folder for the videos and their table.")]
Tables = Annotated[Path | None, typer.Option(help="The corpus's folder with its tables; default: in the data root.")]
Codec = Annotated[Literal["h264", "mpeg4"], typer.Option(help="mpeg4: as CiCo writes the sentences of How2Sign.")]


def add_to(app: typer.Typer) -> None:
    """Register the group below ``data``."""
    data.add_typer(group, name="prepare")


@group.callback()
def _group() -> None:
    """Cut recordings into sentences; gather pictures into videos."""


@group.command("how2sign")
def how2sign(
    videos: Annotated[Path, typer.Argument(help="Folder with the frontal recordings (VIDEO_NAME.mp4).")],
    out: Out,
    tables: Tables = None,
    boxes: Annotated[
        list[Path] | None, typer.Option(help="CiCo's pickle of boxes around the signers, several times.", exists=True)
    ] = None,
    split: Annotated[list[str] | None, typer.Option(help="train, valid or test, several times; default: all.")] = None,
    size: Annotated[int, typer.Option(min=0, help="Side of the square pictures; 0: as cut.")] = 256,
    codec: Codec = "h264",
    workers: Workers = None,
    ray: Ray = None,
    time_limit: TimeLimit = 1800.0,
    max_skipped: MaxSkipped = 0.5,
    overwrite: Overwrite = False,
    retry_skipped: RetrySkipped = False,
) -> None:
    """Cut the sentences of How2Sign by the re-aligned times, and by the box around the signer where boxes are given.

    Stop it and start it again whenever you like: what is finished stays.
    """
    from mmpt_sign.datasets._preparation import how2sign_items
    from mmpt_sign.datasets.how2sign import How2Sign
    from mmpt_sign.extraction.sentence_clips import SentenceClips
    from mmpt_sign.extraction.signature import signature
    from mmpt_sign.records import SPLITS

    part = How2Sign(folder=_absolute(tables), named="clip", absent="ignore")
    items = how2sign_items(part, None, videos, boxes or [], split or SPLITS)
    extractor = SentenceClips(size or None, codec, " ".join(signature(path) for path in boxes or []))
    run(items, extractor, out, workers, ray, time_limit, max_skipped, overwrite, retry_skipped)


@group.command("phoenix14t")
def phoenix14t(
    pictures: Annotated[Path, typer.Argument(help="Folder with SPLIT/VIDEO/images0001.png and so on.")],
    out: Out,
    tables: Tables = None,
    fps: Annotated[float, typer.Option(min=1, max=240, help="At which the pictures were filmed.")] = 25.0,
    codec: Codec = "h264",
    workers: Workers = None,
    ray: Ray = None,
    time_limit: TimeLimit = 1800.0,
    max_skipped: MaxSkipped = 0.5,
    overwrite: Overwrite = False,
    retry_skipped: RetrySkipped = False,
) -> None:
    """Gather the pictures of PHOENIX-2014T into videos; with --tables their table has texts and signers."""
    items, extractor = _gathering("phoenix14t", pictures, tables, fps, codec)
    run(items, extractor, out, workers, ray, time_limit, max_skipped, overwrite, retry_skipped)


@group.command("csl_daily")
def csl_daily(
    pictures: Annotated[Path, typer.Argument(help="Folder with VIDEO/000000.jpg and so on.")],
    out: Out,
    tables: Tables = None,
    fps: Annotated[float, typer.Option(min=1, max=240, help="At which the pictures were filmed.")] = 30.0,
    codec: Codec = "h264",
    workers: Workers = None,
    ray: Ray = None,
    time_limit: TimeLimit = 1800.0,
    max_skipped: MaxSkipped = 0.5,
    overwrite: Overwrite = False,
    retry_skipped: RetrySkipped = False,
) -> None:
    """Gather the pictures of CSL-Daily into videos; with --tables they lie in folders of their splits."""
    items, extractor = _gathering("csl_daily", pictures, tables, fps, codec)
    run(items, extractor, out, workers, ray, time_limit, max_skipped, overwrite, retry_skipped)


@group.command("labels")
def labels(
    file: Annotated[Path, typer.Argument(help="Experiment file whose data set has the labels.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="List to write, one label per line.")],
    override: Annotated[list[str] | None, typer.Option("-O", "--override", help="key=value of the experiment.")] = None,
) -> None:
    """List the distinct texts of the training split, for `text: {name: labels}`."""
    from mmpt_sign.config.load import find_file, load_experiment
    from mmpt_sign.files import write_text

    experiment = load_experiment(find_file(file), override or ())
    records = experiment.dataset.records(experiment.data_root)
    found = sorted({record.texts[0] for record in records if record.split == "train"})
    write_text(out, "".join(f"{label}\n" for label in found))
    typer.echo(f"{out}: {len(found)} labels")


def _gathering(corpus: str, pictures: Path, tables: Path | None, fps: float, codec: Any) -> tuple[Any, Any]:
    from mmpt_sign.datasets._preparation import gathered_items
    from mmpt_sign.extraction.gathered import GatheredFrames
    from mmpt_sign.registry import build

    part = build("dataset", name=corpus, folder=_absolute(tables), absent="ignore")
    return gathered_items(part, None, pictures, with_tables=tables is not None), GatheredFrames(fps, codec)


def _absolute(folder: Path | None) -> Path | None:
    return None if folder is None else folder.absolute()
