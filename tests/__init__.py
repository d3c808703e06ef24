"""Held against the oracle: a compiled program does what the discretized soft model does."""
