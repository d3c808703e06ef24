"""From a trained model to a Program: section 3.4 of the paper, and what it means for certainty.

The oracle: the program does what the model does when each softmax is replaced by a hardmax and the
halting probability by a threshold, on every memory of values below its size.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from hardmax.extractor.margin import Margin
from hardmax.extractor.nram.drop_unused_reads import drop_unused_reads
from hardmax.extractor.nram.listing import listing
from hardmax.extractor.nram.lstm import recurrent_program
from hardmax.extractor.nram.passes import simplify
from hardmax.runtime import notebook
from hardmax.runtime.nram.program import Metadata, Program
from hardmax.runtime.nram.programs import RamProgram
from hardmax.trainer.nram.hardening import lookup_table
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.wiring import Wiring, live_decisions


@dataclass(frozen=True)
class Extraction:
    """What came out of a model.

    Attributes:
        program: simplified; rows that no run can reach are None. Of an LSTM that is no simple
            machine, the LSTM itself.
        margin: the smallest over the live decisions of what a run can reach; of an LSTM, of what
            was compared.
        form: what kind of program it is and how far that was checked, for people.
    """

    program: RamProgram
    margin: Margin
    form: str

    @property
    def margins(self) -> tuple[Margin, ...]:
        """The one margin that there is."""
        return (self.margin,)

    def listing(self) -> str:
        """The program as text for people; empty for an LSTM, which has no table."""
        return listing(self.program) if isinstance(self.program, Program) else ""

    def _repr_html_(self) -> str:
        return notebook.preformatted(f"{self.listing()}form: {self.form}")


def extract(model: Model) -> Extraction:
    """Discretize a model and simplify what comes out.

    A feedforward controller becomes its lookup table. An LSTM becomes a Mealy machine where one of
    few states does the same, and else stays what it is.

    READs whose value nobody uses are dropped from tables and Mealy machines;
    ``hardmax.extractor.nram.drop_unused_reads`` says why that is right here and not in general.
    """
    return (_extract_recurrent if model.controller.recurrent else _extract_feedforward)(model)


def _extract_feedforward(model: Model) -> Extraction:
    table, margins = lookup_table(model.controller, 0)
    discretized = table.to_program(_metadata(model))
    program = drop_unused_reads(simplify(discretized))
    margin = _smallest_margin(model.controller.wiring, discretized, program, margins)
    return Extraction(program, margin, "lookup table")


def _extract_recurrent(model: Model) -> Extraction:
    from hardmax.extractor.nram.mealy import NoMealyError, find_mealy

    program = recurrent_program(model.controller, _metadata(model))
    try:
        mealy = find_mealy(program, model.controller.wiring)
    except NoMealyError as error:
        return Extraction(program, error.margin, f"the LSTM itself: {error}")
    simplified = drop_unused_reads(simplify(mealy.program))
    return Extraction(simplified, mealy.margin, mealy.claim)


def _metadata(model: Model) -> Metadata:
    complexity = model.provenance.get("complexity", 0)
    return Metadata(
        task=model.task.name,
        budget=model.task.budget,
        trained_complexity=complexity if isinstance(complexity, int) else 0,
        model_hash=model.digest(),
        versions={"torch": torch.__version__},
        description=model.task.description,
    )


def _smallest_margin(
    wiring: Wiring, discretized: Program, simplified: Program, margins: torch.Tensor
) -> Margin:
    """Look at every decision that the simplified program depends on.

    Args:
        discretized: the whole table, every module in its place.
        margins: float [2^R, D + 1], as :func:`hardmax.trainer.nram.hardening.lookup_table` returns
            them.
    """
    smallest = Margin(float("inf"), "")
    (rows,) = discretized.table
    for bits, (full, kept) in enumerate(zip(rows, simplified.table[0], strict=True)):
        if full is None or kept is None:
            continue
        decisions = dict(live_decisions(wiring, full.circuit))
        numbers = list(decisions)
        margin, position = margins[bits, numbers].min(0)
        if float(margin) < smallest.value:
            where = f"row {bits:0{wiring.registers}b}, {decisions[numbers[int(position)]]}"
            smallest = Margin(float(margin), where)
    return smallest
