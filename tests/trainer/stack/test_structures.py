"""Where every strength is 0 or 1, soft structures are the data structures of their names."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hardmax.trainer.stack.structures import STRUCTURES, Command

SYMBOLS, DEPTH = 3, 2

Told = tuple[tuple[int, ...], int]
"""Of a step: strengths, or which action; and the first symbol that is pushed."""


def commands(name: str) -> list[Told]:
    """Everything that can be told in a step, but for what is pushed."""
    part = STRUCTURES[name]
    if part.actions:
        return [((), action) for action in range(len(part.actions))]
    return [(bits, 0) for bits in itertools.product((0, 1), repeat=len(part.switches))]


def soft_readings(name: str, steps: Sequence[tuple[Told, int]]) -> list[list[int]]:
    """What is read after every step: 0 for nothing, v + 1 for v."""
    part, like = STRUCTURES[name], torch.zeros(1)
    cells = part.start(1, 1, SYMBOLS, like)
    readings = []
    for (switches, action), symbol in steps:
        pushed = [(symbol + number) % SYMBOLS for number in range(part.values)]
        told = Command(
            torch.tensor(switches, dtype=torch.float32).view(1, 1, -1),
            torch.eye(3)[action].view(1, 1, 3),
            torch.eye(SYMBOLS)[pushed][None, None],
        )
        cells = part.step(cells, told)
        reading = part.read(cells, DEPTH)[0, 0]
        assert set(reading.flatten().tolist()) <= {0.0, 1.0}
        assert torch.equal(reading.sum(-1), torch.ones(reading.shape[:-1]))
        readings.append(reading.argmax(-1).flatten().tolist())
    return readings


def plain_readings(name: str, steps: Sequence[tuple[Told, int]]) -> list[list[int]]:
    """The same of a ``collections.deque``."""
    held: deque[int] = deque()
    readings = []
    for (switches, action), symbol in steps:
        said = (
            dict(zip(STRUCTURES[name].switches, switches, strict=True))
            if switches
            else {STRUCTURES[name].actions[action]: 1}
        )
        if held and (said.get("pop_top") or (name != "queue" and said.get("pop"))):
            held.pop()
        if held and (said.get("pop_bottom") or (name == "queue" and said.get("pop"))):
            held.popleft()
        if said.get("push_bottom"):
            held.appendleft((symbol + 1) % SYMBOLS)
        if said.get("push_top") or said.get("push"):
            held.append(symbol)
        front = [*held][:DEPTH]
        top = [*held][::-1][:DEPTH]
        ends = {"queue": [front], "deque": [top, front]}.get(name, [top])
        readings.append([cell + 1 for end in ends for cell in (*end, *[-1] * (DEPTH - len(end)))])
    return readings


@pytest.mark.parametrize(("name", "length"), [("stack", 4), ("queue", 4), ("stackrnn", 5)])
def test_everything_that_can_be_told_in_a_few_steps(name: str, length: int) -> None:
    for told in itertools.product(commands(name), repeat=length):
        steps = [(one, number % SYMBOLS) for number, one in enumerate(told)]
        assert soft_readings(name, steps) == plain_readings(name, steps)


def test_everything_that_a_deque_can_be_told_in_two_steps() -> None:
    for told in itertools.product(commands("deque"), repeat=2):
        steps = [(one, number % SYMBOLS) for number, one in enumerate(told)]
        assert soft_readings("deque", steps) == plain_readings("deque", steps)


@pytest.mark.parametrize("name", STRUCTURES)
@given(data=st.data())
def test_any_number_of_steps(name: str, data: st.DataObject) -> None:
    step = st.tuples(st.sampled_from(commands(name)), st.integers(0, SYMBOLS - 1))
    steps = data.draw(st.lists(step, max_size=30))
    assert soft_readings(name, steps) == plain_readings(name, steps)
