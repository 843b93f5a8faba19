from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.text.prompt import PLACEHOLDERS, TAGGED, Prompts, check, render


def test_every_placeholder_is_filled() -> None:
    template = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    (prompt,) = render([template], "Haus", text_language="de", sign_language="gsg", signer="s1")
    assert prompt == "Haus de gsg German Sign Language German s1"


def test_prompts_of_the_paper_are_exact() -> None:
    assert render([TAGGED], "house", text_language="en", sign_language="ase") == ("<en> <ase> house",)
    assert render(["Fingerspell the letter {text} in German Sign Language."], "AE") == (
        "Fingerspell the letter AE in German Sign Language.",
    )
    quoted = 'Sign the sign "{text}" in American Sign Language.'
    assert render([quoted], "hello") == ('Sign the sign "hello" in American Sign Language.',)
    assert render(["<American Sign Language> {text}"], "book") == ("<American Sign Language> book",)
    assert render([TAGGED], "", text_language="en", sign_language="bfi") == ("<en> <bfi> ",)


def test_braces_in_the_text_are_left_alone() -> None:
    assert render(["{text} {{x}}"], "{text}") == ("{text} {x}",)


def test_equal_prompts_are_given_once_and_the_first_stays_first() -> None:
    assert render(["b {text}", "a", "b {text}"], "x") == ("b x", "a")


def test_names_are_looked_up_only_where_asked_for() -> None:
    assert render([TAGGED], "x", text_language="??", sign_language="!!") == ("<??> <!!> x",)
    with pytest.raises(DataError, match="'!!' is not a tag"):
        render(["{sign_language_name}"], "x", sign_language="!!")


def test_all_wrong_templates_are_reported_with_the_known_names() -> None:
    with pytest.raises(ConfigError) as caught:
        check(["{txt}", "{", "{text!r}", "{text:>9}", "{}", "{text.upper}", "  "])
    assert len(caught.value.problems) == 7
    assert "did you mean 'text'?" in caught.value.problems[0]
    assert "{sign_language_name}" in caught.value.problems[0]


class Block(BaseModel):
    prompts: Prompts = (TAGGED,)


def test_in_yaml_one_template_or_a_list() -> None:
    assert Block.model_validate({"prompts": "x {text}"}).prompts == ("x {text}",)
    assert Block.model_validate({"prompts": ["a", "b"]}).prompts == ("a", "b")


@pytest.mark.parametrize("wrong", ["{txt}", [], ["{text}", "{word}"]])
def test_a_wrong_template_is_a_validation_error(wrong: object) -> None:
    with pytest.raises(ValidationError):
        Block.model_validate({"prompts": wrong})
