"""Low-rank updates of a frozen BERT through peft, and the plain weights that they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from mmpt_sign.errors import ConfigError, NotInstalledError

if TYPE_CHECKING:
    from mmpt_sign.models.bert_shape import LoraOptions

BASE, UPDATE = ".base_layer.", ".lora_"  # peft's names inside an updated layer


def add_lora(bert: nn.Module, options: LoraOptions) -> None:
    """Freeze ``bert`` and give the chosen linear maps trainable updates, which start at zero."""
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise NotInstalledError("peft", "train") from error
    config = LoraConfig(
        r=options.rank, lora_alpha=options.alpha, lora_dropout=options.dropout, target_modules=list(options.of)
    )
    try:
        inject_adapter_in_model(config, bert)
    except ValueError as error:
        raise ConfigError(f"lora.of: {', '.join(options.of)}: the BERT has no such linear maps ({error})") from error
    for name, parameter in bert.named_parameters():
        parameter.requires_grad_(UPDATE in name)


def merged_state(model: nn.Module) -> dict[str, Tensor]:
    """The state of a model with every update added to the weight it belongs to, under the names of a plain model."""
    layers: dict[str, Any] = {name: module for name, module in model.named_modules() if hasattr(module, "lora_A")}
    state = {plain_name(key): value for key, value in model.state_dict().items() if UPDATE not in key}
    for name, layer in layers.items():
        update = sum(layer.get_delta_weight(adapter) for adapter in layer.active_adapters)
        state[f"{name}.weight"] = layer.get_base_layer().weight.detach() + update
    return state


def plain_name(key: str) -> str:
    """The name that a tensor of an updated layer has in a model without updates."""
    return key.replace(BASE, ".")
