"""How long it takes to prove the shipped programs for every length, and to check the certificates.

    python -m benchmarks.proofs [NAME ...]

The times are CPU seconds of one thread, without what it takes to read a model.
"""

from __future__ import annotations

import argparse
import sys
import time

from benchmarks.one_line_errors import one_line_errors
from hardmax.files import load_program
from hardmax.prover.checker.check import check
from hardmax.prover.prove import prove
from hardmax.prover.specifications.registry import SPECIFICATIONS
from hardmax.runtime.nram.certificate import Certificate
from hardmax.runtime.nram.program import Program
from hardmax.shipped import models_folder, shipped_models

SECONDS = 3600.0
"""For each program; a machine may be busy."""


@one_line_errors
def main() -> int:
    """Print a row of a table for each program, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    shipped = sorted(set(SPECIFICATIONS) & set(shipped_models()))
    parser.add_argument("names", metavar="NAME", nargs="*", default=shipped)
    print("| program | atoms | obligations | proved in | checked in |")
    print("|---|---:|---:|---:|---:|")
    proving = checking = 0.0
    for name in parser.parse_args().names:
        program = load_program(models_folder() / f"{name}.pt")
        assert isinstance(program, Program)
        began = time.process_time()
        specification = SPECIFICATIONS[program.metadata.task]
        certificate = prove(program, specification, SECONDS, lambda message: None)
        assert isinstance(certificate, Certificate), f"{name}: {certificate}"
        proved = time.process_time()
        check(certificate, program, SECONDS)
        checked = time.process_time()
        proving += proved - began
        checking += checked - proved
        atoms = sum(map(len, certificate.phases))
        print(
            f"| {name} | {atoms} | {len(certificate.obligations)} | {proved - began:.1f} s "
            f"| {checked - proved:.1f} s |",
            flush=True,
        )
    print(f"| together | | | {proving:.1f} s | {checking:.1f} s |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
