"""The machine itself: instruction set, Program, reference interpreter, ABI and loader.

The lowest layer: needs NumPy only, so that a compiled program runs with neither torch nor LLVM.
"""
