"""Reports as files: whole in themselves, small, and clear where something is missing."""

from __future__ import annotations

import json
import re
import shutil
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

import hardmax
from hardmax.cli.main import main
from hardmax.pages.gallery import gallery
from hardmax.pages.page import embedded
from hardmax.pages.report import report
from hardmax.runtime.errors import HardmaxError
from hardmax.shipped import shipped_models
from tests.support.paths import MODELS

FETCHING = {"src", "srcset", "data", "action", "background"}
"""Attributes by which a page would fetch something, beside ``href`` of other than a place in it."""


class _Outside(HTMLParser):
    """Collects what a page would fetch, and the ids that it defines and refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in FETCHING:
                self.fetched.append(f"{tag} {name}={value}")
            if name == "id":
                self.ids.append(str(value))
            if name in ("href", "for", "aria-labelledby", "aria-describedby"):
                for link in str(value).split():
                    if link.startswith("#") or name != "href":
                        self.links.append(link.removeprefix("#"))
                    elif link != "data:,":
                        self.fetched.append(f"{tag} {name}={value}")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise HardmaxError("this is a test")

    monkeypatch.setattr("hardmax.pages.nram.evaluate", refuse)


@pytest.mark.usefixtures("quick")
def test_a_report_fetches_nothing_and_its_parts_belong_together() -> None:
    page = _Outside()
    page.feed(report("access").html)
    assert page.fetched == []
    assert len(page.ids) == len(set(page.ids))
    assert set(page.links) <= set(page.ids)


@pytest.mark.usefixtures("quick")
def test_without_graphviz_circuits_and_states_are_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    html = report("access").html
    assert html.count("Graphviz was not installed") == 2
    assert "o1 = READ(r1)" in html
    assert "-&gt; circuit 1 if r2=0" in html
    assert "<polygon" not in html


@pytest.mark.usefixtures("quick")
def test_a_certificate_of_another_program_is_refused(tmp_path: Path) -> None:
    shutil.copy(MODELS / "access.pt", tmp_path)
    shutil.copy(MODELS / "copy.proof", tmp_path / "access.proof")
    with pytest.raises(HardmaxError, match="found one of another program"):
        report(tmp_path / "access.pt")
    (tmp_path / "access.proof").unlink()
    assert "; not proved." in report(tmp_path / "access.pt").html.replace("Nothing was tried", "")


def test_what_is_known_is_said(tmp_path: Path) -> None:
    """With all that a report measures, and the certificate confirmed."""
    output = tmp_path / "access.html"
    assert main(["report", "access", "-o", str(output), "--check"]) == 0
    html = output.read_text()
    assert "Proved right on every input, of every length." in html
    assert re.search(r"soft machine: no error on \d+ random inputs up to complexity 50", html)
    assert re.search(r"compiled program: no error on [\d,]+ random inputs", html)
    assert "confirmed by a second solver" in html
    assert "table 1) says of its machine" in html


def test_the_report_of_a_stack_machine_is_whole_small_and_proved(tmp_path: Path) -> None:
    output = tmp_path / "reversal.html"
    assert main(["report", "stack-reversal", "-o", str(output), "--check"]) == 0
    html = output.read_text()
    page = _Outside()
    page.feed(html)
    assert page.fetched == []
    assert len(page.ids) == len(set(page.ids))
    assert set(page.links) <= set(page.ids)
    assert len(html.encode()) < 2_000_000
    assert "Proved right on every input, of every length." in html
    assert re.search(r"\d+ facts confirmed by a checker", html)
    assert re.search(r"compiled program: no error on \d+ random inputs up to complexity 10<", html)


def test_a_certificate_of_another_stack_machine_is_refused(tmp_path: Path) -> None:
    shutil.copy(MODELS / "stack-anbn.pt", tmp_path)
    shutil.copy(MODELS / "stack-reversal.proof", tmp_path / "stack-anbn.proof")
    with pytest.raises(HardmaxError, match="found one of another program"):
        report(tmp_path / "stack-anbn.pt")
    shutil.copy(MODELS / "access.proof", tmp_path / "stack-anbn.proof")
    with pytest.raises(HardmaxError, match="hardmax-stack-proof"):
        report(tmp_path / "stack-anbn.pt")
    (tmp_path / "stack-anbn.proof").unlink()
    assert "; not proved." in report(tmp_path / "stack-anbn.pt").html


def test_the_output_has_to_be_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "access", "-o", str(tmp_path / "access.pdf")]) == 1
    assert "expected an output with the extension .html" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["</script>", "<!--", "a & b", '"', "\u2028"])
def test_no_text_leaves_the_element_that_it_is_embedded_in(text: str) -> None:
    assert not re.search("[<>&]", embedded({"text": text}))


@pytest.mark.usefixtures("quick")
def test_in_a_notebook_a_page_is_a_frame() -> None:
    shown = hardmax.report("access")._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "<script" not in shown


@pytest.mark.usefixtures("quick")
def test_the_metrics_beside_a_model_are_drawn(tmp_path: Path) -> None:
    shutil.copy(MODELS / "access.pt", tmp_path)
    assert "How it was trained" not in report(tmp_path / "access.pt").html
    lines: list[dict[str, object]] = [
        {"seconds": second, "updates": 1, "levels": [1, second], "soft_error": 0.5}
        | {"discretized_error": None if second == 1 else 0.75, "loss": 1.5}
        for second in (1, 2, 3)
    ]
    metrics = tmp_path / "access.metrics.jsonl"
    metrics.write_text("\n".join(map(json.dumps, lines)))
    html = report(tmp_path / "access.pt").html
    assert "How it was trained" in html
    assert 'aria-label="error of the best member against seconds: soft, discretized, gap"' in html
    assert 'aria-label="loss of the best member against seconds: loss"' in html
    assert 'aria-label="complexity reached against seconds: highest, mean"' in html
    metrics.write_text("{}")
    with pytest.raises(HardmaxError, match="line 1: expected the progress"):
        report(tmp_path / "access.pt")


@pytest.mark.usefixtures("quick")
def test_a_gallery_leads_to_every_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    models.mkdir()
    for name in ("access.pt", "access.proof", "ntm-copy.pt", "stack-anbn.pt"):
        shutil.copy(MODELS / name, models)
    assert main(["gallery", str(models), "-o", str(tmp_path / "site")]) == 0
    assert capsys.readouterr().err == "1 of 3: access\n2 of 3: ntm-copy\n3 of 3: stack-anbn\n"
    index = (tmp_path / "site" / "index.html").read_text()
    page = _Outside()
    page.feed(index)
    assert page.fetched == [f"a href={name}.html" for name in ("access", "ntm-copy", "stack-anbn")]
    assert {path.name for path in (tmp_path / "site").iterdir()} == {
        "index.html",
        "access.html",
        "ntm-copy.html",
        "stack-anbn.html",
    }
    assert "claims a proof for every length" in index
    assert index.count("<svg") == 3


def test_a_gallery_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HardmaxError, match="expected a folder with models"):
        gallery(tmp_path, tmp_path / "site")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped_models())
def test_the_report_of_each_model_is_small_and_made_in_seconds(name: str) -> None:
    began = time.process_time()
    html = report(name).html
    assert time.process_time() - began < 10
    assert len(html.encode()) < 2_000_000
