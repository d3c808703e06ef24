"""Where the repository's folders are."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models"
EXAMPLES = ROOT / "examples"
DOCS = ROOT / "docs"
