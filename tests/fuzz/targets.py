"""The readers that are fuzzed: each takes bytes, and accepts them or refuses them in one line.

Whatever else happens, an exception of another kind, a message of two lines or one that steers a
terminal, is a finding.
"""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hardmax.codegen.driver import write_program
from hardmax.inputs import memory_from_words, sequence_from_words, symbols_from_words
from hardmax.prover.stack.certificate import StackCertificate, load_stack_certificate
from hardmax.prover.stack.prove import prove
from hardmax.runtime.elf import read_shared_object
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.memory.examples import parse_examples
from hardmax.runtime.metadata import read_metadata, write_metadata
from hardmax.runtime.nram.native import checked_memory
from hardmax.runtime.programs import load_program
from hardmax.runtime.sequence.interface import checked_inputs
from hardmax.runtime.symbols.interface import checked_symbols
from hardmax.trainer.archive import load_archive
from hardmax.trainer.kinds import load_model
from hardmax.trainer.nram import checkpoint
from hardmax.trainer.nram.checkpoint import save_model
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.tasks import find_task
from hardmax.trainer.ntm.checkpoint import save_ntm
from hardmax.trainer.ntm.tape import TapeConfig
from hardmax.trainer.torch_archive import read_pickle
from tests.support.controllers import random_controller
from tests.support.ntm_models import random_model
from tests.support.ntm_programs import random_ntm
from tests.support.paper_programs import access_program, copy_program
from tests.support.recurrent_programs import random_program
from tests.support.stack_programs import NAMES, anbn, copy, several

LONGEST_MESSAGE = 1000


@dataclass(frozen=True)
class Target:
    """A reader that is fuzzed.

    Attributes:
        reads: what it reads, in words.
        seeds: inputs that it accepts, from which mutations begin.
        read: raises HardmaxError where it refuses.
    """

    reads: str
    seeds: Callable[[], Iterable[bytes]]
    read: Callable[[bytes], object]

    def accepts(self, data: bytes) -> bool:
        """Whether an input is accepted.

        Raises:
            AssertionError: it is refused in a message that is not fit to be shown.
            Exception: anything but a HardmaxError is a finding, too.
        """
        message = None
        try:
            self.read(data)
        except HardmaxError as error:
            message = str(error)
        assert message is None or (message.isprintable() and len(message) < LONGEST_MESSAGE)
        return message is None


@cache
def _memory_file() -> int:
    """A file in memory, which inputs are written to: one on a disk takes most of the time."""
    return os.memfd_create("hardmax-fuzz")


def _written(data: bytes) -> Path:
    descriptor = _memory_file()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, data, 0)
    return Path(f"/proc/self/fd/{descriptor}")


def _content(write: Callable[[Path], object], name: str = "archive.pt") -> bytes:
    """What a file holds after it was written."""
    with tempfile.TemporaryDirectory(prefix="hardmax-fuzz-") as folder:
        path = Path(folder, name)
        write(path)
        return path.read_bytes()


def _model() -> Model:
    controller = random_controller(
        kind="mlp", registers=1, repetitions=1, hidden=1, dtype=torch.float32
    )
    return Model(find_task("copy"), controller, {"command": "train", "seed": 7, "seconds": 1.5})


def _new_models() -> Iterable[bytes]:
    yield _content(lambda path: save_model(_model(), path))
    ntm = random_model(0, hidden=1, tape=TapeConfig(1))
    yield _content(lambda path: save_ntm(ntm, path))


def _first_new_model() -> Iterable[bytes]:
    yield next(iter(_new_models()))


def _old_models() -> Iterable[bytes]:
    (data,) = map(_read_archive, _first_new_model())
    yield _content(lambda path: torch.save(data, path))


def _read_archive(data: bytes) -> dict[str, Any]:
    return load_archive(_written(data), checkpoint.FORMAT, checkpoint.FORMAT_VERSION)


@cache
def _numbers() -> dict[str, memoryview]:
    """The numbers of the tensors in an old model, by key."""
    (model,) = _old_models()
    with zipfile.ZipFile(io.BytesIO(model)) as whole:
        names = (name for name in whole.namelist() if name.startswith("archive/data/"))
        return {name.removeprefix("archive/data/"): memoryview(whole.read(name)) for name in names}


def _pickles() -> Iterable[bytes]:
    for model in _old_models():
        with zipfile.ZipFile(io.BytesIO(model)) as whole:
            yield whole.read("archive/data.pkl")


def _programs() -> Iterable[bytes]:
    for program in (
        access_program(),
        copy_program(),
        random_program(0, registers=1, hidden=1),
        random_ntm(0, 1, 1, 1, 1),
        random_ntm(0, 1, 1, 1, 1, recurrent=True),
        anbn(),
        several(),
    ):
        yield program.to_json().encode()


def _documents() -> Iterable[bytes]:
    target = {"target": "x86_64-unknown-linux-gnu", "cpu": "generic", "features": ["sse2"]}
    for program in (access_program(), random_program(0, 1, 1), random_ntm(0, 1, 1, 1, 1), anbn()):
        yield write_metadata(program, "hardmax", target).encode()


def _read_program(data: bytes) -> None:
    program = load_program(_written(data))
    assert load_program(_written(program.to_json().encode())) == program


def _read_memory(data: bytes) -> None:
    checked_memory(memory_from_words([str(_written(data))]))


def _stack_proofs() -> Iterable[bytes]:
    for program in (anbn(), copy()):
        certificate = prove(program, 60, lambda message: None)
        assert isinstance(certificate, StackCertificate)
        yield certificate.to_json().encode()


def _read_symbols(data: bytes) -> None:
    words = symbols_from_words([str(_written(data))], NAMES)
    if len(checked_symbols(words, NAMES)) == 0:
        raise HardmaxError("expected a symbol, found none")  # that is a sequence, too


def _libraries() -> Iterable[bytes]:
    yield _content(lambda path: write_program(access_program(), path), "liba.so")


def _read_examples(extension: str, data: bytes) -> object:
    return parse_examples(data, Path(f"mine.{extension}"))


def _example_lines() -> Iterable[bytes]:
    yield b'{"before": [2, 0, 1], "after": [2, 1, null]}\n{"before": [0, 1], "after": [1, 1]}\n'
    yield (
        b'{"name": "mine", "layout": "A"}\n'
        b'{"before": [1, 0], "after": [0, 1], "steps": 3, "group": "a"}'
    )


def _example_tables() -> Iterable[bytes]:
    yield b"before,after\n2 0 1,2 1 _\n"
    yield b'before,after,steps,group\r\n"1 0","0 1",3,a\r\n'


def _example_arrays() -> Iterable[bytes]:
    for more in ({}, {"size": [2, 3], "steps": [1, 2], "group": [0, 0]}):
        written = io.BytesIO()
        np.savez(written, before=[[1, 0, 0], [1, 2, 0]], after=[[0, -1, 0], [2, 1, 0]], **more)
        yield written.getvalue()


TARGETS = {
    "pickle": Target(
        "the pickle in a `.pt` that `torch.save` wrote",
        _pickles,
        lambda data: read_pickle(data, _numbers(), 1 << 20),
    ),
    "zip": Target("a `.pt` that `torch.save` wrote", _old_models, _read_archive),
    "safetensors": Target("a `.pt` in the safetensors format", _first_new_model, _read_archive),
    "model": Target(
        "a `.pt` of either kind, and the machine made of it",
        lambda: [*_new_models(), *_old_models()],
        lambda data: load_model(_written(data)),
    ),
    "program": Target("a program's `.json`", _programs, _read_program),
    "metadata": Target(
        "the metadata in a `.so`", _documents, lambda data: read_metadata(data.decode("latin-1"))
    ),
    "library": Target("a `.so`, inspected", _libraries, read_shared_object),
    "sequence": Target(
        "sequences as text",
        lambda: [b"1 0\n0 1\n", b"1,0.5\r\n\r\n-2e-3,1\n", b"0 0\n" * 9],
        lambda data: checked_inputs(sequence_from_words([str(_written(data))]), 2),
    ),
    "symbols": Target(
        "symbols as text",
        lambda: [b"0 1 2 end blank blank", b"# no\n4,3;2\n"],
        _read_symbols,
    ),
    "proof": Target(
        "the certificate of a stack machine",
        _stack_proofs,
        lambda data: load_stack_certificate(_written(data)),
    ),
    "memory": Target(
        "memories as text",
        lambda: [b"6 2 10 6 8 9 0 0 0 0 0 0", b"0", b"1 2 3 0"],
        _read_memory,
    ),
    **{
        f"examples-{extension}": Target(
            f"examples in a `.{extension}`",
            seeds,
            partial(_read_examples, extension),
        )
        for extension, seeds in (
            ("jsonl", _example_lines),
            ("csv", _example_tables),
            ("npz", _example_arrays),
        )
    },
}
"""By name, as ``python -m tests.fuzz`` takes it."""
