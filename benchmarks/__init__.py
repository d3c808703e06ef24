"""Measurements of the compiled programs; run one as ``python -m benchmarks.NAME``."""
