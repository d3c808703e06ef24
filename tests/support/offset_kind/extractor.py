"""From a soft machine of the kind ``offset`` to its program: the likeliest constant."""

from __future__ import annotations

from dataclasses import dataclass

from hardmax.extractor.kinds import ExtractorKind
from hardmax.extractor.margin import Margin
from hardmax.extractor.rendering import laid_out, sheet
from hardmax.runtime.nram.program import Metadata
from tests.support.offset_kind.runtime import BUDGET, OffsetProgram
from tests.support.offset_kind.trainer import OffsetModel


@dataclass(frozen=True)
class OffsetExtraction:
    """The program and its one margin."""

    program: OffsetProgram
    margins: tuple[Margin, ...]
    form: str = "constant"

    def listing(self) -> str:
        return f"p[0] = (p[0] + {self.program.constant}) % M; halt"

    def _repr_html_(self) -> str:
        return f"<pre>{self.listing()}</pre>"


class _Offset:
    def extract(self, model: OffsetModel) -> OffsetExtraction:
        first, second = model.logits.topk(2).values.tolist()
        return OffsetExtraction(self.program(model), (Margin(first - second, "the constant"),))

    def program(self, model: OffsetModel) -> OffsetProgram:
        complexity = int(model.provenance["complexity"])
        metadata = Metadata(model.task.name, BUDGET, complexity, model.digest())
        return OffsetProgram(int(model.logits.argmax()), metadata)

    def reference(
        self, model: OffsetModel, extraction: OffsetExtraction, carried: OffsetProgram
    ) -> OffsetProgram:
        return extraction.program

    def draw(self, program: OffsetProgram, image_format: str, *, title: str = "") -> bytes:
        drawing = sheet(program.metadata.task)
        drawing.edge("p[0]", "p[0]", label=f"+{program.constant}")
        return laid_out(drawing, image_format)


KIND: ExtractorKind = _Offset()
