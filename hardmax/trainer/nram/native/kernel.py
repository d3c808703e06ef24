"""A compiled kernel and what calls it: a population's updates, its members shared among threads.

Every member is handled by itself, in a fixed order of operations, so that nothing depends on the
number of threads. A kernel is compiled in a second or two and kept while the process lives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.native.compilation import Compiled
from hardmax.trainer.nram.native.discretized import Discretized
from hardmax.trainer.nram.native.layout import Layout
from hardmax.trainer.nram.native.registers import RegisterFile, host_registers
from hardmax.trainer.nram.native.run import Run
from hardmax.trainer.nram.native.vector_code import Module
from hardmax.trainer.nram.native.workspace import Workspace
from hardmax.trainer.nram.objective import cell_weights
from hardmax.trainer.nram.tasks import Batch
from hardmax.trainer.nram.wiring import Wiring
from hardmax.trainer.population.optimizer import PopulationAdam


@dataclass(frozen=True)
class Objective:
    """What the members minimise in one update, and how they decide.

    Attributes:
        entropy: [P], weight of the entropy of choices; negative for a bonus.
        value_entropy: [P], weight of that of registers and memory.
        overrun: weight of the probability of not halting in the budget.
        gumbel: [P], scale of the noise on the logits of choices.
        hard: bool [P, B], the samples that decide straight-through.
        keys: int64 [P], from which all random numbers of the update follow.
    """

    entropy: Tensor
    value_entropy: Tensor
    overrun: float
    gumbel: Tensor
    hard: Tensor
    keys: Tensor


class Kernel:
    """The machine code for one wiring and controller; any number of members, samples and cells.

    Tensors are on the CPU, and those that are not of integers are of the kernel's type.
    """

    def __init__(
        self,
        wiring: Wiring,
        config: ControllerConfig,
        double: bool,
        registers: RegisterFile,
    ) -> None:
        module = Module(registers, double)
        self.layout = Layout(wiring, config, registers.accumulators)
        run = Run(module, self.layout)
        self._frame = run.frame
        self._lanes = module.lanes
        self._dtype = torch.float64 if double else torch.float32
        names = [f.name for f in (run.gradient(), run.update(), Discretized(run).errors())]
        self._compiled = Compiled(module)
        self._functions = {name: self._compiled.function(name, 2) for name in names}
        self._workspaces: list[Workspace] = []

    def gradients(
        self, controller: Controller, batch: Batch, budget: Tensor, objective: Objective
    ) -> Tensor:
        """Put the gradient of the objective into every parameter's ``grad``.

        Args:
            batch: P * B samples, member by member; budget: int64 [P, B].

        Returns:
            The soft errors [P, B].
        """
        parameters = list(controller.parameters())
        for parameter in parameters:
            parameter.grad = torch.empty_like(parameter)

        def take_over(member: int, workspace: Workspace, fields: Mapping[str, int]) -> None:
            flat = torch.from_numpy(workspace.gradient(fields))
            start = 0
            for parameter in parameters:
                assert parameter.grad is not None
                gradient = parameter.grad[member]
                gradient.copy_(flat[start : start + gradient.numel()].view(gradient.shape))
                start += gradient.numel()

        shared = self._weights(controller) | self._objective(objective, budget.shape[1])
        return self._run("gradient", batch, budget, shared, take_over)

    def update(
        self,
        controller: Controller,
        optimizer: PopulationAdam,
        batch: Batch,
        budget: Tensor,
        objective: Objective,
        learning_rate: Tensor,
        gradient_noise: Tensor,
    ) -> Tensor:
        """Move all members by one step of their optimizer.

        Args:
            learning_rate, gradient_noise: as :meth:`PopulationAdam.step` takes them; the others as
                in :meth:`gradients`.

        Returns:
            The soft errors [P, B] before.
        """
        deviation, first_share, second_share = optimizer.schedule(gradient_noise)
        finite = torch.empty(controller.members, dtype=torch.int64)
        shared = self._weights(controller) | self._objective(objective, budget.shape[1])
        shared |= {
            "learning_rate": learning_rate.to(self._dtype),
            "deviation": deviation.to(self._dtype),
            "first_share": first_share.to(self._dtype),
            "second_share": second_share.to(self._dtype),
            "finite": finite,
        }
        for name, moments in optimizer.moments().items():
            shared |= {f"{name}.{parameter}": moment for parameter, moment in moments.items()}
        error = self._run("update", batch, budget, shared)
        optimizer.updates += finite
        return error

    def discretized_error(self, controller: Controller, batch: Batch, budget: Tensor) -> Tensor:
        """The discretized errors [P, B]."""
        return self._run("discretized", batch, budget, self._weights(controller))

    def _weights(self, controller: Controller) -> dict[str, Tensor]:
        return {name: parameter.detach() for name, parameter in controller.named_parameters()}

    def _objective(self, objective: Objective, samples: int) -> dict[str, Tensor]:
        """Fields of a frame; the mean over samples and decisions is in the weights."""
        one = torch.ones(len(objective.keys), dtype=self._dtype) / samples
        return {
            "hard": self._in_lanes(objective.hard.int()),
            "keys": objective.keys.contiguous(),
            "entropy_scale": one * objective.entropy / self.layout.wiring.decisions,
            "value_scale": one * objective.value_entropy,
            "loss_scale": one,
            "overrun_scale": one * objective.overrun,
            "gumbel": objective.gumbel.to(self._dtype).contiguous(),
        }

    def _run(
        self,
        function: str,
        batch: Batch,
        budget: Tensor,
        shared: dict[str, Tensor],
        after: Callable[[int, Workspace, Mapping[str, int]], None] | None = None,
    ) -> Tensor:
        """Call a function for every member. Returns the error of every sample.

        Args:
            shared: tensors whose addresses the frame is to hold.
            after: called after each member, with the workspace it was run in and its addresses.
        """
        members, samples = budget.shape
        cells = batch.inputs.shape[-1]
        shape = (members, samples, cells)
        shared = shared | {
            "memory": self._in_lanes(batch.inputs.view(shape).int()),
            "expected": self._in_lanes(batch.expected.view(shape).int()),
            "weight": self._in_lanes(cell_weights(batch, self._dtype).view(shape)),
            "budget": self._in_lanes(budget.int()),
        }
        groups = shared["budget"].shape[1]
        wrong = torch.empty(members, groups, self._lanes, dtype=self._dtype)
        shared["wrong"] = wrong
        for name, tensor in shared.items():
            assert tensor.is_contiguous(), name
        fields = {name: tensor.data_ptr() for name, tensor in shared.items()}
        fields |= {"cells": cells, "groups": groups}
        call = self._functions[function]
        steps = int(budget.max())
        left = iter(range(members))

        def work(workspace: Workspace) -> None:
            own = workspace.fields(steps, cells)
            frame = self._frame.fill({**fields, **own})
            address = frame.ctypes.data
            for member in left:  # the threads share it: whoever is done takes the next one
                call(address, member)
                if after is not None:
                    after(member, workspace, own)

        _in_threads(work, self._thread_workspaces(members))
        wrong = wrong.flatten(1)[:, :samples]
        return wrong.to(torch.get_default_dtype()) / batch.output.sum(-1).view(members, samples)

    def _thread_workspaces(self, members: int) -> list[Workspace]:
        """One for each of PyTorch's threads, but no more than there are members."""
        threads = min(torch.get_num_threads(), members)
        while len(self._workspaces) < threads:
            number_bytes = self._dtype.itemsize
            self._workspaces.append(Workspace(self.layout, self._lanes, number_bytes))
        return self._workspaces[:threads]

    def _in_lanes(self, samples: Tensor) -> Tensor:
        """[P, B, ...] as [P, G, ..., lanes], with 0 in lanes without a sample."""
        members, count = samples.shape[:2]
        groups = -(-count // self._lanes)
        missing = groups * self._lanes - count
        if missing:
            padding = samples.new_zeros(members, missing, *samples.shape[2:])
            samples = torch.cat((samples, padding), 1)
        grouped = samples.view(members, groups, self._lanes, *samples.shape[2:])
        return grouped.movedim(2, -1).contiguous()


def _in_threads(work: Callable[[Workspace], None], workspaces: list[Workspace]) -> None:
    """Let every workspace be worked in, the first one by the calling thread."""
    first, *others = workspaces
    futures = [_threads().submit(work, workspace) for workspace in others]
    try:
        work(first)
    finally:  # also when interrupted: nobody must write when the state is saved
        wait(futures)
    for future in futures:
        future.result()


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="hardmax-kernel")


@cache
def compiled_kernel(
    wiring: Wiring,
    config: ControllerConfig,
    double: bool = False,
    registers: RegisterFile | None = None,
) -> Kernel:
    """The kernel for a wiring and controller, compiled when it is asked for the first time.

    Args:
        double: for float64 instead of float32.
        registers: other than the processor's own.
    """
    return Kernel(wiring, config, double, registers or host_registers())
