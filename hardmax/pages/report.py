"""One page about one model: what it is for, how it runs, and why to believe it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from hardmax.files import extract_from, load_model
from hardmax.pages.chart import Line, line_chart
from hardmax.pages.kinds import Section, Subject, find_parts
from hardmax.pages.page import Page, rendered
from hardmax.pages.verdict import Verdict, find_proof, judge
from hardmax.runtime.kinds import find_kind
from hardmax.runtime.version import VERSION
from hardmax.shipped import locate
from hardmax.trainer.metrics import load_metrics, metrics_path

ORIGIN = ("command", "seed", "seconds", "updates", "evaluations", "hardmax", "commit")
"""What a model says of its training that is shown at once; the rest is folded away."""


@dataclass(frozen=True)
class Card:
    """What a gallery shows of a model: the words of its page, and a picture."""

    name: str
    summary: str
    machine: str
    verdict: Verdict
    thumbnail: Markup


def report(file: str | os.PathLike[str], *, check: bool = False) -> Page:
    """As :func:`hardmax.api.report`."""
    return report_with_card(file, check=check)[0]


def report_with_card(file: str | os.PathLike[str], *, check: bool) -> tuple[Page, Card]:
    """As :func:`report`, with what leads to the page."""
    path = locate(file)
    model = load_model(path)
    subject = Subject(path, model, extract_from(path, model))
    parts = find_parts(model.kind)
    proof = find_proof(path, subject.extraction.program, check)
    trials, curves = parts.trials(subject)
    verdict = judge(model.provenance, subject.extraction, trials, proof)
    sections = [*parts.sections(subject), *curves, *_training(path), *_origin(subject)]
    title, machine = str(model.task.title), find_kind(model.kind).title
    html = rendered(
        "report.html",
        title=title,
        name=path.stem,
        summary=model.task.summary,
        machine=machine,
        digest=model.digest(),
        verdict=verdict,
        sections=sections,
        styles=("page.css", *parts.styles, "print.css"),
        scripts=parts.scripts,
        version=VERSION,
    )
    card = Card(path.stem, model.task.summary, machine, verdict, parts.thumbnail(subject))
    return Page(title, html), card


def _training(path: Path) -> Iterator[Section]:
    """How the training went, where its metrics lie beside the model."""
    file = metrics_path(path)
    if not file.is_file():
        return
    progress = load_metrics(file)
    lines = [
        Line(name, points, style)
        for name, points, style in (
            ("soft error", _over_time(progress, "soft_error"), "accent"),
            ("discretized error", _over_time(progress, "discretized_error"), "plain"),
        )
        if points
    ]
    if not lines:
        return
    chart = line_chart(lines, "seconds", "error of the best member", highest=1.0, marks=False)
    levels = [
        Line("highest", [(p["seconds"], max(p["levels"])) for p in progress if p["levels"]]),
        Line(
            "mean",
            [(p["seconds"], sum(p["levels"]) / len(p["levels"])) for p in progress if p["levels"]],
            "dashed",
        ),
    ]
    population = (
        line_chart(levels, "seconds", "complexity reached", marks=False)
        if levels[0].points
        else None
    )
    body = rendered("training.html", chart=chart, lines=lines, population=population, levels=levels)
    yield Section("training", "How it was trained", body)


def _over_time(progress: list[dict[str, Any]], name: str) -> list[tuple[float, float]]:
    """Where a number is known of members that were trained, the seconds and it."""
    return [
        (point["seconds"], point[name])
        for point in progress
        if point[name] is not None and point.get("updates")
    ]


def _origin(subject: Subject) -> Iterator[Section]:
    """Where the model comes from, as far as it says so."""
    provenance = {name.replace("_", " "): v for name, v in subject.model.provenance.items()}
    facts = [
        *((name, provenance.pop(name)) for name in ORIGIN if name in provenance),
        *subject.model.facts(),
        *subject.extraction.program.facts(),
        ("model hash", subject.model.digest()),
    ]
    body = rendered("origin.html", facts=dict(facts).items(), others=provenance.items())
    yield Section("origin", "Where it comes from", body)
