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
from hardmax.pages.speed import speed
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
    sections = [
        *parts.sections(subject),
        *curves,
        *speed(model.digest()),
        *_training(path),
        *_origin(subject),
    ]
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
    soft, discretized = (_over_time(progress, f"{name}_error") for name in ("soft", "discretized"))
    charts = []
    if soft and discretized:
        softly = dict(soft)
        gap = [(x, max(y - softly[x], 0.0)) for x, y in discretized if x in softly]
        charts.append(
            _chart(
                "error of the best member",
                "Errors of the best member, at the complexity that it had reached; the gap is by "
                "how much the discretized machine is worse than the soft one.",
                Line("soft", soft, "accent"),
                Line("discretized", discretized),
                Line("gap", gap, "dashed"),
                highest=1.0,
            )
        )
    levels = [(point["seconds"], point["levels"]) for point in progress if point["levels"]]
    if levels:
        charts.append(
            _chart(
                "complexity reached",
                "The complexities that the members of the population had reached.",
                Line("highest", [(x, max(found)) for x, found in levels]),
                Line("mean", [(x, sum(found) / len(found)) for x, found in levels], "dashed"),
            )
        )
    loss = [(x, y) for x, y in _over_time(progress, "loss") if y >= 0]
    if loss:
        charts.append(
            _chart(
                "loss of the best member",
                "What the best member minimised in the last update, penalties included.",
                Line("loss", loss),
            )
        )
    if charts:
        body = rendered("training.html", charts=charts)
        yield Section("training", "How it was trained", body)


def _chart(y_name: str, caption: str, *lines: Line, highest: float | None = None) -> dict[str, Any]:
    """A chart over the seconds of the training, and what is said below it."""
    drawn = [line for line in lines if line.points]
    image = line_chart(drawn, "seconds", y_name, highest=highest, marks=False)
    return {"image": image, "lines": drawn, "caption": caption}


def _over_time(progress: list[dict[str, Any]], name: str) -> list[tuple[float, float]]:
    """Where a number is known of members that were trained, the seconds and it."""
    return [
        (point["seconds"], point[name])
        for point in progress
        if point.get(name) is not None and point.get("updates")
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
