"""Look at data: ``mmpt-sign data stats``, ``data show`` and ``data split``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmpt_sign.cli.data import group

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mmpt_sign.records import Record

Place = Annotated[Path, typer.Argument(help="Experiment file, name of a data set, or folder with an index.csv.")]
Overrides = Annotated[
    list[str] | None, typer.Option("-O", "--override", help="key=value of the experiment, or of the data set.")
]


def add_to(app: typer.Typer) -> None:
    """Register the commands on the group ``data``."""
    for command in (stats, show, split, means):
        group.command()(command)


def stats(
    place: Place,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the tables, plots and the page.")],
    override: Overrides = None,
    sample: Annotated[
        int | None, typer.Option(min=0, help="Clips that are read whole; default: all, at most 2,000.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the sample.")] = 0,
    plots: Annotated[bool, typer.Option("--plots/--no-plots", help="Plots need the extra [plot].")] = True,
) -> None:
    """Count what a data set holds: tables in CSV, plots in SVG and one HTML page."""
    from mmpt_sign.files import write_text
    from mmpt_sign.look.clips import look_at_all
    from mmpt_sign.look.collection import collection
    from mmpt_sign.look.page import write_page
    from mmpt_sign.look.plots import plots as drawn
    from mmpt_sign.look.statistics import Statistics, write_tables

    given = collection(place, override or ())
    statistics = Statistics(given, look_at_all(given.records, sample, seed, _progress))
    pictures = drawn(statistics) if plots else []
    written = write_tables(statistics, out)
    for picture in pictures:
        write_text(out / "plots" / f"{picture.name}.svg", picture.svg)
    page = write_page(out / "index.html", statistics, pictures)
    total = statistics.total
    typer.echo(f"{given.name}: {total['clips']} clips, {total['hours']:.2f} hours, {total['signs']} signs")
    for remark in statistics.remarks:
        typer.echo(f"note: {remark}")
    typer.echo(f"{page} ({len(written)} tables, {len(pictures)} plots)")


def show(
    what: Annotated[list[str], typer.Argument(help="Experiment, data set or folder and ids; or files of points.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="File .gif, .mp4, .png or .html.")],
    stage: Annotated[str, typer.Option(help="raw, prepared (as the stream hands it on) or augmented.")] = "raw",
    seed: Annotated[int, typer.Option(help="Of the augmentation.")] = 0,
    stream: Annotated[str, typer.Option(help="Pose stream; default: the first.")] = "",
    video: Annotated[list[Path] | None, typer.Option(help="Video to show beside the clips.")] = None,
    height: Annotated[int, typer.Option(min=64, max=2160, help="Of the drawing, in pixels.")] = 360,
    override: Overrides = None,
) -> None:
    """Draw clips side by side, as they are read or as a model gets them."""
    from mmpt_sign.look.export import check_name, write_scene
    from mmpt_sign.look.scene import Scene
    from mmpt_sign.look.stage import of_video, panels, parse_stage

    check_name(out)
    found = panels(what, parse_stage(stage), seed, stream, override or ())
    films = [of_video(path, height, seconds=found[0].seconds) for path in video or ()]
    scene = Scene((*films, *found))
    write_scene(out, scene, height)
    typer.echo(f"{out}: {len(scene)} frames, {scene.seconds:.2f} seconds, {len(scene.panels)} panels")


def split(
    place: Place,
    out: Annotated[Path, typer.Option("-o", "--out", help="CSV file of ids and splits.")],
    by: Annotated[
        str, typer.Option(help="signer: nobody in two splits; random: mix of signs kept; text: no sign in two splits.")
    ] = "signer",
    shares: Annotated[str, typer.Option(help="Of train, valid and test.")] = "0.8,0.1,0.1",
    seed: int = 0,
    override: Overrides = None,
) -> None:
    """Draw splits and write them as a table that ``dataset: {split_file: ...}`` names."""
    from mmpt_sign.files import write_csv
    from mmpt_sign.look.collection import collection
    from mmpt_sign.look.split import drawn, parse_by, parse_shares, summary

    wanted = parse_shares(shares)
    records = collection(place, override or ()).records
    found = drawn(records, parse_by(by), wanted, seed)
    write_csv(out, ("id", "split"), ({"id": name, "split": of} for name, of in found.items()))
    for part in summary(records, found):
        typer.echo(str(part))
    typer.echo(f"{out}: use it with dataset: {{split_file: {out}}}")


def _progress(records: Sequence[Record]) -> Iterable[Record]:
    from tqdm import tqdm

    return tqdm(records, unit=" clips", disable=None, leave=False)


def means(
    file: Annotated[Path, typer.Argument(help="Experiment whose training clips are averaged.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="File .npz of means and deviations.")],
    stream: Annotated[str, typer.Option(help="Pose stream; default: the first.")] = "",
    override: Overrides = None,
) -> None:
    """Mean and deviation of every point over the training clips, for the stream key ``standardise``."""
    from mmpt_sign.config.load import find_file, load_experiment
    from mmpt_sign.look.point_means import measured

    made, count = measured(load_experiment(find_file(file), override or ()), stream, _progress)
    made.write(out)
    typer.echo(f"{out}: {len(made.points)} points over {count} clips")
