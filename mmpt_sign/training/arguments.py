"""An experiment's ``optim``, ``job`` and ``evaluate`` blocks as fairseq's own configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment, OptimOptions

Arguments = dict[str, Any]
OPTIMIZERS = {"bert_adam": "mmpt_sign_bert_adam", "sgd": "mmpt_sign_sgd"}


def fairseq_config(experiment: Experiment, stored: Path, folder: Path, total_updates: int, processes: int) -> Any:
    """The configuration object that fairseq's `Trainer` takes; ``stored`` is the resolved experiment as JSON."""
    from fairseq import options
    from fairseq.dataclass.utils import convert_namespace_to_omegaconf

    arguments: Arguments = {
        "task": "mmpt_sign",
        "arch": "mmpt_sign",
        "criterion": "mmpt_sign",
        "experiment": stored,
        "seed": experiment.seed,
        "save_dir": folder,
        "batch_size": experiment.optim.batch_size,
        "num_workers": experiment.job.workers,
        "update_freq": experiment.optim.update_freq,
        "clip_norm": experiment.optim.clip_norm,
        "max_epoch": experiment.optim.epochs,
        "max_update": total_updates,
        "ddp_backend": "legacy_ddp",
        "distributed_world_size": processes,
        "load_checkpoint_on_all_dp_ranks": True,
        "log_format": "none",
        **_optimizer(experiment.optim),
        **_schedule(experiment.optim, total_updates),
        **_precision(experiment),
    }
    if experiment.optim.average:
        arguments |= {"store_ema": True, "ema_decay": experiment.optim.average}
    parser = options.get_training_parser()
    cfg = convert_namespace_to_omegaconf(options.parse_args_and_arch(parser, _flat(arguments)))
    cfg.common.tpu = False  # fairseq takes bf16 for a sign of one
    return cfg


def _optimizer(optim: OptimOptions) -> Arguments:
    factors = {name: rate / optim.lr for name, rate in optim.groups.items()}
    return {
        "optimizer": OPTIMIZERS.get(optim.name, "mmpt_sign_adam"),
        "lr": optim.lr,
        "beta1": optim.betas[0],
        "beta2": optim.betas[1],
        "eps": optim.eps,
        "weight_decay": optim.weight_decay,
        "decays": optim.decays,
        "clip_tensor": optim.clip_tensor,
        "groups": ",".join(f"{name}={factor!r}" for name, factor in factors.items()),
    }


def _schedule(optim: OptimOptions, total_updates: int) -> Arguments:
    warmup = int(optim.warmup * total_updates) if optim.warmup < 1 else int(optim.warmup)
    decay = max(optim.decay_updates or total_updates, warmup + 1)
    if optim.schedule == "bert_cosine":
        share = {"warmup_share": warmup / decay, "planned_updates": decay}
        return {"lr_scheduler": "mmpt_sign_bert_cosine", **share}
    if optim.schedule == "cosine":
        period = {"lr_period_updates": decay - warmup, "min_lr": 0.0, "warmup_init_lr": 0.0}
        once = {"lr_shrink": 0.0}  # fairseq starts the cosine again after its end, at this share of the rate
        return {"lr_scheduler": "cosine", "warmup_updates": warmup, **period, **once}
    if optim.schedule == "polynomial":
        return {"lr_scheduler": "polynomial_decay", "warmup_updates": warmup, "total_num_update": decay}
    return {"lr_scheduler": "fixed", "warmup_updates": warmup}


def _precision(experiment: Experiment) -> Arguments:
    import torch

    chosen: Arguments = {}
    on_cpu = experiment.job.device == "cpu" or not torch.cuda.is_available()
    precision = experiment.optim.precision
    if precision != "fp32" and not (on_cpu and precision == "amp"):  # fairseq's amp is for GPUs: see SignTextModel
        chosen[precision] = True
    if precision in ("fp16", "bf16"):
        chosen["fp16_no_flatten_grads"] = True  # flat gradients would lose the parts' own learning rates
    if on_cpu:
        chosen |= {"cpu": True, "distributed_backend": "gloo"}
    return chosen


def _flat(arguments: Arguments) -> list[str]:
    """Command-line words; True stands for a bare flag and an empty string for an absent one."""
    words: list[str] = []
    for key, value in arguments.items():
        if value is True:
            words.append(f"--{key.replace('_', '-')}")
        elif value != "":
            words += [f"--{key.replace('_', '-')}", str(value)]
    return words
