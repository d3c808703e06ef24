"""What a program is compiled for: the architecture, the operating system and the CPU."""

from __future__ import annotations

import enum
import functools
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llvmlite
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


ELF = frozenset({Architecture.X86_64, Architecture.AARCH64, Architecture.RISCV64})
"""The architectures whose object files and shared libraries are ELF files."""

WITH_VECTORS = frozenset({Architecture.X86_64, Architecture.AARCH64})
"""The architectures all of whose CPUs have vectors of integers; they are little-endian."""


@dataclass(frozen=True)
class _Conventions:
    """What LLVM has to be told of an architecture.

    Attributes:
        triple: the target that the architecture's bare name stands for.
        systems: a regular expression for what may follow the architecture and the vendor.
        generic_cpu: LLVM's name for the CPU that ``generic`` means.
        generic_features: what that CPU has beyond what its name says.
        abi: the calling convention, where there are several.
        relocation: LLVM's relocation model.
    """

    triple: str
    systems: str
    generic_cpu: str = GENERIC
    generic_features: str = ""
    abi: str = ""
    relocation: str = "pic"


_ELF_SYSTEMS = (
    r"linux(-gnu|-musl|-android[0-9]*)?|(freebsd|netbsd|openbsd)[0-9.]*|(none|unknown)(-elf)?|elf"
)
"""Systems whose files are ELF and whose functions are called as Linux does."""

_CONVENTIONS: dict[Architecture, _Conventions] = {
    Architecture.X86_64: _Conventions("x86_64-unknown-linux-gnu", _ELF_SYSTEMS),
    Architecture.AARCH64: _Conventions("aarch64-unknown-linux-gnu", _ELF_SYSTEMS),
    # What Linux distributions are built for: rv64gc, floats passed in float registers.
    Architecture.RISCV64: _Conventions(
        "riscv64-unknown-linux-gnu",
        _ELF_SYSTEMS,
        "generic-rv64",
        "+m,+a,+f,+d,+c",
        abi="lp64d",
    ),
    # Position-independent WebAssembly is for modules that other modules link while they run.
    Architecture.WASM32: _Conventions(
        "wasm32-unknown-unknown", r"unknown|wasi(p[0-9])?|emscripten", relocation="static"
    ),
    # The driver translates PTX for the GPU it finds, which may be any later one.
    Architecture.NVPTX64: _Conventions("nvptx64-nvidia-cuda", "cuda", "sm_75"),
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
        name, _, system = self.triple.partition("-")
        known = [architecture.value for architecture in Architecture]
        if not re.fullmatch(r"\w+", name, re.ASCII) or (
            binding.get_triple_parts(name).Arch not in known
        ):
            raise HardmaxError(
                f"unknown target {self.triple!r:.80}: expected a triple that begins with one of "
                f"{' '.join(known)}"
            )
        conventions = self._conventions
        if self.triple == self.architecture.value:
            object.__setattr__(self, "triple", conventions.triple)
        elif not re.fullmatch(rf"([A-Za-z0-9_]*-)?({conventions.systems})", system):
            raise HardmaxError(
                f"unknown target {self.triple!r:.80}: expected a system that programs are compiled "
                f"for, such as {conventions.triple}"
            )
        if self.cpu == NATIVE and not self.is_host:
            raise HardmaxError(
                f"the CPU of target {self.triple} cannot be native: this machine is "
                f"{Target.host().architecture.value}"
            )
        if not re.fullmatch(r"[\w.+-]{1,64}", self.cpu, re.ASCII):
            raise HardmaxError(f"unknown CPU {self.cpu!r:.80} for target {self.triple}")
        self.features  # noqa: B018 - a CPU that LLVM cannot compile for is refused here

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

    @property
    def cpu_name(self) -> str:
        """The CPU by the name that LLVM has for it; for ``generic``, that."""
        return str(binding.get_host_cpu_name()) if self.cpu == NATIVE else self.cpu

    @property
    def features(self) -> tuple[str, ...]:
        """What the code may use beyond what all CPUs of the architecture have, in LLVM's names."""
        if self.cpu == GENERIC:
            return ()
        options = self._options()
        conventions = self._conventions
        options["generic"] = {
            "cpu": conventions.generic_cpu,
            "features": conventions.generic_features,
        }
        found = _features(self.triple, self.cpu_name, json.dumps(options))
        if isinstance(found, str):
            raise HardmaxError(found)
        return found

    def _options(self) -> dict[str, Any]:
        """What LLVM is told to make code for the target."""
        conventions = self._conventions
        cpu, features = self.cpu_name, ""
        if self.cpu == GENERIC:
            cpu, features = conventions.generic_cpu, conventions.generic_features
        elif self.cpu == NATIVE:
            features = binding.get_host_cpu_features().flatten()
        return {
            "cpu": cpu,
            "features": features,
            "reloc": conventions.relocation,
            "codemodel": "default",
            "abiname": conventions.abi,
        }

    def machine(self, level: int) -> Any:
        """LLVM's ``TargetMachine``, which emits code.

        Args:
            level: effort of instruction selection, 0..3.
        """
        binding.initialize_all_targets()
        binding.initialize_all_asmprinters()
        llvm_target = binding.Target.from_triple(self.triple)
        return llvm_target.create_target_machine(opt=level, **self._options())


@functools.cache
def _features(triple: str, cpu: str, options: str) -> tuple[str, ...] | str:
    """What a CPU has beyond ``generic``, by ``hardmax.codegen.cpu_probe``, or why it is refused.

    LLVM ends the process, or only writes to standard error, where it cannot compile for a CPU; so
    it is asked in a process of its own.

    Args:
        options: what to tell the probe beside the triple, JSON.

    Raises:
        HardmaxError: the process could not be started.
    """
    folders = [Path(__file__).parents[2], Path(llvmlite.__file__).parents[1]]
    question = json.dumps({"triple": triple, **json.loads(options)})
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "hardmax.codegen.cpu_probe", question],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))},
            capture_output=True,
            text=True,
            errors="replace",
        )
    except (OSError, ValueError) as error:
        raise HardmaxError(f"cannot ask LLVM about CPU {cpu!r}: {error}") from None
    answer: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {"known": True}
    if not answer["known"]:
        return f"unknown CPU {cpu!r} for target {triple}"
    if done.returncode != 0 or done.stderr:
        reason = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1]
        reason = reason.removeprefix("LLVM ERROR: ")
        return f"CPU {cpu!r} cannot run a program compiled for {triple}: {reason}"
    return tuple(answer["features"])
