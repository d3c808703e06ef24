"""Models whose hardmax is a program written by hand: trained ones for tests, in a second."""

from __future__ import annotations

import functools

import torch

from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.hardening import harden
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.tasks import find_task
from hardmax.trainer.nram.wiring import Wiring
from tests.support import paper_programs
from tests.support.tables import table_from_program


def access_program() -> Program:
    """Access in two timesteps (Table 3): r1 takes k, then cell 0 takes cell k."""
    load = Circuit(
        (Operation(Gate.READ, (0,)), Operation(Gate.WRITE, (0, 2))), outputs=(2, 1), halt=False
    )
    rows = (*paper_programs.access_program().table[0][:3], Row(load))
    return Program(2, (rows,), Metadata("access", find_task("access").budget))


def wrong_access_program() -> Program:
    """As :func:`access_program`, but what is stored is k itself where cell k holds more."""
    program = access_program()
    load = program.table[0][3]
    store = Circuit(
        (
            Operation(Gate.READ, (0,)),
            Operation(Gate.ZERO, ()),
            Operation(Gate.MIN, (0, 2)),
            Operation(Gate.WRITE, (3, 4)),
        ),
        outputs=(0, 1),
        halt=True,
    )
    rows = (Row(store), Row(store), Row(store), load)
    return Program(2, (rows,), program.metadata)


@functools.cache
def access_model() -> Model:
    """A model of :func:`access_program`; not to be changed."""
    return model_of(access_program())


def model_of(program: Program) -> Model:
    """A soft machine with margins so wide that it is its own discretization, ``program``."""
    controller = Controller(Wiring(program.registers, 1), ControllerConfig(), members=1)
    controller.initialise(0, torch.Generator().manual_seed(0))
    harden(controller, table_from_program(program))
    return Model(find_task(program.metadata.task), controller, {"complexity": 5, "seed": 0})
