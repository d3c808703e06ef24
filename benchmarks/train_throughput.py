"""How fast a population trains: eager PyTorch, compiled, and the native kernel, on CPU and GPU.

    python -m benchmarks.train_throughput --task listk --members 16 64

Unit: member-sample-timesteps a second, one timestep of one sample of one member, its share of the
backward pass, of the optimizer and of the measurements of the discretized error included. All
members stand at the highest level. Every contender trains on the same batches, first once to warm
up (where it is compiled) and then again under the clock, in several rounds, taking turns with the
others. What counts of an update is its fastest round: others may be at work on the same machine.

The limits are measured on the same device: a copy of a large tensor, a product of large matrices.
Traffic is what PyTorch's operations read and write when nothing is fused, work the operations of
its matrix products; so the share of a limit says how far the eager operations are from it, and a
compiled contender may pass 100% of the bandwidth by not moving everything. The native kernel leaves
out what is known to be 0: its work is counted by itself, as the multiplications and additions of
its products only, and its traffic is not known.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.one_line_errors import one_line_errors
from hardmax.extractor.markdown import markdown
from hardmax.runtime.nram.gates import Gate
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.default_configs import default_settings
from hardmax.trainer.nram.gradient import NramTrainer, Problem
from hardmax.trainer.nram.machine import Execute, execute_circuit
from hardmax.trainer.nram.native.layout import Layout
from hardmax.trainer.nram.session import Session
from hardmax.trainer.nram.wiring import Wiring

EAGER, COMPILED, GRAPHS, NATIVE = "eager", "torch.compile", "CUDA graphs", "native kernel"

CONTENDERS: dict[str, Callable[[], Execute]] = {
    EAGER: lambda: execute_circuit,
    COMPILED: lambda: torch.compile(execute_circuit, dynamic=False),
    GRAPHS: lambda: torch.compile(execute_circuit, dynamic=False, mode="reduce-overhead"),
    NATIVE: lambda: execute_circuit,
}
"""What runs the circuit of a timestep, where all the gates are; the native kernel runs everything.
PyTorch compiles each memory size by itself: its version 2.13 cannot compile this function for sizes
that it does not know."""

ONLY_ON = {GRAPHS: "cuda", NATIVE: "cpu"}
"""The device of a contender that there is on one only."""

MEMORY_SIZES = 64
"""As many may be compiled before PyTorch gives up compiling."""

MEMBERS = {"cpu": (16, 64), "cuda": (16, 256, 1024, 4096)}

COPIED = 1 << 28
"""Bytes of the tensor that is copied to measure the bandwidth."""

MULTIPLIED = {"cpu": 1024, "cuda": 8192}
"""Rows and columns of the matrices that are multiplied to measure the speed of arithmetic."""

REPEATED = 10
"""Times that each of the two is done; the fastest counts."""


@dataclass(frozen=True)
class Limits:
    """What a device can do: bytes read or written and floating-point operations a second."""

    bandwidth: float
    arithmetic: float


@dataclass(frozen=True)
class Load:
    """What the updates under the clock take, whoever runs them.

    Attributes:
        timesteps: of every sample of every member.
        traffic: bytes.
        work: floating-point operations of matrix products.
        native_work: those of the native kernel.
    """

    timesteps: int
    traffic: int
    work: int
    native_work: int


@dataclass(frozen=True)
class Measurement:
    """One contender.

    Attributes:
        warm_up: seconds that the updates took the first time.
        seconds: that they took under the clock, each in its fastest round.
        failure: why there is no measurement; empty if there is.
    """

    device: str
    members: int
    contender: str
    load: Load
    limits: Limits
    warm_up: float
    seconds: float
    failure: str

    @property
    def rate(self) -> float:
        """Member-sample-timesteps a second."""
        return self.load.timesteps / self.seconds

    @property
    def bandwidth_share(self) -> float | None:
        """Of what the device can move; None where it is not known what is moved."""
        if self.contender == NATIVE:
            return None
        return self.load.traffic / self.seconds / self.limits.bandwidth

    @property
    def arithmetic_share(self) -> float:
        """Of what the device can multiply and add."""
        work = self.load.native_work if self.contender == NATIVE else self.load.work
        return work / self.seconds / self.limits.arithmetic


class _TrafficMode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up the bytes of what operations take and give; a view moves nothing."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not func.is_view:
            tensors = [*_tensors(args), *_tensors(result)]
            self.bytes += sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        return result


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _tensors(item)


def measure_limits(device: torch.device) -> Limits:
    """Copy and multiply."""
    source = torch.ones(COPIED // 4, device=device)
    target = torch.empty_like(source)
    n = MULTIPLIED[device.type]
    factor = torch.ones(n, n, device=device)
    product = torch.empty_like(factor)
    copying = _best(device, lambda: target.copy_(source))
    multiplying = _best(device, lambda: torch.mm(factor, factor, out=product))
    return Limits(2 * COPIED / copying, 2 * n**3 / multiplying)


def _best(device: torch.device, action: Callable[[], object]) -> float:
    return min(_clock(device, action) for _ in range(REPEATED))


def _clock(device: torch.device, action: Callable[[], object]) -> float:
    """Seconds until the device has done it."""
    _finish(device)
    start = time.perf_counter()
    action()
    _finish(device)
    return time.perf_counter() - start


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def measure(
    task: str,
    members: int,
    batch: int,
    device: torch.device,
    updates: int,
    rounds: int,
    limits: Limits,
    contenders: Sequence[str],
) -> list[Measurement]:
    """Measure the contenders that there are on a device on the same updates."""

    def population() -> NramTrainer:
        settings = dataclasses.replace(
            default_settings(task), members=members, batch=batch, device=device.type
        )
        trainer = Session(settings, "benchmark").trainer
        trainer.population.level.fill_(settings.complexity)
        return trainer

    load = count(population(), updates)
    names = [name for name in contenders if ONLY_ON.get(name, device.type) == device.type]
    runs, warm_up, failure = {}, dict.fromkeys(names, 0.0), dict.fromkeys(names, "")
    for name in names:
        run = population()
        before = run.state()
        run.native = name == NATIVE
        run.execute = CONTENDERS[name]()
        start = {key: _copied(value) for key, value in before.items()}
        try:
            for number in range(updates):
                warm_up[name] += _clock(device, partial(_update, run, number))
        except Exception as error:  # a compiler may fail in any way; the others still count
            failure[name] = f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"
            continue
        run.restore(start)
        runs[name] = run
    fastest = {name: [math.inf] * updates for name in runs}
    for _ in range(rounds):
        for number in range(updates):
            for name, run in runs.items():
                seconds = _clock(device, partial(_update, run, number))
                fastest[name][number] = min(seconds, fastest[name][number])
    return [
        Measurement(
            *(_device_name(device), members, name, load, limits),
            *(warm_up[name], sum(fastest.get(name, ())), failure[name]),
        )
        for name in names
    ]


def _update(run: NramTrainer, number: int) -> None:
    """An update on a batch that depends on its number only."""
    run.generator.manual_seed(number)
    run.update()


def _copied(value: Any) -> Any:
    """A state that training does not change."""
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return value


def count(run: NramTrainer, updates: int) -> Load:
    """Run the updates once by PyTorch's operations, counting."""
    timesteps = native_work = 0
    draw = run.draw

    def counting(
        controller: Controller, choices: Tensor, tape: Tensor, registers: Tensor
    ) -> tuple[Tensor, Tensor]:
        nonlocal timesteps
        timesteps += choices.shape[0] * choices.shape[1]
        return execute_circuit(controller, choices, tape, registers)

    def drawing(complexity: Tensor) -> Problem:
        nonlocal native_work
        problem = draw(complexity)
        network, cells = run.population.network, problem.batch.inputs.shape[-1]
        steps = int(problem.budget.amax(1).sum()) * problem.budget.shape[1]
        native_work += steps * native_operations(network.wiring, network.config, cells)
        return problem

    run.native = False
    run.execute = counting
    run.draw = drawing  # type: ignore[method-assign]
    with _TrafficMode() as traffic, FlopCounterMode(display=False) as work:
        for number in range(updates):
            _update(run, number)
    return Load(timesteps, traffic.bytes, work.get_total_flops(), native_work)


def native_operations(wiring: Wiring, controller: ControllerConfig, cells: int) -> int:
    """Multiplications and additions in the native kernel's products for a timestep of one sample.

    A product costs as much again for each of the two gradients; Adam, the softmax, and what is
    linear in the number of cells are left out.
    """
    layout = Layout(wiring, controller, block=1)
    weights = sum((shape.inputs + 1) * shape.outputs for shape in layout.layers.values())
    blends = sum(decision.dense for decision in layout.decisions) * cells
    quadratic = (Gate.READ, Gate.WRITE, Gate.ADD, Gate.SUB)
    squares = sum(gate in quadratic for gate in wiring.modules) * cells**2
    return 2 * 3 * (weights + blends + squares)


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} thread{'s' * (torch.get_num_threads() > 1)}"


HEADINGS = (
    *("device", "members", "trained by", "timesteps/s", "x eager", "x eager CPU"),
    *("bandwidth", "arithmetic", "warm-up"),
)


def table(measurements: Sequence[Measurement]) -> str:
    """A row in Markdown for each measurement; every ratio is to one of the same population.

    The last one is to eager on the CPU with the first number of threads.
    """
    eager = {
        (m.device, m.members): m for m in measurements if m.contender == EAGER and not m.failure
    }
    on_cpu: dict[int, Measurement] = {}
    for m in eager.values():
        if m.device.startswith("CPU"):
            on_cpu.setdefault(m.members, m)
    rows = []
    for m in measurements:
        row = [m.device, f"{m.members}", m.contender]
        if m.failure:
            rows.append([*row, m.failure, *("",) * 5])
            continue
        base, cpu = eager.get((m.device, m.members)), on_cpu.get(m.members)
        rows.append(
            [
                *row,
                f"{m.rate:,.0f}",
                f"{m.rate / base.rate:.2f}" if base is not None else "",
                f"{m.rate / cpu.rate:.2f}" if cpu is not None else "",
                f"{m.bandwidth_share:.1%}" if m.bandwidth_share is not None else "",
                f"{m.arithmetic_share:.1%}",
                f"{m.warm_up - m.seconds:.1f} s" if m.contender != EAGER else "",
            ]
        )
    return markdown(HEADINGS, rows)


@one_line_errors
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train_throughput")
    parser.add_argument("--task", default="listk", help="default %(default)s")
    parser.add_argument("--members", type=int, nargs="+", help="population sizes")
    parser.add_argument("--batch", type=int, default=16, help="samples a member (default 16)")
    parser.add_argument("--updates", type=int, default=20, help="under the clock (default 20)")
    parser.add_argument("--rounds", type=int, default=3, help="of them all (default 3)")
    parser.add_argument(
        "--contenders", nargs="+", choices=tuple(CONTENDERS), default=list(CONTENDERS)
    )
    parser.add_argument(
        "--threads", type=int, nargs="+", default=[1], help="on the CPU, in turn (default 1)"
    )
    arguments = parser.parse_args(argv)
    torch._dynamo.config.recompile_limit = MEMORY_SIZES
    devices = [(torch.device("cpu"), threads) for threads in arguments.threads]
    if torch.cuda.is_available():
        devices.append((torch.device("cuda"), arguments.threads[0]))
    measurements: list[Measurement] = []
    lines = []
    for device, threads in devices:
        torch.set_num_threads(threads)
        limits = measure_limits(device)
        lines.append(
            f"{_device_name(device)}: {limits.bandwidth / 1e9:.0f} GB/s copied, "
            f"{limits.arithmetic / 1e9:.0f} GFLOP/s multiplied (float32)."
        )
        for members in arguments.members or MEMBERS[device.type]:
            print(f"{_device_name(device)}, {members} members", file=sys.stderr)
            measurements += measure(
                *(arguments.task, members, arguments.batch, device),
                *(arguments.updates, arguments.rounds, limits, arguments.contenders),
            )
    if not torch.cuda.is_available():
        lines.append("There was no GPU: the rows of a GPU are missing.")
    versions = f"PyTorch {torch.__version__}, Python {platform.python_version()}"
    print(f"{arguments.task}, {arguments.batch} samples a member, {versions}.", *lines, sep="\n")
    print(f"\n{table(measurements)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
