"""A native training kernel for the soft NRAM: LLVM IR, emitted for each wiring and controller.

It does what ``hardmax.trainer.nram.objective`` and PyTorch's autograd do, for one member at a
time: the run forward, the adjoint backward, Adam, and the discretized machine's error. The eager
code is the definition that it is held against.
"""
