"""The process that does a job's work: trains or predicts, and says how it ended by its exit code."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mmpt_sign.errors import MmptSignError

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment

DONE, BUG, MISTAKE, STOPPED = 0, 1, 2, 130


def work(experiment: Experiment, folder: Path, *, predicts: bool, processes: int) -> int:
    """Do it.  A clean stop on request is no error of the run but is told by its own code."""
    if predicts:
        from mmpt_sign.launch.predict import predict

        predict(experiment, folder)
        return DONE
    from mmpt_sign.training.run import train
    from mmpt_sign.training.stop import Stopped

    try:
        train(experiment, folder, processes)
    except Stopped as stop:
        sys.stderr.write(f"stopped by {stop}; the same command goes on from {folder}\n")
        return STOPPED
    return DONE


def main() -> int:
    """Entry of a process started by a launcher."""
    parser = argparse.ArgumentParser(prog="mmpt_sign.launch.worker")
    parser.add_argument("verb", choices=("train", "predict"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("-o", dest="overrides", action="append", default=[])
    given = parser.parse_args()
    from mmpt_sign.config.load import load_experiment

    try:
        experiment = load_experiment(given.file, given.overrides)
        return work(experiment, given.folder, predicts=given.verb == "predict", processes=given.processes)
    except MmptSignError as error:
        if int(os.environ.get("RANK", 0)) == 0:
            sys.stderr.write(f"{error}\n")
        return MISTAKE


if __name__ == "__main__":
    sys.exit(main())
