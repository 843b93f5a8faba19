"""What is declared in pyproject.toml, pinned in constraints.txt and installed agrees."""

from __future__ import annotations

from importlib.metadata import distributions

import pytest
from packaging.requirements import Requirement

from mmpt_sign import installation
from tests.packaging.tree import ROOT, normal, pins, project

EXTRAS = {"train", "pose", "datasets", "serve", "scale", "plot", "export", "dev"}
# torchaudio beside a CPU torch breaks transformers; the others bring or need a torch of their own.
NEVER = ("torchaudio", "torchvision", "torchcodec", "open-clip-torch", "sentence-transformers")


def requirements() -> list[Requirement]:
    extras = project()["project"]["optional-dependencies"].values()
    return [Requirement(line) for lines in (project()["project"]["dependencies"], *extras) for line in lines]


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_every_requirement_has_a_pin_inside_its_range(requirement: Requirement) -> None:
    assert requirement.specifier.contains(pins()[normal(requirement.name)])


def test_pins_are_exact_and_sorted() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    assert all(Requirement(line).specifier and "==" in line and "*" not in line and " " not in line for line in listed)
    assert len(pins()) == len(listed)
    assert listed[:2] == sorted(listed[:2], key=str.lower)  # pip and setuptools
    assert listed[2:] == sorted(listed[2:], key=str.lower)


def test_the_second_installation_uses_the_same_pins() -> None:
    assert {name: pins()[normal(name)] for name in installation.PINS} == installation.PINS


def test_packages_with_impossible_dependencies_are_not_declared() -> None:
    declared = {normal(requirement.name) for requirement in requirements()}
    assert not declared & set(installation.PINS)


@pytest.mark.parametrize("name", NEVER)
def test_packages_that_break_others_are_neither_declared_nor_pinned_nor_installed(name: str) -> None:
    assert name not in {normal(requirement.name) for requirement in requirements()}
    assert name not in pins()
    assert name not in {normal(distribution.name) for distribution in distributions()}


def test_extras_are_the_documented_ones() -> None:
    assert set(project()["project"]["optional-dependencies"]) == EXTRAS
    page = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    assert all(f"`[{extra}]`" in page for extra in EXTRAS)


def test_python_has_a_lower_bound_only() -> None:
    assert project()["project"]["requires-python"] == ">=3.11"


def test_the_version_stands_in_one_place() -> None:
    assert project()["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "mmpt_sign.__version__"}
    assert "version" not in project()["project"]
