"""How a model came to be, and what tells two models apart."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from hardmax.runtime.version import VERSION
from hardmax.trainer.source_commit import source_commit

Provenance = Mapping[str, str | int | float]
"""Command, seed, seconds, commit, versions and errors reached; primitives only."""

AS_TRAINED = "as trained"
FITTED = "fitted to the found program"
"""What a provenance says of the weights: those that training produced, or those of a network that
was fitted afterwards to a program that search had found."""


def versions() -> Provenance:
    """The code and the libraries that train here now."""
    return {
        "commit": source_commit(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "hardmax": VERSION,
    }


def weights_digest(configuration: str, network: nn.Module) -> str:
    """SHA-256 (hex) of a configuration, in words, and of a network's weights."""
    sha = hashlib.sha256(configuration.encode())
    for name, tensor in sorted(network.state_dict().items()):
        sha.update(name.encode())
        sha.update(tensor.cpu().contiguous().numpy().tobytes())
    return sha.hexdigest()
