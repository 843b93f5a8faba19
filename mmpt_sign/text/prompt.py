"""Prompt templates: how a gloss, a letter or a sentence becomes the text that the model reads.

One place renders prompts for training, prediction and use, so a template in YAML means the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from mmpt_sign.errors import ConfigError
from mmpt_sign.registry import nearest
from mmpt_sign.text.tags import sign_language_name, text_language_name

PLACEHOLDERS = ("text", "text_language", "sign_language", "sign_language_name", "text_language_name", "signer")
TAGGED = "<{text_language}> <{sign_language}> {text}"


def problem_of(template: str) -> str | None:
    """What is wrong with a template, or None."""
    try:
        fields = [found[1:] for found in Formatter().parse(template) if found[1] is not None]
    except ValueError as error:
        return f"prompt '{template}': {error}; a literal brace is written twice"
    for name, spec, conversion in fields:
        if name not in PLACEHOLDERS:
            hint = nearest(str(name), list(PLACEHOLDERS))
            return f"prompt '{template}': unknown placeholder '{{{name}}}'{hint}; known: {_known()}"
        if spec or conversion:
            return f"prompt '{template}': '{{{name}}}' takes no format"
    return None if template.strip() else "a prompt must not be empty"


def check(templates: Sequence[str]) -> tuple[str, ...]:
    """The templates, or one `ConfigError` with every problem among them."""
    problems = [problem for problem in map(problem_of, templates) if problem]
    if problems or not templates:
        raise ConfigError(problems or "there must be at least one prompt")
    return tuple(templates)


def render(
    templates: Sequence[str], text: str, *, text_language: str = "", sign_language: str = "", signer: str = ""
) -> tuple[str, ...]:
    """The prompts of one clip, one for each template, repeats left out; the first is the canonical one.

    Names are looked up only where a template asks for them, so unknown tags do no harm elsewhere.
    """
    given = {"text": text, "text_language": text_language, "sign_language": sign_language, "signer": signer}
    lookups: dict[str, Callable[[], str]] = {
        "sign_language_name": lambda: sign_language_name(sign_language),
        "text_language_name": lambda: text_language_name(text_language),
    }
    prompts: dict[str, None] = {}
    for template in check(templates):
        looked_up = {name: lookup() for name, lookup in lookups.items() if f"{{{name}}}" in template}
        prompts[template.format(**given, **looked_up)] = None
    return tuple(prompts)


def _known() -> str:
    return " ".join(f"{{{name}}}" for name in PLACEHOLDERS)


def _valid(templates: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return check(templates)
    except ConfigError as error:
        raise ValueError(str(error)) from error


Prompts = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    AfterValidator(_valid),
]
