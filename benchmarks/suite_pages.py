"""The tables of docs/suite.md and docs/mips.md, made of the results of the suite."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from benchmarks.pages import write_section
from hardmax.extractor.markdown import markdown
from hardmax.trainer.nram.suite.registry import GROUPS, group
from hardmax.trainer.nram.suite.results import Result

SUITE, MIPS = Path("docs/suite.md"), Path("docs/mips.md")

MIPS_GROUP = "mips"
"""The group that has a page of its own."""

HEADINGS = (
    *("task", "what is asked", "ends", "registers", "repetitions", "seed", "plan"),
    *("CPU s", "programs judged", "circuits", "operations", "bytes of code", "wrong runs"),
)


def write_pages(results: dict[str, Result]) -> None:
    """Write both tables.

    Raises:
        HardmaxError: a page has no place for its table, or cannot be written.
    """
    ours = [name for name in GROUPS if name != MIPS_GROUP]
    write_section(SUITE, "suite", "\n\n".join(_sections(results, ours)))
    if MIPS_GROUP in GROUPS:
        write_section(MIPS, "mips", "\n\n".join(_sections(results, [MIPS_GROUP])))


def _sections(results: dict[str, Result], groups: Iterable[str]) -> Iterable[str]:
    tables = {name: group(name) for name in groups}
    chosen = [results[task] for tasks in tables.values() for task in tasks]
    yield _summary(chosen)
    for name, tasks in tables.items():
        rows = [
            _row(task, (written.__doc__ or ""), results[task]) for task, written in tasks.items()
        ]
        yield f"### {name}\n\n{markdown(HEADINGS, rows)}"


def _summary(chosen: list[Result]) -> str:
    solved = [result.solution for result in chosen if result.solution is not None]
    halting = sum(solution.halts for solution in solved)
    runs, wrong = (sum(getattr(s, name) for s in solved) for name in ("runs", "wrong"))
    return (
        f"{len(solved)} of {len(chosen)} tasks are solved; {halting} of the programs halt by "
        f"themselves on every acceptance example, the others idle. Of {runs:,} runs of their "
        f"native code {wrong} ended wrong."
    )


def _row(name: str, about: str, result: Result) -> list[str]:
    found = result.solution
    spent = [f"{result.seconds:.0f}", f"{result.evaluations:,}"]
    if found is None:
        reached = f"not solved in {result.attempts} attempts: "
        if result.level:
            reached += f"level {result.level}, score {result.score:.2f}"
        return [name, about, reached, "", "", "", "", *spent, "", "", "", ""]
    return [
        name,
        about,
        "halts" if found.halts else f"idles; {found.halted} of {found.runs} runs halt",
        *map(str, (found.registers, found.repetitions, found.seed, found.plan)),
        f"{found.seconds:.0f}",
        f"{found.evaluations:,}",
        *map(str, (found.circuits, found.operations, found.code)),
        f"{found.wrong} of {found.runs}",
    ]
