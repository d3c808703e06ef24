"""What this machine's processor can do, in LLVM's words, as far as compiled programs may need it.

Linux says so in ``/proc/cpuinfo``, in words of its own. Only what code generation can make use of
stands here: of a feature for operating systems, or one that only makes code faster, code does not
die.
"""

from __future__ import annotations

import functools
import platform
import re
from collections.abc import Iterable
from pathlib import Path

_SAME_ON_X86 = (
    "adx avx avx2 avx512bw avx512cd avx512dq avx512f avx512ifma avx512vbmi avx512vl bmi2 cmov cx16 "
    "cx8 f16c fma fma4 gfni mmx movbe popcnt sse sse2 sse4a ssse3 tbm vpclmulqdq xop"
)
_X86_64 = {name: name for name in _SAME_ON_X86.split()} | {
    "avx512bf16": "avx512_bf16",
    "avx512bitalg": "avx512_bitalg",
    "avx512fp16": "avx512_fp16",
    "avx512vbmi2": "avx512_vbmi2",
    "avx512vnni": "avx512_vnni",
    "avx512vp2intersect": "avx512_vp2intersect",
    "avx512vpopcntdq": "avx512_vpopcntdq",
    "avxifma": "avx_ifma",
    "avxneconvert": "avx_ne_convert",
    "avxvnni": "avx_vnni",
    "avxvnniint16": "avx_vnni_int16",
    "avxvnniint8": "avx_vnni_int8",
    "bmi": "bmi1",
    "crc32": "sse4_2",
    "egpr": "apx",
    "lzcnt": "abm",
    "ndd": "apx",
    "pclmul": "pclmulqdq",
    "sahf": "lahf_lm",
    "sse3": "pni",
    "sse4.1": "sse4_1",
    "sse4.2": "sse4_2",
}
_AARCH64 = {
    "bf16": "bf16",
    "complxnum": "fcma",
    "crc": "crc32",
    "dotprod": "asimddp",
    "fp-armv8": "fp",
    "fullfp16": "asimdhp",
    "i8mm": "i8mm",
    "jsconv": "jscvt",
    "lse": "atomics",
    "neon": "asimd",
    "rdm": "asimdrdm",
    "sme": "sme",
    "sve": "sve",
    "sve2": "sve2",
}
_RISCV64 = {
    name: name for name in ("a", "c", "d", "f", "m", "v", "zba", "zbb", "zbc", "zbs", "zicond")
}
_FEATURES = {"x86_64": _X86_64, "aarch64": _AARCH64, "riscv64": _RISCV64}
"""By architecture: LLVM's name of a feature, and that of Linux."""

_LINES = re.compile(r"^(?:flags|Features|isa)\s*:\s*(.*)$", re.MULTILINE)
_RISCV_LETTERS = re.compile(r"rv\d+([a-z]+)")


def host_architecture() -> str:
    """LLVM's name of this machine's architecture, such as ``x86_64``."""
    name = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(name, name)


def missing_features(features: Iterable[str]) -> list[str]:
    """Which of these features, of this machine's architecture, its processor lacks, in order.

    Args:
        features: LLVM's names; those that no program can need, or that nobody knows, are left out.
    """
    known = _FEATURES.get(host_architecture(), {})
    found = _host_features()
    if found is None:
        return []
    return [name for name in features if name in known and known[name] not in found]


@functools.cache
def _host_features() -> frozenset[str] | None:
    """What Linux calls the features of this processor; None where it does not say."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return None
    return features_in(text)


def features_in(cpuinfo: str) -> frozenset[str] | None:
    """The features that all processors of a ``/proc/cpuinfo`` have; None where it names none."""
    processors = [_words(line) for line in _LINES.findall(cpuinfo)]
    return frozenset.intersection(*processors) if processors else None


def _words(line: str) -> frozenset[str]:
    words = set(line.split())
    for isa in [word for word in words if word.startswith("rv")]:
        base, *extensions = isa.split("_")
        letters = _RISCV_LETTERS.match(base)
        words.update(extensions, *(letters.groups() if letters else ()))
    return frozenset(words)
