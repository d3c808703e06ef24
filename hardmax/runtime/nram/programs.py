"""The two forms of a discretized NRAM: a table of circuits, and an LSTM that makes them."""

from __future__ import annotations

from hardmax.runtime.nram.lstm import RecurrentProgram
from hardmax.runtime.nram.program import Program

RamProgram = Program | RecurrentProgram
"""What works on a memory of integers in place."""
