"""Build the distributions, find Pythons, and install into clean environments of theirs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.distributions.archives import find_wheel
from tests.distributions.declared import DISTRIBUTIONS, ROOT, Distribution

_PIP = ("-m", "pip", "--disable-pip-version-check")
_HOME = Path.home()
"""Of the person who runs this; tests have homes of their own."""

_HOMES = (
    ("PYENV_ROOT", ".pyenv", "versions/{}.*/bin"),
    ("UV_PYTHON_INSTALL_DIR", ".local/share/uv/python", "cpython-{}.*/bin"),
)


class CommandFailed(Exception):
    """A command ended with an error; the message is the end of what it said."""


def build_distributions(folder: Path, python: str = sys.executable) -> None:
    """Write an sdist and a wheel of every distribution into a folder, by the build backend that a Python has."""
    for distribution in DISTRIBUTIONS.values():
        build(distribution.folder, folder, python)


def build(source: Path, folder: Path, python: str = sys.executable) -> None:
    """Write the sdist and the wheel of one source tree into a folder."""
    run([python, "-m", "hatchling", "build", "--directory", str(folder)], source)


def find_python(version: str, given: Iterable[str] = ()) -> str | None:
    """Return a Python of a version such as `3.12`: one of those given, on the path, of pyenv or of uv; or None."""
    return next((each for each in (*given, *_candidates(version)) if _is_python(each, version)), None)


def _candidates(version: str) -> Iterator[str]:
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield on_path
    for variable, below_home, pattern in _HOMES:
        home = Path(os.environ.get(variable) or _HOME / below_home)
        yield from map(str, sorted(home.glob(pattern.format(version) + f"/python{version}")))


def _is_python(path: str, version: str) -> bool:
    command = [path, "-c", "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        return False
    return said.stdout.strip() == version


def make_environment(python: str, folder: Path) -> str:
    """Make a clean environment of a Python in a folder; return the Python of the environment."""
    run([python, "-m", "venv", str(folder)], folder.parent)
    return str(folder / "bin" / "python")


def install(python: str, wheels: Path, constraints: Path, *, extras: bool) -> None:
    """Install all wheels of a folder, and check that everything fits together."""
    wanted = [str(find_wheel(each, wheels)) + _chosen_extras(each, extras) for each in DISTRIBUTIONS.values()]
    install_packages(python, wanted, constraints)
    run([python, *_PIP, "check"], wheels)


def install_packages(python: str, packages: Sequence[str], constraints: Path) -> None:
    """Install packages as wheels, because users need no compiler. Raise `CommandFailed` if a version was withdrawn."""
    options = ["--only-binary", ":all:", "--constraint", str(constraints)]
    said = run([python, *_PIP, "install", *options, *packages], ROOT)
    withdrawn = [line for line in said.splitlines() if "yanked version" in line]
    if withdrawn:
        raise CommandFailed("\n".join(withdrawn))


def _chosen_extras(distribution: Distribution, extras: bool) -> str:
    return f"[{','.join(distribution.public_extras)}]" if extras and distribution.public_extras else ""


def try_installation(python: str, folder: Path) -> None:
    """Use what is installed as a user would, away from the checkout and from the home of the person who runs this."""
    smoke = Path(__file__).with_name("smoke.py")
    homes = {name: str(folder / "home") for name in ("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    run([python, "-I", str(smoke), str(ROOT / "examples" / "quickstart")], folder, homes)


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a command in a folder, without the import path of this checkout; return what it printed.

    Raises `CommandFailed` when it ends with an error.
    """
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**clean, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=1_500,
    )
    if done.returncode:
        raise CommandFailed(
            f"{' '.join(command[:4])} ... in {folder} ended with {done.returncode}\n{done.stdout[-3_000:]}"
        )
    return done.stdout
