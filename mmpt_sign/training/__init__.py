"""The fairseq plugin: task, model, criterion, optimiser and the loop that drives them.

Nothing else in the package imports fairseq.  The shim must come before any of fairseq's modules, so it is here; without
fairseq this import names the command that installs it.
"""

import warnings

from mmpt_sign.training.fairseq_shim import require_fairseq

warnings.filterwarnings("ignore", module=r"(fairseq|mmpt_sign\.training\.run|torch\.(utils\.data|jit))\b")

require_fairseq()
