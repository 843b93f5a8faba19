"""Look closer at models and runs: ``mmpt-sign spot``, ``compare`` and ``results``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmpt_sign.cli.use import DEFAULT_MODEL, Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from mmpt_sign.evaluation.spotting import Scored, Span


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    for command in (spot, compare, results):
        app.command()(command)


def spot(
    pose: Annotated[Path, typer.Argument(help="A long .pose file.")],
    prompt: Annotated[str, typer.Argument(help="What to look for, as the model reads it.")],
    model: Model = DEFAULT_MODEL,
    against: Annotated[list[str] | None, typer.Option(help="Prompts it must not be taken for; repeatable.")] = None,
    seconds: Annotated[str, typer.Option(help="Lengths of the windows.")] = "0.5,1,2",
    stride: Annotated[float, typer.Option(help="Seconds between two windows.")] = 0.2,
    k: Annotated[int, typer.Option("-k", min=1, help="Spans wanted.")] = 5,
    overlap: Annotated[float, typer.Option(min=0, max=1, help="Spans may overlap by so much.")] = 0.2,
    at_least: Annotated[float | None, typer.Option(help="Lowest margin (or score) of a span.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Folder for CSV, JSON and a plot.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find where in a long clip a sign is: spans with their scores, best first."""
    import mmpt_sign
    from mmpt_sign.evaluation.spotting import scored
    from mmpt_sign.inference.clips import as_clip

    lengths = _numbers(seconds)
    found = scored(mmpt_sign.load(model), as_clip(pose), [prompt, *(against or ())], lengths, stride)
    spans = found.spans(k, overlap, at_least)
    if out is not None:
        _keep(out, found, spans)
    if as_json:
        typer.echo(_as_json(spans))
        return
    for span in spans:
        margin = "" if span.margin is None else f"  {span.margin:+.4f} over {span.other!r}"
        typer.echo(f"{span.start:8.2f} s - {span.end:.2f} s  {span.score:.4f}{margin}")
    if not spans:
        typer.echo(f"no span of at least {at_least}; the best window has {found.strength.max():.4f}")


def _numbers(text: str) -> list[float]:
    from mmpt_sign.errors import ConfigError

    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise ConfigError(f"--seconds {text}: write numbers such as 0.5,1,2") from error


def _keep(folder: Path, found: Scored, spans: Sequence[Span]) -> None:
    from mmpt_sign.evaluation.plots import draw
    from mmpt_sign.evaluation.spotting import draw_spans, write_spans, write_windows
    from mmpt_sign.files import write_text

    write_spans(folder / "spans.csv", spans)
    write_windows(folder / "windows.csv", found)
    write_text(folder / "spans.json", _as_json(spans) + "\n")
    draw(draw_spans, folder / "spans.png", found, spans)


def _as_json(spans: Sequence[Span]) -> str:
    from dataclasses import asdict

    return json.dumps([asdict(span) for span in spans], indent=1, ensure_ascii=False)


def compare(
    first: Annotated[Path, typer.Argument(help="Run folder, evaluation folder or predictions.csv.")],
    second: Annotated[Path, typer.Argument(help="The other one; differences are second minus first.")],
    evaluation: Annotated[str, typer.Option(help="Folder under eval/, where the runs share several.")] = "",
    resample: Annotated[str, typer.Option(help="What the bootstrap draws: query or gold.")] = "query",
    samples: Annotated[int, typer.Option(min=100, help="Bootstrap samples.")] = 10_000,
    classes: Annotated[int, typer.Option(min=0, help="Classes to show.")] = 10,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Folder for compare.csv and classes.csv.")] = None,
) -> None:
    """Tell whether two runs differ on the same queries, by how much, and in which classes."""
    from rich.console import Console

    from mmpt_sign.errors import ConfigError
    from mmpt_sign.evaluation import paired, predicted
    from mmpt_sign.files import write_csv

    if resample not in ("query", "gold"):
        raise ConfigError(f"--resample {resample}: choose query or gold")
    files = predicted.predictions_of(first, second, evaluation)
    one, other = (predicted.read_answers(str(path), found) for path, found in zip((first, second), files, strict=True))
    rows = paired.differences(one, other, resample, samples)  # type: ignore[arg-type]
    moved = paired.classes_moved(one, other)
    Console().print(_differences(rows, one.name, other.name))
    if classes:
        Console().print(_classes(moved[:classes]))
    typer.echo(_verdict(rows))
    if out is not None:
        typer.echo(str(write_csv(out / "compare.csv", paired.TABLE, rows)))
        typer.echo(str(write_csv(out / "classes.csv", paired.CLASSES, moved)))


def _differences(rows: Sequence[dict[str, Any]], first: str, second: str) -> Table:
    from rich.table import Table

    table = Table(title=f"{second} minus {first}", box=None, pad_edge=False)
    for name in ("direction", "figure", "first", "second", "change", "95 %", "p", "McNemar"):
        table.add_column(name, justify="left" if name in ("direction", "figure") else "right", no_wrap=True)
    before = ""
    for row in rows:
        heading = "" if row["direction"] == before else row["direction"].replace("_to_", " to ")
        shown = [f"{row['first']:.3g}", f"{row['second']:.3g}", f"{row['difference']:+.3f}"]
        mcnemar = f"{row['p_mcnemar']:.2g}" if "p_mcnemar" in row else ""
        between = f"{row['low']:+.3f} {row['high']:+.3f}"
        table.add_row(heading, row["figure"], *shown, between, f"{row['p']:.2g}", mcnemar)
        before = row["direction"]
    return table


def _classes(rows: Sequence[dict[str, Any]]) -> Table:
    from rich.table import Table

    table = Table(title="classes that moved most (R@1; p corrected for the number of classes)")
    for name in ("direction", "class", "queries", "first", "second", "difference", "p"):
        table.add_column(name, justify="left" if name in ("direction", "class") else "right")
    for row in rows:
        shown = [f"{row[name]:.3f}" for name in ("first", "second")] + [f"{row['difference']:+.3f}"]
        direction = row["direction"].replace("_to_", " to ")
        table.add_row(direction, row["gold"], str(row["n_queries"]), *shown, f"{row['p_corrected']:.3g}")
    return table


def _verdict(rows: Sequence[dict[str, Any]]) -> str:
    """One sentence per direction on R@1."""
    said = []
    for row in (row for row in rows if row["figure"] == "R@1"):
        sure = row["low"] > 0 or row["high"] < 0
        better = "second" if row["difference"] > 0 else "first"
        told = f"the {better} run is better beyond chance" if sure else "no difference beyond chance"
        said.append(f"{row['direction'].replace('_to_', ' to ')}, R@1: {told} ({row['n_queries']} queries, 95 %)")
        if "p_mcnemar" in row:
            said[-1] += f"; right in one run alone: {row['only_first']} first, {row['only_second']} second"
    return "\n".join(said)


def results(
    runs: Annotated[Path, typer.Argument(help="Folder of runs.")] = Path("runs"),
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the tables.")] = Path("results"),
    plots: Annotated[bool, typer.Option("--plots", help="Also draw every run's pictures (slower).")] = False,
) -> None:
    """Collect the metrics of all runs into CSV, Markdown and HTML tables, published figures beside them."""
    from mmpt_sign.evaluation.results import collect

    for path in collect(runs, out):
        typer.echo(str(path))
    if plots:
        from mmpt_sign.evaluation.run_plots import draw_runs

        for path in draw_runs(runs, out / "plots"):
            typer.echo(str(path))
