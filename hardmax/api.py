"""The public functions; ``import hardmax`` names them, and imports what one needs at its first use.

Every function takes what any kind of machine gives: a model trained as an NRAM, an NTM or a stack
machine, the program extracted from it, the code compiled from that.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, overload

from hardmax.evidence import EXAMPLES, SAMPLES
from hardmax.files import load_model, load_program
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.kinds import find_kind

if TYPE_CHECKING:
    from hardmax.extractor.kinds import AnyExtraction
    from hardmax.interfaces import AnyTrace
    from hardmax.pages.page import Page
    from hardmax.runtime.kinds import AnyNative, AnyProgram
    from hardmax.runtime.memory.held_against import ExampleReport
    from hardmax.trainer.kinds import AnyModel, AnyTask
    from hardmax.trainer.nram.own_tasks.written_task import Written
    from hardmax.trainer.progress import Progress
    from hardmax.verification.report import Report

__all__ = [
    "compile",
    "draw",
    "extract",
    "interpret",
    "load",
    "load_model",
    "load_program",
    "report",
    "save_model",
    "trace",
    "train",
    "verify",
]


def load(path: str | os.PathLike[str]) -> AnyNative:
    """Load a compiled program. This runs its code: load only what you would run.

    Needs NumPy only: neither torch nor LLVM is imported.

    Raises:
        HardmaxError: the file is no program compiled by hardmax, or not for this machine.

    Examples:
        >>> import hardmax
        >>> program = hardmax.load("libcopy.so")
        >>> result = program.run([6, 2, 10, 6, 8, 9, 0, 0, 0, 0, 0, 0])
        >>> result.memory[6:11].tolist(), result.halted
        ([2, 10, 6, 8, 9], True)
    """
    from hardmax.runtime.loader import load as load_library

    return load_library(path)


def train(
    task: str | os.PathLike[str] | AnyTask | type[Written] | Written | None = None,
    *,
    examples: str | os.PathLike[str] | Iterable[Mapping[str, Any]] | None = None,
    machine: str | None = None,
    seed: int = 0,
    output: str | os.PathLike[str] | None = None,
    time_limit: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    init_from: str | os.PathLike[str] | None = None,
    device: str = "auto",
    **settings: str | int | bool,
) -> AnyModel:
    """Train a machine from a task's examples until it is exact when discretized.

    The same seed gives the same model on the same device with the same versions of the libraries.

    Args:
        task: the name of a task; a file, as ``hardmax train`` takes it; or a task: a class with
            ``generate(rng, n, size)`` and ``solve(memory)`` in plain Python
            (:mod:`hardmax.trainer.nram.own_tasks.written_task`), or a ``Task``.
        examples: instead of a task, a file of examples (.jsonl, .csv, .npz), or dictionaries with
            ``before`` and ``after`` (:mod:`hardmax.runtime.memory.examples`).
        machine: the kind of machine; None for the one that the task proposes.
        seed: of every random draw, 0 or more.
        output: where the model is written (``.pt``), and beside it, while the training lasts and
            after an interruption, the state from which ``hardmax train --resume`` continues, and
            the metrics (``.metrics.jsonl``); None for none of them.
        time_limit: seconds, None for no limit.
        progress: called about twice a second.
        init_from: a model that is trained further, where the kind of machine can be.
        device: ``cpu``, ``cuda``, or ``auto`` for the better one that is here.
        settings: what else replaces the task's default config, as the options of ``hardmax train``
            do: ``method``, ``members``, ``batch``, ``hidden``, ``complexity``, ...

    Returns:
        The trained model.

    Raises:
        TimeUpError: no machine was found in time.
        HardmaxError: there is no such task, kind of machine or setting, a setting is out of its
            range, there is too little memory, or the output cannot be written.

    Examples:
        >>> import hardmax
        >>> model = hardmax.train("access", seed=1, time_limit=600)
        >>> hardmax.verify(model, examples=5, samples=20).verdict
        'exact'
    """
    from hardmax.trainer.kinds import begin
    from hardmax.trainer.train import (
        TimeUpError,
        complete,
        memory_refusals,
        output_for_one,
        training_settings,
    )
    from hardmax.verification.judge import judge

    if (task is None) == (examples is None):
        raise HardmaxError("expected a task or examples, found both or none")
    chosen = training_settings(
        cast(Any, _given(examples) if task is None else task),
        machine=machine,
        seed=seed,
        device=device,
        **settings,
    )
    path = None if output is None else Path(output)
    limit = math.inf if time_limit is None else time_limit
    with contextlib.nullcontext() if path is None else output_for_one(path):
        model = None if init_from is None else load_model(init_from)
        with memory_refusals():
            session = begin(chosen, f"hardmax.train({chosen.task!r})", model)
        session.judge = judge
        found = complete(session, path, limit, progress or (lambda _: None))
    if found is None:
        told = "; ".join(line.strip() for line in session.shortfall())
        raise TimeUpError(
            f"task {session.settings.task}: no exact machine in {limit:g} seconds"
            + (f"; {told}" if told else "")
        )
    return found


def _given(examples: Any) -> str | AnyTask:
    """The task that examples show; the name of their file where they have one."""
    from hardmax.runtime.memory.examples import given_examples, read_examples
    from hardmax.trainer.nram.own_tasks.example_task import ExampleTask

    if isinstance(examples, str | os.PathLike):
        read_examples(examples)  # which says what it expected, were it no file of examples
        return os.fspath(examples)
    return ExampleTask(given_examples(examples), "examples")


def save_model(model: AnyModel, path: str | os.PathLike[str]) -> None:
    """Write a trained model; the file is whole, or as it was.

    Raises:
        HardmaxError: the file cannot be written.

    Examples:
        >>> import hardmax
        >>> model = hardmax.load_model("models/access.pt")
        >>> hardmax.save_model(model, "again.pt")
        >>> hardmax.load_model("again.pt").digest() == model.digest()
        True
    """
    from hardmax.trainer.kinds import find_kind as find_trainer

    find_trainer(model.kind).save(model, Path(path))


def extract(model: AnyModel) -> AnyExtraction:
    """Discretize a model: the program in which each softmax has become a hardmax, and its margins.

    Raises:
        HardmaxError: no program goes with its weights.

    Examples:
        >>> import hardmax
        >>> extraction = hardmax.extract(hardmax.load_model("models/access.pt"))
        >>> print(extraction.listing().splitlines()[0])
        access: 4 registers, 1 state, 2 circuits, 4 reachable rows
        >>> extraction.form
        'lookup table'
    """
    from hardmax.extractor.kinds import find_kind as find_extractor

    return find_extractor(model.kind).extract(model)


def compile(  # noqa: A001 (the name of the command)
    machine: AnyModel | AnyProgram,
    path: str | os.PathLike[str],
    *,
    level: int = 2,
    header: bool = False,
    target: str | None = None,
    cpu: str = "generic",
    prefix: str = "hardmax",
) -> tuple[Path, ...]:
    """Compile a model or a program to a file, and return the paths written.

    Args:
        path: the output; its extension says what it is: .so, .o, .a, .wasm, .ptx, .ll, .s, .json.
        level: 0..3, LLVM's -O0 to -O3.
        header: write the C header beside it.
        target: a triple such as ``aarch64-linux-gnu``; by default this machine.
        cpu: ``generic``, ``native`` or a name LLVM knows.
        prefix: what every symbol begins with, a C identifier.

    Raises:
        HardmaxError: something of that cannot be had; each file is then whole or as it was.

    Examples:
        >>> import hardmax
        >>> model = hardmax.load_model("models/access.pt")
        >>> [path.name for path in hardmax.compile(model, "libaccess.so", header=True)]
        ['libaccess.so', 'libaccess.h']
        >>> hardmax.load("libaccess.so").run([3, 1, 2, 4, 5, 0]).memory.tolist()
        [4, 1, 2, 0, 5, 0]
    """
    from hardmax.codegen.driver import write_program

    return write_program(
        _program(machine),
        path,
        level=level,
        with_header=header,
        triple=target,
        cpu=cpu,
        prefix=prefix,
    )


def interpret(
    program: AnyModel | AnyProgram,
    given: Any,
    max_steps: int | None = None,
    *,
    memory_size: int | None = None,
    capacity: int | None = None,
) -> Any:
    """Run a program in the reference interpreter; nothing is compiled, the input is left alone.

    Args:
        given: a memory of integers, the inputs of a sequence machine, shape (T, input_width), or
            symbols by number or name.
        max_steps: of a program that works on a memory; by default its step budget.
        memory_size: of a machine that answers sequences, the rows of its memory; by default what
            the steps need.
        capacity: of a machine that answers symbols, the cells of each structure; by default as many
            as the steps can need.

    Returns:
        A :class:`hardmax.Result`, :class:`hardmax.SequenceResult` or :class:`hardmax.SymbolResult`.

    Raises:
        HardmaxError: the input does not go with the program, or the option with its kind.

    Examples:
        >>> import hardmax
        >>> program = hardmax.load_program("models/access.pt")
        >>> hardmax.interpret(program, [3, 1, 2, 4, 5, 0])
        <Result: halted after 3 timesteps, memory 4 1 2 0 5 0>
    """
    from hardmax.interfaces import find_tools

    option = _option(program.kind, max_steps=max_steps, rows=memory_size, capacity=capacity)
    return find_tools(program.kind).interpret(_program(program), given, option)


def trace(
    machine: AnyModel | AnyProgram | AnyNative,
    given: Any,
    *,
    max_steps: int | None = None,
    memory_size: int | None = None,
    capacity: int | None = None,
) -> AnyTrace:
    """Run a model's program, a program or compiled code, and keep every step.

    The arguments are those of :func:`interpret`.

    Returns:
        The trace: its ``result``, and as text the steps, as ``hardmax run --trace`` prints them.

    Raises:
        HardmaxError: as for :func:`interpret`.

    Examples:
        >>> import hardmax
        >>> program = hardmax.load_program("models/access.pt")
        >>> print(hardmax.trace(program, [3, 1, 2, 4, 5, 0]))
        Step  0 1 2 3 4 5  r1 r2 r3 r4  READ  WRITE
           1  3 1 2 4 5 0   0  0  0  0  p:0   p:0 a:3
           2  3 1 2 4 5 0   3  0  0  0  p:3   p:0 a:4
           3  4 1 2 4 5 0   4  3  0  0        p:3 a:0
        4 1 2 0 5 0
    """
    from hardmax.interfaces import find_tools

    native: Any = machine if hasattr(machine, "abi_version") else None
    program = _program(machine) if native is None else native.program
    tools, option = (
        find_tools(program.kind),
        _option(program.kind, max_steps=max_steps, rows=memory_size, capacity=capacity),
    )
    if native is None:
        return tools.trace(program, given, option)
    return tools.native_trace(native, program, given, option)


def draw(machine: AnyModel | AnyProgram, path: str | os.PathLike[str]) -> None:
    """Draw a model's program, or a program, with Graphviz.

    Of an NRAM: which circuit follows which, and every circuit, as in the paper's figures 4 to 9. Of
    an NTM: what its heads do in random inputs of its task. Of a stack machine: its states, with
    what is pushed and popped on the way from one to the next.

    Args:
        path: the output; its extension chooses the format: .svg, .pdf, .png or .dot.

    Raises:
        HardmaxError: another extension, Graphviz is absent or fails, the program cannot be drawn,
            or the file cannot be written.

    Examples:
        >>> from pathlib import Path
        >>> import hardmax
        >>> hardmax.draw(hardmax.load_program("models/access.pt"), "access.dot")
        >>> Path("access.dot").read_text().split()[0]
        'digraph'
    """
    from hardmax.drawing import draw as draw_program

    draw_program(_program(machine), path)


def report(file: str | os.PathLike[str], *, check: bool = False) -> Page:
    """A page about a trained model, which runs its program; in a notebook it shows itself.

    Args:
        file: the model (.pt); a bare name is one that comes with hardmax.
        check: have the certificate beside the model confirmed by a second solver, which can take
            half a minute.

    Returns:
        The page; ``save`` writes it to a file that needs nothing else.

    Raises:
        HardmaxError: the file is no model, or the certificate beside it is wrong.

    Examples:
        >>> import hardmax
        >>> hardmax.report("models/access.pt").save("access.html")
    """
    from hardmax.pages.report import report as make_report

    return make_report(file, check=check)


@overload
def verify(
    model: AnyModel,
    native: AnyNative | None = None,
    *,
    inputs: int = EXAMPLES,
    samples: int = SAMPLES,
    seed: int = 0,
    examples: str | os.PathLike[str] | int | None = None,
) -> Report: ...


@overload
def verify(
    model: AnyProgram | AnyNative, *, examples: str | os.PathLike[str] | int | None
) -> ExampleReport: ...


def verify(
    model: Any,
    native: AnyNative | None = None,
    *,
    inputs: int = EXAMPLES,
    samples: int = SAMPLES,
    seed: int = 0,
    examples: str | os.PathLike[str] | int | None = None,
) -> Report | ExampleReport:
    """Hold native code against its model: the interpreter, the discretized and the soft machine.

    Args:
        model: a model; or, with a file of examples, a program or native code.
        native: what was compiled from the model; by default it is compiled now.
        inputs: inputs of each kind that hypothesis draws; 0 for none.
        samples: random samples of the task on which errors are measured; 0 for none.
        seed: of everything that is drawn: same seed, same report.
        examples: a file of examples (:mod:`hardmax.runtime.memory.examples`) that all of them have
            to get right. A number is taken for ``inputs``, as in version 0.2.

    Returns:
        A :class:`hardmax.Report`; without a model a :class:`hardmax.ExampleReport`.

    Raises:
        HardmaxError: the code was compiled from another model, there is nothing to compare, or
            the examples cannot be read.

    Examples:
        >>> import hardmax
        >>> model = hardmax.load_model("models/access.pt")
        >>> hardmax.verify(model, inputs=5, samples=20).verdict
        'exact'
    """
    from hardmax.extractor.kinds import find_kind as find_extractor
    from hardmax.interfaces import find_tools, hold_against
    from hardmax.runtime.memory.examples import read_examples

    if isinstance(examples, int):
        inputs, examples = examples, None
    file = None if examples is None else read_examples(examples)
    subject = f"examples of {examples}"
    trained: Any = model if hasattr(model, "digest") else None
    if trained is None:
        if file is None:
            raise HardmaxError("expected a trained model, or examples to hold a program against")
        return hold_against(model, file, subject)

    from hardmax.verification.native import compiled, expect_kind
    from hardmax.verification.report import verify as report

    extraction = extract(trained)
    native = compiled(extraction.program) if native is None else expect_kind(native, trained.kind)
    program = find_extractor(trained.kind).reference(trained, extraction, native.program)
    named = () if file is None else ((subject, file.examples),)
    return report(
        find_tools(trained.kind).verification(trained, program, native, named),
        extraction.margins,
        trained.provenance,
        examples=inputs,
        samples=samples,
        seed=seed,
    )


def _program(machine: Any) -> Any:
    """A program itself, or that of a model."""
    if not hasattr(machine, "digest"):
        return machine
    from hardmax.extractor.kinds import find_kind as find_extractor

    return find_extractor(machine.kind).program(machine)


_ARGUMENTS = {"rows": "memory_size"}
"""What an option is called as an argument, where it is called something else."""


def _option(kind: str, **options: int | None) -> int | None:
    """The option that a run of this kind has, where no other one is given.

    Raises:
        HardmaxError: another one is given.
    """
    from hardmax.interfaces import find_tools

    chosen = options.pop(find_tools(kind).option)
    for option, value in options.items():
        if value is not None:
            name = _ARGUMENTS.get(option, option)
            raise HardmaxError(f"{name} is no option of a run of a {find_kind(kind).title}")
    return chosen
