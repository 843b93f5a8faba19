"""An experiment's ``optim``, ``job`` and ``evaluate`` blocks as fairseq's own configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment, OptimOptions

Block = dict[str, Any]
NAME = "mmpt_sign"  # of the task, the model and the criterion that the plugin registers
OPTIMIZERS = {"bert_adam": "mmpt_sign_bert_adam", "sgd": "mmpt_sign_sgd"}


def fairseq_config(experiment: Experiment, stored: Path, folder: Path, total_updates: int, processes: int) -> Any:
    """The configuration object that fairseq's `Trainer` takes; ``stored`` is the resolved experiment as JSON.

    Put together from fairseq's own dataclasses: the way over its command line and Hydra takes half a second.
    """
    import torch
    from fairseq.dataclass.configs import FairseqConfig
    from omegaconf import OmegaConf

    optim = experiment.optim
    on_cpu = experiment.job.device == "cpu" or not torch.cuda.is_available()
    blocks: dict[str, Block] = {
        "common": {"seed": experiment.seed, "log_format": "none", "cpu": on_cpu, **_precision(optim, on_cpu)},
        "distributed_training": {
            "distributed_world_size": processes,
            "distributed_backend": "gloo" if on_cpu else "nccl",
            "ddp_backend": "legacy_ddp",
        },
        "dataset": {"batch_size": optim.batch_size, "num_workers": experiment.job.workers},
        "optimization": {
            "max_epoch": optim.epochs,
            "max_update": total_updates,
            "clip_norm": optim.clip_norm,
            "update_freq": [optim.update_freq],
            "lr": [optim.lr],
        },
        "checkpoint": {"save_dir": str(folder), "load_checkpoint_on_all_dp_ranks": True},
        "ema": {"store_ema": True, "ema_decay": optim.average} if optim.average else {},
        "task": {"_name": NAME, "experiment": str(stored)},
        "model": {"_name": NAME},
        "criterion": {"_name": NAME},
        "optimizer": _with_defaults("optimizer", _optimizer(optim)),
        "lr_scheduler": _with_defaults("lr_scheduler", _schedule(optim, total_updates)),
    }
    whole = OmegaConf.merge(OmegaConf.structured(FairseqConfig), blocks)
    cfg = OmegaConf.create(OmegaConf.to_container(whole, resolve=True, enum_to_str=True))
    OmegaConf.set_struct(cfg, True)
    return cfg


def _with_defaults(kind: str, chosen: Block) -> Any:
    """What is registered under a name, with the options that were chosen and its own defaults for the others."""
    from fairseq.registry import REGISTRIES
    from omegaconf import OmegaConf

    return OmegaConf.merge(OmegaConf.structured(REGISTRIES[kind]["dataclass_registry"][chosen["_name"]]), chosen)


def _optimizer(optim: OptimOptions) -> Block:
    factors = {name: rate / optim.lr for name, rate in optim.groups.items()}
    return {
        "_name": OPTIMIZERS.get(optim.name, "mmpt_sign_adam"),
        "lr": [optim.lr],
        "beta1": optim.betas[0],
        "beta2": optim.betas[1],
        "eps": optim.eps,
        "weight_decay": optim.weight_decay,
        "decays": optim.decays,
        "clip_tensor": optim.clip_tensor,
        "groups": ",".join(f"{name}={factor!r}" for name, factor in factors.items()),
    }


def _schedule(optim: OptimOptions, total_updates: int) -> Block:
    warmup = int(optim.warmup * total_updates) if optim.warmup < 1 else int(optim.warmup)
    decay = max(optim.decay_updates or total_updates, warmup + 1)
    if optim.schedule == "bert_cosine":
        share = {"warmup_share": warmup / decay, "planned_updates": decay}
        return {"_name": "mmpt_sign_bert_cosine", **share}
    if optim.schedule == "cosine":
        period = {"lr_period_updates": decay - warmup, "min_lr": 0.0, "warmup_init_lr": 0.0}
        once = {"lr_shrink": 0.0}  # fairseq starts the cosine again after its end, at this share of the rate
        return {"_name": "cosine", "warmup_updates": warmup, **period, **once}
    if optim.schedule == "polynomial":
        return {"_name": "polynomial_decay", "warmup_updates": warmup, "total_num_update": decay}
    return {"_name": "fixed", "warmup_updates": warmup}


def _precision(optim: OptimOptions, on_cpu: bool) -> Block:
    if optim.precision == "fp32" or (optim.precision == "amp" and on_cpu):  # fairseq's is for GPUs: see SignTextModel
        return {}
    if optim.precision == "amp":
        return {"amp": True}
    return {optim.precision: True, "fp16_no_flatten_grads": True}  # flat ones lose the parts' own rates
