"""Proofs that emitted LLVM IR does what the Program does: translation validation.

``ir`` reads the text that the compiler emits, ``execution`` says what its instructions mean,
``steps`` what a Program's timestep means, and ``simulation`` shows that both go together.
"""

from hardmax.runtime.extras import expect_extra

expect_extra("compile")
expect_extra("prove")
