"""A StackProgram as text for people: what it does in each state."""

from __future__ import annotations

from hardmax.extractor.stack.transitions import transitions
from hardmax.runtime.stack.program import StackProgram
from hardmax.runtime.text import counted, printable


def listing(program: StackProgram) -> str:
    """Its transitions, state by state.

    A line says for which input, and where what is read is of one sort, what is done to each
    structure, the output, and the next state where it is another.

    Returns:
        lines of text, the last one ended too.
    """
    sizes = (
        ", ".join(program.structure_names),
        counted(program.states, "state"),
        counted(len(program.rows), "row"),
    )
    lines = [f"{printable(program.metadata.task)}: {', '.join(sizes)}"]
    state = None
    for transition in transitions(program):
        if transition.state != state:
            state = transition.state
            lines += ["", f"state {state}:"]
        reads = "" if transition.reads == "any" else f" if {transition.reads}"
        done = [
            f"{name}: {operation}" if len(program.structures) > 1 else operation
            for name, operation in zip(program.structure_names, transition.operations, strict=True)
            if operation != "-"
        ]
        moves = "" if transition.next_state == state else f"; go to {transition.next_state}"
        action = "; ".join([*done, f"output {transition.output}"])
        lines.append(f"    {transition.inputs}{reads}: {action}{moves}")
    return "\n".join(lines) + "\n"
