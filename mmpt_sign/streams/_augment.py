"""How streams of points write their augmentations in YAML."""

from __future__ import annotations

from typing import Any

from mmpt_sign.registry import find, names


def named(value: Any) -> Any:
    """``{affine: 0.2}`` -> ``{affine: {name: affine, strength: 0.2}}``; false or null switches one off."""
    if not isinstance(value, dict):
        return value
    return {
        name: _spelled_out(name, given) for name, given in value.items() if given is not False and given is not None
    }


def _spelled_out(name: str, given: Any) -> Any:
    """Options of one augmentation with its name; unknown names are left to the validation of the field."""
    if isinstance(given, dict):
        return {"name": name, **given}
    if given is True or name not in names("augmentation"):
        return {"name": name}
    if isinstance(given, int | float):
        return {"name": name, str(find("augmentation", name).short_form): given}  # type: ignore[attr-defined]
    return given
