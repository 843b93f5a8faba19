"""``mmpt-sign train-demo``, behind ``make demo``: train on the embedded data, evaluate, score one pose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment
    from mmpt_sign.records import Record

EXPERIMENT = Path("projects/demo/fingerclip.yaml")


def add_to(app: typer.Typer) -> None:
    """Register the command of this file."""
    app.command()(train_demo)


def train_demo(
    override: Annotated[list[str] | None, typer.Option("-o", "--override", help="key=value, any key.")] = None,
) -> None:
    """Train on real fingerspelling of many sign languages, test on languages held out, score a pose."""
    from mmpt_sign.config.load import find_file, load_experiment
    from mmpt_sign.datasets._stores import experiment_records
    from mmpt_sign.launch.job import JobType, jobs
    from mmpt_sign.launch.local import run_here

    file = find_file(EXPERIMENT)
    experiment = load_experiment(file, override or ())
    records = experiment_records(experiment)
    typer.echo(_what_is_held_out(records))
    for kind in (JobType.LOCAL_SINGLE, JobType.LOCAL_PREDICT):
        (job,) = jobs(file, experiment, kind, overrides=override or ())
        code = run_here(job)
        if code:
            raise typer.Exit(code)
    _show(experiment, job.folder, records)


def _what_is_held_out(records: list[Record]) -> str:
    train, valid, test = (_described(records, split) for split in ("train", "valid", "test"))
    chosen = f"choose the checkpoint on {valid}" if valid else "the last epoch counts"
    return f"Train on {train};\n{chosen}.\nHeld out, never seen before the test: {test}."


def _described(records: list[Record], split: str) -> str:
    """``101 clips of 4 sign languages (American, …)``, or nothing for a split without records."""
    from mmpt_sign.text.tags import sign_language_name

    chosen = [record for record in records if record.split == split]
    names = sorted({sign_language_name(record.sign_language).removesuffix(" Sign Language") for record in chosen})
    return f"{len(chosen)} clips of {len(names)} sign languages ({', '.join(names)})" if chosen else ""


def _show(experiment: Experiment, folder: Path, records: list[Record]) -> None:
    from rich.console import Console

    from mmpt_sign.inference.load import load
    from mmpt_sign.launch.compare import compared

    Console().print(compared(experiment, folder, records))
    pose = next(record for record in records if record.split == "test" and record.source.path.suffix == ".pose")
    others = [
        r.texts[0] for r in records if r.split == "test" and r.sign_language == pose.sign_language and r is not pose
    ]
    prompts = ["random text", pose.texts[0], *others[:5]]
    typer.echo(f"\nScores of {pose.source.path.name} ({pose.texts[0]}):")
    for prompt, value in zip(prompts, load(folder).similarity([pose.source.path], prompts)[0], strict=True):
        typer.echo(f"{prompt!r} {float(value)}")
    typer.echo(f"\nThe run is in {folder}, its metrics in {folder}/eval.")
