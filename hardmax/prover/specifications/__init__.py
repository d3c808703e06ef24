"""Specifications of the tasks, and the language they are written in."""
