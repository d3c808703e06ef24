"""From a trained Neural Turing Machine to a program, and what its heads do."""

from hardmax.runtime.extras import expect_extra

expect_extra("train")
