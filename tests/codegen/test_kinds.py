"""The compiler asks a program's kind, and no other code, what the program is made of."""

from __future__ import annotations

import re
import sys
from types import ModuleType
from typing import Any, cast

import pytest
from llvmlite import ir

from hardmax.codegen.driver import Kind, emit
from hardmax.codegen.header import header
from hardmax.codegen.header_parts import HeaderParts
from hardmax.codegen.kinds import KINDS, CodegenKind, find_kind
from hardmax.codegen.llvm_types import I32
from hardmax.codegen.lower import lower
from hardmax.codegen.module import add_function
from hardmax.codegen.targets import Architecture, Target
from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.kinds import AnyProgram
from tests.support.paths import ROOT
from tests.support.samples import access


class Answer:
    """A program of a kind that nobody has heard of: it answers a number."""

    kind = "answer"
    metadata = access().metadata
    number = 42

    def to_json(self) -> str:
        return f'{{"answer": {self.number}}}'


class AnswerKind:
    title = "an answer"
    architectures = frozenset({Architecture.X86_64, Architecture.AARCH64})

    def emit(
        self, module: ir.Module, program: Answer, level: int, architecture: Architecture
    ) -> None:
        function = add_function(module, "hardmax_answer", I32)
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        builder.ret(ir.Constant(I32, program.number))

    def header_parts(self, program: Answer, prefix: str) -> HeaderParts:
        return HeaderParts(
            description=" * answers",
            constants="",
            requirement="",
            status_text={Status.HALTED: "it answered"},
            signatures={"hardmax_answer": "int32_t hardmax_answer(void)"},
        )

    def explain(self, program: Answer, level: int) -> str:
        return "42\n"

    def print_after(self, program: Answer, level: int, name: str) -> Any:
        return iter(())


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> AnyProgram:
    module = ModuleType("scratch_kind")
    kind: CodegenKind[Answer] = AnswerKind()
    vars(module)["KIND"] = kind
    monkeypatch.setitem(sys.modules, "scratch_kind", module)
    monkeypatch.setitem(KINDS, "answer", "scratch_kind")
    return cast(AnyProgram, Answer())


def test_a_new_kind_is_one_line(answer: AnyProgram) -> None:
    assert 'i32 @"hardmax_answer"()' in str(lower(answer, ""))
    assert "int32_t my_answer(void);" in header(answer, "my")
    assert find_kind("answer").explain(answer, 2) == "42\n"


def test_a_kind_says_what_it_is_compiled_for(answer: AnyProgram) -> None:
    with pytest.raises(HardmaxError, match=r"^an answer cannot be compiled for riscv64-unknown-"):
        emit(answer, Kind.OBJECT, target=Target("riscv64"))


def test_an_unknown_kind_is_refused_and_the_known_are_named() -> None:
    with pytest.raises(HardmaxError, match=r"of kind 'tree': expected one of nram ntm stack$"):
        find_kind("tree")


def test_nobody_asks_what_kind_a_program_is_outside_of_the_folder_of_its_kind() -> None:
    asking = re.compile(r"hardmax\.(codegen|runtime)\.(nram|ntm|stack)|Ntm|NTM|STACK")
    shared = [*(ROOT / "hardmax" / "codegen").glob("*.py")]
    assert {path.name for path in shared if asking.search(path.read_text())} == {"kinds.py"}
