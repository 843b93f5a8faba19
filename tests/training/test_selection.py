"""The selecting split: which one it is, its loss, and one verdict for all processes."""

from __future__ import annotations

import logging
import multiprocessing
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.errors import ConfigError
from mmpt_sign.models.dual_encoder import DualEncoder
from mmpt_sign.training.run import train
from mmpt_sign.training.selection import agreed, look
from mmpt_sign.training.workload import Workload
from tests.corpus import make_corpus, tiny_experiment


def resplit(folder: Path, old: str, new: str) -> Path:
    """A corpus whose clips of one split are in another."""
    corpus = make_corpus(folder)
    index = corpus / "index.csv"
    index.write_text(index.read_text().replace(f",{old},", f",{new},"))
    return corpus


def validation_loss(corpus: Path, size: int, kind: torch.dtype) -> float:
    values = {**tiny_experiment(corpus, corpus, batch_size=size), "evaluate": {"select": "loss"}}
    workload = Workload(experiment_from_values(values, "test"))
    torch.manual_seed(0)
    return look(DualEncoder(workload.experiment).to(kind), workload)["loss"]


def test_the_loss_of_a_split_that_is_sorted_by_class(tmp_path: Path) -> None:
    """Each batch of clips in their order would be of one class, whose loss is zero."""
    corpus = resplit(tmp_path / "corpus", "train", "valid")
    index = corpus / "index.csv"
    index.write_text(index.read_text().replace(",test,", ",train,"))
    assert validation_loss(corpus, 5, torch.float32) > 0.5


def test_the_loss_in_half_precision(corpus: Path) -> None:
    single, half = (validation_loss(corpus, 8, kind) for kind in (torch.float32, torch.bfloat16))
    assert half == pytest.approx(single, rel=0.05)


def test_a_selecting_split_that_is_named_must_be_there(corpus: Path, tmp_path: Path) -> None:
    values = {**tiny_experiment(corpus, tmp_path), "evaluate": {"split": "vaild"}}
    with pytest.raises(
        ConfigError, match=r"evaluate.split: .*no split 'vaild'; it has test \(8\), train \(32\), valid"
    ):
        train(experiment_from_values(values, "test"), tmp_path / "run")


def test_without_a_validation_split_the_last_weights_are_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    corpus = resplit(tmp_path / "corpus", "valid", "train")
    with caplog.at_level(logging.WARNING):
        train(experiment_from_values(tiny_experiment(corpus, tmp_path, epochs=1), "test"), tmp_path / "run")
    assert (tmp_path / "run/model/config.json").is_file()
    assert "no split 'valid'" in caplog.text


def agree(rank: int, folder: Path) -> None:
    """What one of two processes does that found figures of its own."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    found = agreed({"loss": 1.5 + rank, "score": -1.5 - rank}, torch.device("cpu"))
    (folder / str(rank)).write_text(repr(found))
    dist.destroy_process_group()


def test_all_processes_decide_on_the_figures_of_the_first(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=agree, args=(rank, tmp_path)) for rank in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [(tmp_path / name).read_text() for name in "01"] == [repr({"loss": 1.5, "score": -1.5})] * 2
