"""CONTRIBUTING.md, followed to the letter in a copy of the repository, leads to what works."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
FILE = re.compile(r"`((?:hardmax|tests|docs)/[\w./]+\.(?:py|json|js))`")

GATE_ENTRIES: dict[str, str | dict[str, str]] = {
    "GATES": '    Gate.DOUBLE: GateDefinition(("a",), _double),',
    "FUZZY_MEANING": "    Gate.DOUBLE: lambda a, b: torch.zeros_like(a).scatter_add(\n"
    "        -1, (2 * torch.arange(a.shape[-1]) % a.shape[-1]).expand_as(a), a\n"
    "    ),",
    "ARITHMETIC": {
        "hardmax/trainer/nram/discrete.py": "    Gate.DOUBLE: lambda x, m: 2 * x[:, 0] % m,",
        "hardmax/codegen/nram/gates.py": (
            "    Gate.DOUBLE: lambda builder, m, a, b: _add(builder, m, a, a),"
        ),
    },
    "_EXPRESSIONS": '    Gate.DOUBLE: "2 * {}",',
    "MEANINGS": '  "DOUBLE": (a, b, m) => (2 * a) % m,',
    "_COST": "    Gate.DOUBLE: 4,",
    "PAPER": "    Gate.DOUBLE: lambda a, b, m: 2 * a % m,",
}
"""What a gate that doubles adds to each table that the text names."""

DOUBLE = """def _double(a: int, b: int, m: int) -> int:
    return a + a if a < m - a else a + a - m


"""

PROGRAM_WITH_THE_GATE = """
import hardmax
from hardmax.codegen.kinds import find_kind
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.program import *

operations = (
    Operation(Gate.READ, (0,)), Operation(Gate.DOUBLE, (1,)), Operation(Gate.WRITE, (0, 2)),
)
row = Row(Circuit(operations, (0,), True))
program = Program(1, ((row, row),), Metadata("double", StepBudget(0, 1)))
hardmax.compile(program, "libdouble.so")
for first in range(7):
    memory = [first, *range(1, 7)]
    left = hardmax.load("libdouble.so").run(memory).memory.tolist()
    assert left == list(hardmax.interpret(program, memory).memory) == [2 * first % 7, *range(1, 7)]
assert "2 * " in find_kind("nram").explain(program, 2)
"""

TASK = '''"""Successor: add one to the first cell."""

from __future__ import annotations

import torch
from torch import Tensor

from hardmax.runtime.nram.program import StepBudget
from hardmax.trainer.nram.tasks.task import Batch, Task


class Successor(Task):
    """Cell 0 becomes its successor, modulo M."""

    title = "Successor"
    summary = "add 1 to the first cell, modulo the memory's size"
    budget = StepBudget(per_cell=0, constant=8)
    largest_training_complexity = 5
    steps_per_element = 0
    steps_besides = 2

    def _minimum_size(self, n: int) -> int:
        return n + 2

    def _draw(self, n: Tensor, size: int, generator: torch.Generator) -> Batch:
        inputs = torch.randint(size, (len(n), size), generator=generator)
        answer = (inputs[:, 0] + 1) % size
        return Batch.of_one_cell(inputs, 0, answer, self.timesteps(0 * n.squeeze(1)))

    def _definition(self, memory: list[int]) -> dict[int, int]:
        return {0: 0 if memory[0] == len(memory) - 1 else memory[0] + 1}
'''


def section(title: str) -> str:
    """What stands under a heading."""
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def steps(title: str) -> list[str]:
    """The numbered steps of a section, each on one line."""
    parts = re.split(r"\n\d+\. ", section(title).partition("\n\nFrom Python")[0])
    return [" ".join(part.split("\n\n")[0].split()) for part in parts[1:]]


def files(text: str) -> list[str]:
    """The files that a text names."""
    return FILE.findall(text)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What is needed of the repository, to be changed."""
    for name in ("hardmax", "tests", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "models").mkdir()
    return tmp_path


def python(copy: Path, *arguments: str) -> None:
    """Run Python there; it has to end well."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=copy, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def insert(path: Path, before: str, text: str) -> None:
    """Put text in front of the one place where something stands."""
    content = path.read_text()
    assert content.count(before) == 1, (path, before)
    path.write_text(content.replace(before, text + before))


def add_entry(path: Path, table: str, entry: str) -> None:
    """Add lines to the end of a table that a module defines."""
    content = path.read_text()
    found = re.search(rf"^(?:const )?{table}\b[^\n]*{{\n.*?(?=^}};?$)", content, re.M | re.S)
    assert found is not None, (path, table)
    path.write_text(content[: found.end()] + entry + "\n" + content[found.end() :])


# Adding a gate


def add_gate(copy: Path) -> None:
    """Each step of the text: the file that it names, and the tables in it."""
    for number, step in enumerate(steps("Adding a gate"), start=1):
        (name,) = files(step)
        path = copy / name
        if number == 1:
            assert "a member to the end of `Gate`" in step
            insert(path, "\n\nMeaning = Callable", '    DOUBLE = "DOUBLE"\n')
            insert(path, "GATES: dict", DOUBLE)
        if path.suffix == ".json":
            insert(path, '"INC", "DEC"]}', '"DOUBLE", ')
            continue
        tables = [word for word in re.findall(r"`(\w+)`", step) if word in GATE_ENTRIES]
        assert tables, step
        for table in tables:
            entry = GATE_ENTRIES[table]
            add_entry(path, table, entry if isinstance(entry, str) else entry[name])


def test_a_gate_that_was_added_runs_and_compiles(copy: Path) -> None:
    add_gate(copy)
    python(copy, "-c", PROGRAM_WITH_THE_GATE)


@pytest.mark.slow
def test_a_gate_that_was_added_passes_the_tests_that_the_text_names(copy: Path) -> None:
    add_gate(copy)
    checks = files("`" + section("Adding a gate").rpartition("\n\n`")[2])
    assert len(checks) == 3
    python(copy, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *checks)


# Adding a task


def add_task(copy: Path) -> None:
    """Each step of the text that changes a file."""
    module, registry, defaults, helped, *_ = steps("Adding a task")
    (folder,) = re.findall(r"new module of `([\w/]+)/`", module)
    (copy / folder / "successor.py").write_text(TASK)
    (name,) = files(registry)
    insert(copy / name, "        WalkBST(),\n", "        Successor(),\n")
    imported = f"from {folder.replace('/', '.')}.successor import Successor\n"
    insert(copy / name, "from hardmax.trainer.nram.tasks.swap", imported)
    (name,) = files(defaults)
    assert "`DEFAULT_CONFIGS`" in defaults
    entry = '    "successor": DefaultConfig(method="search", registers=2),'
    add_entry(copy / name, "DEFAULT_CONFIGS", entry)
    (name,) = files(helped)
    assert "`TASKS`" in helped
    content = (copy / name).read_text()
    assert content.count(' walkbst"') == 1
    (copy / name).write_text(content.replace(' walkbst"', ' successor walkbst"'))


def test_a_task_that_was_added_passes_the_tests_that_the_text_names(copy: Path) -> None:
    add_task(copy)
    (command,) = re.findall(r"`python (-m pytest [^`]+)`", section("Adding a task"))
    told = "tests/cli/test_train.py::test_the_help_names_every_task_and_discretization_method"
    python(copy, *command.split(), told, "-q", "-n", "0", "-p", "no:cacheprovider")


@pytest.mark.slow
def test_a_task_that_was_added_is_trained_and_verified(copy: Path) -> None:
    add_task(copy)
    commands = re.findall(r"`hardmax ((?:train|verify) [^`]+)`", steps("Adding a task")[-1])
    assert len(commands) == 2
    for command in commands:
        python(copy, "-m", "hardmax", *command.replace("NAME", "successor").split())


# Adding a machine


def test_a_machine_that_was_added_is_trained_compiled_and_verified(copy: Path) -> None:
    layers = steps("Adding a machine")[:4]
    for step in layers:
        (folder,) = re.findall(r"`(hardmax/\w+/counter)/`:", step)
        (table,) = files(step)
        ((line, module),) = re.findall(r"`(\"counter\": \"([\w.]+)\")` to `KINDS`", step)
        assert module == f"{folder.replace('/', '.')}.kind"
        (copy / folder).mkdir()
        (copy / folder / "__init__.py").touch()
        layer = folder.split("/")[1]
        meaning = (ROOT / "tests" / "support" / "offset_kind" / f"{layer}.py").read_text()
        meaning = meaning.replace('"offset"', '"counter"')
        meaning = re.sub(r"tests\.support\.offset_kind\.(\w+)", r"hardmax.\1.counter.kind", meaning)
        (copy / folder / "kind.py").write_text(meaning)
        add_entry(copy / table, "KINDS", f"    {line},")
    python(copy, "-m", "hardmax", "train", "shift", "-o", "shift.pt")
    python(copy, "-m", "hardmax", "compile", "shift.pt", "-o", "libshift.so")
    python(copy, "-m", "hardmax", "run", "libshift.so", "1", "0", "0")
    few = "--inputs", "20", "--samples", "40"
    python(copy, "-m", "hardmax", "verify", "shift.pt", "libshift.so", *few)
    # It keeps the layers apart, too.
    python(copy, "-m", "ruff", "check", "--no-cache", "--select=TID251", "hardmax")
