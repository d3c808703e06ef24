"""Shell completion of verbs, options, files, and names of tasks and models: a script, by shtab."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hardmax.cli.train import TASKS
from hardmax.shipped import shipped_models

SHELLS = ("bash", "zsh", "tcsh")

NAMED = {"task": "tasks", "model": "models", "file": "models"}
"""By what an argument is called, which names it may be besides a file."""


class PrintCompletion(argparse.Action):
    """Prints the script of a shell and ends the command, as ``--version`` does."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        print(script(parser, values))
        parser.exit()


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """What makes a shell complete the parser's command.

    Args:
        shell: one of :data:`SHELLS`.
    """
    import shtab

    words = {"tasks": " ".join(sorted({*" ".join(TASKS.values()).split()}))}
    words["models"] = " ".join(shipped_models())
    for action in _actions(parser):
        named = NAMED.get(action.dest) if not action.option_strings else None
        if named is not None:
            function = f"_hardmax_{named}"
            complete = {"bash": function, "zsh": function, "tcsh": f"({words[named]})"}
            action.complete = complete  # type: ignore[attr-defined]
        elif action.type is Path:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    preamble = {
        "bash": _functions(
            words, '  compgen -W \'{words}\' -- "$1"\n  compgen -o plusdirs -f -- "$1"'
        ),
        "zsh": _functions(words, "  _alternative 'names:name:({words})' 'files:file:_files'"),
    }
    text: str = shtab.complete(parser, shell, preamble=preamble.get(shell, ""))
    return text


def _functions(words: dict[str, str], body: str) -> str:
    """Shell functions that complete names and files."""
    return "\n".join(
        f"_hardmax_{name}() {{\n{body.format(words=listed)}\n}}" for name, listed in words.items()
    )


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the arguments of a parser and of its subparsers."""
    actions: Iterable[argparse.Action] = parser._actions
    for action in actions:
        if isinstance(action, argparse._SubParsersAction):
            for subparser in action.choices.values():
                yield from _actions(subparser)
        else:
            yield action
