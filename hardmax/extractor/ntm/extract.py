"""From a trained Neural Turing Machine to the NtmProgram with the same weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch

from hardmax.extractor.margin import Margin
from hardmax.extractor.markdown import markdown
from hardmax.extractor.ntm.moves import Move, Moves
from hardmax.runtime import notebook
from hardmax.runtime.float32 import Floats, Layer
from hardmax.runtime.ntm.interpreter import NtmInterpreter, NtmStep
from hardmax.runtime.ntm.program import SHIFTS, NtmProgram
from hardmax.runtime.sequence.interface import SequenceMetadata
from hardmax.trainer.ntm.tape import Tape
from hardmax.trainer.sequence.model import SequenceModel
from hardmax.trainer.sequence.tasks.task import SequenceTask

STAGES = ("gate", "content", "shift")
"""What every head decides in a step, in the order of ``NtmStep.margins``."""

OBSERVED_SAMPLES = 20
"""Random inputs of every complexity trained on, in which a machine is observed."""


@dataclass(frozen=True)
class NtmExtraction:
    """What came out of a model.

    Attributes:
        program: the discretized machine.
        margins: of each of STAGES, the smallest in random inputs of the task; a content margin is
            infinite where nothing was ever searched for, and 0 where two rows were alike.
        moves: what the heads did in those inputs.
    """

    program: NtmProgram
    margins: tuple[Margin, ...]
    moves: Moves

    @property
    def form(self) -> str:
        """What kind of program it is, for people."""
        determined = (
            "by the situation alone" if self.moves.determined else "by more than the situation"
        )
        return f"the network itself, every head at one row and moved {determined}"

    def listing(self) -> str:
        """A table of what every head did in every situation."""
        headings = ("situation", "steps", *self.moves.head_names)
        return markdown(headings, list(self.moves.rows()))

    def _repr_html_(self) -> str:
        return notebook.preformatted(f"{self.listing()}\nform: {self.form}")


@dataclass(frozen=True, eq=False)
class Observation:
    """One step of OBSERVED_SAMPLES machines on inputs of one complexity.

    Attributes:
        inputs: (B, T, V).
        number: the step's, 1..T.
        samples: those of the B that are that long.
        step: what it left.
    """

    inputs: Floats
    number: int
    samples: list[int]
    step: NtmStep


def extract_ntm(model: SequenceModel) -> NtmExtraction:
    """Discretize a model, and see what it decides and by how much.

    Raises:
        HardmaxError: its weights are too large.
    """
    program = ntm_program(model)
    observations = list(observe(model.task, program))
    margins = tuple(_margin(program, observations, stage) for stage in range(len(STAGES)))
    return NtmExtraction(program, margins, moves(model.task, program, observations))


def observe(task: SequenceTask, program: NtmProgram) -> Iterator[Observation]:
    """Yield the steps of a program on random inputs of its task."""
    generator = torch.Generator().manual_seed(0)
    for complexity in range(task.smallest_complexity, task.largest_training_complexity + 1):
        batch = task.sample(torch.full((OBSERVED_SAMPLES,), complexity), generator)
        inputs = batch.inputs.numpy()
        length = inputs.shape[1]
        run = NtmInterpreter(program, task.memory.rows(length), len(inputs))
        for number in range(1, length + 1):
            samples = (batch.steps >= number).nonzero()[:, 0].tolist()
            yield Observation(inputs, number, samples, run.step(inputs[:, number - 1]))


def _margin(program: NtmProgram, observations: Sequence[Observation], stage: int) -> Margin:
    smallest = Margin(float("inf"), f"{STAGES[stage]}, never decided")
    for observed in observations:
        margins = observed.step.margins[observed.samples, :, stage].min(0)
        head = int(margins.argmin())
        if margins[head] < smallest.value:
            name, length = program.head_names[head], observed.inputs.shape[1]
            where = f"{STAGES[stage]} of {name}, step {observed.number} of {length}"
            smallest = Margin(float(margins[head]), where)
    return smallest


def moves(task: SequenceTask, program: NtmProgram, observations: Iterable[Observation]) -> Moves:
    """What the heads of a program did, as it was observed."""
    counts: dict[str, list[Counter[Move]]] = {}
    followers: set[tuple[str, str]] = set()
    for observed in observations:
        for sample in observed.samples:
            shown = observed.inputs[sample, : observed.number]
            situation = _situation(task, shown)
            if observed.number > 1:
                followers.add((_situation(task, shown[:-1]), situation))
            heads = counts.setdefault(situation, [Counter() for _ in program.heads])
            searched, shifts = observed.step.searched[sample], observed.step.shifts[sample]
            for counter, search, shift in zip(heads, searched, shifts, strict=True):
                counter[Move(bool(search), int(shift))] += 1
    by_situation = {name: tuple(heads) for name, heads in counts.items()}
    return Moves(program.head_names, by_situation, frozenset(followers))


def _situation(task: SequenceTask, shown: Floats) -> str:
    """By the start and stop channels of the steps shown so far, the last one being now."""
    starts, stops = (shown[:, channel] != 0 for channel in (task.start_channel, task.stop_channel))
    number = f" {stops.sum()}" if stops.sum() > 1 else ""
    if stops[-1]:
        return f"stop{number}"
    if starts[-1]:
        return "start"
    first = "first " if len(shown) > 1 and (starts | stops)[-2] else ""
    return f"{first}after stop{number}" if stops.any() else f"{first}after start"


def ntm_program(model: SequenceModel) -> NtmProgram:
    """The machine with every decision discretized: what only weighs a softmax is left out.

    Raises:
        HardmaxError: its weights are too large.
    """
    machine, tape = model.machine, model.machine.memory
    assert isinstance(tape, Tape)
    interface = machine.interface.to_float32()
    heads = tuple(_columns(interface, _parameters(tape, head)) for head in range(tape.heads))
    complexity = model.provenance.get("complexity", 0)
    return NtmProgram(
        recurrent=machine.recurrent,
        controller=machine.controller.to_float32(),
        write_heads=heads[: tape.config.write_heads],
        read_heads=heads[tape.config.write_heads :],
        output=machine.output.to_float32(),
        initial_row=tape.initial_row.detach()[0].cpu().numpy(),
        initial_reads=tape.initial_reads.detach()[0].cpu().numpy(),
        metadata=SequenceMetadata(
            task=model.task.name,
            memory=model.task.memory,
            trained_complexity=complexity if isinstance(complexity, int) else 0,
            model_hash=model.digest(),
            versions={"torch": torch.__version__},
        ),
    )


def _parameters(tape: Tape, head: int) -> list[int]:
    """Where a head's key, gate and shift, and of a writer erase and add, are in the interface."""
    width, writes = tape.config.width, head < tape.config.write_heads
    sizes = {"key": width, "gate": 1, "shift": len(SHIFTS)}
    if writes:
        sizes |= {"erase": width, "add": width}
    first, start = {}, 0
    for name, size in tape.sections.items():
        first[name] = start
        start += size
    return [first[name] + head * size + i for name, size in sizes.items() for i in range(size)]


def _columns(layer: Layer, columns: list[int]) -> Layer:
    return Layer(layer.weight[:, columns], layer.bias[columns])
