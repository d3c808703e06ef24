"""From a Program to LLVM IR, object code, shared libraries and C headers."""
