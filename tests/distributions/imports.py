"""Which packages of others a distribution imports, and whether it can do without them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from attrs import frozen
from packaging.utils import canonicalize_name

from tests.distributions.declared import DISTRIBUTIONS, Distribution


@frozen
class Import:
    """One import of a package that another distribution provides."""

    file: Path
    line: int
    provider: str
    is_needed: bool
    """Whether the module cannot be imported without it."""

    def __str__(self) -> str:
        return f"{self.file.name}:{self.line} imports {self.provider}"


def foreign_imports(distribution: Distribution) -> Iterator[Import]:
    """Find every import of what is neither in the standard library nor in the distribution itself."""
    for file in sorted(distribution.package.rglob("*.py")):
        for node, is_needed in _imports(ast.parse(file.read_bytes()), True):
            for module in _modules(node):
                if module not in sys.stdlib_module_names and module != distribution.package.name:
                    yield Import(file, node.lineno, _provider(module), is_needed)


def _imports(node: ast.AST, is_needed: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node, is_needed
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, is_needed and not _is_optional(node))


def _is_optional(node: ast.AST) -> bool:
    """Return whether a module can be imported without the imports inside a node."""
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.unparse(node.test)
    if isinstance(node, ast.Try | ast.With):
        return "ImportError" in ast.unparse(node)
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def _modules(node: ast.Import | ast.ImportFrom) -> set[str]:
    if isinstance(node, ast.ImportFrom):
        return {node.module.partition(".")[0]} if node.module and not node.level else set()
    return {each.name.partition(".")[0] for each in node.names}


_OURS = {each.package.name: each.name for each in DISTRIBUTIONS.values()}
_INSTALLED = packages_distributions()


def _provider(module: str) -> str:
    """Return the distribution that provides a module; one that is not installed is called like its module."""
    (name, *_) = _INSTALLED.get(module) or [module]
    return _OURS.get(module) or canonicalize_name(name)
