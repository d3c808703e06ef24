"""The short form of ``make fuzz``: thousands of mutations a reader, the same ones on every run."""

from __future__ import annotations

import random
import re

import pytest

from tests.fuzz.targets import TARGETS
from tests.support.paths import ROOT

MUTATIONS = 1500
MOST_CHANGES = 4

TOKENS = (
    *(
        b"\0",
        b"\xff",
        b"\xff\xff\xff\xff",
        b"\x80\x02",
        b"PK\x01\x02",
        b"PK\x03\x04",
        b"PK\x05\x06",
    ),
    *(b"nan", b"inf", b"1e400", b"-1", b"9" * 30, b"null", b"true", b"[]", b"{}", b'"', b"\\ud800"),
    *(b"\n", b"\r\n", b"\x1b[2J", b"\xe2\x80\xae", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"[" * 2000),
)
"""What readers may take for something special."""


def mutation(seed: bytes, other: bytes, source: random.Random) -> bytes:
    """A seed with a few pieces dropped, repeated, replaced, or taken from another seed."""
    data = bytearray(seed)
    for _ in range(source.randint(1, MOST_CHANGES)):
        begin = source.randint(0, len(data))
        end = begin + source.choice((0, 0, 1, 1, 2, 4, 30))
        from_other = source.randint(0, len(other))
        data[begin:end] = source.choice(
            (
                b"",
                source.randbytes(source.randint(1, 4)),
                source.choice(TOKENS),
                data[begin:end] * 2,
                other[from_other : from_other + source.randint(0, 30)],
            )
        )
    return bytes(data)


def test_every_reader_is_in_the_makefile() -> None:
    (line,) = re.findall("^FUZZED := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert line.split() == list(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_accepted(name: str) -> None:
    assert all(map(TARGETS[name].accepts, TARGETS[name].seeds()))


@pytest.mark.parametrize("name", TARGETS)
def test_mutations_are_accepted_or_refused_in_a_line(name: str) -> None:
    target = TARGETS[name]
    seeds = list(target.seeds())
    source = random.Random(0)
    refused = 0
    for _ in range(MUTATIONS):
        refused += not target.accepts(mutation(source.choice(seeds), source.choice(seeds), source))
    assert refused > MUTATIONS // 10


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_and_noise_are_refused(name: str) -> None:
    source = random.Random(1)
    for length in (0, 1, 2, 8, 9, 64, 1000, 100_000):
        assert not TARGETS[name].accepts(b"\x80" * length)
        assert not TARGETS[name].accepts(source.randbytes(length))
