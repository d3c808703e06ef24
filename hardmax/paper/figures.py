"""Figures in the manner of the papers'; matplotlib, an optional extra, draws them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hardmax.paper.table1 import NOT_IN_THE_PAPER, TABLE_1
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.extras import expect_extra

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from hardmax.paper.reproduction import Result
    from hardmax.runtime.sequence.trace import Trace
    from hardmax.runtime.symbols.trace import SymbolStep
    from hardmax.trainer.nram.soft_run import SoftRun

RIGHT, WRONG, TRAINED = "#26303a", "#b4531f", "#dfe3de"
"""Colours of marks and bars."""

LARGEST_TRACE = 10_000_000
"""Rows times steps of a run that is still drawn."""

TRACE_FORMATS = ("png", "svg", "pdf")
"""What a trace is drawn as, by the extension of its file."""


MOST_NAMES = 80
"""Steps up to which the names of symbols are written at the edge of a picture."""


def draw_errors(results: Sequence[Result]) -> bytes:
    """The paper's figure 3 of our models as SVG: how large inputs may be, and what goes wrong.

    Each model has a line: a bar for what it was trained on, a mark for each largest complexity
    that was measured, filled where there was no error, else with the error beside it; and the
    paper's words about its own machine. Its curves are in a picture only, without numbers.
    """
    expect_extra("draw")
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    figure = Figure(figsize=(11, 1.8 + 0.45 * len(results)), layout="constrained")
    axes = figure.subplots()
    for line, result in enumerate(results):
        axes.barh(line, result.trained - 1, left=1, height=0.6, color=TRAINED)
        for points, marker, above in ((result.soft, "o", 0.15), (result.compiled, "s", -0.15)):
            for point in points:
                place = point.complexity, line - above
                if point.error > 0:
                    axes.plot(*place, marker, color=WRONG, markerfacecolor="none", markersize=5)
                else:
                    axes.plot(*place, marker, color=RIGHT, markersize=5)
            largest = max(point.error for point in points)
            if largest > 0:
                end = points[-1].complexity, line - above
                told = f"up to {100 * largest:.2g} %"
                axes.annotate(told, end, (6, -3), textcoords="offset points", fontsize=8)
        paper = TABLE_1.get(result.task.name, NOT_IN_THE_PAPER)
        said = f"{paper.train_complexity.replace('<=', '≤')}; {paper.generalization}"
        if paper.discretization != "perfect":
            said += f"; discretization {paper.discretization}"
        axes.annotate(said, (1.01, line), xycoords=("axes fraction", "data"), va="center")
    heading = "the paper's: trained on; generalization"
    axes.annotate(heading, (1.01, -0.9), xycoords=("axes fraction", "data"), va="center")
    axes.set_xscale("log")
    axes.set_xlim(left=1)
    axes.set_ylim(len(results) - 0.4, -0.6)
    axes.set_yticks(range(len(results)), [result.title for result in results])
    axes.set_xlabel("largest complexity")
    soft, compiled = results[0].soft[0].samples, results[0].compiled[0].samples
    figure.legend(
        [
            Patch(color=TRAINED),
            Line2D([], [], marker="o", color=RIGHT, linestyle=""),
            Line2D([], [], marker="s", color=RIGHT, linestyle=""),
            Line2D([], [], marker="o", color=WRONG, markerfacecolor="none", linestyle=""),
        ],
        [
            "trained on",
            f"soft: no error in {soft} samples",
            f"compiled: none in {compiled}",
            "errors",
        ],
        loc="outside lower left",
        ncols=4,
        frameon=False,
    )
    return _saved(figure, "svg")


def expect_drawable(steps: int, rows: int) -> None:
    """Say so in one line if a run is too large for a trace.

    Raises:
        HardmaxError: it is.
    """
    if steps * rows > LARGEST_TRACE:
        raise HardmaxError(
            f"expected a run of at most {LARGEST_TRACE} rows times steps to draw, "
            f"found {rows} times {steps}"
        )


def draw_traces(
    traces: Mapping[str, Trace], head_names: Sequence[str], kind: str, title: str
) -> bytes:
    """Runs of one machine on one sequence, side by side, as figures 4 to 6 of the NTM paper.

    From top to bottom: inputs, outputs, what each write head added, and where each head stood.
    Steps go from left to right, channels and rows of the memory from top to bottom. Where there are
    two runs, how far they differ is a column of its own.

    Args:
        traces: what each column is called, and the run in it.
        head_names: of all heads, writers first.
        kind: one of TRACE_FORMATS.
        title: of the whole.

    Raises:
        HardmaxError: matplotlib is not installed.
    """
    columns = {name: _panels(trace, head_names) for name, trace in traces.items()}
    if len(columns) == 2:
        columns["difference"] = [
            _difference(one, other, abs(one.values - other.values))
            for one, other in zip(*columns.values(), strict=True)
        ]
    return _draw_columns(columns, kind, title, "step")


def draw_memory_run(
    memory: NDArray[np.int64], registers: NDArray[np.int64], kind: str, title: str
) -> bytes:
    """A run on a memory: cells and registers, shaded by their values, at each timestep's start.

    Args:
        memory: (T + 1, M), the last at the end; registers: (T + 1, R).
        kind: one of TRACE_FORMATS.
        title: of the whole.

    Raises:
        HardmaxError: matplotlib is not installed.
    """
    return _draw_columns({"discretized": _cells(memory, registers)}, kind, title, "timestep")


def draw_soft_run(run: SoftRun, kind: str, title: str) -> bytes:
    """As :func:`draw_memory_run`, soft beside discretized.

    Of the soft machine each value is the most probable one; the difference is the probability of
    all values but the discretized machine's.
    """
    soft = _cells(run.memory.argmax(-1), run.registers.argmax(-1))
    hard = _cells(run.hard_memory, run.hard_registers)
    missing = (
        1 - run.memory[_where(run.hard_memory)],
        1 - run.registers[_where(run.hard_registers)],
    )
    difference = [
        _difference(one, other, values)
        for one, other, values in zip(soft, hard, missing, strict=True)
    ]
    columns = {"soft": soft, "discretized": hard, "difference": difference}
    return _draw_columns(columns, kind, title, "timestep")


def _where(chosen: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """The index of the chosen values in an array that has one more axis than ``chosen``."""
    import numpy as np

    return (*np.indices(chosen.shape), chosen)


def _cells(memory: NDArray[np.int64], registers: NDArray[np.int64]) -> list[_Panel]:
    largest = max(1, memory.shape[1] - 1)
    panels = [_Panel("cell", memory, 0, largest, whole_memory=True)]
    if registers.shape[1] > 0:
        panels.append(_Panel("register", registers, 0, largest, first=1))
    return panels


def _difference(one: _Panel, other: _Panel, values: NDArray[Any]) -> _Panel:
    return replace(one, values=values, lowest=0, highest=float(values.max()) or 1.0, plain=False)


def _draw_columns(
    columns: Mapping[str, Sequence[_Panel]], kind: str, title: str, time: str
) -> bytes:
    """Panels below each other and runs side by side, a colour bar beside each; steps from 1 on."""
    expect_extra("draw")
    from matplotlib.figure import Figure

    panels = next(iter(columns.values()))
    heights = [3 if panel.whole_memory else 1 for panel in panels]
    width = 1 + 5 * len(columns)
    figure = Figure(figsize=(width, 1 + 0.8 * sum(heights)), layout="constrained", dpi=150)
    figure.suptitle(title)
    grid = figure.subplots(
        len(heights), len(columns), squeeze=False, sharex=True, height_ratios=heights
    )
    for number, (name, of_column) in enumerate(columns.items()):
        grid[0][number].set_title(name)
        grid[-1][number].set_xlabel(time)
        for axes, panel in zip(grid[:, number], of_column, strict=True):
            steps, channels = panel.values.shape
            image = axes.imshow(
                panel.values.T,
                aspect="auto",
                interpolation="none",
                cmap=("gray" if panel.lowest == 0 else "coolwarm") if panel.plain else "Reds",
                vmin=panel.lowest,
                vmax=panel.highest,
                extent=(
                    0.5,
                    steps + 0.5,
                    channels + panel.first - 0.5,
                    panel.first - 0.5,
                ),
            )
            figure.colorbar(image, ax=axes, pad=0.01, aspect=12 if panel.whole_memory else 5)
            axes.yaxis.get_major_locator().set_params(integer=True)
            axes.xaxis.get_major_locator().set_params(integer=True)
            if number == 0:
                axes.set_ylabel(panel.name)
    return _saved(figure, kind)


def draw_structures(
    steps: Sequence[SymbolStep],
    structure_names: Sequence[str],
    alphabets: tuple[Sequence[str], Sequence[str]],
    kind: str,
    title: str,
) -> bytes:
    """A run of a stack machine: what each structure holds at the start of each step.

    Steps go from left to right, cells from the bottom up, a colour for each value; below stand the
    inputs, above the outputs, where there are so few that they can be read.

    Args:
        steps: at least one.
        alphabets: the names of the input symbols and of the output symbols.
        kind: one of TRACE_FORMATS.
        title: of the picture.

    Raises:
        HardmaxError: matplotlib is not installed.
    """
    expect_extra("draw")
    import numpy as np
    from matplotlib.figure import Figure

    count = len(structure_names)
    width = min(20.0, 2 + 0.25 * len(steps))
    figure = Figure(figsize=(width, 1 + 2.2 * count), layout="constrained", dpi=150)
    figure.suptitle(title)
    grid = figure.subplots(count, 1, squeeze=False, sharex=True)[:, 0]
    largest = max((v for step in steps for held in step.structures for v in held), default=1)
    for number, (axes, name) in enumerate(zip(grid, structure_names, strict=True)):
        columns = [step.structures[number] for step in steps]
        height = max(1, *map(len, columns))
        cells = np.full((height, len(steps)), np.nan)
        for place, held in enumerate(columns):
            cells[: len(held), place] = held
        axes.imshow(
            cells,
            aspect="auto",
            interpolation="none",
            origin="lower",
            cmap="viridis",
            vmin=0,
            vmax=max(1, largest),
            extent=(0.5, len(steps) + 0.5, -0.5, height - 0.5),
        )
        axes.set_ylabel(f"{name}: cell")
        for axis in (axes.yaxis, axes.xaxis):
            axis.get_major_locator().set_params(integer=True)
    if len(steps) <= MOST_NAMES:
        places = range(1, len(steps) + 1)
        inputs, outputs = alphabets
        grid[-1].set_xticks(places, [inputs[step.symbol] for step in steps])
        above = grid[0].secondary_xaxis("top")
        above.set_xticks(places, [outputs[step.output] for step in steps])
        above.set_xlabel("output")
        grid[-1].set_xlabel("input")
        for ticks in (grid[-1], above):
            ticks.tick_params(axis="x", rotation=90, labelsize="small")
    else:
        grid[-1].set_xlabel("step")
    return _saved(figure, kind)


@dataclass(frozen=True, eq=False)
class _Panel:
    """Numbers over time, (steps, channels), and the range that the colours stand for.

    Attributes:
        whole_memory: whether it has a line for each row or cell, and needs the room.
        first: the number of the first channel.
        plain: whether it shows numbers of a run, not a difference.
    """

    name: str
    values: NDArray[Any]
    lowest: float
    highest: float
    whole_memory: bool = False
    first: int = 0
    plain: bool = True


def _panels(trace: Trace, head_names: Sequence[str]) -> list[_Panel]:
    largest = max(1.0, float(abs(trace.inputs).max()))
    lowest = -largest if (trace.inputs < 0).any() else 0.0
    writers = trace.added.shape[1]
    return [
        _Panel("inputs", trace.inputs, lowest, largest),
        _Panel("outputs", trace.outputs, 0.0, 1.0),
        *(
            _Panel(name.replace("write", "added"), trace.added[:, i], -1.0, 1.0)
            for i, name in enumerate(head_names[:writers])
        ),
        *(
            _Panel(f"{name}: row", trace.weightings[:, i], 0.0, 1.0, whole_memory=True)
            for i, name in enumerate(head_names)
        ),
    ]


def _saved(figure: Figure, kind: str) -> bytes:
    """A figure as a file, with neither dates nor random names: same figure, same file."""
    import matplotlib

    drawn = io.BytesIO()
    metadata = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with matplotlib.rc_context({"svg.hashsalt": "hardmax"}):
        figure.savefig(drawn, format=kind, metadata=metadata[kind])
    return drawn.getvalue()
