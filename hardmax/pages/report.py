"""One page about one model: what it is for, how it runs, and why to believe it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from hardmax.files import extract_from, load_model
from hardmax.pages.kinds import Section, Subject, find_parts
from hardmax.pages.page import Page, rendered
from hardmax.pages.verdict import Verdict, find_proof, judge
from hardmax.runtime.kinds import find_kind
from hardmax.runtime.version import VERSION
from hardmax.shipped import locate


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
    sections = [*parts.sections(subject), *curves, *_origin(subject)]
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
        styles=("page.css", *parts.styles),
        scripts=parts.scripts,
        version=VERSION,
    )
    card = Card(path.stem, model.task.summary, machine, verdict, parts.thumbnail(subject))
    return Page(title, html), card


def _origin(subject: Subject) -> Iterator[Section]:
    """Where the model comes from, as far as it says so."""
    facts = [
        *subject.model.facts(),
        *subject.extraction.program.facts(),
        ("model hash", subject.model.digest()),
        *((name.replace("_", " "), value) for name, value in subject.model.provenance.items()),
    ]
    body = rendered("origin.html", facts=dict(facts).items())
    yield Section("origin", "Where it comes from", body)
