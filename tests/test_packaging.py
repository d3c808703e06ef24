"""What is built for others: a wheel with one package, a source archive with everything."""

from __future__ import annotations

import configparser
import email
import importlib
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

from hardmax.runtime.version import VERSION
from tests.support.paths import DOCS, MODELS, ROOT

README = (ROOT / "README.md").read_text()

IN_A_CLONE = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs git's list of files")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive, built from the tree as it is."""
    folder = tmp_path_factory.mktemp("built")
    traces = [ROOT / name for name in ("build", "dist", "hardmax.egg-info")]
    before = [path.exists() for path in traces]
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    assert [path.exists() for path in traces] == before, "building leaves nothing in the clone"
    return folder


@pytest.fixture(scope="session")
def wheel(built: Path) -> zipfile.ZipFile:
    (path,) = built.glob("*.whl")
    return zipfile.ZipFile(path)


def metadata(wheel: zipfile.ZipFile, name: str) -> str:
    return wheel.read(f"hardmax-{VERSION}.dist-info/{name}").decode()


def test_the_wheel_has_one_top_level_name(wheel: zipfile.ZipFile) -> None:
    assert {name.split("/")[0] for name in wheel.namelist()} == {
        "hardmax",
        f"hardmax-{VERSION}.dist-info",
    }


def test_the_wheel_holds_the_whole_package_and_the_models(wheel: zipfile.ZipFile) -> None:
    code = {path.relative_to(ROOT).as_posix() for path in (ROOT / "hardmax").rglob("*.py")}
    models = {f"hardmax/models/{path.name}" for path in MODELS.glob("*.pt")}
    assert models
    assert code | models | {"hardmax/py.typed"} <= set(wheel.namelist())


def test_the_wheel_brings_two_commands(wheel: zipfile.ZipFile) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(metadata(wheel, "entry_points.txt"))
    assert set(parser["console_scripts"]) == {"hardmax", "compile"}
    for entry in parser["console_scripts"].values():
        module, function = entry.split(":")
        assert callable(getattr(importlib.import_module(module), function))


def test_the_wheel_asks_for_little(wheel: zipfile.ZipFile) -> None:
    said = email.message_from_string(metadata(wheel, "METADATA"))
    assert said["Version"] == VERSION
    asked = [text for text in said.get_all("Requires-Dist", []) if "extra ==" not in text]
    assert [re.split("[<>=]", text)[0] for text in asked] == ["lazy-loader", "numpy", "shtab"]


def test_links_of_the_readme_lead_somewhere_on_a_package_index_too(wheel: zipfile.ZipFile) -> None:
    """There they are absolute, each with a file of the repository behind it."""
    said = email.message_from_string(metadata(wheel, "METADATA"))
    links = re.findall(r"\]\(([^)]+)\)", str(said.get_payload()))
    assert {link for link in links if not link.startswith(("https://", "#"))} == set()
    ours = re.compile(r"https://github.com/hardmax/hardmax/blob/main/([^#]+)")
    files = [found[1] for link in links if (found := ours.match(link))]
    assert "CONTRIBUTING.md" in files
    assert [file for file in files if not (ROOT / file).exists()] == []


@IN_A_CLONE
def test_the_source_archive_holds_all_that_git_knows(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        packed = {name.split("/", 1)[1] for name in archive.getnames()}
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    known = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    files = {name for name in known.splitlines() if not (ROOT / name).is_symlink()}
    assert files - packed == set()
    assert packed - files == {"PKG-INFO"}


def test_the_citation_is_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == VERSION
    assert citation["title"] == "hardmax"
    assert citation["authors"] == [{"name": "The hardmax developers"}]


def test_a_commit_is_checked_by_what_make_lint_runs() -> None:
    """By tools of the environment, so that nothing is fetched."""
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    recipe = (ROOT / "Makefile").read_text().split("\nlint:")[1].split("\n\n")[0]
    linted = {tuple(words[:2]) for words in map(str.split, re.findall(r"\$\(BIN\)/(.*)", recipe))}
    assert {tuple(hook["entry"].split()[:2]) for hook in repository["hooks"]} == linted


def test_every_extra_that_the_readme_names_is_there() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    named = re.findall(r"^    pip install '\.\[(\w+)\]'", README, re.MULTILINE)
    assert named == ["compile", "draw", "train", "all"]
    assert set(named) <= set(extras)


def test_every_word_of_the_glossary_is_explained_once() -> None:
    terms = re.findall(r"^- \*\*([^*]+)\*\*", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    assert len(terms) == len(set(terms))
    asked = {"Module", "Row", "Margin", "Complexity", "Slack", "Gate list", "Arithmetic mod M"}
    assert asked <= set(terms)
