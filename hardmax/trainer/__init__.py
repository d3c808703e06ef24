"""Soft machines and their training from input-output examples."""

from hardmax.runtime.extras import expect_extra

expect_extra("train")
