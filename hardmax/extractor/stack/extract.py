"""From a trained stack machine to the StackProgram that its discretization is."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from hardmax.extractor.margin import Margin
from hardmax.extractor.stack.listing import listing
from hardmax.extractor.stack.reachability import Shape, reachable_rows
from hardmax.runtime import notebook
from hardmax.runtime.stack.program import Key, StackProgram
from hardmax.runtime.symbols.interface import SymbolMetadata
from hardmax.trainer.stack.acceptance import trained_samples
from hardmax.trainer.stack.discrete import DiscreteController
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
        """What the program does in each state."""
        return listing(self.program)

    def _repr_html_(self) -> str:
        return notebook.preformatted(f"{self.listing()}\nform: {self.form}")


def extract_stack(model: StackModel) -> StackExtraction:
    """Discretize a model, and see what it decides and by how much.

    Raises:
        HardmaxError: its controller is an LSTM, or it has too many rows.
    """
    program = stack_program(model)
    met = observed_rows(model)
    keys = met.rows.keys()
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
        controller.actions,
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


def _margins(
    model: StackModel, program: StackProgram, met: Met, keys: tuple[Key, ...]
) -> tuple[Margin, ...]:
    """The smallest of each sort of decision that the machine takes."""
    with torch.no_grad():
        found = Decisions(model.machine, DiscreteController(model.machine), met).margins()
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
