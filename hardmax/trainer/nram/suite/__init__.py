"""Tasks beyond the paper's ten, as a user would write them: a generator and a definition.

Each is a class of its own in the module of its group; :mod:`hardmax.trainer.nram.suite.registry`
finds them. A docstring says what is to be done and, behind the colon, how the memory is laid out
and where the answer is, if that is not all that changes.
"""
