"""Between a feedforward controller and its lookup table: reading the table off, and fitting it.

A controller is fitted to a table with margins so wide that soft and hard machine agree. The table
is the network's own, after its discretized machine proved exact, or one that search found. Either
way the result is an ordinary soft NRAM whose hardmax is that program.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.search.table import Shape, Table
from hardmax.trainer.nram.wiring import Wiring

MARGIN = 60.0
"""Margin of every choice over the runner-up, and |halting logit|, after fitting.

With 20 the leaks of a thousand softmaxes added up to a wrong cell in a long list.
"""

RAW_MARGIN = 2.0
"""Margin that the fit itself reaches; the output layers are then scaled up to MARGIN."""

FIT_RATE = 0.01
FIT_LIMIT = 5000
"""Adam's rate and largest number of updates of a fit."""

ROWS_AT_ONCE = 4096
"""Rows of the lookup table evaluated in one batch."""


def zero_bit_patterns(registers: int) -> Tensor:
    """float32 [2^R, R]: every pattern of zero-bits; row number ``bits`` holds bit i in column i."""
    rows = torch.arange(1 << registers)
    return ((rows[:, None] >> torch.arange(registers)) & 1).float()


def _slots(wiring: Wiring) -> list[int]:
    """For every decision of a wiring, in order, its slot in a search table."""
    shape = table_shape(wiring)
    operands = [
        shape.operand_slot(module) + i
        for module, decisions in enumerate(wiring.operands)
        for i in range(len(decisions))
    ]
    return operands + list(range(wiring.registers))


def table_shape(wiring: Wiring) -> Shape:
    """The shape of the lookup tables of a machine."""
    return Shape(wiring.registers, wiring.modules)


@torch.no_grad()
def lookup_table(controller: Controller, member: int) -> tuple[Table, Tensor]:
    """Precompute the discretized controller for every pattern of zero-bits (section 3.4).

    Returns:
        The table of first maxima, and float [2^R, D + 1]: the :func:`margins` of every decision
        and, last, of the halting flag.

    Raises:
        HardmaxError: the controller is recurrent, so that no such table exists.
    """
    if controller.recurrent:
        raise HardmaxError("expected a feedforward controller (mlp), found lstm")
    wiring = controller.wiring
    shape = table_shape(wiring)
    code = np.zeros((shape.rows, shape.slots), dtype=np.int16)
    found = []
    patterns = zero_bit_patterns(wiring.registers).to(controller.halting.weight.device)
    for start in range(0, shape.rows, ROWS_AT_ONCE):
        zero = patterns[start : start + ROWS_AT_ONCE].expand(controller.members, -1, -1)
        logits, halting, _ = controller(zero, None)
        logits, halting = logits[member], halting[member]
        choices, halt = logits.argmax(-1), halting > 0
        rows = code[start : start + ROWS_AT_ONCE]
        rows[:, _slots(wiring)] = choices.cpu().numpy()
        rows[:, shape.halt_slot] = halt.cpu().numpy()
        found.append(margins(logits, halting, choices, halt))
    return Table(shape, code), torch.cat(found)


def margins(logits: Tensor, halting: Tensor, choices: Tensor, halt: Tensor) -> Tensor:
    """[rows, D + 1]: the margin of every decision and of the halting flag; negative if not taken.

    Args:
        logits: [rows, D, V]; halting: [rows].
        choices: int64 [rows, D]; halt: bool [rows].
    """
    chosen = logits.gather(-1, choices.unsqueeze(-1)).squeeze(-1)
    others = logits.scatter(-1, choices.unsqueeze(-1), -torch.inf).amax(-1)
    stop = torch.where(halt, halting, -halting)
    return torch.cat((chosen - others, stop.unsqueeze(-1)), -1)


def harden(controller: Controller, table: Table) -> None:
    """Fit a feedforward controller of one member to a lookup table, in place.

    Raises:
        HardmaxError: the network is too small to hold the table.
    """
    wiring = controller.wiring
    zero = zero_bit_patterns(wiring.registers).unsqueeze(0)
    choices = torch.from_numpy(table.code[:, _slots(wiring)].astype(np.int64))
    halt = torch.from_numpy(table.code[:, table.shape.halt_slot] != 0)
    optimizer = torch.optim.Adam(controller.parameters(), lr=FIT_RATE)
    for _ in range(FIT_LIMIT):
        logits, halting, _ = controller(zero, None)
        least = margins(logits[0], halting[0], choices, halt).min().detach()
        if least >= RAW_MARGIN:
            break
        loss = functional.cross_entropy(logits[0].flatten(0, 1), choices.flatten())
        loss = loss + functional.binary_cross_entropy_with_logits(halting[0], halt.float())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    else:
        raise HardmaxError(
            f"{controller.config.hidden} hidden units cannot hold this program's table of "
            f"{len(halt)} rows; try more (--hidden)"
        )
    with torch.no_grad():
        for layer in (controller.decisions, controller.halting):
            layer.weight.mul_(MARGIN / least)
            layer.bias.mul_(MARGIN / least)
