"""Scripts that make shells complete commands."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from hardmax.cli.completion import SHELLS
from hardmax.cli.main import main
from tests.support.paths import ROOT


def printed(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["--print-completion", shell])
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_gets_verbs_options_and_names(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    script = printed(shell, capsys)
    for word in ("gallery", "--device", "ntm-recall", "stack-dyck"):
        assert word in script
    assert "--scheme" not in script, "a former spelling is not offered"
    interpreter = shutil.which(shell)
    if interpreter is not None and shell != "tcsh":
        subprocess.run([interpreter, "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("tr", ["trace", "train"]),
        ("train ntm-s", ["ntm-sort"]),
        ("report stackrnn-r", ["stackrnn-reversal"]),
        ("train copy --dev", ["--device"]),
        ("train copy --device c", ["cpu", "cuda"]),
        ("info REA", ["README.md"]),
    ],
)
def test_bash_completes(
    words: str, expected: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    script = printed("bash", capsys)
    typed = ["hardmax", *words.split()]
    asked = (
        f"{script}\nCOMP_WORDS=({' '.join(typed)}); COMP_CWORD={len(typed) - 1}\n"
        '_shtab_hardmax 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    command = ["bash", "-c", asked]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == expected
