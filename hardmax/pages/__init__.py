"""Pages for people: what a machine is and does, as one HTML file that needs nothing else."""

from hardmax.runtime.extras import expect_extra

expect_extra("report")
