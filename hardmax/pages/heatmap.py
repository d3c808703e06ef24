"""Numbers between 0 and 1 as bytes, for the heat maps that a page draws."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray


def packed(values: NDArray[np.floating[Any]]) -> dict[str, Any]:
    """An array as its shape and, in base64, a byte for each number: 255 times it, rounded.

    Args:
        values: of any shape, each 0..1.
    """
    scaled = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return {"shape": list(values.shape), "bytes": base64.b64encode(scaled.tobytes()).decode()}
