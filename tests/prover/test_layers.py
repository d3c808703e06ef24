"""The checker shares nothing with the prover but what both read."""

from __future__ import annotations

import ast
import subprocess
import sys

from tests.support.paths import ROOT

PROVER = ROOT / "hardmax" / "prover"
SHARED = ("hardmax.prover.specifications",)


def imports(folder: str) -> set[str]:
    """Every module of hardmax that the modules in a folder of the prover import.

    ``kinds.py`` counts to neither: it hands certificates that it has read to their checker.
    """
    found = set()
    for path in (PROVER / folder).glob("*.py"):
        if path.name == "kinds.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                found.add(node.module or "")
            elif isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
    return {name for name in found if name.startswith("hardmax")}


def test_the_checker_imports_nothing_of_the_prover() -> None:
    allowed = (*SHARED, "hardmax.prover.checker", "hardmax.runtime")
    others = {name for name in imports("checker") if not name.startswith(allowed)}
    assert others == set()
    assert "z3" not in (PROVER / "checker" / "check.py").read_text()


def test_what_both_read_imports_nothing_of_either() -> None:
    others = {
        name
        for name in imports("specifications")
        if not name.startswith(("hardmax.prover.specifications", "hardmax.runtime"))
    }
    assert others == set()


def test_the_prover_does_not_use_the_checker() -> None:
    assert not any(name.startswith("hardmax.prover.checker") for name in imports("."))


def test_checking_loads_neither_z3_nor_torch() -> None:
    code = "import sys, hardmax.prover.checker.check; print({'z3', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr
