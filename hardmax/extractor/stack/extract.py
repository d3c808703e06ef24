"""From a trained stack machine to the StackProgram that its discretization is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from hardmax.extractor.margin import Margin
from hardmax.extractor.markdown import markdown
from hardmax.extractor.stack.reachability import Shape, reachable_rows
from hardmax.runtime import notebook
from hardmax.runtime.stack.program import Action, Key, Operation, StackProgram
from hardmax.runtime.symbols.interface import SymbolMetadata
from hardmax.trainer.stack.acceptance import trained_samples
from hardmax.trainer.stack.discrete import DiscreteController, Moves, Rows
from hardmax.trainer.stack.margins import Decisions, Met, met_rows
from hardmax.trainer.stack.model import StackModel

OBSERVED_SAMPLES = 50
"""Random inputs of every complexity trained on, in which a machine is observed."""


@dataclass(frozen=True)
class StackExtraction:
    """What came out of a model.

    Attributes:
        program: the discretized machine; it has every row that any input can lead to.
        margins: of each sort of decision, the smallest in random inputs of the task.
        met: the keys of the rows that these inputs met.
    """

    program: StackProgram
    margins: tuple[Margin, ...]
    met: tuple[Key, ...]

    @property
    def form(self) -> str:
        """What kind of program it is, for people."""
        return (
            f"finite control of {len(self.program.rows)} rows, of which {len(self.met)} were met "
            "in random inputs of the task"
        )

    def listing(self) -> str:
        """A table of the rows that were met."""
        program = self.program
        headings = ("state", "input", "reads", "operations", "output", "next state")
        rows = []
        for key in self.met:
            state, symbol, reads = key
            action = program.table[key]
            rows.append(
                (
                    str(state),
                    program.alphabet[symbol],
                    " ".join("-" if cell == 0 else str(cell - 1) for cell in reads),
                    "; ".join(map(str, action.operations)),
                    program.output_alphabet[action.output],
                    str(action.next_state),
                )
            )
        return markdown(headings, rows)

    def _repr_html_(self) -> str:
        return notebook.preformatted(f"{self.listing()}\nform: {self.form}")


def extract_stack(model: StackModel) -> StackExtraction:
    """Discretize a model, and see what it decides and by how much.

    Raises:
        HardmaxError: its controller is an LSTM, or it has too many rows.
    """
    program = stack_program(model)
    met = observed_rows(model)
    keys = tuple(_keys(met.rows))
    return StackExtraction(program, _margins(model, program, met, keys), keys)


def observed_rows(model: StackModel) -> Met:
    """The rows that the discretized machine meets in random inputs of its task."""
    generator = torch.Generator().manual_seed(0)
    batch = trained_samples(model.task, OBSERVED_SAMPLES, generator)
    return met_rows(DiscreteController(model.machine), [batch])


def stack_program(model: StackModel) -> StackProgram:
    """The discretized machine: a row for everything that any input can lead to.

    Raises:
        HardmaxError: its controller is an LSTM, or it has too many rows.
    """
    config, task = model.machine.config, model.task
    controller = DiscreteController(model.machine)
    structures = tuple(part.structure for part in config.parts)
    rows = reachable_rows(
        Shape(structures, config.depth, config.inputs),
        lambda keys: _decide(controller, keys),
    )
    complexity = model.provenance.get("complexity", 0)
    return StackProgram(
        structures=structures,
        depths=(config.depth,) * len(structures),
        symbols=config.symbols,
        alphabet=task.alphabet,
        output_alphabet=task.output_alphabet,
        states=1 << config.state_bits,
        rows=tuple(rows.items()),
        metadata=SymbolMetadata(
            task=task.name,
            trained_complexity=complexity if isinstance(complexity, int) else 0,
            model_hash=model.digest(),
            versions={"torch": torch.__version__},
        ),
    )


def _decide(controller: DiscreteController, keys: Sequence[Key]) -> list[Action]:
    """What the discretized machine does there; what pops nothing is no pop."""
    states, inputs, reads = zip(*keys, strict=True)
    decided = controller.decide(
        Rows(np.array(states), np.array(inputs), np.array(reads, dtype=np.int64))
    )
    config = controller.config
    tops = np.cumsum([0, *(part.structure.ends * config.depth for part in config.parts)])
    operations = [
        _operations(moves, np.array([key[2][top] > 0 for key in keys]))
        for moves, top in zip(decided.moves, tops, strict=False)
    ]
    return [
        Action(told, output, state)
        for told, output, state in zip(
            zip(*operations, strict=True),
            decided.outputs.tolist(),
            decided.states.tolist(),
            strict=True,
        )
    ]


def _operations(moves: Moves, there: NDArray[np.bool_]) -> list[Operation]:
    """Of one structure in every row; ``there`` says where it has a cell."""
    pops = (moves.pops & there[:, None]).tolist()
    pushes = [[None if value < 0 else value for value in pair] for pair in moves.pushes.tolist()]
    return [
        Operation(pop_top, push_top, pop_bottom, push_bottom)
        for (pop_top, pop_bottom), (push_top, push_bottom) in zip(pops, pushes, strict=True)
    ]


def _keys(rows: Rows) -> list[Key]:
    return [
        (state, symbol, tuple(reads))
        for state, symbol, reads in zip(
            rows.states.tolist(), rows.inputs.tolist(), rows.reads.tolist(), strict=True
        )
    ]


def _margins(
    model: StackModel, program: StackProgram, met: Met, keys: tuple[Key, ...]
) -> tuple[Margin, ...]:
    """The smallest of each sort of decision that the machine takes."""
    with torch.no_grad():
        found = Decisions(model.machine, met).margins()
    smallest = []
    for name, margins in found.items():
        if margins.shape[1] == 0:
            continue
        by_row = margins.amin(1)
        row = int(by_row.argmin())
        state, symbol, reads = keys[row]
        where = f"{name}, state {state}, input {program.alphabet[symbol]}, reads {list(reads)}"
        smallest.append(Margin(float(by_row[row]), where))
    return tuple(smallest)
