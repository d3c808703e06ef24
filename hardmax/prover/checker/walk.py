"""The paths of a program between cut points, by walking its table along a certificate's claims."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.certificate import HALT, NEVER, START, Path, phase_name
from hardmax.runtime.nram.program import Circuit, Program

LONGEST = 100
"""Timesteps of a path: a certificate is untrusted."""


@dataclass(frozen=True)
class Option:
    """What a program may do in a controller state: all rows of the table that do the same.

    ``circuit`` is None, and ``next_state`` without meaning, where the program has no row.
    """

    name: str
    patterns: tuple[int, ...]
    circuit: Circuit | None
    next_state: int


def options(program: Program) -> list[list[Option]]:
    """What the program may do in each controller state."""
    numbers = {circuit: number for number, circuit in enumerate(program.circuits())}
    several = len(program.table) > 1
    every = []
    for state, rows in enumerate(program.table):
        found: dict[str, Option] = {}
        for pattern, row in enumerate(rows):
            circuit = None if row is None else row.circuit
            name = "missing row" if circuit is None else f"circuit {numbers[circuit]}"
            next_state = 0 if row is None else row.next_state
            if several:
                goes_on = circuit is not None and not circuit.halt
                name = f"state {state} {name}" + (f" to state {next_state}" if goes_on else "")
            so_far = found[name].patterns if name in found else ()
            found[name] = Option(name, (*so_far, pattern), circuit, next_state)
        every.append(list(found.values()))
    return every


class Walk:
    """Holds a certificate's paths against a program's table."""

    def __init__(
        self, program: Program, head: str | None, phases: int, claimed: Sequence[Path]
    ) -> None:
        self.options = options(program)
        self.by_name = {option.name: option for state in self.options for option in state}
        self.head = head
        self.phases = phases
        self.claimed = set(claimed)
        self.longest = max((len(path.through) for path in claimed), default=0)
        if self.longest > LONGEST:
            raise HardmaxError(f"expected paths of at most {LONGEST} timesteps, found a longer one")
        start = program.start_state, program.start_bits
        self.start = next(o for o in self.options[start[0]] if start[1] in o.patterns)

    def paths(self) -> Iterator[Path]:
        """Every path there is, the claim that one is impossible being taken at its word.

        Raises:
            HardmaxError: there is a path that the certificate lacks.
        """
        if self.start.name == self.head:
            yield self._claimed(Path(START, (), phase_name(0)))
        else:
            yield from self._onward(START, (), self.start)
        if self.head is not None:
            for phase in range(self.phases):
                yield from self._onward(phase_name(phase), (), self.by_name[self.head])

    def _onward(self, origin: str, before: tuple[str, ...], option: Option) -> Iterator[Path]:
        through = (*before, option.name)
        excluded = Path(origin, through, NEVER)
        if before and excluded in self.claimed:
            yield excluded
        elif before and option.name == self.head:
            yield self._claimed(Path(origin, before, self._arrival(origin, before)))
        elif option.circuit is None or len(through) > self.longest:
            raise HardmaxError(f"path missing: {excluded}")
        elif option.circuit.halt:
            yield self._claimed(Path(origin, through, HALT))
        else:
            for following in self.options[option.next_state]:
                yield from self._onward(origin, through, following)

    def _arrival(self, origin: str, through: tuple[str, ...]) -> str:
        """The phase in which a path arrives at the head."""
        if origin == START:
            return phase_name(0)
        again = self.phases > 1 and self.start.name in through
        number = int(origin.removeprefix("phase ")) + (1 if again else 0)
        return phase_name(number - 1)

    def _claimed(self, path: Path) -> Path:
        if path not in self.claimed:
            raise HardmaxError(f"path missing: {path}")
        return path
