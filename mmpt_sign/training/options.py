"""fairseq's configuration classes of the plugin.

fairseq reads the annotations as objects, so this one module must do without postponed evaluation.
"""

from dataclasses import dataclass, field
from typing import List  # noqa: UP035  (fairseq understands this spelling only)

from fairseq.dataclass import FairseqDataclass
from omegaconf import II


@dataclass
class TaskOptions(FairseqDataclass):  # type: ignore[misc]
    """Everything else is in the experiment."""

    experiment: str = field(default="", metadata={"help": "path of the resolved experiment"})


@dataclass
class ModelOptions(FairseqDataclass):  # type: ignore[misc]
    """Everything is in the experiment."""


@dataclass
class CriterionOptions(FairseqDataclass):  # type: ignore[misc]
    """Everything is in the experiment."""


@dataclass
class AdamOptions(FairseqDataclass):  # type: ignore[misc]
    """Options under the names of the experiment's ``optim`` block; ``groups`` is ``name=factor,…``."""

    beta1: float = field(default=0.9, metadata={"help": "first decay"})
    beta2: float = field(default=0.98, metadata={"help": "second decay"})
    eps: float = field(default=1e-8, metadata={"help": "term added to the denominator"})
    weight_decay: float = field(default=0.0, metadata={"help": "decoupled weight decay of matrices"})
    decays: str = field(default="matrices", metadata={"help": "which tensors are decayed"})
    clip_tensor: float = field(default=0.0, metadata={"help": "norm of each tensor's gradient by itself"})
    groups: str = field(default="", metadata={"help": "factor on the learning rate by part of the model"})
    lr: List[float] = II("optimization.lr")  # noqa: UP006


@dataclass
class BertAdamOptions(AdamOptions):
    """The same names."""


@dataclass
class SgdOptions(AdamOptions):
    """The same names; the first decay is the momentum."""


@dataclass
class BertCosineOptions(FairseqDataclass):  # type: ignore[misc]
    """Warm-up as a share of all updates."""

    warmup_share: float = field(default=0.1, metadata={"help": "share of the updates until the full rate"})
    planned_updates: int = field(default=1, metadata={"help": "updates of the whole training"})
    lr: List[float] = II("optimization.lr")  # noqa: UP006
