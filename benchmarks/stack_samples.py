"""How many of very many random samples the shipped stack machines get wrong, where trying must do.

python -m benchmarks.stack_samples    # the table in docs/stacks.md
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from benchmarks.one_line_errors import one_line_errors
from benchmarks.pages import write_section
from hardmax.extractor.markdown import markdown
from hardmax.prover.stack.counting import LENGTHS
from hardmax.trainer.decisions import HARD
from hardmax.trainer.stack.checkpoint import load_stack
from hardmax.trainer.stack.default_configs import VARIANTS
from hardmax.trainer.stack.model import StackModel

PAGE, SECTION = Path("docs/stacks.md"), "samples"
MODELS = Path("models")

SAMPLES = {1: 100_000, 2: 100_000, 100: 100}
"""By multiple of the largest size trained on; 1 stands for all sizes up to it, in turn."""

AT_ONCE = 5_000
"""Samples of a batch."""


def wrong_samples(model: StackModel, samples: Mapping[int, int] = SAMPLES) -> dict[int, int]:
    """By the keys of ``samples``, of how many its discretized machine gets any output wrong.

    Args:
        samples: how many of each are drawn.
    """
    task, generator = model.task, torch.Generator().manual_seed(2)
    smallest, largest = task.smallest_complexity, task.largest_training_complexity
    wrong = dict.fromkeys(samples, 0)
    for factor, count in samples.items():
        for begin in range(0, count, AT_ONCE):
            number = torch.arange(begin, min(begin + AT_ONCE, count))
            complexity = (
                smallest + number % (largest + 1 - smallest)
                if factor == 1
                else torch.full_like(number, factor * largest)
            )
            batch = task.sample(complexity, generator)
            wrong[factor] += int(batch.wrong(model.answers(batch.inputs, HARD)).any(1).sum())
    return wrong


def stack_models(folder: Path) -> list[Path]:
    """The model files in a folder that are named MACHINE-TASK."""
    return sorted(
        path
        for path in folder.glob("*.pt")
        if path.stem.split("-")[0] in VARIANTS and "-" in path.stem
    )


def tried_only(folder: Path) -> list[Path]:
    """Those of :func:`stack_models` that have no certificate, and of which nothing is counted."""
    return [
        path
        for path in stack_models(folder)
        if not path.with_suffix(".proof").exists() and load_stack(path).task.name not in LENGTHS
    ]


@one_line_errors
def main(argv: Sequence[str] | None = None) -> int:
    """Count, and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stack_samples", description=__doc__.split("\n")[0]
    )
    parser.parse_args(argv)
    torch.set_num_threads(1)
    rows = []
    for path in tried_only(MODELS):
        wrong = wrong_samples(load_stack(path))
        rows.append([path.stem, *map(str, wrong.values())])
        print(*rows[-1], flush=True)
    headings = [f"wrong of {count:,} at {factor}x" for factor, count in SAMPLES.items()]
    write_section(PAGE, SECTION, markdown(("model", *headings), rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
