"""A process of its own in which LLVM is asked about a CPU: where it ends the process, it ends this.

    python -m hardmax.codegen.cpu_probe '{"triple": ..., "cpu": ..., ..., "generic": {...}}'

The argument holds the triple, what ``create_target_machine`` takes, and what of that is different
for ``generic``. Standard output takes a JSON object: ``known``, whether LLVM knows the CPU for the
triple, and ``features``, what the CPU has beyond ``generic``. Whatever LLVM complains of goes to
standard error.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable
from typing import Any

from llvmlite import binding

_SECTION = re.compile(r"^Available (CPUs|features) for this target:\n\n((?: .*\n)*)", re.MULTILINE)
_NAME = re.compile(r"^  (\S+) +- ", re.MULTILINE)

_TUNING = re.compile(r"(fast|slow|prefer|tuning|false-deps|no-bypass|sbb)-.*|\d\dbit(-mode)?")
"""Names in LLVM's list of features that are no instructions."""

_CODE = """
define i32 @code(ptr %p, float %x, i64 %i) {
  %place = getelementptr float, ptr %p, i64 %i
  %y = load float, ptr %place
  %z = fdiv float %x, %y
  store float %z, ptr %place
  %w = fptoui float %z to i32
  ret i32 %w
}
"""
"""Something of all that programs are made of."""

_RISCV_FEATURES = re.compile(r'^\t\.attribute\t5, "(.*)"$', re.MULTILINE)
_RISCV_VERSION = re.compile(r"\d+p\d+$")

_CALLER = """
define void @caller(ptr %p) "target-cpu"="{cpu}" "target-features"="{features}" {{
{calls}
  ret void
}}
"""
_CALLEE = """
define internal void @"{name}"(ptr %p) "target-cpu"="{cpu}" "target-features"="{features}" {{
  store volatile i32 0, ptr %p
  ret void
}}
"""


def main() -> None:
    """Answer about the CPU that the command line names."""
    options = json.loads(sys.argv[1])
    generic = options | options.pop("generic")
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    cpus, features = _listed(options)
    answer: dict[str, object] = {"known": options["cpu"] in cpus}
    if answer["known"]:
        _assembly(options)
        answer["features"] = sorted(_had(options, features) - _had(generic, features))
    print(json.dumps(answer))


def _machine(options: dict[str, Any]) -> Any:
    arguments = {name: value for name, value in options.items() if name != "triple"}
    return binding.Target.from_triple(options["triple"]).create_target_machine(**arguments)


def _listed(options: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The CPUs and the features that LLVM knows for a triple; it tells only standard error."""
    with tempfile.TemporaryFile() as file:
        saved = os.dup(2)
        os.dup2(file.fileno(), 2)
        _machine({**options, "cpu": "help", "features": "", "abiname": ""})
        os.dup2(saved, 2)
        file.seek(0)
        sections = dict(_SECTION.findall(file.read().decode()))
    cpus, features = (_NAME.findall(sections.get(name, "")) for name in ("CPUs", "features"))
    return cpus, [feature for feature in features if not _TUNING.fullmatch(feature)]


def _assembly(options: dict[str, Any]) -> str:
    module = binding.parse_assembly(_CODE)
    module.triple = options["triple"]
    return str(_machine(options).emit_assembly(module))


def _had(options: dict[str, Any], features: Iterable[str]) -> set[str]:
    """Which features a CPU has.

    RISC-V writes them into every file. On the others LLVM's inliner knows: it puts a function into
    another only if the other may use all that the function may use.
    """
    written = _RISCV_FEATURES.search(_assembly(options))
    if written is not None:
        return {_RISCV_VERSION.sub("", feature) for feature in written[1].split("_")}
    cpu = options["cpu"]
    own = [options["features"]] if options["features"] else []
    calls = "\n".join(f'  call void @"{feature}"(ptr %p)' for feature in features)
    text = _CALLER.format(cpu=cpu, features=",".join(own), calls=calls)
    for feature in features:
        text += _CALLEE.format(name=feature, cpu=cpu, features=",".join([*own, f"+{feature}"]))
    module = binding.parse_assembly(text)
    module.triple = options["triple"]
    tuning = binding.create_pipeline_tuning_options(speed_level=2)
    builder = binding.create_pass_builder(_machine(options), tuning)
    builder.getModulePassManager().run(module, builder)
    caller = str(module.get_function("caller"))
    return set(features) - set(re.findall(r'call fastcc void @"?([^"(]+)"?\(', caller))


if __name__ == "__main__":
    main()
