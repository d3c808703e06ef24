"""Proofs about stack machines: what is proved, what is refuted, and what the checker rejects."""

from __future__ import annotations

import dataclasses
import itertools
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hardmax.cli.main import main
from hardmax.files import load_program
from hardmax.prover.failure import NotProvedError
from hardmax.prover.stack import counting, search
from hardmax.prover.stack.certificate import (
    FRONTS,
    PUSHDOWN,
    StackCertificate,
    load_stack_certificate,
)
from hardmax.prover.stack.check import check
from hardmax.prover.stack.prove import prove
from hardmax.prover.stack.pushdown import Wrong
from hardmax.prover.stack.search import first_wrong, violation
from hardmax.prover.stack.specifications import FREE, SPECIFICATIONS, specification
from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.stack.interpreter import run
from hardmax.runtime.stack.program import Action, Operation, StackProgram, Structure
from hardmax.runtime.symbols.interface import SymbolMetadata
from hardmax.trainer.stack.tasks.registry import SYMBOL_TASKS
from tests.support import stack_programs
from tests.support.paths import MODELS
from tests.support.stack_programs import BLANK, END, VALUES, one_structure

PROVED = {
    "reversal": stack_programs.reversal(),
    "copy": stack_programs.copy(),
    "dyck": stack_programs.dyck_next(),
    "dyck-close": stack_programs.dyck_close(),
    "anbn": stack_programs.anbn(),
}


SHIPPED = sorted(path.stem for path in MODELS.glob("*.proof"))


@pytest.fixture(autouse=True)
def short_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_PLACES", 300)


def quietly(message: str) -> None:
    pass


def proved(program: StackProgram) -> StackCertificate:
    outcome = prove(program, 60, quietly)
    assert isinstance(outcome, StackCertificate)
    return outcome


def refuted(program: StackProgram) -> Wrong:
    outcome = prove(program, 60, quietly)
    assert isinstance(outcome, Wrong)
    return outcome


@pytest.mark.parametrize("name", PROVED)
def test_machines_written_by_hand_are_proved_and_their_proofs_confirmed(name: str) -> None:
    certificate = proved(PROVED[name])
    check(certificate, PROVED[name], 60)
    assert certificate.method == (FRONTS if name == "copy" else PUSHDOWN)
    assert StackCertificate.from_data(json.loads(certificate.to_json())) == certificate


# What the tasks are, in words of their own: an input's outputs that count, None where it is none.

Definition = Callable[[list[int]], dict[int, int] | None]


def transduced(answer: Callable[[list[int]], list[int] | None], end: int) -> Definition:
    """Symbols, the end, blanks; prefixes of inputs, too."""

    def definition(word: list[int]) -> dict[int, int] | None:
        given = list(itertools.takewhile(lambda symbol: symbol != end, word))
        wanted = answer(given)
        blanks = word[len(given) + 1 :]
        if wanted is None or end + 1 in given or any(blank != end + 1 for blank in blanks):
            return None
        if len(blanks) > len(wanted):
            return None
        return {len(given) + 1 + i: wanted[i] for i in range(len(blanks))}

    return definition


def closers(word: list[int]) -> list[int] | None:
    opened: list[int] = []
    for bracket in word:
        if bracket % 2 == 0:
            opened.append(bracket + 1)
        elif not opened or opened.pop() != bracket:
            return None
    return opened


def gender(word: list[int]) -> dict[int, int] | None:
    """Nouns 0..5, two of each gender, verbs 6 and 7, articles 8 and 9, conjugated 8..13."""
    nouns, verbs, articles, end = range(6), range(6, 8), range(8, 10), 10
    given = list(itertools.takewhile(lambda symbol: symbol != end, word))
    if any(symbol not in (articles, nouns, verbs)[i % 3] for i, symbol in enumerate(given)):
        return None
    if len(given) == len(word):
        return {}
    if given and len(given) % 3 != 2:
        return None
    wanted = [
        8 + 3 * (symbol - 8) + given[i + 1] // 2 if symbol in articles else symbol
        for i, symbol in enumerate(given)
    ]
    return transduced(lambda _: wanted, end)(word)


def dyck(word: list[int]) -> dict[int, int] | None:
    answers = [closers(word[: step + 1]) for step in range(len(word))]
    if None in answers:
        return None
    return {step: opened[-1] if opened else 4 for step, opened in enumerate(answers)}


def counted(free: int) -> Definition:
    """Strings a^n b^n, or a^n b^m c^(n+m); prefixes, too."""

    def definition(word: list[int]) -> dict[int, int] | None:
        answers, counts = {}, [0] * (free + 1)
        for step, letter in enumerate(word):
            if letter == 0 and counts[free] and counts[free] == sum(counts[:free]):
                counts = [0] * (free + 1)
            if any(counts[letter + 1 :]) or not all(counts[:letter]):
                return None
            counts[letter] += 1
            left = sum(counts[:free]) - counts[free]
            if left < 0:
                return None
            if letter == free:
                answers[step] = free if left else 0
        return answers

    return definition


def memorized(word: list[int]) -> dict[int, int] | None:
    sign = VALUES
    given = list(itertools.takewhile(lambda symbol: symbol != sign, word))
    second = word[len(given) + 1 :]
    wanted = given[::-1]
    if second != wanted[: len(second)]:
        return None
    asked = range(len(given), len(word))
    return {step: wanted[step - len(given)] for step in asked if step < 2 * len(given)}


DEFINITIONS: dict[str, tuple[int, int, Definition]] = {
    "reversal": (VALUES + 2, VALUES, transduced(lambda given: given[::-1], END)),
    "copy": (VALUES + 2, VALUES, transduced(lambda given: given, END)),
    "reversal-128": (VALUES + 2, VALUES, transduced(lambda given: given[::-1], END)),
    "copy-128": (VALUES + 2, VALUES, transduced(lambda given: given, END)),
    "gender": (12, 14, gender),
    "dyck": (4, 5, dyck),
    "dyck-close": (
        6,
        5,
        transduced(lambda given: None if (c := closers(given)) is None else [*c[::-1], 4], 4),
    ),
    "anbn": (2, 2, counted(1)),
    "anbmcnm": (3, 3, counted(2)),
    "memorization": (VALUES + 1, VALUES, memorized),
}
"""By task: how many symbols come in, how many go out, and the definition."""


def of_task(task: str) -> StackProgram:
    """A machine of a task, which does nothing: its symbols are what matters."""
    inputs, outputs, _ = DEFINITIONS[task]
    row = ((0, 0, (0,)), Action((Operation(),), 0, 0))
    names = tuple(f"i{i}" for i in range(inputs)), tuple(f"o{i}" for i in range(outputs))
    structure = SPECIFICATIONS[task][0]
    return StackProgram((structure,), (1,), 1, *names, 1, (row,), SymbolMetadata(task))


@pytest.mark.parametrize("task", SPECIFICATIONS)
def test_a_specification_is_the_definition_of_its_task(task: str) -> None:
    """On all words up to some length but those with a beginning that is none of an input."""
    inputs, _, definition = DEFINITIONS[task]
    wanted = specification(of_task(task))
    free = wanted.output_alphabet.index(FREE)
    longest = {2: 11, 3: 7, 4: 6, 5: 5, 6: 5, 12: 9}[inputs]
    meant = 0
    words: list[tuple[int, ...]] = [()]
    for _ in range(longest):
        longer = [(*word, symbol) for word in words for symbol in range(inputs)]
        words = []
        for word in longer:
            result = run(wanted, np.array(word, dtype=np.int64), 100)
            answers = definition(list(word))
            assert (result.status is Status.HALTED) == (answers is not None), word
            if answers is None:
                continue
            words.append(word)
            outputs = enumerate(result.outputs.tolist())
            assert {step: output for step, output in outputs if output != free} == answers, word
            meant += len(answers)
    assert meant > 30


def read(wanted: StackProgram, word: Sequence[int]) -> dict[int, int] | None:
    """What a specification asks for on a word; None where it is the beginning of no input."""
    result = run(wanted, np.array(word, dtype=np.int64), 1000)
    if result.status is not Status.HALTED:
        return None
    free = wanted.output_alphabet.index(FREE)
    outputs = enumerate(result.outputs.tolist())
    return {step: output for step, output in outputs if output != free}


@pytest.mark.parametrize("task", SPECIFICATIONS)
def test_a_specification_is_what_the_trained_task_solves(task: str) -> None:
    """Both ways: inputs of the task have its answers, and what is read begins an input."""
    trained = SYMBOL_TASKS[task]
    machine = dataclasses.replace(
        of_task(task), alphabet=trained.alphabet, output_alphabet=trained.output_alphabet
    )
    wanted = specification(machine)
    complexity = torch.arange(trained.smallest_complexity, 30).repeat(10)
    batch = trained.sample(complexity, torch.Generator().manual_seed(0))
    drawn = [
        word[:steps]
        for word, steps in zip(batch.inputs.tolist(), batch.steps.tolist(), strict=True)
    ]
    short = list(itertools.islice(trained.short_inputs(), 5000))
    for word in (*short[:1000], *drawn):
        assert read(wanted, word) == trained.solve(word), word
    longest = 3 if len(trained.alphabet) < 100 else 1  # of many symbols, no more are tried
    begun = {tuple(word[:length]) for word in short for length in range(longest + 1)}
    words: list[tuple[int, ...]] = [()]
    for _ in range(longest):
        longer = [(*word, symbol) for word in words for symbol in range(len(trained.alphabet))]
        words = [word for word in longer if read(wanted, word) is not None]
        assert words
        assert begun.issuperset(words)


def secret(word: tuple[int, ...], values: int = 8) -> StackProgram:
    """Reversal, but what is pushed right after a certain word is another symbol."""
    names = (*map(str, range(values)), "end", "blank")

    def rule(state: int, symbol: int, reads: tuple[int, ...]) -> tuple[Operation, int, int]:
        if symbol < values:
            seen = (*word[:state], symbol)
            following = next(
                n
                for n in range(len(word), -1, -1)
                if n <= len(seen) and seen[len(seen) - n :] == word[:n]
            )
            whole = following == len(word)
            pushed = (symbol + 1) % values if whole else symbol
            return Operation(push_top=pushed), 0, 0 if whole else following
        if symbol == values:
            return Operation(), 0, state
        return Operation(pop_top=True), reads[0] - 1 if reads[0] else 0, state

    return one_structure(
        Structure.STACK, "reversal", rule, names=names, values=values, states=len(word)
    )


def test_a_machine_that_sampling_passes_is_refuted_by_the_shortest_input() -> None:
    word = (0, 1, 6, 7, 6, 6, 6)
    machine = secret(word)
    chosen = random.Random(0)
    lengths = [*(n for n in range(1, 11) for _ in range(200)), *100 * [50]]
    for length in lengths:
        given = [chosen.randrange(8) for _ in range(length)]
        symbols = np.array([*given, 8, *length * [9]])
        assert run(machine, symbols, length).outputs[length + 1 :].tolist() == given[::-1]
    for short in itertools.product(range(8), repeat=3):
        answers = run(machine, np.array([*short, 8, 9, 9, 9]), 3).outputs[4:].tolist()
        assert answers == [*short[::-1]]
    wrong = refuted(machine)
    assert wrong == Wrong((*word, 8, 9), "expected 6, found 7")
    assert violation(machine, specification(machine), wrong.word) == wrong.reason


def mutants() -> Iterator[tuple[str, StackProgram]]:
    """Every machine with one row changed, in each of several ways, or left out."""
    for name, program in PROVED.items():
        for number, (key, action) in enumerate(program.rows):
            (operation,) = action.operations
            others: list[Action | None] = [
                None,
                dataclasses.replace(
                    action, output=(action.output + 1) % len(program.output_alphabet)
                ),
                dataclasses.replace(
                    action,
                    operations=(dataclasses.replace(operation, pop_top=not operation.pop_top),),
                ),
                dataclasses.replace(action, operations=(Operation(),)),
            ]
            for other in others:
                rows = [*program.rows]
                rows[number : number + 1] = [] if other is None else [(key, other)]
                yield name, dataclasses.replace(program, rows=tuple(rows))


def test_no_mutant_is_proved_that_a_search_refutes_and_none_refuted_that_is_right() -> None:
    outcomes = {"proved": 0, "refuted": 0, "neither": 0}
    for _, machine in itertools.islice(mutants(), 0, None, 5):
        wanted = specification(machine)
        shortest, _ = first_wrong(machine, wanted, time.monotonic() + 60)
        try:
            outcome = prove(machine, 60, quietly)
        except NotProvedError:
            outcomes["neither"] += 1
            assert shortest is None
            continue
        if isinstance(outcome, Wrong):
            outcomes["refuted"] += 1
            assert violation(machine, wanted, outcome.word) == outcome.reason
            assert shortest is None or len(shortest.word) == len(outcome.word)
        else:
            outcomes["proved"] += 1
            assert shortest is None
            check(outcome, machine, 60)
    assert outcomes["proved"] > 5
    assert outcomes["refuted"] > 30


@given(st.integers(0, 2**32 - 1), st.sampled_from(sorted(PROVED)))
def test_random_machines_are_never_proved_wrongly(seed: int, name: str) -> None:
    """Any rows instead of some: what is proved, an exhaustive search does not refute."""
    chosen, program = random.Random(seed), PROVED[name]
    rows = list(program.rows)
    for number in chosen.sample(range(len(rows)), 2):
        rows[number] = (rows[number][0], rows[chosen.randrange(len(rows))][1])
    machine = dataclasses.replace(program, rows=tuple(rows))
    try:
        outcome = prove(machine, 60, quietly)
    except NotProvedError:
        return
    if isinstance(outcome, StackCertificate):
        check(outcome, machine, 60)
        assert first_wrong(machine, specification(machine), time.monotonic() + 60)[0] is None
    else:
        assert violation(machine, specification(machine), outcome.word) is not None


def test_a_certificate_is_checked_fact_by_fact() -> None:
    for program in PROVED.values():
        certificate = proved(program)
        for number in range(len(certificate.facts)):
            facts = certificate.facts[:number] + certificate.facts[number + 1 :]
            with pytest.raises(HardmaxError, match="fact missing"):
                check(dataclasses.replace(certificate, facts=facts), program, 60)


@pytest.mark.parametrize("name", [n for n in SHIPPED if n.startswith(("stack", "queue"))])
def test_a_shipped_certificate_is_not_changed_unnoticed(name: str) -> None:
    program = load_program(MODELS / f"{name}.pt")
    assert isinstance(program, StackProgram)
    certificate = load_stack_certificate(MODELS / f"{name}.proof")
    check(certificate, program, 60)
    for changes, reason in (
        ({"program": "sha256:" + "0" * 64}, "program: expected sha256:.*, found sha256:000"),
        ({"facts": certificate.facts[1:]}, "fact missing: "),
        ({"facts": ()}, "fact missing: "),
        ({"task": "flipping"}, "task: expected .*, found flipping"),
    ):
        with pytest.raises(HardmaxError, match=reason):
            check(dataclasses.replace(certificate, **changes), program, 60)


def damaged(**changes: Any) -> StackCertificate:
    return dataclasses.replace(proved(PROVED["copy"]), **changes)


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        (damaged(task="reversal"), "task: expected copy, found reversal"),
        (damaged(program="sha256:0"), "program: expected sha256:"),
        (damaged(specification={}), "specification: expected that of task copy"),
        (damaged(method=PUSHDOWN), "method: expected over-approx"),
        (damaged(pairs=()), "by more than a pop and a push of one of the pairs"),
        (damaged(facts=(((0, 0), (), (0, 0), ()),)), "fact missing"),
        (damaged(facts=(((0, 0), ((0, 0), (1, 1))), ((0, 0), ()))), "no fact of a front"),
        (damaged(facts=((((0, 0)), ()), ((5, 0), ()))), "fact missing|wrong"),
    ],
)
def test_what_proves_nothing_is_rejected(certificate: StackCertificate, reason: str) -> None:
    with pytest.raises(HardmaxError, match=reason):
        check(certificate, PROVED["copy"], 60)


def test_a_proof_of_another_machine_is_rejected() -> None:
    other = dataclasses.replace(PROVED["reversal"], rows=PROVED["reversal"].rows[:-1])
    with pytest.raises(HardmaxError, match=r"^program: expected"):
        check(proved(PROVED["reversal"]), other, 60)


def test_machines_out_of_step_are_not_proved_but_tried() -> None:
    """One that lays something down at the end and takes it away at the first blank."""

    def rule(state: int, symbol: int, reads: tuple[int, ...]) -> tuple[Operation, int, int]:
        if symbol < VALUES:
            return Operation(push_top=symbol), 0, 0
        if symbol == END:
            return Operation(push_top=0), 0, 1
        pops = Operation(pop_top=True)
        return pops, max(0, reads[state] - 1), state

    machine = one_structure(Structure.STACK, "reversal", rule, states=2, depth=2)
    with pytest.raises(NotProvedError, match=r"in step: on input end .*every input of up to"):
        prove(machine, 2, quietly)


def test_other_structures_and_tasks_are_not_proved() -> None:
    machine = dataclasses.replace(
        PROVED["copy"], metadata=SymbolMetadata("reversal"), structures=(Structure.QUEUE,)
    )
    assert isinstance(prove(machine, 5, quietly), Wrong)
    with pytest.raises(NotProvedError, match="no specification of task 'sorting'"):
        prove(dataclasses.replace(machine, metadata=SymbolMetadata("sorting")), 5, quietly)
    with pytest.raises(NotProvedError, match="does not go with the symbols"):
        prove(
            dataclasses.replace(PROVED["anbn"], metadata=SymbolMetadata("dyck-close")), 5, quietly
        )


def anb2n(*, wrong_at: int | None = None) -> StackProgram:
    """a^n b^2n: every other b pops."""

    def rule(state: int, symbol: int, reads: tuple[int, ...]) -> tuple[Operation, int, int]:
        if symbol == 0:
            return Operation(push_top=0), 0, 0
        if state == 0:
            return Operation(), 1, 1
        return Operation(pop_top=True), 1 if reads[1] else 0, 0

    machine = one_structure(
        Structure.STACK, "anb2n", rule, names=("a", "b"), values=1, states=2, depth=2
    )
    if wrong_at is None:
        return machine
    rows = tuple(
        (key, dataclasses.replace(action, output=0) if key == (1, 1, (1, 1)) else action)
        for key, action in machine.rows
    )
    return dataclasses.replace(machine, rows=rows)


def test_counting_is_tried_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "LARGEST", 60)
    with pytest.raises(NotProvedError, match=r"every n from 1 to 60 it is right, .* in any order"):
        prove(anb2n(), 60, quietly)
    assert refuted(anb2n(wrong_at=2)) == Wrong((0, 0, 1, 1), "expected b, found a")
    with pytest.raises(NotProvedError, match="out of time at n = 1"):
        prove(anb2n(), -1, quietly)


def test_the_command_writes_a_proof_and_checks_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, proof = tmp_path / "reversal.json", tmp_path / "reversal.proof"
    file.write_text(PROVED["reversal"].to_json())
    assert main(["prove", str(file), "-o", str(proof)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "summaries of a pushdown system: 8 facts",
        "verdict: proved for every length",
    ]
    assert main(["prove", str(file), "--check", str(proof)]) == 0
    assert "8 facts checked" in capsys.readouterr().out
    wrong = tmp_path / "wrong.json"
    wrong.write_text(secret((2, 2, 2)).to_json())
    assert main(["prove", str(wrong), "-o", str(tmp_path / "none.proof")]) == 1
    *_, reason, verdict = capsys.readouterr().out.splitlines()
    assert reason == "step 5: expected 2, found 3"
    assert verdict == f"verdict: refuted: hardmax run {wrong} 2 2 2 end blank"
    assert not Path(tmp_path, "none.proof").exists()
    assert main(["run", *verdict.split()[4:]]) == 0
    assert capsys.readouterr().out.split()[-1] == "3"
    assert main(["prove", str(wrong), "--check", str(proof)]) == 1
    assert "verdict: rejected: program" in capsys.readouterr().out
    proof.write_text("{}")
    assert main(["prove", str(file), "--check", str(proof)]) == 1
    assert 'expected a JSON object with "format"' in capsys.readouterr().err


def test_a_malformed_certificate_is_refused() -> None:
    data = json.loads(proved(PROVED["reversal"]).to_json())
    for changes, reason in (
        ({"version": 2}, "format version 1, found 2"),
        ({"facts": [[1]]}, "malformed proof"),
        ({"facts": [[[0, 0], [], [0, 0], [[0]]]]}, "malformed proof"),
        ({"facts": 3}, "malformed proof"),
        ({"pairs": [[0.5, 1]]}, "malformed proof"),
        ({"method": "luck"}, "expected method"),
        ({"claim": "it is right"}, "expected the claim"),
        ({"specification": []}, "malformed proof"),
    ):
        with pytest.raises(HardmaxError, match=reason):
            StackCertificate.from_data({**data, **changes})


def test_blanks_are_no_symbols_of_the_word() -> None:
    """The specification reads only what a task can give."""
    wanted = specification(PROVED["reversal"])
    assert run(wanted, np.array([0, BLANK]), 5).status is Status.UNREACHABLE_ROW
    assert run(wanted, np.array([0, END, BLANK, BLANK]), 5).steps == 3
