"""Soft machines and their training from input-output examples."""
