"""Completion as it is installed: real shells with the printed scripts."""

import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from snaptrace import cli

BASH, FISH, ZSH = map(shutil.which, ("bash", "fish", "zsh"))
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
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
        done = subprocess.run(
            [BASH, "-c", TAB, "bash", str(script), line, *words],
            env={**os.environ, "PATH": PATH},
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


LINES = [
    ("snaptrace exp", "export"),
    ("snaptrace ls --mod", "--modality"),
    ("snaptrace ls --format ta", "table"),
    ("snaptrace ls mod", "model="),
    ("snaptrace ls modality=im", "modality=image"),
    ("snaptrace ls 'service=shop outcome=ret", "outcome=retried"),
    ("snaptrace replay --where out", "output_tokens="),
    ("snaptrace suite add outcome=ref", "outcome=refused"),
]


@pytest.mark.skipif(FISH is None, reason="there is no fish")
@pytest.mark.parametrize(("line", "offered"), LINES)
def test_fish_offers_the_same(tmp_path, capfdbinary, line, offered):
    """If it failed, fish's users would have to know every field by heart."""
    assert cli.main(["completion", "fish"]) == 0
    script = tmp_path / "snaptrace.fish"
    script.write_bytes(capfdbinary.readouterr().out)
    done = subprocess.run(
        [FISH, "-N", "-c", 'source $argv[1]; complete -C "$argv[2]"', script, line],
        env={**os.environ, "PATH": PATH, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = [told.split("\t")[0].split(" ")[-1] for told in done.stdout.splitlines()]
    assert offered in found


# `hits` has what is offered, and the line as it stands after the tab key.
ZSHRC = """
fpath=($ZDOTDIR/functions $fpath)
autoload -Uz compinit; compinit -u -D
compadd() {
  [[ " $* " == *" -"(O|A|D)" "* ]] && { builtin compadd "$@"; return }
  local -a hits; builtin compadd -O hits "$@"
  print -rl -- $hits >> $ZDOTDIR/hits; builtin compadd "$@"
}
tab() { zle complete-word; print -r -- "LINE:$BUFFER" >> $ZDOTDIR/hits }
zle -N tab; bindkey '^I' tab
print READY
"""


def typed_in_zsh(folder, line):
    """Return what an interactive zsh offers for a line, and the line it makes of it."""
    (folder / ".zshrc").write_text(ZSHRC)
    hits = folder / "hits"
    hits.touch()
    child, terminal = pty.fork()
    if child == 0:
        env = {**os.environ, "PATH": PATH, "ZDOTDIR": str(folder), "TERM": "dumb"}
        os.execve(ZSH, ["zsh", "-i"], env)
    shown = bytearray()

    def wait(is_done):
        while not is_done():
            if select.select([terminal], [], [], 0.05)[0]:
                shown.extend(os.read(terminal, 65_536))

    wait(lambda: b"READY" in shown)
    os.write(terminal, line.encode() + b"\t")
    wait(lambda: "LINE:" in hits.read_text())
    os.close(terminal)
    os.waitpid(child, 0)
    return hits.read_text().splitlines()


@pytest.mark.skipif(ZSH is None, reason="there is no zsh")
@pytest.mark.parametrize(("line", "offered"), LINES)
def test_zsh_offers_the_same(tmp_path, capfdbinary, line, offered):
    """If it failed, the script would load and never be called, or know no terms."""
    assert cli.main(["completion", "zsh"]) == 0
    (tmp_path / "functions").mkdir()
    script = tmp_path / "functions" / "_snaptrace"
    script.write_bytes(capfdbinary.readouterr().out)
    assert offered in typed_in_zsh(tmp_path, line)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_asks_for_terms(shell, capsys):
    """If it failed, a release would lack the part that completes filters."""
    assert cli.main(["completion", shell]) == 0
    assert "snaptrace fields" in capsys.readouterr().out
