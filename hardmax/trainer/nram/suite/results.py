"""What the benchmark of the suite found, task by task; ``python -m benchmarks.suite`` writes it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results.json")

SOLVED = "solved"
"""The status of a task for which there is nothing left to be found."""


@dataclass(frozen=True)
class Solution:
    """A program that passed the acceptance test.

    Attributes:
        registers, repetitions: its machine's; plan: of the search, in which it was found.
        evaluations, seconds: programs judged until then, and CPU time, in all attempts.
        circuits, operations, code: its size; bytes of machine code.
        halts: whether it halts by itself on every acceptance example; else it idles on some.
        runs, wrong, halted: of its native code, at n = 5, 50 and 1,000; a run that does not halt
            ends with the step budget.
    """

    registers: int
    repetitions: int
    plan: str
    evaluations: int
    seconds: float
    circuits: int
    operations: int
    code: int
    halts: bool
    runs: int
    wrong: int
    halted: int


@dataclass(frozen=True)
class Result:
    """How far the attempts to solve a task have got.

    Attributes:
        attempts: made so far; starts: of the search, in all of them.
        evaluations, seconds: programs judged, and CPU time, in all of them.
        level, score: the largest complexity of the examples that a program was grown on, and the
            best score on them, 0 to 1.
        solution: the first that halts, else the first that idles; None where there is none.
    """

    attempts: int = 0
    starts: int = 0
    evaluations: int = 0
    seconds: float = 0.0
    level: int = 0
    score: float = 0.0
    solution: Solution | None = field(default=None)

    @property
    def status(self) -> str:
        """In a word or two."""
        if self.solution is None:
            return "not solved" if self.attempts else "not tried"
        return SOLVED if self.solution.halts else "solved, idles"


def read_results(path: Path = RESULTS) -> dict[str, Result]:
    """The results by the name of the task."""
    return {name: _from_data(data) for name, data in json.loads(path.read_text()).items()}


def results_text(results: dict[str, Result]) -> str:
    """As :func:`read_results` reads them."""
    return json.dumps({name: asdict(result) for name, result in results.items()}, indent=1) + "\n"


def _from_data(data: dict[str, Any]) -> Result:
    solution = data["solution"]
    return Result(**{**data, "solution": None if solution is None else Solution(**solution)})
