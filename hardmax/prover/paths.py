"""The paths of a proof: what runs do between its cut points, start and loop head.

At first they are those that traces take; beside them stand those to be shown never to happen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hardmax.prover.failure import NotProvedError
from hardmax.prover.places import Place, Places
from hardmax.prover.traces import Run, Visit
from hardmax.runtime.nram.certificate import HALT, NEVER, START, Path, phase_name

LONGEST = 16
"""Timesteps of a path."""


class Paths:
    """The paths that runs may take, and the visits of the loop head by phase.

    A phase ends where a run comes through the start's place again, if the proof has several.
    """

    def __init__(
        self, places: Places, runs: Sequence[Run], head: Place | None, phases: int
    ) -> None:
        """Cut runs into paths.

        Raises:
            NotProvedError: a run is too long between cut points.
        """
        self.places = places
        self.head = head
        self.phases = phases
        self.visits: list[list[Visit]] = [[] for _ in range(phases)]
        self._executed: set[tuple[str, tuple[str, ...]]] = set()
        self._arrived: set[tuple[str, tuple[str, ...]]] = set()
        for run in runs:
            self._observe(run)
        # The start's place may have been visited again before the head was, and never after.
        self.visits = [visits for visits in self.visits if visits]
        self.phases = len(self.visits)

    def _observe(self, run: Run) -> None:
        origin, visit = START, 0
        through: tuple[str, ...] = ()
        for timestep, place in enumerate(run.places):
            if place is self.head:
                self._arrived.add((origin, through))
                phase = self._arrival(origin, through)
                if phase >= self.phases:
                    raise NotProvedError("a run has more phases than others")
                visit = visit + 1 if phase_name(phase) == origin else 0
                origin, through = phase_name(phase), ()
                self.visits[phase].append(Visit(run, timestep, visit))
            through = (*through, place.name)
            self._executed.add((origin, through))
            if len(through) > LONGEST:
                raise NotProvedError("a run is too long without being at the loop head")

    def __iter__(self) -> Iterator[Path]:
        """Every path from every cut point, in a fixed order."""
        if self.places.start is self.head:
            yield Path(START, (), phase_name(0))
        else:
            yield from self._from(START, (), self.places.start)
        if self.head is not None:
            for phase in range(self.phases):
                yield from self._from(phase_name(phase), (), self.head)

    def admit(self, path: Path) -> None:
        """Let a path that was to be excluded happen.

        Raises:
            NotProvedError: it leads to where a proof cannot follow.
        """
        before, place = path.through[:-1], self.places.by_name[path.through[-1]]
        if place is self.head:
            if self._arrival(path.origin, before) >= self.phases:
                raise NotProvedError(f"a phase that no trace shows may follow: {path}")
            self._arrived.add((path.origin, before))
        elif place.row is None or len(path.through) >= LONGEST:
            raise NotProvedError(f"cannot be excluded: {path}")
        else:
            self._executed.add((path.origin, path.through))

    def _from(self, origin: str, before: tuple[str, ...], place: Place) -> Iterator[Path]:
        """The paths that go on by executing a place."""
        through = (*before, place.name)
        if place.row is None or (origin, through) not in self._executed:
            yield Path(origin, through, NEVER)
        elif place.row.circuit.halt:
            yield Path(origin, through, HALT)
        else:
            for option in self.places.by_state[place.row.next_state]:
                if option is not self.head:
                    yield from self._from(origin, through, option)
                elif (origin, through) in self._arrived:
                    yield Path(origin, through, phase_name(self._arrival(origin, through)))
                else:
                    yield Path(origin, (*through, option.name), NEVER)

    def _arrival(self, origin: str, through: tuple[str, ...]) -> int:
        """In which phase a path arrives at the head."""
        if origin == START:
            return 0
        return phase_number(origin) + (self.phases > 1 and self.places.start.name in through)


def phase_number(name: str) -> int:
    """The number of a phase, counted from 0."""
    return int(name.split()[1]) - 1
