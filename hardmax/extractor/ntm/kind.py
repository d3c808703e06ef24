"""What an NTM gives the extractor."""

from __future__ import annotations

from hardmax.extractor.kinds import ExtractorKind
from hardmax.extractor.ntm.drawing import render
from hardmax.extractor.ntm.extract import NtmExtraction, extract_ntm, moves, ntm_program, observe
from hardmax.runtime.ntm.program import NtmProgram
from hardmax.trainer.sequence.model import SequenceModel
from hardmax.trainer.sequence.tasks.registry import task_of


class _Ntm:
    def extract(self, model: SequenceModel) -> NtmExtraction:
        return extract_ntm(model)

    def program(self, model: SequenceModel) -> NtmProgram:
        return ntm_program(model)

    def reference(
        self, model: SequenceModel, extraction: NtmExtraction, carried: NtmProgram
    ) -> NtmProgram:
        return extraction.program

    def draw(self, program: NtmProgram, image_format: str, *, title: str = "") -> bytes:
        """What the heads do in random inputs of the program's task."""
        task = task_of(program.metadata.task, program.input_width, program.output_width)
        return render(moves(task, program, observe(task, program)), title, image_format)


KIND: ExtractorKind = _Ntm()
