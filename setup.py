"""All else is declared in pyproject.toml; here ``projects/`` gets its second home, inside the installed package."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["mmpt_sign", "mmpt_sign.*"]), "mmpt_sign.projects"],
    package_dir={"mmpt_sign.projects": "projects"},
)
