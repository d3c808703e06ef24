"""Fuzz a reader, guided by coverage: ``python -m tests.fuzz TARGET``; needs the extra ``fuzz``.

Mutations begin with the target's seeds. The run ends after so many executions, or when time is up,
and fails at the first finding, an execution of a minute or 2 GB of memory among them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["hardmax"], enable_loader_override=False):
    from tests.fuzz.targets import TARGETS

FINDINGS = Path("out", "fuzz-findings")
"""Where the inputs of findings are kept."""


def main() -> None:
    """Does not return: libFuzzer ends the process."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--executions", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--seconds", type=int, default=0, metavar="N", help="0 for no limit")
    arguments = parser.parse_args()
    target = TARGETS[arguments.target]
    FINDINGS.mkdir(parents=True, exist_ok=True)
    corpus = Path(tempfile.mkdtemp(prefix="hardmax-fuzz-corpus-"))
    for number, seed in enumerate(target.seeds()):
        assert target.accepts(seed)
        (corpus / str(number)).write_bytes(seed)
    options = {
        "runs": arguments.executions,
        "max_total_time": arguments.seconds,
        "timeout": 60,
        "rss_limit_mb": 2048,
        "artifact_prefix": f"{FINDINGS}/{arguments.target}-",
        "print_final_stats": 1,
    }
    atheris.Setup(
        [sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(corpus)],
        lambda data: target.accepts(data) and None,
    )
    atheris.Fuzz()


main()
