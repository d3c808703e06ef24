"""How much a verification tries when it is not told; apart, because help texts name it."""

EXAMPLES, SAMPLES = 100, 1000
"""Inputs of each kind that hypothesis draws, and random samples of the task."""
