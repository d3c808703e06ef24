"""Fuzzing of whatever reads what is not trusted; docs/reliability.md has the results."""
