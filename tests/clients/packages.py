"""Install the clients that are written in JavaScript, once per checkout, in the versions of their package.json."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

_HERE = Path(__file__).parent
_INSTALLED = _HERE / ".installed"
_OPTIONS = ("--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def install_client(name: str) -> Path:
    """Return a folder with the package.json and its `node_modules`. Skip the test if npm cannot install them."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    wanted = (_HERE / name / "package.json").read_bytes()
    folder = _INSTALLED / f"{name}-{hashlib.sha256(wanted).hexdigest()[:12]}"
    if not folder.is_dir():
        _install(name, folder)
    return folder


def _install(name: str, folder: Path) -> None:
    _INSTALLED.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=_INSTALLED) as scratch:
        made = Path(scratch) / name
        made.mkdir()
        shutil.copy(_HERE / name / "package.json", made)
        # The settings of npm are those of the person who runs the tests.
        home = pwd.getpwuid(os.getuid()).pw_dir
        done = subprocess.run(
            ["npm", "install", *_OPTIONS], cwd=made, env={**os.environ, "HOME": home}, capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"npm cannot install {name}: {done.stderr.strip().splitlines()[-1:]}")
        if not folder.is_dir():
            made.rename(folder)
