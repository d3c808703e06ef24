"""Holding a compiled program against the model that it came from and against its task."""

from hardmax.runtime.extras import expect_extra

expect_extra("train")
