"""Where tasks of a user's own come from: files of examples, Python files, installed packages."""

from __future__ import annotations

import importlib.util
import re
import sys
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.memory.examples import is_example_file, read_examples
from hardmax.runtime.text import printable
from hardmax.trainer.nram.own_tasks.example_task import ExampleTask
from hardmax.trainer.nram.own_tasks.written_task import WrittenTask, is_written
from hardmax.trainer.nram.tasks.task import Task

ENTRY_POINTS = "hardmax.tasks"
"""The group in which a package names its tasks."""

_MODULE_PREFIX = "own_task_"
"""Before the name of a Python file, so that ``copy.py`` does not stand for the standard module."""

_PYTHON = re.compile(r"(?P<file>.*\.py)(?::(?P<cls>\w+))?", re.DOTALL)


def source_of(text: str) -> str | None:
    """The name by which settings know a task in a file, or None where the text names no file.

    It is the whole path, so that it means the same in another folder.
    """
    matched = _PYTHON.fullmatch(text)
    if matched is not None:
        path = str(Path(matched["file"]).absolute())
        return path if matched["cls"] is None else f"{path}:{matched['cls']}"
    return str(Path(text).absolute()) if is_example_file(text) else None


def load_source(source: str) -> Task:
    """The task in a file that :func:`source_of` names. This runs the code of a Python file.

    Raises:
        HardmaxError: the file cannot be read, or there is no task in it.
    """
    matched = _PYTHON.fullmatch(source)
    if matched is None:
        return ExampleTask(read_examples(source), Path(source).name)
    return WrittenTask(_written(_module(Path(matched["file"])), matched["file"], matched["cls"]))


def installed_task(name: str) -> Task | None:
    """The task that an installed package offers under a name; None where there is none.

    Raises:
        HardmaxError: what the package names cannot be imported, or is no task.
    """
    for entry in entry_points(group=ENTRY_POINTS, name=name):
        try:
            found = entry.load()
        except Exception as error:
            reason = printable(f"{type(error).__name__}: {error}")
            raise HardmaxError(f"task {printable(name)}: {entry.value} raised {reason}") from error
        return found if isinstance(found, Task) else WrittenTask(found)
    return None


def _module(path: Path) -> ModuleType:
    """A Python file as a module, which may import what lies beside it."""
    shown = printable(path)
    if not path.is_file():
        raise HardmaxError(f"cannot read {shown}: No such file or directory")
    name = f"{_MODULE_PREFIX}{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for the names in their annotations
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        reason = printable(f"{type(error).__name__}: {error}")
        raise HardmaxError(f"{shown}: {reason}") from error
    finally:
        sys.path.remove(str(path.parent))
    return module


def _written(module: ModuleType, shown: str, name: str | None) -> type:
    """The class of that name in a module, or the only one that is a task."""
    shown = printable(shown)
    tasks = {
        known: thing
        for known, thing in vars(module).items()
        if isinstance(thing, type) and thing.__module__ == module.__name__ and is_written(thing)
    }
    if name is None:
        if len(tasks) != 1:
            raise HardmaxError(
                f"{shown}: expected one class with generate and solve, or FILE.py:CLASS, "
                f"found {', '.join(tasks) or 'none'}"
            )
        return next(iter(tasks.values()))
    thing = vars(module).get(name)
    if thing is None:
        raise HardmaxError(
            f"{shown}: expected a class {printable(name)}, found {', '.join(tasks) or 'no task'}"
        )
    return thing  # type: ignore[no-any-return]
