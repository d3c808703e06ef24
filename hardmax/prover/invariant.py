"""The invariant at the loop head: candidates that z3 shows to hold, and of those the ones needed.

Houdini (Flanagan and Leino, 2001) drops every candidate that a path does not establish or preserve.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hardmax.prover.deadline import Deadline
from hardmax.prover.failure import NotProvedError
from hardmax.prover.obligations import IMPOSSIBLE, LITTLE_EFFORT, Obligations, PathQuery, is_late
from hardmax.prover.paths import Paths, phase_number
from hardmax.prover.specifications.specification import Specification
from hardmax.prover.templates import VISIT, Samples, candidates
from hardmax.runtime.nram.certificate import HALT, NEVER, START, Path, phase_name

MOST_REFINEMENTS = 3
"""How often paths that no trace takes, and that cannot be excluded, are admitted."""

Atoms = list[list[str]]
"""Of each phase."""


@dataclass(frozen=True)
class Invariant:
    """The atoms of each phase, and the names of the obligations that they are shown by."""

    atoms: tuple[tuple[str, ...], ...]
    obligations: tuple[str, ...]


def find_invariant(
    paths: Paths,
    obligations: Obligations,
    specification: Specification,
    right_from: str | None,
    deadline: Deadline,
    report: Callable[[str], None],
) -> Invariant:
    """An invariant by which every path does what it should; ``paths`` may grow.

    Raises:
        NotProvedError: there is no such invariant among the candidates.
    """
    found = [candidates(Samples(specification, visits, deadline)) for visits in paths.visits]
    report(f"{sum(map(len, found))} candidates")
    for _ in range(MOST_REFINEMENTS):
        queries = [obligations.of_path(path, found, right_from) for path in paths]
        atoms = houdini(queries, found)
        report(f"{sum(map(len, atoms))} of them hold")
        for phase, those in enumerate(atoms):
            if not any(map(is_bound, those)):
                raise NotProvedError(f"nothing bounds the visits of {phase_name(phase)}")
        possible = [q.path for q in queries if q.path.end == NEVER and not _excluded(q, atoms)]
        if not possible:
            needed = minimal(queries, atoms, found, paths.phases)
            kept = complete(queries, needed, atoms, obligations, right_from)
            names = [each.query.name(goal) for each in queries for goal in _goals(each, kept)]
            return Invariant(tuple(map(tuple, kept)), tuple(names))
        for path in possible:
            paths.admit(path)
    raise NotProvedError("too many paths that no trace takes cannot be excluded")


def houdini(queries: Sequence[PathQuery], found: Sequence[Sequence[str]]) -> Atoms:
    """The most atoms that every path establishes and preserves together."""
    atoms = [list(candidates_) for candidates_ in found]
    arriving = [each for each in queries if each.path.end not in (HALT, NEVER)]
    changed = True
    while changed:
        changed = False
        for each in arriving:
            target = phase_number(each.path.end)
            for atom in list(atoms[target]):
                if atom not in atoms[target]:
                    continue
                if not each.query.shown(_of_origin(each.path, atoms), atom):
                    changed = True
                    dropped = {atom, *each.query.fails(atoms[target])}
                    atoms[target] = [other for other in atoms[target] if other not in dropped]
    return atoms


def minimal(
    queries: Sequence[PathQuery],
    atoms: Sequence[Sequence[str]],
    found: Sequence[Sequence[str]],
    phases: int,
) -> Atoms:
    """Atoms that suffice and none of which can be left out, in the order of the candidates.

    Raises:
        NotProvedError: a goal does not follow even from all of them.
    """
    kept: Atoms = [[] for _ in range(phases)]
    pending: list[tuple[int, str]] = []

    def want(each: PathQuery, goal: str) -> None:
        if not each.query.shown(_of_origin(each.path, atoms), goal):
            raise NotProvedError(f"does not follow: {each.query.name(goal)}")
        if each.path.origin != START:
            phase = phase_number(each.path.origin)
            pending.extend((phase, atom) for atom in each.query.needed())

    pending += [(phase, next(filter(is_bound, atoms[phase]))) for phase in range(phases)]
    bounds = set(pending)
    for each in queries:
        for goal in _goals(each, kept):
            want(each, goal)
    while pending:
        phase, atom = pending.pop()
        if atom not in kept[phase]:
            kept[phase].append(atom)
            for each in queries:
                if each.path.end == phase_name(phase):
                    want(each, atom)
    kept = [[a for a in found[phase] if a in kept[phase]] for phase in range(phases)]
    # The cores of z3 are not the smallest: what looks least natural is tried first.
    for phase in range(phases):
        for atom in sorted(kept[phase], key=len, reverse=True):
            if (phase, atom) not in bounds:
                without = [list(each) for each in kept]
                without[phase].remove(atom)
                if _suffices(queries, without):
                    kept = without
    return kept


def complete(
    queries: Sequence[PathQuery],
    needed: Sequence[Sequence[str]],
    atoms: Sequence[Sequence[str]],
    obligations: Obligations,
    right_from: str | None,
) -> Atoms:
    """The needed atoms, and more where a goal does not follow from these as an obligation.

    The queries mention whatever some candidate does, and so know more instances than an obligation
    of the certificate, which mentions nothing but its goal and the atoms.

    Raises:
        NotProvedError: a goal does not follow even with all that hold.
    """

    def follows(path: Path, known: Atoms, goal: str) -> bool:
        alone = obligations.of_path(path, known, right_from, alone=goal)
        return alone.query.shown(_of_origin(path, known), goal)

    kept = [list(each) for each in needed]
    pending = [(each, goal) for each in queries for goal in _goals(each, kept)]
    while pending:
        each, goal = pending.pop(0)
        path = each.path
        if follows(path, kept, goal):
            continue
        known = _of_origin(path, kept)
        others = [atom for atom in _of_origin(path, atoms) if atom not in known]
        if not others:
            raise NotProvedError(f"does not follow: {each.query.name(goal)}")
        phase = phase_number(path.origin)
        # As a rule it is one that mentions what is missing.
        trials = ([*kept[:phase], [*known, atom], *kept[phase + 1 :]] for atom in others)
        suffices = (trial for trial in trials if follows(path, trial, goal))
        kept = next(suffices, [*kept[:phase], list(atoms[phase]), *kept[phase + 1 :]])
        added = [atom for atom in kept[phase] if atom not in known]
        arriving = [q for q in queries if q.path.end == phase_name(phase)]
        pending += [(each, goal), *((q, atom) for q in arriving for atom in added)]
    return [[a for a in all_ if a in some] for all_, some in zip(atoms, kept, strict=True)]


def is_bound(atom: str) -> bool:
    """Whether an atom is ``j <= a term over M and the parameters``."""
    return atom.startswith(f"{VISIT} <= ")


def _suffices(queries: Sequence[PathQuery], kept: Atoms) -> bool:
    """Whether every goal follows from the kept atoms."""
    return all(
        each.query.shown(_of_origin(each.path, kept), goal, LITTLE_EFFORT)
        for each in queries
        for goal in _goals(each, kept)
    )


def _goals(each: PathQuery, kept: Atoms) -> list[str]:
    """The goals of a path when only some atoms have to be preserved."""
    if each.path.end in (HALT, NEVER):
        return list(each.query.goals)
    late = [goal for goal in each.query.goals if is_late(goal)]
    return [*kept[phase_number(each.path.end)], *late]


def _excluded(each: PathQuery, atoms: Atoms) -> bool:
    return each.query.shown(_of_origin(each.path, atoms), IMPOSSIBLE)


def _of_origin(path: Path, atoms: Sequence[Sequence[str]]) -> Sequence[str]:
    return () if path.origin == START else atoms[phase_number(path.origin)]
