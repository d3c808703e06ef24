"""From a trained model to a Program: section 3.4 of the paper, and what it means for certainty.

The oracle: the program does what the model does when each softmax is replaced by a hardmax and the
halting probability by a threshold, on every memory of values below its size.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from extractor.drop_unused_reads import drop_unused_reads
from extractor.passes import simplify
from runtime.program import Metadata, Program
from trainer.hardening import lookup_table
from trainer.model import Model
from trainer.wiring import Wiring, live_decisions


@dataclass(frozen=True)
class Margin:
    """The lead of a decision's first choice over the second; as text, both attributes.

    Attributes:
        lead: difference of the two logits, or |halting logit|; 0 is a tie.
        where: the row and the decision, for people.
    """

    lead: float
    where: str

    def __str__(self) -> str:
        return f"{self.lead:.2f} ({self.where})"


@dataclass(frozen=True)
class Extraction:
    """What came out of a model.

    Attributes:
        program: simplified; rows that no run can reach are None.
        margin: the smallest over the live decisions of the rows that a run can reach.
    """

    program: Program
    margin: Margin


def extract(model: Model) -> Extraction:
    """Discretize a model with a feedforward controller into its lookup table, and simplify it.

    READs whose value nobody uses are dropped as well; ``extractor.drop_unused_reads`` says why that
    is right here and not in general.

    Raises:
        HardmaxError: the controller is recurrent.
    """
    table, leads = lookup_table(model.controller, 0)
    discretized = table.to_program(_metadata(model))
    program = drop_unused_reads(simplify(discretized))
    return Extraction(
        program, _smallest_margin(model.controller.wiring, discretized, program, leads)
    )


def _metadata(model: Model) -> Metadata:
    complexity = model.provenance.get("complexity", 0)
    return Metadata(
        task=model.task.name,
        budget=model.task.budget,
        trained_complexity=complexity if isinstance(complexity, int) else 0,
        model_hash=model.digest(),
        versions={"torch": torch.__version__},
    )


def _smallest_margin(
    wiring: Wiring, discretized: Program, simplified: Program, leads: torch.Tensor
) -> Margin:
    """Look at every decision that the simplified program depends on.

    Args:
        discretized: the whole table, every module in its place.
        leads: float [2^R, D + 1], as :func:`trainer.hardening.lookup_table` returns them.
    """
    smallest = Margin(float("inf"), "")
    (rows,) = discretized.table
    for bits, (full, kept) in enumerate(zip(rows, simplified.table[0], strict=True)):
        if full is None or kept is None:
            continue
        decisions = dict(live_decisions(wiring, full.circuit))
        numbers = list(decisions)
        lead, position = leads[bits, numbers].min(0)
        if float(lead) < smallest.lead:
            where = f"row {bits:0{wiring.registers}b}, {decisions[numbers[int(position)]]}"
            smallest = Margin(float(lead), where)
    return smallest
