"""Which stack machines gradient training finds, of which seeds, and in how many CPU seconds.

    python -m benchmarks.stack_training --seeds 5 --minutes 1
    python -m benchmarks.stack_training --tasks stack:reversal deque:reversal

A seed counts when its discretized machine passes the acceptance test of
``hardmax/trainer/stack/acceptance.py`` within so many minutes of one processor; others that share
the machine do not count.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.kinds import begin, save_model
from hardmax.trainer.progress import Progress
from hardmax.trainer.stack.tasks.registry import SYMBOL_TASKS
from hardmax.trainer.train import training_settings

OTHERS = ("stackrnn:reversal", "deque:reversal", "deque:copy", "stackrnn:anbn")
"""What is trained by default besides every task on the machine that it proposes."""


class _TimeUpError(Exception):
    """A training has used up its time."""


def train(machine: str, task: str, seed: int, limit: float, models: Path | None) -> float | None:
    """Train once. Returns the CPU seconds, None where nothing was found in ``limit`` of them."""
    began = time.process_time()

    def expect_time(progress: Progress) -> None:
        if time.process_time() - began > limit:
            raise _TimeUpError

    settings = training_settings(task, machine=machine, seed=seed, device="cpu")
    session = begin(settings, f"hardmax train {task} --machine {machine} --seed {seed}")
    try:
        model = session.train(float("inf"), None, expect_time)
    except _TimeUpError:
        return None
    spent = time.process_time() - began
    if model is not None and models is not None:
        save_model(model, models / f"{machine}-{task}-{seed}.pt")
    return spent


def main(argv: Sequence[str] | None = None) -> int:
    """Train and print."""
    parser = argparse.ArgumentParser(description="Train stack machines from several seeds.")
    proposed = [f"{task.machine}:{name}" for name, task in SYMBOL_TASKS.items()]
    parser.add_argument("--tasks", nargs="+", default=[*proposed, *OTHERS], metavar="MACHINE:TASK")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=1, help="of one processor")
    parser.add_argument("--models", type=Path, help="a folder for what is found")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    print("| machine | task | seeds solved | median CPU seconds |\n|---|---|---|---|", flush=True)
    for name in arguments.tasks:
        machine, _, task = name.partition(":")
        try:
            found = [
                train(machine, task, seed, 60 * arguments.minutes, arguments.models)
                for seed in range(arguments.seeds)
            ]
        except HardmaxError as error:
            parser.error(str(error))
        solved = [seconds for seconds in found if seconds is not None]
        median = f"{statistics.median(solved):.0f}" if solved else "-"
        row = machine, task, f"{len(solved)} of {len(found)}", median
        print(f"| {' | '.join(row)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
