"""How a model came to be, and what tells two models apart."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn

from hardmax.runtime.version import VERSION

Provenance = Mapping[str, str | int | float]
"""Command, seed, seconds, commit, versions and errors reached; primitives only."""

ROOT = Path(__file__).parents[2]
"""Where the source tree lies, if this is one."""


def versions() -> Provenance:
    """The code and the libraries that train here now."""
    return {
        "commit": commit(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "hardmax": VERSION,
    }


def commit() -> str:
    """The commit of hardmax's own source tree, with ``-dirty`` where it was changed.

    ``unknown`` where this is an installed package, whatever repository the environment lies in.
    """
    if not (ROOT / ".git").exists():
        return "unknown"
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip()


def weights_digest(configuration: str, network: nn.Module) -> str:
    """SHA-256 (hex) of a configuration, in words, and of a network's weights."""
    sha = hashlib.sha256(configuration.encode())
    for name, tensor in sorted(network.state_dict().items()):
        sha.update(name.encode())
        sha.update(tensor.cpu().contiguous().numpy().tobytes())
    return sha.hexdigest()
