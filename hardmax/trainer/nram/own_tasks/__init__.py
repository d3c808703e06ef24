"""Tasks of a user's own: written in plain Python, or given by a file of examples."""
