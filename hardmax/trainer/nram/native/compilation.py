"""From LLVM IR to machine code in this process, by LLVM's own passes and code generator."""

from __future__ import annotations

import ctypes
from typing import Any

from llvmlite import binding

from hardmax.trainer.nram.native.registers import RegisterFile
from hardmax.trainer.nram.native.vector_code import Module

SPEED_LEVEL = 2
"""As -O2."""

binding.initialize_native_target()
binding.initialize_native_asmprinter()


class Compiled:
    """Machine code; the functions are gone when this is."""

    def __init__(self, module: Module) -> None:
        machine = _target_machine(module.registers)
        parsed = binding.parse_assembly(str(module.ir))
        parsed.triple = machine.triple
        parsed.data_layout = str(machine.target_data)
        parsed.verify()
        tuning = binding.create_pipeline_tuning_options(speed_level=SPEED_LEVEL)
        # The loops are written as they should run: unrolling them takes longer than it saves.
        tuning.loop_unrolling = tuning.loop_vectorization = tuning.slp_vectorization = False
        builder = binding.create_pass_builder(machine, tuning)
        builder.getModulePassManager().run(parsed, builder)
        self._engine: Any = binding.create_mcjit_compiler(parsed, machine)
        self._engine.finalize_object()

    def function(self, name: str, arguments: int) -> Any:
        """An exported function of so many i64 or addresses; called, it lets other threads run."""
        address = self._engine.get_function_address(name)
        signature = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * arguments)
        return signature(address)


def _target_machine(registers: RegisterFile) -> Any:
    """For this very processor, or for as much of it as has these registers."""
    features = binding.get_host_cpu_features()
    if binding.get_default_triple().startswith("x86_64"):
        features.update(dict.fromkeys(registers.without, False))
    return binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(), features=features.flatten(), opt=3, jit=True
    )
