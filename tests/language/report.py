"""What is printed: a line for each finding, or the counts of each folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

from tests.language.finding import Finding, Rule

Findings = Mapping[str, Sequence[Finding]]
"""The findings of each file, by its path."""


def list_findings(findings: Findings) -> Iterator[str]:
    """Yield a line for each finding."""
    for path, found in findings.items():
        for finding in found:
            yield finding.format(path)


def list_counts(findings: Findings) -> Iterator[str]:
    """Yield a table of the findings per folder and rule, with a line of totals."""
    counts = count_findings(findings)
    totals = sum(counts.values(), Counter[Rule]())
    width = max([len(folder) for folder in counts], default=0) + 2
    yield "folder".ljust(width) + "".join(f"{rule:>12}" for rule in Rule)
    for folder, count in [*sorted(counts.items()), ("total", totals)]:
        yield folder.ljust(width) + "".join(f"{count[rule]:>12}" for rule in Rule)


def count_findings(findings: Findings) -> dict[str, Counter[Rule]]:
    """Return how many findings of each rule each folder has."""
    counts: dict[str, Counter[Rule]] = {}
    for path, found in findings.items():
        counts.setdefault(name_folder(path), Counter()).update(finding.rule for finding in found)
    return counts


def name_folder(path: str) -> str:
    """Return the folder under which a file is counted: the first two above it, such as `plugins/salesforce`."""
    return "/".join(PurePath(path).parent.parts[:2]) or "."


def summarize(findings: Findings) -> str:
    """Return the last line: how many findings there are, and in how many files."""
    count = sum(map(len, findings.values()))
    files = sum(map(bool, findings.values()))
    return f"language: {count} findings in {files} of {len(findings)} files" if count else "language: ok"
