"""Build all distributions into `dist`, and try the wheels in a clean environment: `make wheels`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.distributions.declared import ROOT
from tests.distributions.environments import (
    CommandFailed,
    build_distributions,
    install,
    make_environment,
    try_installation,
)

DIST = ROOT / "dist"


def main() -> int:
    """Return 1, and say why, when the wheels do not build, install or work."""
    shutil.rmtree(DIST, ignore_errors=True)
    try:
        build_distributions(DIST)
        with tempfile.TemporaryDirectory(prefix="connector-wheels-") as folder:
            try_wheels(Path(folder))
    except CommandFailed as failure:
        print(f"wheels: {failure}", file=sys.stderr)
        return 1
    print("wheels: ok")
    return 0


def try_wheels(folder: Path) -> None:
    """Install the wheels with the versions that the tests run with, without extras, and use them."""
    python = make_environment(sys.executable, folder / "venv")
    install(python, DIST, ROOT / "constraints.txt", extras=False)
    try_installation(python, folder)


if __name__ == "__main__":
    sys.exit(main())
