"""What the metadata document of a machine that answers symbols has of its own.

=================== =======================================
``alphabet``        the names of its input symbols, in order
``output_alphabet`` the names of its output symbols
=================== =======================================
"""

from __future__ import annotations

from typing import Any

from hardmax.runtime.symbols.interface import SymbolProgram


def metadata_fields(program: SymbolProgram) -> dict[str, Any]:
    """These fields."""
    return {
        "alphabet": list(program.alphabet),
        "output_alphabet": list(program.output_alphabet),
    }
