"""Which commit of hardmax trained a model."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

SOURCE_TREE = Path(__file__).resolve().parents[2]
"""Where the repository begins, where hardmax is run from one."""

UNKNOWN = "unknown"


def source_commit(tree: Path = SOURCE_TREE) -> str:
    """The commit of hardmax's own source tree, with ``-dirty`` where it was changed.

    An installed hardmax has none, whatever repository the environment lies in; nor has a copy of it
    in somebody else's.
    """
    try:
        project = tomllib.loads((tree / "pyproject.toml").read_text())["project"]["name"]
        if project != "hardmax" or not (tree / ".git").exists():
            return UNKNOWN
        # Git itself sets such variables, in a hook for example, and they lead to its repository.
        variables = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=tree,
            env=variables,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, ValueError, KeyError, TypeError, subprocess.CalledProcessError):
        return UNKNOWN
    return described.stdout.strip()
