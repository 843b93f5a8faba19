"""Prompts from templates: ``<{text_language}> <{sign_language}> {text}`` becomes ``<en> <ase> house``."""

from __future__ import annotations

from collections.abc import Sequence
from string import Formatter

from mmpt_sign.errors import ConfigError
from mmpt_sign.registry import nearest
from mmpt_sign.text.tags import sign_language_name, text_language_name

PLACEHOLDERS = ("text", "text_language", "text_language_name", "sign_language", "sign_language_name", "signer")
TAGGED = "<{text_language}> <{sign_language}> {text}"


def check_template(template: str) -> str:
    """The template itself, or `ConfigError` when it names an unknown placeholder."""
    try:
        fields = [name for _, name, _, _ in Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise ConfigError(f"prompt '{template}': {error}") from error
    for name in fields:
        if name not in PLACEHOLDERS:
            hint = nearest(name, list(PLACEHOLDERS))
            raise ConfigError(f"prompt '{template}': unknown placeholder {{{name}}}{hint}; known: {', '.join(PLACEHOLDERS)}")
    return template


def prompts(
    templates: Sequence[str], text: str, *, text_language: str = "", sign_language: str = "", signer: str = ""
) -> tuple[str, ...]:
    """All templates filled in, in order; the first one is the canonical prompt of the record."""
    values = {
        "text": text,
        "text_language": text_language,
        "text_language_name": text_language_name(text_language),
        "sign_language": sign_language,
        "sign_language_name": sign_language_name(sign_language),
        "signer": signer,
    }
    return tuple(template.format(**values) for template in templates)
