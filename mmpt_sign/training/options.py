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
    groups: str = field(default="", metadata={"help": "factor on the learning rate by part of the model"})
    lr: List[float] = II("optimization.lr")  # noqa: UP006
