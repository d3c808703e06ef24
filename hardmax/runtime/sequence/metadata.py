"""What the metadata document of a machine that takes a sequence has of its own.

================ ====================================================================
``input_width``  numbers that it takes in a step
``output_width`` probabilities that it answers in a step
``heads``        heads that write and heads that read
``memory``       rows that T steps need ``{"constant": a, "steps_per_row": b}``: a + T // b,
                 or a where b is 0
================ ====================================================================
"""

from __future__ import annotations

from typing import Any

from hardmax.runtime.sequence.interface import SequenceProgram, memory_rule_to_data


def metadata_fields(program: SequenceProgram) -> dict[str, Any]:
    """These fields."""
    return {
        "input_width": program.input_width,
        "output_width": program.output_width,
        "heads": len(program.heads),
        "memory": memory_rule_to_data(program.metadata.memory),
    }
