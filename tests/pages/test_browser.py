"""Reports in a real browser: they play, can be edited, and run what our interpreter runs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hardmax
from hardmax.pages.report import report
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.interpreter import run
from hardmax.runtime.nram.program import Program
from hardmax.runtime.stack.interpreter import run as run_stack
from hardmax.runtime.stack.interpreter import trace as trace_stack
from hardmax.runtime.stack.program import StackProgram
from hardmax.trainer.kinds import save_model
from tests.support.browser import chromium, console, needs_chromium
from tests.support.paths import MODELS
from tests.support.stack_models import random_model
from tests.support.stack_programs import stack_programs
from tests.support.strategies import arbitrary_memories, programs

pytestmark = needs_chromium

STEPS = 200


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    yield from chromium(tmp_path_factory.mktemp("profile"))


@pytest.fixture(autouse=True)
def _no_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is measured here, which takes most of the time of a report."""

    def refuse(*_: object) -> None:
        raise HardmaxError("this is a test")

    monkeypatch.setattr("hardmax.pages.nram.evaluate", refuse)


@cache
def program_of(name: str) -> Any:
    return hardmax.load_program(MODELS / f"{name}.pt")


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Any:
    """Make a report and open it."""

    def open_report(name: str) -> Any:
        path = tmp_path / f"{name}.html"
        report(MODELS / f"{name}.pt").save(path)
        browser.get(path.as_uri())
        return browser

    return open_report


def by_id(browser: Any, name: str) -> Any:
    return browser.find_element("id", name)


def cells(browser: Any) -> list[int]:
    """The memory that is shown."""
    return [int(value.text) for value in browser.find_elements("css selector", "#cells .value")]


@pytest.mark.parametrize("name", ["copy", "merge", "listk", "access-lstm"])
def test_the_player_steps_and_ends_as_our_interpreter(opened: Any, name: str) -> None:
    from selenium.webdriver.common.keys import Keys

    page, program = opened(name), program_of(name)
    memory = cells(page)
    traced: Any = hardmax.trace(program, memory)
    body = page.find_element("tag name", "body")
    for timestep in traced.timesteps:
        assert cells(page) == list(timestep.memory)
        registers = page.find_elements("css selector", "#registers .value")
        assert [int(value.text) for value in registers] == list(timestep.registers)
        read = page.find_elements("css selector", "#cells .is-read .index")
        expected = {values[0] for gate, values in timestep.accesses if gate.value == "READ"}
        assert {int(index.text) for index in read} == expected
        assert len(page.find_elements("css selector", ".states .node.lit")) == 1
        assert len(page.find_elements("css selector", ".circuit.shown")) == 1
        assert page.find_elements("css selector", ".code .lit")
        body.send_keys(Keys.ARROW_RIGHT)
    result = hardmax.interpret(program, memory)
    assert cells(page) == list(result.memory)
    said = by_id(page, "said").text
    assert f"after {result.steps} timestep" in said
    assert said.endswith("The answer is right.")
    assert not by_id(page, "forward").is_enabled()
    body.send_keys(Keys.HOME)
    assert cells(page) == memory
    assert console(page) == []


def test_an_edited_input_is_run_in_the_page(opened: Any) -> None:
    page = opened("copy")
    field = by_id(page, "input")
    field.clear()
    field.send_keys("6 2 10 6 8 9 0 0 0 0 0 0\n")
    by_id(page, "last").click()
    assert cells(page) == [0, 2, 10, 6, 8, 9, 2, 10, 6, 8, 9, 0]
    assert by_id(page, "answer-note").is_displayed()
    for typed, told in (
        ("1 2 x", "found x in cell 2"),
        ("3 1 2", "found 3 in cell 0"),
        ("", "none"),
    ):
        field.clear()
        field.send_keys(f"{typed}\n")
        assert told in by_id(page, "refused").text
    assert cells(page) == [0, 2, 10, 6, 8, 9, 2, 10, 6, 8, 9, 0], "the run before is still shown"
    assert console(page) == []


def test_play_goes_to_the_end_and_examples_can_be_chosen(opened: Any) -> None:
    from selenium.webdriver.support.ui import Select, WebDriverWait

    page = opened("access")
    by_id(page, "play").click()
    WebDriverWait(page, 20).until(lambda _: by_id(page, "said").text.startswith("Over"))
    assert by_id(page, "play").text == "Play"
    choice = Select(by_id(page, "examples"))
    for number in range(len(choice.options)):
        choice.select_by_index(number)
        by_id(page, "last").click()
        assert by_id(page, "said").text.endswith("The answer is right.")
    assert console(page) == []


def test_a_margin_is_said_where_one_points(opened: Any) -> None:
    page = opened("copy-gradient")
    titles = page.execute_script(
        "return [...document.querySelectorAll('.circuit .edge title')].map(t => t.textContent)"
    )
    assert any(title.startswith("new r1: margin 0.71") for title in titles)


def test_the_interpreter_in_the_page_agrees_on_memories_of_any_contents(opened: Any) -> None:
    page, generator = opened("copy"), random.Random(0)
    for name in ("copy", "merge", "listk", "walkbst", "access-lstm"):
        program = program_of(name)
        for _ in range(60):
            size = generator.randint(1, 24)
            memory = [generator.randrange(size + 1) for _ in range(size)]
            expect_agreement(page, program, memory)


@pytest.fixture(scope="module")
def plain(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A page that has the interpreter and nothing else that takes time."""
    script = (Path(hardmax.__file__).parent / "pages" / "static" / "nram.js").read_text()
    path = tmp_path_factory.mktemp("plain") / "plain.html"
    interpret = "(text, memory, steps) => runNram(JSON.parse(text), memory, steps)"
    path.write_text(f"<script>{script}\nwindow.hardmax = {{ interpret: {interpret} }};</script>")
    browser.get(path.as_uri())
    return browser


@pytest.mark.parametrize("name", ["ntm-copy", "ntm-sort"])
def test_a_neural_turing_machine_runs_in_the_page_to_the_last_bit(opened: Any, name: str) -> None:
    page, program = opened(name), program_of(name)
    generator = np.random.default_rng(0)
    for steps in (1, 5, 20):
        bits = generator.integers(0, 2, (steps, program.input_width))
        numbers = generator.normal(0, 3, (steps, program.input_width))
        for inputs in (bits, numbers):
            given = inputs.astype(np.float32)
            ours = hardmax.interpret(program, given)
            theirs = page.execute_script(
                "const steps = hardmax.interpret(arguments[0]);"
                "return [steps.map((s) => s.outputs), steps.map((s) => s.addresses)]",
                given.astype(float).tolist(),
            )
            assert theirs == [ours.outputs.astype(float).tolist(), ours.addresses.tolist()]
    assert console(page) == []


def test_the_player_of_a_neural_turing_machine_steps_and_is_edited(opened: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    page = opened("ntm-copy")
    by_id(page, "last").click()
    assert by_id(page, "said").text.endswith("All 20 outputs that count are right.")
    page.find_element("tag name", "body").send_keys(Keys.ARROW_LEFT)
    assert by_id(page, "place").text == "11 of 12"
    field = by_id(page, "input")
    field.clear()
    field.send_keys("0 0 0 0 1 0\n1 0 1 0 0 0\n0 0 0 0 0 1\n0 0 0 0 0 0")
    page.find_element("css selector", "#edit button").click()
    by_id(page, "last").click()
    answer = page.execute_script("return hardmax.play.steps[3].outputs.map((p) => Number(p > 0.5))")
    assert answer == [1, 0, 1, 0]
    assert by_id(page, "answer-note").is_displayed()
    field.send_keys("\n1 2")
    page.find_element("css selector", "#edit button").click()
    assert "Expected 6 numbers in line 5, found 2" in by_id(page, "refused").text
    assert console(page) == []


def test_the_player_of_a_stack_machine_steps_as_our_interpreter_and_is_edited(opened: Any) -> None:
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import Select

    page, program = opened("stack-reversal"), program_of("stack-reversal")
    symbols = by_id(page, "input").get_attribute("value").split()
    body = page.find_element("tag name", "body")
    trace: Any = hardmax.trace(program, symbols)
    for number, step in enumerate(trace.steps):
        assert by_id(page, "place").text == f"{number} of {len(symbols)}"
        assert page.find_element("css selector", "#tape .now .input").text == symbols[number]
        (held,) = step.structures
        assert values(page, "#structures") == [str(value) for value in reversed(held)]
        popped = page.find_elements("css selector", "#structures .is-written")
        assert len(popped) == ("pop" in step.operations[0])
        (line,) = page.find_elements("css selector", ".transitions .lit")
        done = line.find_elements("tag name", "td")[2].text
        assert done.split()[0] == step.operations[0].split()[0]
        said = by_id(page, "said").text
        assert f"put out {program.output_alphabet[step.output]}." in said
        body.send_keys(Keys.ARROW_RIGHT)
    outputs = [program.output_alphabet[step.output] for step in trace.steps]
    assert values(page, "#tape") == outputs
    choice = Select(by_id(page, "examples"))
    for example in range(len(choice.options)):
        choice.select_by_index(example)
        by_id(page, "last").click()
        assert by_id(page, "said").text.endswith("that count are right.")
        assert not page.find_elements("css selector", "#tape .wrong")
    field = by_id(page, "input")
    field.clear()
    field.send_keys("5 0 2 end blank blank blank\n")
    by_id(page, "last").click()
    assert values(page, "#tape")[4:] == ["2", "0", "5"]
    assert by_id(page, "answer-note").is_displayed()
    for typed, told in (("5 x", "found x as number 2"), ("", "found none")):
        field.clear()
        field.send_keys(f"{typed}\n")
        assert told in by_id(page, "refused").text
    assert values(page, "#tape")[4:] == ["2", "0", "5"], "the run before is still shown"
    assert console(page) == []


@pytest.mark.parametrize("name", ["merge", "ntm-copy", "stack-dyck"])
def test_on_a_phone_nothing_sticks_out_and_on_paper_there_are_no_buttons(
    opened: Any, name: str
) -> None:
    page = opened(name)
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        by_id(page, "last").click()
        assert page.execute_script("return document.documentElement.scrollWidth") == 390
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        assert not any(button.is_displayed() for button in page.find_elements("tag name", "button"))
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def values(page: Any, within: str) -> list[str]:
    """What the cells of a list show."""
    return [value.text for value in page.find_elements("css selector", f"{within} .value")]


def test_a_deque_is_shown_from_end_to_end(browser: Any, tmp_path: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    model = tmp_path / "deque.pt"
    save_model(random_model(5, ("deque",), task="copy", symbols=2), model)
    report(model).save(tmp_path / "deque.html")
    browser.get((tmp_path / "deque.html").as_uri())
    symbols = by_id(browser, "input").get_attribute("value").split()
    trace: Any = hardmax.trace(hardmax.load_program(model), symbols)
    most = max(len(step.structures[0]) for step in trace.steps)
    assert most > 1, "the machine at hand fills its deque"
    for step in trace.steps:
        (held,) = step.structures
        assert values(browser, "#structures") == [str(value) for value in reversed(held)]
        ends = [place.text for place in browser.find_elements("css selector", "#structures .index")]
        assert [end for end in ends if end] == ["top", "bottom"][: len(held)]
        assert len(browser.find_elements("css selector", ".transitions .lit")) == 1
        browser.find_element("tag name", "body").send_keys(Keys.ARROW_RIGHT)
    assert console(browser) == []


def test_outputs_that_count_and_are_wrong_are_marked(opened: Any) -> None:
    page = opened("stack-reversal")
    page.execute_script(
        "hardmax.play.wanted.set(6, (hardmax.play.wanted.get(6) + 1) % 8);"
        "document.getElementById('last').click()"
    )
    assert by_id(page, "said").text.endswith("1 output of 5 that count are wrong.")
    (wrong,) = page.find_elements("css selector", "#tape .wrong .index")
    assert wrong.text == "7"


@pytest.fixture(scope="module")
def plain_stack(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A page that has the interpreter of stack machines and nothing else."""
    script = (Path(hardmax.__file__).parent / "pages" / "static" / "stack.js").read_text()
    path = tmp_path_factory.mktemp("plain") / "stack.html"
    interpret = (
        "(text, symbols, capacity) => {"
        " const left = runStack(JSON.parse(text), symbols, capacity);"
        " return [left.rows.map((row) => row.output), left.status,"
        " left.moments.slice(0, -1).map((moment) => [moment.state, moment.structures])]; }"
    )
    path.write_text(f"<script>{script}\nwindow.hardmax = {{ interpret: {interpret} }};</script>")
    browser.get(path.as_uri())
    return browser


@settings(max_examples=150)
@given(data=st.data(), program=stack_programs(), capacity=st.integers(1, 6))
def test_the_stack_interpreter_in_the_page_agrees_on_any_program(
    plain_stack: Any, data: st.DataObject, program: StackProgram, capacity: int
) -> None:
    most = len(program.alphabet)
    symbols = np.array(data.draw(st.lists(st.integers(0, most), max_size=12)), dtype=np.int64)
    ours = run_stack(program, symbols, capacity)
    steps = trace_stack(program, symbols, capacity)
    theirs = plain_stack.execute_script(
        "return hardmax.interpret(...arguments)", program.to_json(), symbols.tolist(), capacity
    )
    assert theirs == [
        ours.outputs.tolist(),
        ours.status.name,
        [[step.state, [list(held) for held in step.structures]] for step in steps],
    ]


@settings(max_examples=150)
@given(program=programs(), memory=arbitrary_memories())
def test_the_interpreter_in_the_page_agrees_on_any_program(
    plain: Any, program: Program, memory: tuple[int, ...]
) -> None:
    expect_agreement(plain, program, list(memory))


def expect_agreement(page: Any, program: Any, memory: list[int]) -> None:
    ours = run(program, memory, STEPS)
    theirs = page.execute_script(
        "const left = hardmax.interpret(...arguments);"
        "return [left.memory, left.steps, left.status]",
        program.to_json(),
        memory,
        STEPS,
    )
    assert theirs == [list(ours.memory), ours.steps, int(ours.status)]
