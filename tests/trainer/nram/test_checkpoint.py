"""A model comes back as it was saved, and a bad file gets one clear line and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.archive import save_archive
from hardmax.trainer.layers import CONTROLLERS
from hardmax.trainer.nram import checkpoint
from hardmax.trainer.nram.checkpoint import load_model, save_model
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.model import Model, present_origin
from hardmax.trainer.nram.tasks import find_task
from hardmax.trainer.provenance import AS_TRAINED, FITTED, Provenance
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
        "format": checkpoint.FORMAT,
        "format_version": checkpoint.FORMAT_VERSION,
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
    """A file of the old kind, in which anything can be."""
    path = tmp_path / "bad.pt"
    torch.save(data, path)
    return path


def written_anew(tmp_path: Path, data: dict[str, Any]) -> Path:
    path = tmp_path / "new.pt"
    save_archive(data, path)
    return path


def test_what_the_bad_files_are_made_of_is_good(tmp_path: Path) -> None:
    """Otherwise every refusal below could have another reason than the one it is about."""
    assert load_model(written(tmp_path, contents())).digest() == small_model().digest()
    assert load_model(written_anew(tmp_path, contents())).digest() == small_model().digest()


def test_a_missing_file(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "missing.pt")


def test_a_directory(tmp_path: Path) -> None:
    assert "Is a directory" in refused(tmp_path)


def test_an_archive_cut_short_anywhere(tmp_path: Path) -> None:
    whole = written(tmp_path, contents()).read_bytes()
    path = tmp_path / "cut.pt"
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        refused(path)


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
        ("format", "other", "expected a hardmax-model file, found one of format 'other'"),
        ("format", torch.zeros(2), "another kind"),
        ("format", None, "another kind"),
        ("format_version", 2, "of version 1, found version 2"),
        ("format_version", True, "found version True"),
        ("format_version", "a\nb", "found version 'a\\nb'"),
        ("format_version", torch.ones(2, 2), "found version a tensor"),
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
    data = contents() | {field: value}
    assert message in refused(written(tmp_path, data))
    if not isinstance(value, torch.Tensor | dict):
        assert message in refused(written_anew(tmp_path, data))


@pytest.mark.parametrize("field", contents())
def test_a_missing_field(field: str, tmp_path: Path) -> None:
    data = contents()
    del data[field]
    refused(written(tmp_path, data))
    refused(written_anew(tmp_path, data))


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
        (NAN, "holds values that are not finite"),
        (INFINITE, "holds values that are not finite"),
        ([0.0, 0.0, 0.0], "is no tensor"),
        (0.5, "is no tensor"),
        (None, "is no tensor"),
    ],
)
def test_a_tensor_that_does_not_fit(tensor: object, message: str, tmp_path: Path) -> None:
    data = contents()
    data["state_dict"]["halting.weight"] = tensor
    assert f"halting.weight {message}" in refused(written(tmp_path, data))


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.zeros(1, 3, 1, dtype=torch.complex64), "'torch.ComplexFloatStorage'"),
        (torch.zeros(1, 3, 1).to_sparse(), "'torch._utils._rebuild_sparse_tensor'"),
        (torch.zeros(1, 3, 1, device="meta"), "'torch._utils._rebuild_meta_tensor_no_storage'"),
        (torch.zeros(1).expand(1, 3, 1), "a tensor shows more numbers than are stored"),
    ],
)
def test_a_tensor_of_a_kind_that_no_model_has(tensor: object, message: str, tmp_path: Path) -> None:
    data = contents()
    data["state_dict"]["halting.weight"] = tensor
    assert message in refused(written(tmp_path, data))


def representable() -> Model:
    """A model whose weights are numbers of half precision and of bfloat16, too."""
    model = small_model()
    with torch.no_grad():
        for weight in model.controller.parameters():
            weight.copy_(weight.bfloat16().half())
    return model


@pytest.mark.parametrize(
    "change",
    [
        lambda name, weight: (name, weight.half()),
        lambda name, weight: (name, weight.bfloat16()),
        lambda name, weight: (name, weight.mT.contiguous().mT),
        lambda name, weight: (name, torch.stack((weight, weight), -1)[..., 1]),
        lambda name, weight: (name, torch.nn.Parameter(weight)),
        lambda name, weight: (f"module.{name}", weight),
        lambda name, weight: (f"_orig_mod.{name}", weight),
        lambda name, weight: (f"_orig_mod.module.{name}", weight),
        lambda name, weight: (f"module._orig_mod.{name}", weight),
    ],
    ids=[
        "half",
        "bfloat16",
        "transposed",
        "strided",
        "parameters",
        "DataParallel",
        "torch.compile",
        "both",
        "both the other way round",
    ],
)
def test_what_loses_nothing_is_loaded(
    change: Callable[[str, torch.Tensor], tuple[str, torch.Tensor]], tmp_path: Path
) -> None:
    model = representable()
    weights = dict(change(*item) for item in model.controller.state_dict().items())
    data = contents() | {"state_dict": weights}
    assert load_model(written(tmp_path, data)).digest() == model.digest()
    assert load_model(written_anew(tmp_path, data)).digest() == model.digest()


def test_names_of_which_only_some_have_a_prefix(tmp_path: Path) -> None:
    data = contents()
    data["state_dict"]["module.halting.bias"] = data["state_dict"].pop("halting.bias")
    message = refused(written(tmp_path, data))
    assert "halting.bias is missing; 'module.halting.bias' is unknown" in message


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_infinities_of_half_precision(kind: torch.dtype, tmp_path: Path) -> None:
    data = contents()
    data["state_dict"]["halting.weight"] = INFINITE.to(kind)
    assert "halting.weight holds values that are not finite" in refused(written(tmp_path, data))


def test_ten_thousand_misfits_are_told_in_a_line(tmp_path: Path) -> None:
    data = contents()
    data["state_dict"].update((f"surplus.{i}", torch.zeros(1)) for i in range(10_000))
    assert "'surplus.0' is unknown" in refused(written_anew(tmp_path, data))
    assert "9990 more" in refused(written_anew(tmp_path, data))


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

    monkeypatch.setattr(checkpoint, "Controller", spy)
    data = contents() | {"registers": 20, "repetitions": 16, "hidden": 4096}
    assert "has shape" in refused(written(tmp_path, data))
    assert built
    assert all(p.is_meta for controller in built for p in controller.parameters())


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


@pytest.mark.parametrize(
    ("former", "found_by"),
    [
        ("gradient", "gradient"),
        ("search", "search"),
        ("search from the gradient's table", "hybrid"),
        ("search, learned by the LSTM from its runs", "search"),
        ("search from the gradient's table, learned by the LSTM from its runs", "hybrid"),
    ],
)
def test_the_origin_of_a_model_of_version_0_1_is_told_in_todays_words(
    former: str, found_by: str
) -> None:
    assert present_origin({"found_by": former, "seed": 1}) == {
        "found_by": found_by,
        "seed": 1,
        "weights": FITTED,
    }


def test_the_origin_of_todays_models_stays() -> None:
    for provenance in ({"found_by": "gradient", "weights": AS_TRAINED}, {"seed": 1}):
        assert present_origin(provenance) == provenance
