"""The vector registers of the host: they decide how many samples run side by side."""

from __future__ import annotations

from dataclasses import dataclass

from llvmlite import binding


@dataclass(frozen=True)
class RegisterFile:
    """A processor's vector registers.

    Attributes:
        bits: of a register.
        count: how many there are.
        without: features of LLVM's that are switched off, so that it keeps to these registers.
    """

    bits: int
    count: int
    without: tuple[str, ...] = ()

    def lanes(self, bits: int) -> int:
        """How many numbers of so many bits fit into a register."""
        return self.bits // bits

    @property
    def accumulators(self) -> int:
        """Sums that a loop keeps in registers; the rest of them hold what is added."""
        return self.count // 2


AVX512 = RegisterFile(512, 32, ("prefer-256-bit",))
AVX2 = RegisterFile(256, 16, ("avx512f",))
NEON = RegisterFile(128, 32)
SSE2 = RegisterFile(128, 16, ("avx",))
"""Plain vectors, which every processor that LLVM knows can do, be it by halves."""


def host_registers() -> RegisterFile:
    """The widest vectors of this machine's processor."""
    features = binding.get_host_cpu_features()
    if features.get("avx512f") and features.get("avx512dq") and features.get("avx512vl"):
        return AVX512
    if features.get("avx2") and features.get("fma"):
        return AVX2
    if binding.get_default_triple().startswith(("aarch64", "arm64")):
        return NEON
    return SSE2
