"""A model comes back as it was saved, and a bad file gets one clear line and nothing else."""

from __future__ import annotations

import os
import pickle
import pickletools
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer import archive
from hardmax.trainer.archive import load_archive, load_model, save_archive, save_model
from hardmax.trainer.nram.controller import CONTROLLERS, Controller
from hardmax.trainer.nram.model import Model, Provenance
from hardmax.trainer.nram.tasks import find_task
from tests.support.controllers import random_controller
from tests.support.refusals import refusal

PROVENANCE: Provenance = {"command": "hardmax train copy", "seed": 7, "seconds": 1.5}


def small_model(kind: str = "mlp", seed: int = 0) -> Model:
    controller = random_controller(
        kind=kind, registers=2, repetitions=2, hidden=3, seed=seed, dtype=torch.float32
    )
    return Model(find_task("copy"), controller, PROVENANCE)


@pytest.mark.parametrize("kind", CONTROLLERS)
def test_a_model_comes_back_as_it_was(kind: str, tmp_path: Path) -> None:
    model = small_model(kind)
    path = tmp_path / "model.pt"
    save_model(model, path)
    back = load_model(path)
    assert back.task is model.task
    assert back.provenance == PROVENANCE
    assert back.controller.config == model.controller.config
    assert back.controller.wiring == model.controller.wiring
    assert back.controller.members == 1
    expected = model.controller.state_dict()
    found = back.controller.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert back.digest() == model.digest()
    zero = torch.tensor([[[0.0, 1.0], [0.3, 0.4]]])
    start = model.controller.start(2)
    assert torch.equal(back.controller(zero, start)[0], model.controller(zero, start)[0])


def test_a_loaded_model_can_be_trained_further(tmp_path: Path) -> None:
    save_model(small_model(), tmp_path / "model.pt")
    controller = load_model(tmp_path / "model.pt").controller
    assert all(p.requires_grad and p.device.type == "cpu" for p in controller.parameters())


def test_same_model_same_bytes(tmp_path: Path) -> None:
    paths = [tmp_path / "first.pt", tmp_path / "second.pt"]
    for path in paths:
        save_model(small_model(), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_digest_tells_weights_and_configurations_apart() -> None:
    model = small_model()
    digests = {
        model.digest(),
        small_model(seed=1).digest(),
        small_model("lstm").digest(),
        Model(find_task("reverse"), model.controller, PROVENANCE).digest(),
    }
    assert len(digests) == 4
    assert all(len(digest) == 64 for digest in digests)
    assert Model(model.task, model.controller, {}).digest() == model.digest()
    with torch.no_grad():
        model.controller.halting.bias.add_(2**-20)
    assert model.digest() not in digests


def contents() -> dict[str, Any]:
    """What a good file holds."""
    return {
        "format": archive.FORMAT,
        "format_version": archive.FORMAT_VERSION,
        "task": "copy",
        "registers": 2,
        "repetitions": 2,
        "controller": "mlp",
        "hidden": 3,
        "provenance": dict(PROVENANCE),
        "state_dict": dict(small_model().controller.state_dict()),
    }


def refused(path: Path) -> str:
    return refusal(load_model, path)


def written(tmp_path: Path, data: object) -> Path:
    path = tmp_path / "bad.pt"
    torch.save(data, path)
    return path


def test_what_the_bad_files_are_made_of_is_good(tmp_path: Path) -> None:
    """Otherwise every refusal below could have another reason than the one it is about."""
    assert load_model(written(tmp_path, contents())).digest() == small_model().digest()


def test_a_missing_file(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "missing.pt")


def test_a_directory(tmp_path: Path) -> None:
    assert "found a directory" in refused(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"just some text\n", b"PK\x03\x04 but no archive", b"\x80\x04N."]
)
def test_no_archive_at_all(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.pt"
    path.write_bytes(content)
    assert "found no complete zip archive" in refused(path)


def test_an_archive_cut_short_anywhere(tmp_path: Path) -> None:
    whole = written(tmp_path, contents()).read_bytes()
    path = tmp_path / "cut.pt"
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        refused(path)


def test_an_archive_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "bad.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert "damaged archive" in refused(path)


class Attack:
    """Unpickled by ordinary means, it makes a directory."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.target),)


def pickle_of(path: Path) -> bytes:
    """What an archive of PyTorch's holds besides tensors."""
    with zipfile.ZipFile(path) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
        return archive.read(name)


def would_run(pickled: bytes) -> bool:
    """Whether unpickling calls ``os.mkdir``; told from the opcodes, none of which is executed."""
    opcodes, arguments = zip(
        *((opcode.name, argument) for opcode, argument, _ in pickletools.genops(pickled)),
        strict=True,
    )
    return "REDUCE" in opcodes and any("mkdir" in str(argument) for argument in arguments)


def test_a_pickle_that_would_run_code_does_not(tmp_path: Path) -> None:
    """Bare, in an archive of PyTorch's, and hidden in an otherwise good model."""
    target = tmp_path / "attacked"
    bare = tmp_path / "bare.pt"
    bare.write_bytes(pickle.dumps(Attack(target)))
    archived = tmp_path / "archived.pt"
    torch.save(Attack(target), archived)
    hidden = tmp_path / "hidden.pt"
    data = contents()
    torch.save(data, hidden)
    assert not would_run(pickle_of(hidden))
    data["provenance"]["command"] = Attack(target)
    torch.save(data, hidden)

    assert would_run(bare.read_bytes())
    assert "found no complete zip archive" in refused(bare)
    for path in (archived, hidden):
        assert would_run(pickle_of(path))
        assert "more than primitives and tensors; not loaded" in refused(path)
    assert not target.exists()


def test_another_projects_state_dict(tmp_path: Path) -> None:
    state = torch.nn.Linear(3, 4).state_dict()
    assert "another kind of PyTorch file" in refused(written(tmp_path, state))
    assert "another kind of PyTorch file" in refused(written(tmp_path, torch.zeros(2)))
    data = contents() | {"state_dict": dict(state)}
    message = refused(written(tmp_path, data))
    assert "inputs.weight is missing" in message
    assert "'weight' is unknown" in message


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("format", "other", "another kind"),
        ("format", torch.zeros(2), "another kind"),
        ("format", None, "another kind"),
        ("format_version", 2, "of version 1, found version 2"),
        ("format_version", True, "found version True"),
        ("format_version", "a\nb", "found version 'a\\nb'"),
        ("format_version", torch.ones(2, 2), "found version Tensor"),
        ("task", "sorting", "unknown task 'sorting'"),
        ("task", "\n", "unknown task"),
        ("task", 3, "expected task of type str, found 3"),
        ("registers", 10**9, "expected 1..20 registers, found 1000000000"),
        ("registers", 0, "expected 1..20 registers, found 0"),
        ("registers", -2, "found -2"),
        ("registers", 2.0, "expected registers of type int, found 2.0"),
        ("registers", True, "expected registers of type int, found True"),
        ("registers", torch.ones(2, 2), "expected registers of type int, found Tensor"),
        ("repetitions", 10**9, "found 1000000000"),
        ("repetitions", None, "expected repetitions of type int, found NoneType"),
        ("hidden", 10**6, "hidden units, found 1000000"),
        ("controller", "gru", "expected controller mlp or lstm, found 'gru'"),
        ("controller", "a\nb", "found 'a\\nb'"),
        ("controller", [], "expected controller of type str, found list"),
        ("state_dict", [], "expected state_dict of type dict, found list"),
        ("state_dict", {}, "inputs.weight is missing"),
        ("provenance", "me", "expected provenance of type dict, found 'me'"),
        ("provenance", {"seed": [1]}, "provenance of primitives, found 'seed'"),
        ("provenance", {3: 1}, "provenance of primitives, found 3"),
    ],
)
def test_a_wrong_field(field: str, value: object, message: str, tmp_path: Path) -> None:
    assert message in refused(written(tmp_path, contents() | {field: value}))


@pytest.mark.parametrize("field", contents())
def test_a_missing_field(field: str, tmp_path: Path) -> None:
    data = contents()
    del data[field]
    refused(written(tmp_path, data))


NAN = torch.full((1, 3, 1), float("nan"))
INFINITE = torch.full((1, 3, 1), float("inf"))


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.zeros(1, 3, 2), "has shape [1, 3, 2], expected [1, 3, 1]"),
        (torch.zeros(3, 1), "has shape [3, 1], expected [1, 3, 1]"),
        (torch.zeros(2, 3, 1), "has shape [2, 3, 1], expected [1, 3, 1]"),
        (torch.zeros(1, 3, 1, dtype=torch.float64), "is torch.float64, expected torch.float32"),
        (torch.zeros(1, 3, 1, dtype=torch.int64), "is torch.int64"),
        (torch.zeros(1, 3, 1, dtype=torch.complex64), "is torch.complex64"),
        (NAN, "holds values that are not finite"),
        (INFINITE, "holds values that are not finite"),
        (torch.zeros(1, 3, 1).to_sparse(), "is not stored as a dense tensor"),
        (torch.zeros(1, 3, 1, device="meta"), "is not stored as a dense tensor"),
        (torch.zeros(1).expand(1, 3, 1), "is not stored whole"),
        ([0.0, 0.0, 0.0], "is no tensor"),
        (0.5, "is no tensor"),
        (None, "is no tensor"),
    ],
)
def test_a_tensor_that_does_not_fit(tensor: object, message: str, tmp_path: Path) -> None:
    data = contents()
    data["state_dict"]["halting.weight"] = tensor
    assert f"halting.weight {message}" in refused(written(tmp_path, data))


def test_every_misfit_is_in_the_message(tmp_path: Path) -> None:
    data = contents()
    del data["state_dict"]["halting.bias"]
    data["state_dict"]["inputs.bias"] = NAN
    data["state_dict"]["surplus"] = NAN
    message = refused(written(tmp_path, data))
    assert "halting.bias is missing" in message
    assert "inputs.bias has shape" in message
    assert "'surplus' is unknown" in message


def test_a_huge_machine_is_refused_before_its_weights_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The largest configuration there may be would take over a gigabyte; its file is small."""
    built: list[Controller] = []

    def spy(*arguments: Any, **options: Any) -> Controller:
        built.append(Controller(*arguments, **options))
        return built[-1]

    monkeypatch.setattr(archive, "Controller", spy)
    data = contents() | {"registers": 20, "repetitions": 16, "hidden": 4096}
    assert "has shape" in refused(written(tmp_path, data))
    assert built
    assert all(p.is_meta for controller in built for p in controller.parameters())


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("archive/data.pkl", bytes(1 << 20))
    assert path.stat().st_size < 1 << 12
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 1 << 19)
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("it was unpacked"))
    assert "of at most 524288 bytes, found 1048576" in refused(path)


def test_damage_anywhere_is_an_error_or_harmless(tmp_path: Path) -> None:
    """Bytes of any part of an archive replaced, dropped or inserted, the archive itself sound."""
    with zipfile.ZipFile(written(tmp_path, contents())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    pickled = next(name for name in parts if name.endswith("data.pkl"))
    generator = random.Random(0)
    path = tmp_path / "damaged.pt"
    refusals = 0
    for _ in range(300):
        name = pickled if generator.random() < 0.9 else generator.choice(list(parts))
        part = bytearray(parts[name])
        start = generator.randrange(len(part))
        new = generator.randbytes(generator.randrange(3))
        part[start : start + generator.randrange(3)] = new
        with zipfile.ZipFile(path, "w") as archive:
            for other, content in parts.items():
                archive.writestr(other, bytes(part) if other == name else content)
        try:
            load_model(path)
        except HardmaxError:
            refused(path)
            refusals += 1
    assert refusals > 100


def test_an_unwritable_place(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing" / "model.pt"):
        with pytest.raises(HardmaxError, match="cannot write") as error:
            save_model(small_model(), path)
        assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.pt"
    save_model(small_model(), path)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(HardmaxError, match="No space left on device"):
        save_model(small_model(seed=1), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_archives_of_other_formats_use_the_same_door(tmp_path: Path) -> None:
    path = tmp_path / "session.pt"
    data = {"format": "other", "format_version": 3, "levels": torch.arange(3), "nested": [{"a": 1}]}
    save_archive(data, path)
    back = load_archive(path, "other", 3)
    assert torch.equal(back.pop("levels"), data.pop("levels"))
    assert back == data
    with pytest.raises(HardmaxError, match="version 4, found version 3"):
        load_archive(path, "other", 4)
    with pytest.raises(HardmaxError, match="another kind"):
        load_model(path)
