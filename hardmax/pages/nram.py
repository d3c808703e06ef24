"""What a page shows of a Neural Random-Access Machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from markupsafe import Markup

from hardmax.codegen.nram.cfg import Node, control_flow_graph
from hardmax.codegen.nram.pseudocode import pseudocode
from hardmax.extractor.nram import drawing
from hardmax.extractor.nram.attributes import Attribute, NodeKind
from hardmax.extractor.nram.decision_margins import (
    CircuitMargins,
    decision_margins,
    named_margins,
)
from hardmax.extractor.nram.graph import state_graph
from hardmax.extractor.nram.listing import listing, statements
from hardmax.pages.drawings import drawn
from hardmax.pages.generalization import COMPILED_PROGRAM, SOFT_MACHINE, Curve, section
from hardmax.pages.heatmap import packed
from hardmax.pages.kinds import Section, Subject
from hardmax.pages.memory import PARTS as MEMORY_PARTS
from hardmax.pages.memory import player_data
from hardmax.pages.page import rendered
from hardmax.pages.verdict import Trial
from hardmax.paper.reproduction import Result, evaluate
from hardmax.paper.table1 import TABLE_1
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import GATES
from hardmax.runtime.nram.passes.drop_dead_operations import drop_dead_operations
from hardmax.runtime.nram.passes.share_values import share_values, useless_writes
from hardmax.runtime.nram.passes.simplify_arithmetic import simplify_arithmetic
from hardmax.runtime.nram.passes.value_classes import MEMORY_SIZES
from hardmax.runtime.nram.program import Circuit, Program
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.soft_run import soft_run

SOFT_SAMPLES, COMPILED_SAMPLES = 8, 200
"""Samples a point of the curves: few, because a page is to be made in seconds."""

LONGEST_SOFT_RUN = 64
"""Timesteps of a soft run that are still shown."""


class _Nram:
    styles = ("player.css", "heatmap.css", "circuits.css")
    scripts = ("nram.js", "heatmap.js", "player.js", "memory_player.js")

    def sections(self, subject: Subject) -> Iterator[Section]:
        program = subject.extraction.program
        if not isinstance(program, Program):
            yield from MEMORY_PARTS.sections(subject)
            return
        nodes = control_flow_graph(_readable(program), MEMORY_SIZES)
        data = player_data(subject) | _program_data(program, nodes)
        soft_run = _soft_run(subject.model, data["examples"][0]["input"])
        if soft_run is not None:
            data["soft"] = soft_run
        margins = _margins(subject.model, program)
        yield Section(
            "run",
            "Run it",
            rendered(
                "nram_player.html",
                data=data,
                editable=True,
                circuits=list(_circuits(program, margins)),
                nodes=list(_pseudocode(nodes)),
                useless=any(map(useless_writes, program.circuits())),
            ),
        )
        yield Section(
            "states",
            "Which circuit follows which",
            rendered(
                "states.html",
                drawing=drawn(
                    lambda: drawing.render_states(program, "svg"), "Which circuit follows which"
                ),
                listing=listing(program),
            ),
        )
        if soft_run is not None:
            yield Section("soft", "Soft beside discretized", rendered("soft.html", run=soft_run))

    def trials(self, subject: Subject) -> tuple[Sequence[Trial], Sequence[Section]]:
        model = subject.model
        try:
            result = evaluate(model, SOFT_SAMPLES, COMPILED_SAMPLES, 0)
        except HardmaxError as error:
            why = Markup("<p>Nothing was tried: {}.</p>").format(error)
            return (), (Section("errors", "How far it generalizes", why),)
        trials = (
            _trial(SOFT_MACHINE, result.soft, decides=False),
            _trial(COMPILED_PROGRAM, result.compiled, decides=True),
        )
        return trials, (_curves(result),)

    def thumbnail(self, subject: Subject) -> Markup:
        return MEMORY_PARTS.thumbnail(subject)


PARTS = _Nram()


def _trial(machine: str, points: Sequence[Any], *, decides: bool) -> Trial:
    inputs = sum(point.samples for point in points)
    error = sum(point.error * point.samples for point in points) / inputs
    return Trial(machine, inputs, points[-1].complexity, error, decides=decides)


def _curves(result: Result) -> Section:
    curves = [
        Curve(machine, [(point.complexity, point.error) for point in points])
        for machine, points in ((SOFT_MACHINE, result.soft), (COMPILED_PROGRAM, result.compiled))
    ]
    measure = (
        "The error is the share of the cells to be changed that are wrong, on inputs of every "
        f"complexity from 1 to the one shown: {SOFT_SAMPLES} a point of the soft machine, "
        f"{COMPILED_SAMPLES} of the compiled program; trained up to {result.trained}."
    )
    return section(curves, "largest complexity", measure, TABLE_1.get(result.task.name))


def _readable(program: Program) -> Program:
    """The program with the same registers, without what its circuits do twice or in vain."""
    return drop_dead_operations(simplify_arithmetic(share_values(program)))


def _program_data(program: Program, nodes: Sequence[Node]) -> dict[str, Any]:
    """The program as text, and where each situation is in the drawing and in the pseudocode."""
    graph = state_graph(program)
    places: dict[str, list[Any]] = {}
    for node, attributes in graph.nodes(data=True):
        if attributes[Attribute.KIND] is NodeKind.TIMESTEP:
            for bits in attributes[Attribute.BITS]:
                places[f"{attributes[Attribute.STATE]} {bits}"] = [node]
    for number, node in enumerate(nodes):
        for bits in node.patterns:
            places[f"{node.state} {bits}"].append(number)
    return {"program": program.to_json(), "places": places}


def _pseudocode(nodes: Sequence[Node]) -> Iterator[list[dict[str, Any]]]:
    """Of each node of the control-flow graph, its lines."""
    for number, node in enumerate(nodes):
        yield [
            {"text": line.text, "depth": line.depth, "mask": line.mask, "bits": line.bits}
            for line in pseudocode(number, node)
        ]


def _margins(model: Model, program: Program) -> tuple[CircuitMargins, ...] | None:
    """The margins of every circuit; None for an LSTM, which has none in its table."""
    return None if model.controller.recurrent else decision_margins(model, program)


def _circuits(
    program: Program, margins: tuple[CircuitMargins, ...] | None
) -> Iterator[dict[str, Any]]:
    for number, circuit in enumerate(program.circuits()):
        of_circuit = None if margins is None else margins[number]
        notes = {} if of_circuit is None else dict(_notes(number, circuit, of_circuit))
        image = drawn(
            partial(drawing.render_circuit, number, circuit, "svg"),
            f"Circuit {number}: " + "; ".join(statements(circuit)),
            notes,
        )
        yield {
            "number": number,
            "halt": circuit.halt,
            "drawing": image,
            "statements": list(statements(circuit)),
            "margins": [] if of_circuit is None else list(named_margins(circuit, of_circuit)),
        }


def _notes(number: int, circuit: Circuit, margins: CircuitMargins) -> Iterator[tuple[str, str]]:
    """What is said of each edge of a circuit's drawing: the margin of the decision."""
    for index, (operation, of_operands) in enumerate(
        zip(circuit.operations, margins.operands, strict=True), start=1
    ):
        for name, margin in zip(GATES[operation.gate].operands, of_operands, strict=True):
            said = f"{name} of {operation.gate.value}: margin {margin:.2f}"
            yield f"circuit{number}_o{index}_{name}", said
    for register, margin in enumerate(margins.registers):
        yield f"circuit{number}_after_{register}", f"new r{register + 1}: margin {margin:.2f}"


def _soft_run(model: Model, memory: Sequence[int]) -> dict[str, Any] | None:
    """A run of the soft machine as the page shows it; None where it is too long."""
    run = soft_run(model, memory, LONGEST_SOFT_RUN)
    if run is None:
        return None
    live = ~np.isnan(run.decisions)
    return {
        "memory": packed(run.memory),
        "registers": packed(run.registers),
        "decisions": packed(np.where(live, run.decisions, 0)) | {"live": live.astype(int).tolist()},
        "names": list(run.names),
        "steps": run.decisions.shape[1],
        "size": len(memory),
        "registers_count": run.registers.shape[1],
        "largest": run.largest,
    }
