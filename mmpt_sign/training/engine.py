"""The training loop around fairseq's `Trainer`: epochs, looks at the selecting split, checkpoints, a clean stop."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Any

from fairseq import metrics
from fairseq.data import iterators
from fairseq.trainer import Trainer

from mmpt_sign.files import write_csv, write_text
from mmpt_sign.models.checkpoint import put_back, save_model
from mmpt_sign.training import half_precision
from mmpt_sign.training.averaging import average_trained_alone
from mmpt_sign.training.gather import largest_anywhere
from mmpt_sign.training.journal import Journal
from mmpt_sign.training.selection import agreed, check_split, look
from mmpt_sign.training.stop import Stopped

LAST = "last.pt"
FINISHED = "finished.json"  # how long the run was trained, once it is


class Engine:
    """One run on one process (or one of several that train together)."""

    def __init__(self, trainer: Trainer, task: Any, folder: Path) -> None:
        self.trainer = trainer
        self.task = task
        self.experiment = task.experiment
        self.folder = folder
        self.checkpoints = folder / "checkpoints"
        self.master = bool(trainer.is_data_parallel_master)
        self.journal = Journal(folder, int(trainer.cfg.optimization.max_update), self.master)
        self.best: dict[str, Any] = {"score": float("-inf"), "epoch": 0, "looks_since": 0}
        self._stop_signal = 0
        self._saved_at = time.monotonic()
        if self.experiment.optim.average:
            average_trained_alone(trainer.ema)

    def run(self) -> None:
        """Train to the end, from the last checkpoint where there is one."""
        check_split(self.task.workload, warn=self.master)
        if self.master:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            put_back(self.folder / "model")
        epochs = self._resumed()
        self.journal.open(self.trainer.get_num_updates())
        previous = {number: signal.signal(number, self._ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            while not self._finished(epochs):
                self._epoch(epochs)
                epochs = self.trainer.get_train_iterator(epoch=epochs.next_epoch_idx)  # its batches are its own
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
            self.journal.close()
        if not (self.folder / "model").exists():
            self._export({})
        if self.master:
            asked = {"optim": self.experiment.optim.model_dump(mode="json")}
            write_text(self.folder / FINISHED, json.dumps(asked) + "\n")

    def _finished(self, epochs: Any) -> bool:
        patience = self.experiment.evaluate.patience
        return (
            epochs.next_epoch_idx > self.experiment.optim.epochs
            or self._all_updates_made()
            or (patience is not None and self.best["looks_since"] >= patience)
        )

    def _all_updates_made(self) -> bool:
        return bool(self.trainer.get_num_updates() >= self.journal.total)

    def _epoch(self, epochs: Any) -> None:
        steps = iterators.GroupedIterator(epochs.next_epoch_itr(shuffle=False), self.experiment.optim.update_freq)
        epoch = epochs.epoch
        self.trainer.begin_epoch(epoch)
        for samples in steps:
            figures = self.trainer.train_step(samples)
            if figures is not None:
                self._after_update(epochs, epoch, figures)
            if self._all_updates_made():
                break
        self._list_skipped()
        last = epoch >= self.experiment.optim.epochs or self._all_updates_made()
        if epoch % self.experiment.evaluate.every == 0 or last:
            self._look(epoch)
        self._rest(epochs)

    def _after_update(self, epochs: Any, epoch: int, figures: dict[str, Any]) -> None:
        update = self.trainer.get_num_updates()
        self.journal.count(figures)
        if update % self.experiment.job.log_every == 0:
            gradient = metrics.get_meter("train", "gnorm")
            self.journal.step(update, epoch, {**figures, "lr": self.trainer.get_lr(), "gnorm": gradient.val})
        if not (epochs.end_of_epoch() or self._all_updates_made()):  # a resumed run would not look at what is over
            self._rest(epochs)

    def _rest(self, epochs: Any) -> None:
        """Between two updates: save where it is time to or nothing is left to do, and stop where that was asked for."""
        number = largest_anywhere(self._stop_signal, self.trainer.device)  # all processes stop after the same update
        if number or self._overdue() or self._finished(epochs):
            self._save(epochs)
        if number:
            raise Stopped(signal.Signals(number).name)

    def _look(self, epoch: int) -> None:
        figures = agreed(look(self._network(), self.task.workload), self.trainer.device)
        if not figures:
            return
        score = figures.pop("score")
        better = score > self.best["score"]
        looks_since = 0 if better else self.best["looks_since"] + 1
        if score >= self.best["score"]:  # of equal ones the later: it has learned for longer
            self.best = {"score": score, "epoch": epoch, "looks_since": looks_since, **figures}
            self._export(figures)
        else:
            self.best["looks_since"] = looks_since
        self.journal.look(self.trainer.get_num_updates(), epoch, figures, better)

    def _list_skipped(self) -> None:
        """Clips that could not be read, with the reason; with loader processes each of them keeps its own list."""
        skipped = self.task.dataset("train").examples.skipped
        if self.master and skipped:
            write_csv(
                self.folder / "skipped.csv", ("id", "reason"), [{"id": k, "reason": v} for k, v in skipped.items()]
            )

    def _network(self) -> Any:
        """The weights that count: the moving average where there is one."""
        model = self.trainer.ema.get_model() if self.experiment.optim.average else self.trainer.get_model()
        return model.network

    def _export(self, figures: dict[str, float]) -> None:
        if not self.master:
            return
        notes = {"updates": self.trainer.get_num_updates(), "selected_by": figures, "initialised_from": self._origins()}
        save_model(self.folder / "model", self._network(), self.experiment, self.task.workload.tokenizer, notes)

    def _origins(self) -> dict[str, str | None]:
        towers = {f"video.{name}": getattr(t.encoder, "weights", None) for name, t in self.experiment.video.items()}
        start = self.experiment.init_from
        return {
            **towers,
            "text": getattr(self.experiment.text, "weights", None),
            "all": str(start.model) if start else None,
        }

    def _overdue(self) -> bool:
        return bool(time.monotonic() - self._saved_at >= self.experiment.job.save_seconds)

    def _save(self, epochs: Any) -> None:
        """The full state, swapped into place only when completely written."""
        fresh = self.checkpoints / f".{LAST}.{os.getpid()}"
        self.trainer.consolidate_optimizer()
        beside = {"best": dict(self.best), "half_precision": half_precision.kept(self.trainer.optimizer)}
        self.trainer.save_checkpoint(str(fresh), {"train_iterator": epochs.state_dict(), **beside})
        if self.master:
            os.replace(fresh, self.checkpoints / LAST)
        self._saved_at = time.monotonic()

    def _resumed(self) -> Any:
        state = None
        if (self.checkpoints / LAST).exists():
            state = self.trainer.load_checkpoint(str(self.checkpoints / LAST))
        if not state:
            return self.trainer.get_train_iterator(epoch=1)
        self.best = dict(state["best"])
        half_precision.put_back(self.trainer.optimizer, state.get("half_precision", {}))
        epochs = self.trainer.get_train_iterator(epoch=state["train_iterator"]["epoch"])
        epochs.load_state_dict(state["train_iterator"])
        return epochs

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop_signal = number
