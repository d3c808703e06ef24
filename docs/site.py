"""Build the documentation as a site, with the gallery of the models beside it: ``make site``.

    python -m docs.site out

writes the site to ``out/site``; with ``--without-models`` the gallery is left out, which takes a
minute or two. The pages are the files of this folder, README.md as the first, and a reference of
the public names from their docstrings; ``mkdocs.yml`` says in which order.
"""

from __future__ import annotations

import argparse
import logging
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPOSITORY = "https://github.com/hardmax/hardmax/blob/main"
PUBLIC_NAME = re.compile(r"^from \.([\w.]+) import (\w+) as \w+$", re.MULTILINE)
LINK = re.compile(r"(\]\()(?!https?:|#)([^)#\s]+)((?:#[^)]*)?\))")


def page(path: Path) -> str:
    """A Markdown file with its links as the site has them; others lead to the repository."""
    docs = ROOT / "docs"

    def moved(link: re.Match[str]) -> str:
        opening, target, closing = link.groups()
        found = (path.parent / target).resolve()
        if found == ROOT / "README.md":
            return f"{opening}index.md{closing}"
        if found.parent == docs and found.suffix in (".md", ".svg", ".json", ".png"):
            return f"{opening}{found.name}{closing}"
        return f"{opening}{REPOSITORY}/{found.relative_to(ROOT)}{closing}"

    return LINK.sub(moved, path.read_text(encoding="utf-8"))


def reference() -> str:
    """The public names, each with what its docstring says."""
    names = PUBLIC_NAME.findall((ROOT / "hardmax" / "__init__.pyi").read_text())
    entries = "\n".join(f"::: hardmax.{module}.{name}" for module, name in names)
    return f"# From Python\n\n`import hardmax` has these names.\n\n{entries}\n"


def assemble(folder: Path) -> None:
    """Write the pages that MkDocs makes the site of."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in (ROOT / "docs").iterdir():
        if path.suffix == ".md":
            (folder / path.name).write_text(page(path), encoding="utf-8")
        elif path.suffix in (".svg", ".json", ".png"):
            shutil.copy(path, folder)
    (folder / "index.md").write_text(page(ROOT / "README.md"), encoding="utf-8")
    (folder / "api.md").write_text(reference(), encoding="utf-8")
    (folder / "gallery.md").write_text(
        '# Models\n\nThe models that come with hardmax, each with a page that runs it: <a href="'
        'models/index.html">the gallery</a>.\n',
        encoding="utf-8",
    )


def build(pages: Path, site: Path) -> None:
    """Make the site of assembled pages; a link that leads nowhere is an error."""
    from mkdocs.commands.build import build as build_site
    from mkdocs.config import load_config

    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    paths = {"docs_dir": str(pages), "site_dir": str(site)}
    build_site(load_config(str(ROOT / "mkdocs.yml"), strict=True, **paths))


def main(argv: Sequence[str] | None = None) -> int:
    """Assemble, build, and make the gallery."""
    parser = argparse.ArgumentParser(prog="python -m docs.site", description="Build the site.")
    parser.add_argument("out", type=Path, nargs="?", default=Path("out"))
    parser.add_argument("--without-models", action="store_true")
    arguments = parser.parse_args(argv)
    pages, site = (arguments.out.resolve() / name for name in ("site-docs", "site"))
    assemble(pages)
    build(pages, site)
    if not arguments.without_models:
        gallery = [sys.executable, "-m", "hardmax", "gallery", str(ROOT / "models"), "-o"]
        subprocess.run([*gallery, str(site / "models"), "--check"], cwd=ROOT, check=True)
    print(site / "index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
