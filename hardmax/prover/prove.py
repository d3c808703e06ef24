"""From a program to a proof that it is right on every input of every length, or to why not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hardmax.prover.deadline import Deadline
from hardmax.prover.failure import NoHaltError, NotProvedError, TimeUpError
from hardmax.prover.invariant import find_invariant, is_bound
from hardmax.prover.obligations import Obligations, bound_name
from hardmax.prover.paths import Paths
from hardmax.prover.places import Place, Places
from hardmax.prover.specifications.specification import Specification
from hardmax.prover.symbols import Symbols
from hardmax.prover.traces import (
    Run,
    Wrong,
    longest,
    loop_heads,
    observe,
    phases,
    right_from,
    search,
)
from hardmax.runtime.nram.certificate import Certificate, phase_name, program_digest
from hardmax.runtime.nram.program import Program

SEED = 0
"""Of the drawn inputs."""


def prove(
    program: Program,
    specification: Specification,
    time_limit: float,
    report: Callable[[str], None],
) -> Certificate | Wrong:
    """Prove a program right, or find an input on which it is wrong.

    Args:
        time_limit: seconds after which the attempt is given up.
        report: told how it stands.

    Raises:
        NotProvedError: neither was possible; the message says why.
    """
    deadline = Deadline.after(time_limit)
    places = Places(program)
    runs = observe(program, places, specification, SEED, deadline)
    if isinstance(runs, Wrong):
        return runs
    report(f"{len(runs)} runs are right")
    endless = next((run for run in runs if not run.halted), None)
    if endless is not None:
        wrong = search(program, specification, SEED + 1, deadline)
        if wrong is not None:
            return wrong
        cells = endless.timesteps[0].memory
        raise NoHaltError(
            f"it does not halt by itself in {longest(program, len(cells))} timesteps on "
            f"{' '.join(map(str, cells))}, although its answer stands"
        )
    reason = "no timestep is one that every long run comes back to"
    for head in loop_heads(runs, places):
        deadline.left()
        report("no loop" if head is None else f"loop head: {head.name}")
        try:
            return _attempt(program, places, specification, runs, head, deadline, report)
        except TimeUpError:
            raise
        except NotProvedError as error:
            reason = str(error)
            report(f"failed: {reason}")
    wrong = search(program, specification, SEED + 1, deadline)
    if wrong is None:
        raise NotProvedError(reason)
    return wrong


def _attempt(
    program: Program,
    places: Places,
    specification: Specification,
    runs: Sequence[Run],
    head: Place | None,
    deadline: Deadline,
    report: Callable[[str], None],
) -> Certificate:
    """A proof with a given loop head."""
    obligations = Obligations(program, places, Symbols(specification), head, deadline)
    threshold = right_from(runs, specification) if _too_long(runs, program) else None
    general = [*obligations.gates(), *obligations.lemmas()]
    if threshold is not None:
        general.append(obligations.in_time(threshold))
    for query in general:
        for goal in query.goals:
            if not query.shown((), goal):
                raise NotProvedError(f"does not follow: {query.name(goal)}")
    paths = Paths(places, runs, head, 0 if head is None else phases(runs, places, head))
    invariant = find_invariant(paths, obligations, specification, threshold, deadline, report)
    names = [query.name(goal) for query in general for goal in query.goals]
    names += [
        bound_name(phase_name(number), next(filter(is_bound, atoms)))
        for number, atoms in enumerate(invariant.atoms)
    ]
    return Certificate(
        task=specification.task,
        program=program_digest(program),
        specification=specification.to_data(),
        head=None if head is None else head.name,
        phases=invariant.atoms,
        right_from=threshold,
        paths=tuple(paths),
        obligations=(*names, *invariant.obligations),
    )


def _too_long(runs: Sequence[Run], program: Program) -> bool:
    """Whether a run does not halt within its budget."""
    budget = program.metadata.budget
    return any(not run.halted or len(run.places) > budget.steps(len(run.memory)) for run in runs)
