"""The verb ``train``: from a task's input-output examples to a saved model."""

from __future__ import annotations

import argparse
import contextlib
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hardmax.cli.argtypes import add_former_spelling, seed_range
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.extras import expect_extra

if TYPE_CHECKING:
    from hardmax.cli.tensorboard import EventLog
    from hardmax.trainer.kinds import AnyModel, AnySession
    from hardmax.trainer.population.settings import TrainingSettings
    from hardmax.trainer.progress import Progress

DEFAULT_MINUTES = 10.0

SETTINGS = (
    *("method", "preset", "seed", "registers", "repetitions", "controller", "hidden", "width"),
    *("write_heads", "read_heads", "learned_start", "members", "batch", "complexity", "slack"),
    *("discretization", "patience", "structures", "depth", "symbols", "state_bits"),
)
"""The options that replace what a task's default config says; not every kind of machine has all."""


TASKS = {
    "nram": "access increment copy reverse swap permutation listk listsearch merge walkbst",
    "ntm": "ntm-copy ntm-repeat-copy ntm-recall ntm-ngrams ntm-sort",
    "stack": (
        "reversal reversal-128 anbn anbncn anbmcnm memorization addition dyck dyck-close dyck-check"
    ),
    "queue": "copy copy-128 flipping gender svo",
    "stackrnn": "anbncndn anb2n",
}
DISCRETIZATIONS = (
    "none entropy gumbel straight-through partly-hard half-hard tenth-hard values mixed"
)
"""What ``--help`` names without importing what trains; a test holds it against that."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``hardmax train``; where none is given, the task's default config decides."""
    learners = "; ".join(f"{kind}: {names}" for kind, names in TASKS.items())
    parser.epilog = f"tasks, by the machine they propose: {learners}. discretization methods: " + (
        DISCRETIZATIONS
    )
    parser.add_argument(
        "task",
        help="what to learn: a name, see below; a file of examples (.jsonl, .csv, .npz); or "
        "FILE.py:CLASS",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="the model to write (.pt)")
    parser.add_argument(
        "--machine",
        metavar="KIND",
        help="nram, ntm, stack, queue, deque, stackrnn (default: what the task proposes)",
    )
    parser.add_argument(
        "--method",
        help="gradient, search, or hybrid: turns of both (default hybrid; search for two tasks)",
    )
    parser.add_argument("--preset", help="of an NTM's task: small or paper (default small)")
    parser.add_argument("--seed", type=int, help="of every random draw (default 0)")
    parser.add_argument("--registers", type=int, help="R, how many registers")
    parser.add_argument("--repetitions", type=int, help="how often the 14 modules are repeated")
    parser.add_argument("--controller", choices=("mlp", "lstm"), help="default mlp")
    parser.add_argument("--width", type=int, help="numbers in a row of an NTM's memory")
    parser.add_argument("--write-heads", type=int, help="of an NTM (default 1)")
    parser.add_argument("--read-heads", type=int, help="of an NTM (default 1)")
    parser.add_argument(
        "--learned-start",
        action="store_true",
        default=None,
        help="learn what an NTM's memory holds at first",
    )
    parser.add_argument(
        "--init-from", type=Path, metavar="MODEL", help="train this model of an NTM further"
    )
    add_former_spelling(parser, "--begin-from", "--init-from", Path)
    parser.add_argument(
        "--structures",
        metavar="S+S",
        help="side by side, of a stack machine: stack, queue, deque, stackrnn, joined by +",
    )
    parser.add_argument("--depth", type=int, help="cells that a stack machine reads at an end")
    parser.add_argument("--symbols", type=int, help="how many values a cell of it can have")
    parser.add_argument("--state-bits", type=int, help="of the state of its own that it keeps")
    parser.add_argument("--hidden", type=int, help="units a layer (default 32)")
    parser.add_argument("--members", type=int, help="machines trained side by side")
    parser.add_argument("--batch", type=int, help="samples a member (default 16)")
    parser.add_argument("--complexity", type=int, help="largest complexity trained on")
    parser.add_argument(
        "--slack", type=int, help="most extra timesteps and memory cells (default 4; NTMs 8)"
    )
    parser.add_argument(
        "--patience", type=int, help="updates without progress before a member is replaced"
    )
    parser.add_argument(
        "--minutes",
        type=float,
        default=DEFAULT_MINUTES,
        help=f"give up after this long (default {DEFAULT_MINUTES:.0f})",
    )
    parser.add_argument(
        "--discretization",
        metavar="METHOD",
        help="how members are made to discretize well (default mixed; NTMs partly-hard)",
    )
    add_former_spelling(parser, "--scheme", "--discretization")
    parser.add_argument(
        "--quiet", action="store_true", help="show no progress; metrics are written all the same"
    )
    parser.add_argument(
        "--tensorboard",
        metavar="FOLDER",
        type=Path,
        help="show how it goes in TensorBoard, too: a run called like the output, in this folder",
    )
    parser.add_argument(
        "--seeds",
        metavar="A-B",
        type=seed_range,
        help="train with each of these seeds, to OUTPUT with -SEED before its extension; print the "
        "share that was solved",
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue the training whose state is in OUTPUT.training; its settings stay",
    )
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="train on every CPU of a Ray cluster, with the seeds that follow: auto (the one that "
        "runs here), local (start one here) or HOST:PORT",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train as the arguments say; 0 when a model was found and saved, 1 when time was up."""
    expect_extra("train")
    from hardmax.cli.progress import sign_of_life

    if not arguments.quiet:
        sign_of_life()
    if arguments.seeds is not None:
        return _each_seed(arguments)
    return _one(arguments)


def _each_seed(arguments: argparse.Namespace) -> int:
    """Train with one seed after another; 0 where one of them found a model."""
    for option in ("seed", "ray"):
        if getattr(arguments, option) is not None:
            raise HardmaxError(f"expected --seeds or --{option}, found both")
    if arguments.resume:
        raise HardmaxError("expected --seeds or --resume, found both")
    output: Path = arguments.output
    solved = 0
    for seed in arguments.seeds:
        of_seed = argparse.Namespace(**vars(arguments))
        of_seed.seed, of_seed.output = seed, output.with_stem(f"{output.stem}-{seed}")
        solved += _one(of_seed) == 0
    tried = len(arguments.seeds)
    low, high = wilson_interval(solved, tried)
    print(
        f"solved {solved} of {tried} seeds: {100 * solved / tried:.0f} % (95 % interval "
        f"{100 * low:.0f} to {100 * high:.0f} %)"
    )
    return 0 if solved else 1


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Wilson's interval of 95 % for a probability, of which ``trials`` draws are known."""
    z = 1.959964
    share = successes / trials
    middle = share + z * z / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2)
    scale = 1 + z * z / trials
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def _one(arguments: argparse.Namespace) -> int:
    """Train once."""
    from hardmax.trainer.train import output_for_one

    output: Path = arguments.output
    if not arguments.minutes > 0:
        raise HardmaxError(f"expected minutes above 0, found {arguments.minutes:g}")
    if arguments.ray is not None:
        if arguments.resume:
            raise HardmaxError("expected --ray or --resume: a cluster keeps no state to resume")
        if arguments.init_from is not None:
            raise HardmaxError("expected --ray or --init-from, found both")
        if arguments.tensorboard is not None:
            raise HardmaxError("expected --ray or --tensorboard, found both")
        expect_extra("ray")
    with output_for_one(output):
        model = _here(arguments) if arguments.ray is None else _on_cluster(arguments)
    if model is None:
        return 1
    print(
        f"{output}: {model.task.title}, {_verdict(model)}, "
        f"after {model.provenance['seconds']} s; found by {model.provenance['found_by']}, "
        f"weights {model.provenance['weights']}"
    )
    return 0


def _verdict(model: AnyModel) -> str:
    """What the acceptance test showed; of a file of examples never that a machine is exact."""
    from hardmax.runtime.task_description import Evidence, TaskDescription

    description: TaskDescription | None = getattr(model.task, "description", None)
    if description is None:
        return "exact when discretized"
    smallest, largest = description.sizes
    told = "exact when discretized on inputs that its generator drew"
    if description.evidence is Evidence.EXAMPLES:
        rejected = model.provenance["rejected"]
        earlier = f" ({rejected} candidates before it were not)" if rejected else ""
        told = (
            f"right on all {description.held_out} held-out examples{earlier} and on the "
            f"{description.examples} trained on"
        )
    halting = f"; {found}" if (found := model.provenance.get("halting")) else ""
    return f"{told}, memories of {smallest} to {largest} cells{halting}"


def _here(arguments: argparse.Namespace) -> AnyModel | None:
    """Train in this process; what is needed to resume is kept beside the output."""
    from hardmax.cli.progress import ProgressDisplay
    from hardmax.trainer.train import complete, state_path
    from hardmax.verification.judge import judge

    output: Path = arguments.output
    state = state_path(output)
    session = _session(arguments, state)
    session.judge = judge
    settings = session.settings
    limit = 60 * arguments.minutes
    title = f"{settings.title}, seed {settings.seed}"
    try:
        with (
            _event_log(arguments) as log,
            ProgressDisplay(title, limit, settings.complexity, arguments.quiet) as display,
        ):

            def show(progress: Progress) -> None:
                display.show(progress)
                if log is not None:
                    log.show(progress)

            model = complete(session, output, limit, show)
    except KeyboardInterrupt:
        print(f"hardmax: interrupted; --resume continues from {state}", file=sys.stderr)
        raise
    if model is None:
        print(
            f"hardmax: no exact machine in {arguments.minutes:g} minutes; --resume with more "
            f"--minutes continues from {state}",
            file=sys.stderr,
        )
        for line in session.shortfall():
            print(line, file=sys.stderr)
    return model


def _event_log(arguments: argparse.Namespace) -> contextlib.AbstractContextManager[EventLog | None]:
    """What writes for TensorBoard, where that is asked for."""
    if arguments.tensorboard is None:
        return contextlib.nullcontext()
    from hardmax.cli.tensorboard import EventLog

    return EventLog(arguments.tensorboard / arguments.output.stem)


def _session(arguments: argparse.Namespace, state: Path) -> AnySession:
    """A training of the kind of machine that learns the task, begun or resumed."""
    from hardmax.trainer.kinds import begin, find_learner, load_model
    from hardmax.trainer.train import known_name, memory_refusals

    with memory_refusals():
        if arguments.resume:
            _refuse_settings(arguments)
            return find_learner(known_name(arguments.task), arguments.machine).resume(state)
        settings = _settings(arguments)
        model = None if arguments.init_from is None else load_model(arguments.init_from)
        return begin(settings, _command(), model)


def _refuse_settings(arguments: argparse.Namespace) -> None:
    """A training that is resumed goes on as it began.

    Raises:
        HardmaxError: a setting is given.
    """
    for name in (*SETTINGS, "init_from"):
        if getattr(arguments, name) is not None:
            option = name.replace("_", "-")
            raise HardmaxError(
                f"--{option} is no option of --resume: a training goes on as it began"
            )


def _on_cluster(arguments: argparse.Namespace) -> AnyModel | None:
    """Train on a Ray cluster; the display shows the worker that is furthest."""
    from hardmax.cli.progress import ProgressDisplay
    from hardmax.cluster import ClusterProgress, train_on_cluster
    from hardmax.trainer.kinds import save_model

    settings = _settings(arguments)
    limit = 60 * arguments.minutes
    with ProgressDisplay(settings.title, limit, settings.complexity, arguments.quiet) as display:

        def report(progress: ClusterProgress) -> None:
            furthest = progress.furthest
            if furthest is not None and furthest.progress is not None:
                standing = f"{settings.title}, {progress}"
                display.title = f"{standing}; the furthest, seed {furthest.seed}"
                display.show(furthest.progress)

        model = train_on_cluster(settings, _command(), limit, arguments.ray, report)
    if model is None:
        print(f"hardmax: no exact machine in {arguments.minutes:g} minutes", file=sys.stderr)
        return None
    save_model(model, arguments.output)
    found = model.provenance
    print(
        f"worker {found['worker']} on {found['node']}, seed {found['seed']}; "
        f"seeds tried {found['seeds_tried']}, workers lost {found['workers_lost']}"
    )
    return model


def _settings(arguments: argparse.Namespace) -> TrainingSettings:
    """The default config of the task, with what the options say in its place.

    Raises:
        HardmaxError: there is no such task, or its machine has no such setting.
    """
    from hardmax.trainer.train import training_settings

    chosen = {name: value for name in SETTINGS if (value := getattr(arguments, name)) is not None}
    return training_settings(
        arguments.task, machine=arguments.machine, device=arguments.device, **chosen
    )


def _command() -> str:
    return " ".join(["hardmax", *sys.argv[1:]])
