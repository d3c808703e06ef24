"""From the weights in a file to a network that has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.archive import shown

NetworkType = TypeVar("NetworkType", bound=nn.Module)

WRAPPERS = ("module.", "_orig_mod.")
"""What ``DataParallel`` and ``torch.compile`` put before the name of every weight."""

WIDENED = (torch.float16, torch.bfloat16)
"""Numbers that are numbers of binary32, too."""

MOST_PROBLEMS = 10
"""So many are named; a file can have any number of them."""


def network_with_weights(build: Callable[[], NetworkType], found: dict[str, Any]) -> NetworkType:
    """A network with the weights of a file, which may be of half precision, or of a wrapped one.

    Args:
        build: makes the network; it is called on the meta device first, so that weights that do not
            fit allocate nothing.
        found: the weights by name, and whatever else a file may hold in their place.

    Raises:
        HardmaxError: they do not fit; every problem is in the one message.
    """
    found = _unwrapped(found)
    with torch.device("meta"):
        expected = build().state_dict()
    problems = [f"{name} is missing" for name in expected if name not in found]
    problems += [f"{shown(name)} is unknown" for name in found if name not in expected]
    weights = {}
    for name, like in expected.items():
        if name in found:
            weight = _widened(found[name])
            problems += _problems(name, weight, like)
            weights[name] = weight
    if problems:
        more = [f"{len(problems) - MOST_PROBLEMS} more"] if len(problems) > MOST_PROBLEMS else []
        raise HardmaxError("weights do not fit: " + "; ".join(problems[:MOST_PROBLEMS] + more))
    network = build()
    network.load_state_dict(weights)
    return network


def _unwrapped(found: dict[str, Any]) -> dict[str, Any]:
    """The weights by the names they have in the network itself."""
    for wrapper in WRAPPERS * 2:
        if found and all(isinstance(name, str) and name.startswith(wrapper) for name in found):
            found = {name.removeprefix(wrapper): weight for name, weight in found.items()}
    return found


def _widened(found: Any) -> Any:
    return found.float() if isinstance(found, Tensor) and found.dtype in WIDENED else found


def _problems(name: str, found: object, like: Tensor) -> list[str]:
    """What keeps a value from a file from being a tensor of the type and shape of ``like``."""
    if not isinstance(found, Tensor):
        return [f"{name} is no tensor"]
    if found.dtype != like.dtype:
        return [f"{name} is {found.dtype}, expected {like.dtype}"]
    if found.shape != like.shape:
        return [f"{name} has shape {list(found.shape)}, expected {list(like.shape)}"]
    if not bool(found.isfinite().all()):
        return [f"{name} holds values that are not finite"]
    return []
