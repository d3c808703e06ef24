"""LLVM's part: verify a module, run LLVM's own passes at -O0 to -O3, and hold the target."""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir

LEVELS = (0, 1, 2, 3)
DEFAULT_LEVEL = 2


def target_machine(level: int) -> Any:
    """The host's ``TargetMachine`` for position-independent code that runs on any CPU of its kind.

    Args:
        level: effort of instruction selection, 0..3.
    """
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_default_triple()
    return target.create_target_machine(cpu="generic", opt=level, reloc="pic", codemodel="default")


def optimized(module: ir.Module, target: Any, level: int) -> Any:
    """Verify a module, optimize it for a target and verify the outcome.

    Args:
        target: what :func:`target_machine` returns.
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
