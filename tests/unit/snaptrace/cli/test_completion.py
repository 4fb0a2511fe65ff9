"""Completion as it is installed: a real bash with the printed script."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from snaptrace import cli

BASH = shutil.which("bash")
TAB = """
source "$1"
COMP_LINE="$2" COMP_POINT=${#2}
shift 2
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
eval "$(complete -p snaptrace | sed 's/.*-F \\([^ ]*\\).*/\\1/')"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def tab(tmp_path, capfdbinary):
    """Return what the tab key offers after a line, split into bash's words."""
    if BASH is None:
        pytest.skip("there is no bash")
    assert cli.main(["completion", "bash"]) == 0
    script = tmp_path / "snaptrace.bash"
    script.write_bytes(capfdbinary.readouterr().out)

    def pressed(line, *words):
        folder = str(Path(sys.executable).parent)
        done = subprocess.run(
            [BASH, "-c", TAB, "bash", str(script), line, *words],
            env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split("\n")[:-1]

    return pressed


@pytest.mark.parametrize(
    ("line", "words", "offered"),
    [
        ("snaptrace exp", ["snaptrace", "exp"], ["export"]),
        ("snaptrace ls --mod", ["snaptrace", "ls", "--mod"], ["--modality"]),
        ("snaptrace ls mod", ["snaptrace", "ls", "mod"], ["model=", "modality="]),
        (
            "snaptrace ls modality=im",
            ["snaptrace", "ls", "modality", "=", "im"],
            ["image"],
        ),
        (
            "snaptrace ls 'service=shop outcome=ret",
            ["snaptrace", "ls", "'service=shop outcome=ret"],
            ["service=shop outcome=retried"],
        ),
        (
            "snaptrace replay --where out",
            ["snaptrace", "replay", "--where", "out"],
            ["outcome=", "output_tokens="],
        ),
        (
            "snaptrace suite add outcome=ref",
            ["snaptrace", "suite", "add", "outcome", "=", "ref"],
            ["refused"],
        ),
    ],
)
def test_commands_options_and_terms_are_offered(tab, line, words, offered):
    """If it failed, the tab key would offer nothing, or break what was typed."""
    assert tab(line, *words) == offered
