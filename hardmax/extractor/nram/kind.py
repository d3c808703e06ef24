"""What an NRAM gives the extractor."""

from __future__ import annotations

from hardmax.extractor.kinds import ExtractorKind
from hardmax.extractor.nram.drawing import render
from hardmax.extractor.nram.extract import Extraction, extract
from hardmax.extractor.nram.lstm import recurrent_program
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.lstm import RecurrentProgram
from hardmax.runtime.nram.program import Program
from hardmax.runtime.nram.programs import RamProgram
from hardmax.trainer.nram.model import Model


class _Nram:
    def extract(self, model: Model) -> Extraction:
        return extract(model)

    def program(self, model: Model) -> RamProgram:
        return extract(model).program

    def reference(self, model: Model, extraction: Extraction, carried: RamProgram) -> RamProgram:
        """An LSTM can be compiled as a Mealy machine or as itself.

        The two agree on memories of addresses only, because the LSTM also reads cells whose value
        nobody uses.
        """
        if model.controller.recurrent and isinstance(carried, RecurrentProgram):
            return recurrent_program(model.controller, extraction.program.metadata)
        return extraction.program

    def draw(self, program: RamProgram, image_format: str, *, title: str = "") -> bytes:
        if not isinstance(program, Program):
            raise HardmaxError("expected a lookup table, found an LSTM that has none")
        return render(program, image_format, title=title)


KIND: ExtractorKind = _Nram()
