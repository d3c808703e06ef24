"""The metadata document: what a compiled program says about itself, written and read here only.

A JSON object, embedded as a C string that ``hardmax_metadata`` returns:

==================== =======================================================================
``abi_version``      the native interface it was compiled for (``ABI_VERSION``)
``compiler``         name and version of what compiled it
``task``             what the program is for
``registers``        R
``states``           number of controller states, 0 where an LSTM is the controller
``circuits``         number of distinct circuits, 0 where an LSTM puts them together
``budget``           step budget ``{"per_cell": a, "constant": b}``: a * size + b timesteps
``trained_complexity``  largest complexity seen in training, 0 where unknown
``model_hash``       hash of the model that it was extracted from, empty where unknown
``versions``         versions of what made the Program
``program``          the Program's own text form
==================== =======================================================================

A Neural Turing Machine has other fields in place of ``registers``, ``states``, ``circuits`` and
``budget``:

==================== =======================================================================
``input_width``      numbers that it takes in a step
``output_width``     probabilities that it answers in a step
``heads``            heads that write and heads that read
``memory``           rows that T steps need ``{"constant": a, "steps_per_row": b}``: a + T // b,
                     or a where b is 0
==================== =======================================================================
"""

from __future__ import annotations

import json
from typing import Any

from hardmax.runtime.abi import ABI_VERSION
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.program import Program, StepBudget
from hardmax.runtime.ntm.program import (
    MemoryRule,
    NtmProgram,
    memory_rule_from_data,
    memory_rule_to_data,
)
from hardmax.runtime.programs import AnyProgram, RamProgram

_FIELDS: dict[str, type] = {
    "abi_version": int,
    "compiler": str,
    "task": str,
    "trained_complexity": int,
    "model_hash": str,
    "versions": dict,
    "program": str,
}
_RAM_FIELDS: dict[str, type] = {"registers": int, "states": int, "circuits": int, "budget": dict}
_NTM_FIELDS: dict[str, type] = {
    "input_width": int,
    "output_width": int,
    "heads": int,
    "memory": dict,
}


def write_metadata(program: AnyProgram, compiler: str) -> str:
    """The metadata document of a program as compiled by ``compiler``: ASCII, no NUL, stable."""
    metadata = program.metadata
    document = {
        "abi_version": ABI_VERSION,
        "compiler": compiler,
        "task": metadata.task,
        **(_ntm_fields(program) if isinstance(program, NtmProgram) else _ram_fields(program)),
        "trained_complexity": metadata.trained_complexity,
        "model_hash": metadata.model_hash,
        "versions": dict(sorted(metadata.versions.items())),
        "program": program.to_json(),
    }
    return json.dumps(document)


def _ram_fields(program: RamProgram) -> dict[str, Any]:
    budget = program.metadata.budget
    return {
        "registers": program.registers,
        "states": len(program.table) if isinstance(program, Program) else 0,
        "circuits": len(program.circuits()) if isinstance(program, Program) else 0,
        "budget": {"per_cell": budget.per_cell, "constant": budget.constant},
    }


def _ntm_fields(program: NtmProgram) -> dict[str, Any]:
    return {
        "input_width": program.input_width,
        "output_width": program.output_width,
        "heads": len(program.heads),
        "memory": memory_rule_to_data(program.metadata.memory),
    }


def read_metadata(text: str) -> dict[str, Any]:
    """Read the metadata document back, with every field of this module's table checked.

    Raises:
        HardmaxError: the text is no metadata document; names the first field that is wrong.
    """
    document = _read(text, _FIELDS | _RAM_FIELDS)
    step_budget(document)
    return document


def read_ntm_metadata(text: str) -> dict[str, Any]:
    """As :func:`read_metadata`, that of a Neural Turing Machine."""
    document = _read(text, _FIELDS | _NTM_FIELDS)
    memory_rule(document)
    return document


def _read(text: str, fields: dict[str, type]) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise HardmaxError(f"broken metadata: expected JSON, {error}") from None
    if not isinstance(document, dict):
        raise HardmaxError(f"broken metadata: expected an object, found {type(document).__name__}")
    for field, expected in fields.items():
        if field not in document:
            raise HardmaxError(f'broken metadata: "{field}" is missing')
        if type(document[field]) is not expected:
            raise HardmaxError(
                f'broken metadata: "{field}" must be {expected.__name__}, '
                f"found {type(document[field]).__name__}"
            )
    return document


def step_budget(document: dict[str, Any]) -> StepBudget:
    """The step budget of a metadata document.

    Raises:
        HardmaxError: it is not ``{"per_cell": a, "constant": b}`` with integers in range.
    """
    budget = document["budget"]
    if set(budget) != {"per_cell", "constant"} or not all(type(n) is int for n in budget.values()):
        raise HardmaxError(
            f'broken metadata: "budget" must be {{"per_cell": a, "constant": b}}, found {budget}'
        )
    return StepBudget(**budget)


def memory_rule(document: dict[str, Any]) -> MemoryRule:
    """The memory rule of a Neural Turing Machine's metadata document.

    Raises:
        HardmaxError: it is not ``{"constant": a, "steps_per_row": b}`` with integers in range.
    """
    try:
        return memory_rule_from_data(document["memory"])
    except (KeyError, TypeError):
        raise HardmaxError(
            f'broken metadata: "memory" must be {{"constant": a, "steps_per_row": b}}, '
            f"found {document['memory']}"
        ) from None
