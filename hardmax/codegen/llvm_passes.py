"""LLVM's part: verify a module and run LLVM's own passes at -O0 to -O3."""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir

DEFAULT_LEVEL = 2

# A loop of a few instructions takes half as long again where it lies across two cache lines.
if binding.get_default_triple().startswith("x86_64"):  # elsewhere LLVM may not have that back end
    binding.set_option("hardmax", "-x86-experimental-pref-innermost-loop-alignment=6")


MAX_BLOCKS = 2_000
"""Basic blocks up to which LLVM optimizes a module: its work grows with the square of them."""

MAX_PATHS = 10**12
"""Ways back from a value to those it is made from, up to which LLVM optimizes a module: some of its
passes go all of them. (Sixteen sums mod M, each of the one before and itself, have more.)"""


def affordable(module: ir.Module, level: int) -> int:
    """The effort that LLVM makes for a module: 0, as at -O0, where it would take very long."""
    blocks = sum(len(function.blocks) for function in module.functions)
    if blocks > MAX_BLOCKS or any(_paths(one) > MAX_PATHS for one in module.functions):
        return 0
    return level


def _paths(function: ir.Function) -> int:
    """The most ways back from a value to phis, loads and arguments; or more than MAX_PATHS."""
    ways: dict[Any, int] = {}
    for block in function.blocks:
        for instruction in block.instructions:
            if not isinstance(instruction, ir.PhiInstr):
                total = sum(ways.get(operand, 0) for operand in instruction.operands)
                ways[instruction] = min(max(total, 1), MAX_PATHS + 1)
    return max(ways.values(), default=0)


def optimized(module: ir.Module, target: Any, level: int) -> Any:
    """Verify a module, optimize it for a target and verify the outcome.

    Args:
        target: the target's ``TargetMachine``.
        level: 0..3, as -O0 to -O3.

    Returns:
        The ``ModuleRef``.
    """
    checked = binding.parse_assembly(str(module))
    checked.triple = target.triple
    checked.data_layout = str(target.target_data)
    checked.verify()
    tuning = binding.create_pipeline_tuning_options(speed_level=level)
    builder = binding.create_pass_builder(target, tuning)
    builder.getModulePassManager().run(checked, builder)
    checked.verify()
    return checked
