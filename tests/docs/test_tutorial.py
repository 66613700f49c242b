"""The tutorial shows parts of a package that works."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "destinations" / "tutorial.md"
PACKAGE = ROOT / "examples" / "write_a_destination"
BLOCKS = re.findall(r"^```(\w*) ?(\S*)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
CODE = [(file, block) for language, file, block in BLOCKS if language]


def test_every_block_of_code_says_which_file_it_is_from() -> None:
    assert len(CODE) > 20
    assert all(file for file, _ in CODE)
    assert all(block.startswith(("pip ", "cd ")) for language, _, block in BLOCKS if not language)


@pytest.mark.parametrize(("file", "block"), CODE, ids=[f"{number} of {file}" for number, (file, _) in enumerate(CODE)])
def test_a_block_of_code_stands_in_the_package_line_by_line(file: str, block: str) -> None:
    assert f"\n{block}" in f"\n{(PACKAGE / file).read_text(encoding='utf-8')}"


def test_every_hook_of_the_package_is_shown() -> None:
    plugin = (PACKAGE / "connector_notebook" / "plugin.py").read_text(encoding="utf-8")
    hooks = re.findall(r"^@hookimpl\ndef (\w+)", plugin, flags=re.MULTILINE)
    shown = "".join(block for file, block in CODE if file.endswith("plugin.py"))
    assert [each for each in hooks if f"def {each}(" not in shown] == []


def test_the_package_passes_its_tests_and_the_conformance_kit(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={report}"]
    ran = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout
    cases = list(xml.parse(report).iter("testcase"))
    passed = {str(each.get("name")).partition("[")[0] for each in cases if each.find("skipped") is None}
    assert passed >= {
        "test_every_row_becomes_a_line",
        "test_one_bad_row_fails_alone_with_a_code_and_a_reason",
        "test_a_death_at_any_anchor_executes_the_rows_once",
        "test_a_lost_answer_executes_the_rows_once",
        "test_no_text_is_altered_on_the_way",
        "test_the_project_sends_what_changed_and_only_that",
    }
