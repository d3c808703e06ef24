"""What a file of examples is enough for: ``python -m benchmarks.own_tasks --tasks copy reverse``.

Writes examples of tasks of the paper into files, as a user would have them, trains from each file
with nothing else, and holds what was found against the task's definition, at n = 5, 50 and 1,000. A
line for each training: processor seconds, and how many of the inputs of each n it got wrong.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch

import hardmax
from hardmax.trainer.nram.tasks import find_task
from hardmax.trainer.train import TimeUpError

LARGEST, ROOM = 6, 3
"""Largest complexity in a file, and most cells that a memory has too many."""

CHECKED, INPUTS = (5, 50, 1_000), 32


def example_lines(name: str, count: int, seed: int) -> Iterator[str]:
    """So many different examples of a task, as lines of ``.jsonl``."""
    task, generator = find_task(name), torch.Generator().manual_seed(seed)
    seen: set[tuple[int, ...]] = set()
    while len(seen) < count:
        n, room = torch.randint(LARGEST, (2,), generator=generator).tolist()
        size = task.minimum_size(n + 1) + room % (ROOM + 1)
        batch = task.sample(torch.tensor([n + 1]), size, generator)
        before = batch.inputs[0].tolist()
        if tuple(before) not in seen:
            seen.add(tuple(before))
            answer = task.solve(before)
            after = [answer.get(cell) for cell in range(size)]
            yield json.dumps({"before": before, "after": after})


def wrong_inputs(name: str, library: Path) -> dict[int, int]:
    """Of INPUTS inputs of each n, how many a library gets wrong."""
    task, program = find_task(name), hardmax.load(library)
    wrong = {}
    for n in CHECKED:
        size, generator = task.minimum_size(n), torch.Generator().manual_seed(n)
        inputs = task.sample(torch.full((INPUTS,), n), size, generator).inputs.tolist()
        left = [program.run(memory).memory.tolist() for memory in inputs]
        wrong[n] = sum(
            any(after[cell] != value for cell, value in task.solve(memory).items())
            for memory, after in zip(inputs, left, strict=True)
        )
    return wrong


def main() -> None:
    """Print a line for each task and seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    tasks = ["copy", "reverse", "increment", "access", "listk"]
    parser.add_argument("--tasks", nargs="+", default=tasks)
    parser.add_argument("--examples", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=2.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.tasks:
            path, library = Path(folder, f"{name}.jsonl"), Path(folder, f"lib{name}.so")
            path.write_text("\n".join(example_lines(name, arguments.examples, 0)))
            for seed in range(arguments.seeds):
                began = time.process_time()
                row = f"{name}, {arguments.examples} examples, seed {seed}: "
                try:
                    model = hardmax.train(path, seed=seed, time_limit=60 * arguments.minutes)
                except TimeUpError:
                    print(f"{row}not found, {time.process_time() - began:.0f} s", flush=True)
                    continue
                hardmax.compile(model, library)
                wrong = ", ".join(f"{k} at n = {n}" for n, k in wrong_inputs(name, library).items())
                halting = model.provenance["halting"]
                seconds = time.process_time() - began
                print(f"{row}wrong {wrong}; {halting}; {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
