"""The documentation as a site: its links lead somewhere, and every public name is in it."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

import hardmax
from docs.site import assemble, reference
from tests.support.paths import ROOT


def test_the_links_of_the_site_lead_to_its_pages_or_to_files_of_the_repository(
    tmp_path: Path,
) -> None:
    assemble(tmp_path / "pages")
    pages = tmp_path / "pages"
    links = 0
    for path in pages.glob("*.md"):
        text = re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            inside = re.fullmatch(r"https://github.com/hardmax/hardmax/blob/main/(.*)", target)
            if inside is not None:
                assert (ROOT / inside.group(1)).exists(), (path.name, target)
            elif not target.startswith("https://"):
                assert (pages / target).exists(), (path.name, target)
            links += 1
    assert links > 20


def test_the_site_leads_to_every_page(tmp_path: Path) -> None:
    assemble(tmp_path / "pages")
    named = set(
        re.findall(r"\b[\w-]+\.md\b", str(yaml.safe_load((ROOT / "mkdocs.yml").read_text())))
    )
    assert named == {path.name for path in (tmp_path / "pages").glob("*.md")}


def test_the_reference_has_every_public_name() -> None:
    names = set(re.findall(r"^::: [\w.]+\.(\w+)$", reference(), re.MULTILINE))
    assert names == set(hardmax.__all__)


@pytest.mark.skipif(find_spec("mkdocs") is None, reason="MkDocs is not installed")
def test_the_site_is_built_and_no_link_in_it_is_broken(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "docs.site", str(tmp_path), "--without-models"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    site = tmp_path / "site"
    assert done.stdout == f"{site / 'index.html'}\n"
    assert "A compiler from trained neural machines" in (site / "index.html").read_text()
    reference_page = (site / "api.html").read_text()
    for name in ("verify", "compile", "report"):
        assert f'id="hardmax.api.{name}"' in reference_page
