"""One page about one model: what it is for, how it runs, and why to believe it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from hardmax.files import extract_from, load_model
from hardmax.pages.kinds import Section, Subject, find_parts
from hardmax.pages.page import Page, rendered
from hardmax.pages.verdict import find_proof, judge
from hardmax.runtime.kinds import find_kind
from hardmax.runtime.version import VERSION
from hardmax.shipped import locate


def report(file: str | os.PathLike[str], *, check: bool = False) -> Page:
    """As :func:`hardmax.api.report`."""
    path = locate(file)
    model = load_model(path)
    subject = Subject(path, model, extract_from(path, model))
    parts = find_parts(model.kind)
    proof = find_proof(path, subject.extraction.program, check)
    trials, curves = parts.trials(subject)
    verdict = judge(model.provenance, subject.extraction, trials, proof)
    sections = [*parts.sections(subject), *curves, *_origin(subject)]
    title = str(model.task.title)
    html = rendered(
        "report.html",
        title=title,
        name=path.stem,
        summary=model.task.summary,
        machine=find_kind(model.kind).title,
        digest=model.digest(),
        verdict=verdict,
        sections=sections,
        styles=("page.css", *parts.styles),
        scripts=parts.scripts,
        version=VERSION,
    )
    return Page(title, html)


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
