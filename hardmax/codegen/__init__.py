"""From a Program to LLVM IR, object code, shared libraries and C headers."""

from hardmax.runtime.extras import expect_extra

expect_extra("compile")
