"""The names of all attributes of the nodes and edges in ``hardmax.extractor.nram.graph``."""

from __future__ import annotations

import enum


class Attribute(enum.StrEnum):
    """What a node or an edge of a graph carries."""

    KIND = "kind"
    """Of a node: its NodeKind. Of an edge between operations: its EdgeKind."""
    REGISTER = "register"
    """Of a register or new register: its index, 0 .. R-1."""
    GATE = "gate"
    """Of an operation: its Gate."""
    OPERANDS = "operands"
    """Of an edge into an operation: the names of the operands that it feeds, in order."""
    STATE = "state"
    """Of a timestep: the controller's state."""
    CIRCUIT = "circuit"
    """Of a timestep: the number of its circuit in ``Program.circuits()``."""
    BITS = "bits"
    """Of a timestep: the zero-bits of its rows. Of an edge to one: the bits that lead there."""
    CONDITIONS = "conditions"
    """Short Conditions that tell these BITS from those of the other timesteps in the same state,
    or of the other edges from the same timestep; one of them holds."""


class NodeKind(enum.StrEnum):
    """What a node stands for."""

    REGISTER = "register"
    OPERATION = "operation"
    NEW_REGISTER = "new register"
    ENTRY = "entry"
    TIMESTEP = "timestep"
    HALT = "halt"


class EdgeKind(enum.StrEnum):
    """Why one node of a circuit comes before another."""

    VALUE = "value"
    """The first computes a value that the second takes."""
    ORDER = "order"
    """Both use the memory tape, and at least one of them writes."""
