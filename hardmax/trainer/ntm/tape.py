"""The memory of the NTM: rows of numbers, and heads that move by content and by location.

Shapes: P members, B samples a member, N rows of W numbers, H heads of which the first are writers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.ntm.program import EPSILON, MAX_HEADS, MAX_WIDTH, SHIFTS
from hardmax.trainer.decisions import Decisions
from hardmax.trainer.sequence.memory import Memory

SMALL_ROW = 1e-6
"""Every number of the memory at the start, where it is not learned."""

NORM_FLOOR = 1e-20
"""Added to the square of a norm, whose gradient would else be infinite at 0."""

WEIGHT_FLOOR = 1e-30
"""The logarithm of a weighting is that of at least this."""


@dataclass(frozen=True)
class TapeChoices:
    """The distributions that a step decided by, for penalties on their entropy.

    Attributes:
        gates: [P, B, H], probabilities of a content search.
        shifts: [P, B, H, 3].
        weightings: [P, B, H, N], where every head stands after the step.
    """

    gates: Tensor
    shifts: Tensor
    weightings: Tensor

    def distributions(self) -> tuple[Tensor, ...]:
        """Of the gates over to search or not, of the shifts, and of the heads over the rows."""
        return torch.stack((self.gates, 1 - self.gates), -1), self.shifts, self.weightings


@dataclass(frozen=True)
class TapeConfig:
    """Sizes of a tape: W, the numbers of heads, and whether its start is learned."""

    kind: ClassVar[str] = "ntm"
    width: int
    write_heads: int = 1
    read_heads: int = 1
    learned_start: bool = False

    def __post_init__(self) -> None:
        for name, most in (("width", MAX_WIDTH), *((n, MAX_HEADS) for n in _HEADS)):
            found = getattr(self, name)
            if not 1 <= found <= most:
                raise HardmaxError(f"expected {name} 1..{most}, found {found}")

    def build(self, members: int) -> Tape:
        """Tapes of these sizes for P members."""
        return Tape(self, members)


_HEADS = ("write_heads", "read_heads")


@dataclass(frozen=True)
class TapeState:
    """Rows [P, B, N, W], and where every head stands: H weightings [P, B, N]."""

    rows: Tensor
    weightings: tuple[Tensor, ...]


class Tape(Memory[TapeState]):
    """N rows, written and read by heads that move by content and by location (NTM, section 3).

    In a step all write heads move and write, one after another; then all read heads move and read.
    """

    def __init__(self, config: TapeConfig, members: int) -> None:
        super().__init__()
        self.config = config
        self.members = members
        heads, width = self.heads, config.width
        self.sections = {
            "key": heads * width,
            "add": config.write_heads * width,
            "erase": config.write_heads * width,
            "strength": heads,
            "sharpness": heads,
            "gate": heads,
            "shift": heads * len(SHIFTS),
        }
        self.initial_row: Tensor
        self.initial_reads: Tensor
        row = torch.full((members, width), SMALL_ROW)
        reads = torch.full((members, config.read_heads, width), SMALL_ROW)
        if config.learned_start:
            self.initial_row, self.initial_reads = nn.Parameter(row), nn.Parameter(reads)
        else:
            self.register_buffer("initial_row", row)
            self.register_buffer("initial_reads", reads)

    @property
    def heads(self) -> int:
        """H."""
        return self.config.write_heads + self.config.read_heads

    @property
    def interface(self) -> int:
        """Numbers that the controller gives in a step, section by section of ``sections``."""
        return sum(self.sections.values())

    @property
    def reading(self) -> int:
        """The rows that the read heads saw, one after another."""
        return self.config.read_heads * self.config.width

    def initialise(self, member: int, generator: torch.Generator) -> None:
        """Draw a fresh start for one member where it is learned: normal, deviation 1 / W."""
        if self.config.learned_start:
            with torch.no_grad():
                for start in (self.initial_row[member], self.initial_reads[member]):
                    draw = torch.randn(start.shape, generator=generator)
                    start.copy_(draw / self.config.width)

    def parts(self, interface: Tensor) -> dict[str, Tensor]:
        """What an interface, [..., interface], says, by the names of ``sections``."""
        parts = torch.split(interface, [*self.sections.values()], -1)
        return dict(zip(self.sections, parts, strict=True))

    def observed(self, interface: Tensor, choices: Sequence[TapeChoices]) -> tuple[Tensor, Tensor]:
        """As :meth:`hardmax.trainer.sequence.memory.Memory.observed`."""
        added = self.parts(interface)["add"].tanh()
        return (
            torch.stack([made.weightings[0, 0] for made in choices]),
            added.view(len(choices), self.config.write_heads, self.config.width),
        )

    def start(self, batch: int, rows: int) -> tuple[Tensor, TapeState]:
        """All rows alike, all heads at row 0."""
        shape = (self.members, batch, rows, self.config.width)
        memory = self.initial_row[:, None, None].expand(shape)
        standing = memory.new_zeros(shape[:-1])
        standing[..., 0] = 1
        reading = self.initial_reads.flatten(1)[:, None].expand(-1, batch, -1)
        return reading, TapeState(memory, self.heads * (standing,))

    def step(
        self, interface: Tensor, state: TapeState, decisions: Decisions
    ) -> tuple[Tensor, TapeState, TapeChoices]:
        """Equations 2 to 9 of the NTM paper, for every head in its turn."""
        config, heads = self.config, self.heads
        given = self.parts(interface)
        batch = interface.shape[:-1]
        keys = given["key"].tanh().view(*batch, heads, config.width)
        adds = given["add"].tanh().view(*batch, config.write_heads, config.width)
        erases = given["erase"].sigmoid().view(*batch, config.write_heads, config.width)
        strengths = 1 + functional.softplus(given["strength"])
        sharpness = 1 + functional.softplus(given["sharpness"])
        gates = decisions.switch(given["gate"])
        shifts = decisions.choose(given["shift"].view(*batch, heads, len(SHIFTS)))

        rows = state.rows
        weightings = []
        norms: Tensor | None = None
        for head in range(heads):
            if norms is None:
                norms = _norm(rows)
            similarity = _similarity(keys[..., head, :], rows, norms)
            content = decisions.choose(strengths[..., head, None] * similarity)
            weighting = torch.lerp(state.weightings[head], content, gates[..., head, None])
            weighting = rotate(weighting, shifts[..., head, :])
            weighting = sharpen(weighting, sharpness[..., head, None])
            weightings.append(weighting)
            if head < config.write_heads:
                rows = write(rows, weighting, erases[..., head, :], adds[..., head, :])
                norms = None
        readers = torch.stack(weightings[config.write_heads :], -2)
        reading = (readers @ rows).flatten(-2)
        choices = TapeChoices(gates, shifts, torch.stack(weightings, -2))
        return reading, TapeState(rows, tuple(weightings)), choices


def _norm(vectors: Tensor) -> Tensor:
    return (vectors.square().sum(-1) + NORM_FLOOR).sqrt()


def _similarity(key: Tensor, rows: Tensor, norms: Tensor) -> Tensor:
    """[P, B, N]: cosine of key [P, B, W] and each of rows [P, B, N, W] (equation 6)."""
    products = (rows @ key.unsqueeze(-1)).squeeze(-1)
    return products / (_norm(key).unsqueeze(-1) * norms + EPSILON)


def rotate(weighting: Tensor, shift: Tensor) -> Tensor:
    """Circular convolution of [P, B, N] with shift [P, B, 3] over -1, 0, +1 (equation 8)."""
    around = torch.cat((weighting[..., -1:], weighting, weighting[..., :1]), -1)
    # Seen from row n: what came from row n - 1 moved by +1, and so on.
    return (around.unfold(-1, len(SHIFTS), 1) @ shift.flip(-1).unsqueeze(-1)).squeeze(-1)


def sharpen(weighting: Tensor, exponent: Tensor) -> Tensor:
    """w^gamma, normalised (equation 9), by way of logarithms: no power underflows them all."""
    return (exponent * weighting.clamp_min(WEIGHT_FLOOR).log()).softmax(-1)


def write(rows: Tensor, weighting: Tensor, erase: Tensor, add: Tensor) -> Tensor:
    """M (1 - w e^T) + w a^T (equations 3 and 4)."""
    where = weighting.unsqueeze(-1)
    return rows * (1 - where * erase.unsqueeze(-2)) + where * add.unsqueeze(-2)
