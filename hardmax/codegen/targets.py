"""What a program is compiled for: the architecture, the operating system and the CPU."""

from __future__ import annotations

import enum
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llvmlite import binding

from hardmax.runtime.errors import HardmaxError

GENERIC = "generic"
"""Code that runs on every CPU of its architecture, so that the file can travel."""

NATIVE = "native"
"""Code for the very CPU that compiles it."""


class Architecture(enum.Enum):
    """An instruction set that programs are compiled to; the value is LLVM's name for it."""

    X86_64 = "x86_64"
    AARCH64 = "aarch64"
    RISCV64 = "riscv64"
    WASM32 = "wasm32"
    NVPTX64 = "nvptx64"


WITH_VECTORS = frozenset({Architecture.X86_64, Architecture.AARCH64})
"""The architectures all of whose CPUs have vectors of integers; they are little-endian."""


@dataclass(frozen=True)
class _Conventions:
    """What LLVM has to be told of an architecture.

    Attributes:
        triple: the target that the architecture's bare name stands for.
        generic_cpu: LLVM's name for the CPU that ``generic`` means.
        generic_features: what that CPU has beyond what its name says.
        abi: the calling convention, where there are several.
        relocation: LLVM's relocation model.
    """

    triple: str
    generic_cpu: str = GENERIC
    generic_features: str = ""
    abi: str = ""
    relocation: str = "pic"


_CONVENTIONS: dict[Architecture, _Conventions] = {
    Architecture.X86_64: _Conventions("x86_64-unknown-linux-gnu"),
    Architecture.AARCH64: _Conventions("aarch64-unknown-linux-gnu"),
    # What Linux distributions are built for: rv64gc, floats passed in float registers.
    Architecture.RISCV64: _Conventions(
        "riscv64-unknown-linux-gnu", "generic-rv64", "+m,+a,+f,+d,+c", abi="lp64d"
    ),
    # Position-independent WebAssembly is for modules that other modules link while they run.
    Architecture.WASM32: _Conventions("wasm32-unknown-unknown", relocation="static"),
    # The driver translates PTX for the GPU it finds, which may be any later one.
    Architecture.NVPTX64: _Conventions("nvptx64-nvidia-cuda", "sm_75"),
}


@dataclass(frozen=True)
class Target:
    """A machine to compile for.

    Attributes:
        triple: LLVM's ``architecture-vendor-system``, or an architecture's bare name.
        cpu: ``generic``, ``native`` (this machine's own architecture only) or a name LLVM knows.

    Raises:
        HardmaxError: an architecture, system or CPU that programs are not compiled for.
    """

    triple: str
    cpu: str = GENERIC

    def __post_init__(self) -> None:
        parts = binding.get_triple_parts(self.triple)
        known = [architecture.value for architecture in Architecture]
        if parts.Arch not in known:
            raise HardmaxError(
                f"unknown target {self.triple!r}: expected a triple that begins with one of "
                f"{' '.join(known)}"
            )
        if self.triple == self.architecture.value:
            object.__setattr__(self, "triple", self._conventions.triple)
        if parts.ObjectFormat not in ("ELF", "Wasm"):
            raise HardmaxError(
                f"unknown target {self.triple!r}: expected a system with ELF files, such as "
                f"{self._conventions.triple}"
            )
        if self.cpu == NATIVE and not self.is_host:
            raise HardmaxError(
                f"the CPU of target {self.triple} cannot be native: this machine is "
                f"{Target.host().architecture.value}"
            )
        if self.cpu not in (GENERIC, NATIVE):
            complaint = _standard_error_of(lambda: self.machine(0))
            if "not a recognized processor" in complaint:
                raise HardmaxError(f"unknown CPU {self.cpu!r} for target {self.triple}")

    @staticmethod
    def host(cpu: str = GENERIC) -> Target:
        """This machine."""
        return Target(binding.get_default_triple(), cpu)

    @property
    def architecture(self) -> Architecture:
        return Architecture(binding.get_triple_parts(self.triple).Arch)

    @property
    def is_host(self) -> bool:
        """Whether this machine's own tools can link for the target."""
        host, own = (
            binding.get_triple_parts(triple)
            for triple in (binding.get_default_triple(), self.triple)
        )
        return bool((host.Arch, host.OS) == (own.Arch, own.OS))

    @property
    def _conventions(self) -> _Conventions:
        return _CONVENTIONS[self.architecture]

    def machine(self, level: int) -> Any:
        """LLVM's ``TargetMachine``, which emits code.

        Args:
            level: effort of instruction selection, 0..3.
        """
        binding.initialize_all_targets()
        binding.initialize_all_asmprinters()
        conventions = self._conventions
        cpu, features = self.cpu, ""
        if cpu == GENERIC:
            cpu, features = conventions.generic_cpu, conventions.generic_features
        elif cpu == NATIVE:
            cpu, features = binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()
        return binding.Target.from_triple(self.triple).create_target_machine(
            cpu=cpu,
            features=features,
            opt=level,
            reloc=conventions.relocation,
            codemodel="default",
            abiname=conventions.abi,
        )


def _standard_error_of(action: Callable[[], object]) -> str:
    """What C++ code writes to standard error meanwhile: LLVM says only there what it ignores."""
    with tempfile.TemporaryFile() as file:
        saved = os.dup(2)
        try:
            os.dup2(file.fileno(), 2)
            action()
        finally:
            os.dup2(saved, 2)
            os.close(saved)
        file.seek(0)
        return file.read().decode(errors="replace")
