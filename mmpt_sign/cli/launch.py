"""Start training and predict jobs: ``mmpt-sign launch`` and, with the original's words, ``locallaunch.py``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from mmpt_sign.cli.errors import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmpt_sign.launch.job import Job, JobType


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.command()(launch)
    app.command()(table)


def launch(
    files: Annotated[str, typer.Argument(help="Experiment file, or several joined by commas.")] = "",
    jobtype: Annotated[
        str, typer.Option(help="local_single, local_small (2), local_big (4), local_predict, slurm.")
    ] = "",
    dryrun: Annotated[bool, typer.Option("--dryrun", help="Print what would run; write nothing.")] = False,
    override: Annotated[list[str] | None, typer.Option("-o", "--override", help="key=value, any key.")] = None,
    seeds: Annotated[str, typer.Option(help="One run per seed: 0,1,2 or 0-4.")] = "",
    everything: Annotated[Path | None, typer.Option("--all", help="Every experiment of this folder.")] = None,
    then: Annotated[str, typer.Option(help="With --all: local_predict tests each run once it is trained.")] = "",
    processes: Annotated[
        int | None, typer.Option(min=1, help="Processes, where the job type's number is not wanted.")
    ] = None,
    predict: Annotated[bool, typer.Option("--predict", help="With slurm: queue predict jobs.")] = False,
    partition: Annotated[str | None, typer.Option(help="SLURM partition.")] = None,
    hours: Annotated[float, typer.Option(help="SLURM time limit.")] = 24.0,
    executor: Annotated[str, typer.Option(help="submitit executor: auto, slurm, local, debug.")] = "auto",
) -> None:
    """Train or evaluate experiments; the exit code is the job's own."""
    from mmpt_sign.config.load import find_file, load_experiment
    from mmpt_sign.errors import ConfigError
    from mmpt_sign.launch.job import jobs, parse_seeds

    if (everything is None) == (not files):
        raise ConfigError("name an experiment file, or a folder of them with --all")
    if everything is not None:
        _sweep(everything, jobtype, then, parse_seeds(seeds), override or (), dryrun)
        return
    made = []
    for name in files.split(","):
        file = find_file(Path(name.strip()))
        kind = _kind(jobtype, file)
        experiment = load_experiment(file, override or ())
        made += jobs(file, experiment, kind, seeds=parse_seeds(seeds), overrides=override or (), processes=processes)
    if dryrun:
        for job in made:
            typer.echo(str(job))
        return
    if made[0].kind == "slurm":
        _submit(made, predict, partition, hours, executor)
        return
    from mmpt_sign.launch.local import run_here

    for job in made:
        code = run_here(job)
        if code:
            raise typer.Exit(code)


def _sweep(folder: Path, jobtype: str, then: str, seeds: Sequence[int], overrides: Sequence[str], dryrun: bool) -> None:
    """Train and test a whole folder; what is done already is left alone."""
    from rich.console import Console

    from mmpt_sign.config.load import shipped_projects
    from mmpt_sign.errors import ConfigError
    from mmpt_sign.launch import sweep
    from mmpt_sign.launch.job import JobType
    from mmpt_sign.launch.summary import summary_table

    place = folder if folder.is_dir() or folder.is_absolute() else shipped_projects().parent / folder
    kind, after = _kind(jobtype, Path("train")), _kind(then, Path("test")) if then else None
    if JobType.SLURM in (kind, after):
        raise ConfigError("--all runs on this machine: local_single, local_small, local_big or local_predict")
    steps = sweep.planned(sweep.files_in(place), kind, after, seeds=seeds, overrides=overrides)
    if dryrun:
        for step in steps:
            typer.echo(str(step.job))
        return
    table = steps[0].job.experiment.job.folder / f"sweep_{place.name}.csv"
    try:
        ended = sweep.run(steps, table, lambda line: typer.echo(line, err=True))
    except KeyboardInterrupt:
        typer.echo(f"stopped; the same command goes on, {table} says what is done", err=True)
        raise typer.Exit(130) from None
    Console().print(summary_table(ended))
    if any(step.state in ("failed", "left out") for step in ended):
        raise typer.Exit(1)


def _submit(made: Sequence[Job], predict: bool, partition: str | None, hours: float, executor: str) -> None:
    from dataclasses import replace

    from mmpt_sign.launch.job import JobType
    from mmpt_sign.launch.slurm import Cluster, submit

    kind = JobType.LOCAL_PREDICT if predict else JobType.LOCAL_SINGLE
    chosen = [replace(job, kind=kind) for job in made]
    cluster = Cluster(partition=partition, hours=hours, gpus=made[0].processes, executor=executor)
    for handle in submit(chosen, cluster):
        typer.echo(f"queued as {handle.job_id}")
        if executor in ("local", "debug"):
            code = int(handle.result())
            if code:
                raise typer.Exit(code)


def _kind(jobtype: str, file: Path) -> JobType:
    from mmpt_sign.errors import ConfigError
    from mmpt_sign.launch.job import JobType
    from mmpt_sign.registry import nearest

    if not jobtype:
        return JobType.LOCAL_PREDICT if file.stem.startswith("test") else JobType.LOCAL_SINGLE
    known = [str(kind) for kind in JobType]
    if jobtype not in known:
        raise ConfigError(f"--jobtype {jobtype}: unknown{nearest(jobtype, known)}; known: {', '.join(known)}")
    return JobType(jobtype)


def table(
    file: Annotated[Path, typer.Argument(help="Experiment whose predict job is done.")],
    override: Annotated[list[str] | None, typer.Option("-o", "--override", help="key=value, any key.")] = None,
    seed: Annotated[int | None, typer.Option(help="Which seed's run, where there are several.")] = None,
) -> None:
    """Show a finished run beside a nearest neighbour on the same frames and beside chance."""
    from rich.console import Console

    from mmpt_sign.config.load import find_file, load_experiment
    from mmpt_sign.datasets._stores import experiment_records
    from mmpt_sign.launch.compare import compared
    from mmpt_sign.launch.run_folder import run_folder

    experiment = load_experiment(find_file(file), override or ())
    Console().print(compared(experiment, run_folder(experiment, seed), experiment_records(experiment)))


class OneCommand(TyperCommand):
    """A user's mistake becomes one paragraph and exit code 2, as in ``mmpt-sign``."""

    def invoke(self, ctx: Any) -> Any:
        """Run it."""
        with sentences():
            return super().invoke(ctx)


def launch_app() -> None:
    """``python locallaunch.py``: the launch command alone."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(cls=OneCommand)(launch)
    app()
