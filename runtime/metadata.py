"""The metadata document: what a compiled program says about itself, written and read here only.

A JSON object, embedded as a C string that ``hardmax_metadata`` returns:

==================== =======================================================================
``abi_version``      the native interface it was compiled for (:data:`runtime.abi.ABI_VERSION`)
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
"""

from __future__ import annotations

import json
from typing import Any

from runtime.abi import ABI_VERSION
from runtime.errors import HardmaxError
from runtime.program import Program, StepBudget
from runtime.text import AnyProgram

_FIELDS: dict[str, type] = {
    "abi_version": int,
    "compiler": str,
    "task": str,
    "registers": int,
    "states": int,
    "circuits": int,
    "budget": dict,
    "trained_complexity": int,
    "model_hash": str,
    "versions": dict,
    "program": str,
}


def write_metadata(program: AnyProgram, compiler: str) -> str:
    """The metadata document of a program as compiled by ``compiler``: ASCII, no NUL, stable."""
    metadata = program.metadata
    document = {
        "abi_version": ABI_VERSION,
        "compiler": compiler,
        "task": metadata.task,
        "registers": program.registers,
        "states": len(program.table) if isinstance(program, Program) else 0,
        "circuits": len(program.circuits()) if isinstance(program, Program) else 0,
        "budget": {
            "per_cell": metadata.budget.per_cell,
            "constant": metadata.budget.constant,
        },
        "trained_complexity": metadata.trained_complexity,
        "model_hash": metadata.model_hash,
        "versions": dict(sorted(metadata.versions.items())),
        "program": program.to_json(),
    }
    return json.dumps(document)


def read_metadata(text: str) -> dict[str, Any]:
    """Read the metadata document back, with every field of this module's table checked.

    Raises:
        HardmaxError: the text is no metadata document; names the first field that is wrong.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise HardmaxError(f"broken metadata: expected JSON, {error}") from None
    if not isinstance(document, dict):
        raise HardmaxError(f"broken metadata: expected an object, found {type(document).__name__}")
    for field, expected in _FIELDS.items():
        if field not in document:
            raise HardmaxError(f'broken metadata: "{field}" is missing')
        if type(document[field]) is not expected:
            raise HardmaxError(
                f'broken metadata: "{field}" must be {expected.__name__}, '
                f"found {type(document[field]).__name__}"
            )
    step_budget(document)
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
