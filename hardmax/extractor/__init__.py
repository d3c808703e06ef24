"""From a trained model to a Program, passes over Programs, and drawings of them."""

from hardmax.runtime.extras import expect_extra

expect_extra("draw")
