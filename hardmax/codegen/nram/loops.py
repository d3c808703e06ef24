"""Everything that is known of a loop before code is made for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hardmax.codegen.nram.cfg import Node, loops
from hardmax.codegen.nram.difference_bounds import Order, order
from hardmax.codegen.nram.store_sinking import SunkWrite, sunk_write, without_write
from hardmax.codegen.nram.strip_plan import Strip, plan_strip
from hardmax.codegen.nram.wraparound import Wraparound, analyse_wraparound
from hardmax.runtime.nram.gates import EFFECTS
from hardmax.runtime.nram.passes.liveness import live_values

MAX_NODES = 16
"""Larger loops get no code of their own: it is long in the making, and they are no steady state."""


MAX_OPERATIONS = 64
"""Nor do loops of more operations: the work on them grows with the third power of their number."""


@dataclass(frozen=True)
class Loop:
    """Nodes in which a run goes round and round.

    Attributes:
        nodes: their numbers.
        wraparound: for how long nothing wraps around.
        order: for each node, what the order of values decides while nothing does.
        sunk: the WRITE that can wait until the loop is left; only where there is one node.
        strip: how many timesteps can run at once; only where there is one node.
    """

    nodes: frozenset[int]
    wraparound: Wraparound
    order: Mapping[int, Order]
    sunk: SunkWrite | None
    strip: Strip | None


def plan_loops(nodes: Sequence[Node], *, with_strips: bool) -> dict[int, Loop]:
    """The loops worth code of their own, by the number of each of their nodes."""
    plans: dict[int, Loop] = {}
    for loop in loops(nodes):
        operations = sum(len(nodes[number].circuit.operations) for number in loop)
        if len(loop) > MAX_NODES or operations > MAX_OPERATIONS:
            continue
        of_loop = analyse_wraparound(nodes, loop)
        sunk = strip = None
        if len(loop) == 1 and with_strips:
            (number,) = loop
            strip = plan_strip(number, nodes[number])
        if strip is None and not any(of_loop.unwrapped.values()):
            continue  # nothing is saved
        of_order = order(nodes, loop, of_loop)
        if len(loop) == 1:
            (number,) = loop
            nonzero = of_loop.nonzero[number] | of_order[number].nonzero
            sunk = sunk_write(nodes[number], nonzero)
            if sunk is not None:
                # What is computed outside only needs no guard inside.
                needed = live_values(without_write(nodes[number].circuit, sunk), EFFECTS)
                guarded = of_loop.guarded[number] & needed
                of_loop = replace(of_loop, guarded={number: guarded})
        plan = Loop(loop, of_loop, of_order, sunk, strip)
        plans.update(dict.fromkeys(loop, plan))
    return plans
