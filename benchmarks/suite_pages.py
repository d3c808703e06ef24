"""The tables of docs/suite.md and docs/mips.md, made of the results of the suite."""

from __future__ import annotations

from pathlib import Path

from benchmarks.mips_published import SOLVED_BY_GPT4
from benchmarks.pages import write_section
from hardmax.extractor.markdown import markdown
from hardmax.runtime.text import counted
from hardmax.trainer.nram.suite.registry import GROUPS, group
from hardmax.trainer.nram.suite.results import Result

SUITE, MIPS = Path("docs/suite.md"), Path("docs/mips.md")

MIPS_GROUP = "mips"
"""The group that has a page of its own."""

HEADINGS = (
    *("task", "what is asked", "ends", "registers", "repetitions", "plan"),
    *("CPU s", "programs judged", "circuits", "operations", "bytes of code", "wrong runs"),
)


def write_pages(results: dict[str, Result]) -> None:
    """Write both tables.

    Raises:
        HardmaxError: a page has no place for its table, or cannot be written.
    """
    ours = [name for name in GROUPS if name != MIPS_GROUP]
    summary = _summary([results[task] for name in ours for task in group(name)])
    tables = [f"### {name}\n\n{markdown(HEADINGS, _rows(name, results))}" for name in ours]
    write_section(SUITE, "suite", "\n\n".join([summary, *tables]))
    published = [
        "solved" if name.removeprefix("mips-") in SOLVED_BY_GPT4 else "no"
        for name in group(MIPS_GROUP)
    ]
    rows = [
        [name, about, gpt4, *rest]
        for (name, about, *rest), gpt4 in zip(_rows(MIPS_GROUP, results), published, strict=True)
    ]
    summary = _summary([results[task] for task in group(MIPS_GROUP)])
    headings = (*HEADINGS[:2], "GPT-4, published", *HEADINGS[2:])
    write_section(MIPS, "mips", f"{summary}\n\n{markdown(headings, rows)}")


def _rows(name: str, results: dict[str, Result]) -> list[list[str]]:
    return [_row(task, str(cls.__doc__), results[task]) for task, cls in group(name).items()]


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
        reached = "not tried"
        if result.attempts:
            reached = f"not solved in {counted(result.attempts, 'attempt')}"
            reached += f"; level {result.level}, score {result.score:.2f}"
        return [name, about, reached, "", "", "", *spent, "", "", "", ""]
    return [
        name,
        about,
        "halts" if found.halts else f"idles; {found.halted} of {found.runs} runs halt",
        *map(str, (found.registers, found.repetitions, found.plan)),
        f"{found.seconds:.0f}",
        f"{found.evaluations:,}",
        *map(str, (found.circuits, found.operations, found.code)),
        f"{found.wrong} of {found.runs}",
    ]
