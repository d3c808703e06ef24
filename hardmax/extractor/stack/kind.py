"""What a stack machine gives the extractor."""

from __future__ import annotations

from hardmax.extractor.kinds import ExtractorKind
from hardmax.extractor.stack.drawing import render
from hardmax.extractor.stack.extract import StackExtraction, extract_stack, stack_program
from hardmax.runtime.stack.program import StackProgram
from hardmax.trainer.stack.model import StackModel


class _Stack:
    def extract(self, model: StackModel) -> StackExtraction:
        return extract_stack(model)

    def program(self, model: StackModel) -> StackProgram:
        return stack_program(model)

    def reference(
        self, model: StackModel, extraction: StackExtraction, carried: StackProgram
    ) -> StackProgram:
        return extraction.program

    def draw(self, program: StackProgram, image_format: str, *, title: str = "") -> bytes:
        return render(program, image_format, title=title)


KIND: ExtractorKind = _Stack()
