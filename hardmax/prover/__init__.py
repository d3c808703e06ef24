"""Proofs that a program is right on every input of every length, and their independent checker.

``specifications`` says what right means, ``hardmax.runtime.nram.certificate`` is the file
that a proof is kept in; both are read by the prover (this folder) and by the checker (``checker``),
which share nothing else.
"""

from hardmax.runtime.extras import expect_extra

expect_extra("prove")
