"""Whether what a controller learns at the lengths trained on holds beyond: feedforward and LSTM.

    python -m benchmarks.stack_lengths    # the table in docs/stacks.md

A population of each is trained for as many updates; nobody stops it when a member is exact. Then
every member, its decisions hard, answers samples of the lengths trained on and of multiples of the
largest. An LSTM's own memory stays soft, which is why no table can be made of it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.one_line_errors import one_line_errors
from benchmarks.pages import write_section
from hardmax.extractor.markdown import markdown
from hardmax.trainer.decisions import HARD
from hardmax.trainer.kinds import begin
from hardmax.trainer.layers import CONTROLLERS
from hardmax.trainer.stack.gradient import StackTrainer, run_batch
from hardmax.trainer.train import training_settings

PAGE, SECTION = Path("docs/stacks.md"), "lengths"
CASES = (("stack", "reversal"),)
UPDATES = 600

FACTORS = (1, 2, 10)
"""Multiples of the largest length trained on; 1 stands for all lengths up to it."""

SAMPLES = {1: 256, 2: 128, 10: 32}
"""By factor, samples a member."""


@torch.no_grad()
def exact_members(trainer: StackTrainer, factor: int, seed: int) -> int:
    """How many members get every sample right."""
    population, task = trainer.population, trainer.task
    generator = torch.Generator().manual_seed(seed)
    highest = trainer.config.highest
    samples = population.members * SAMPLES[factor]
    if factor == 1:
        lowest = task.smallest_complexity
        complexity = torch.randint(lowest, highest + 1, (samples,), generator=generator)
    else:
        complexity = torch.full((samples,), factor * highest)
    error = run_batch(population.network, task.sample(complexity, generator), HARD).error
    return int((error == 0).all(1).sum())


def measure(machine: str, task: str, updates: int, seed: int, **options: Any) -> list[list[str]]:
    """A row of the table for each controller."""
    rows = []
    for controller in CONTROLLERS:
        settings = training_settings(
            task, machine=machine, seed=seed, device="cpu", controller=controller, **options
        )
        session: Any = begin(settings, "benchmark")
        trainer: StackTrainer = session.trainer
        for _ in range(updates):
            trainer.update()
        exact = [f"{exact_members(trainer, factor, seed)}" for factor in FACTORS]
        rows.append([machine, task, controller, *exact])
    return rows


@one_line_errors
def main(argv: Sequence[str] | None = None) -> int:
    """Train, count, and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stack_lengths", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--updates", type=int, default=UPDATES, help="default %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="default %(default)s")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    rows = [row for case in CASES for row in measure(*case, arguments.updates, arguments.seed)]
    headings = ("machine", "task", "controller", *(f"exact at {n}x" for n in FACTORS))
    write_section(PAGE, SECTION, markdown(headings, rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
