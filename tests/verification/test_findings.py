"""The search for counterexamples, apart from what is verified."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

SEARCH = """
from hypothesis import configuration
from hypothesis import strategies as st

from hardmax.verification.findings import search

configuration.set_hypothesis_home_dir("elsewhere")
search(lambda drawn: None, st.lists(st.integers()), 200, seed=0)
print(configuration.storage_directory().path)
"""


def test_a_search_leaves_nothing_where_it_runs(tmp_path: Path) -> None:
    """Nor does it change where a host's own tests with hypothesis keep theirs."""
    script = tmp_path / "search.py"
    script.write_text(SEARCH)
    done = subprocess.run(
        [sys.executable, "-B", script.name],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("elsewhere\n", "")
    assert list(tmp_path.iterdir()) == [script]
