"""Habits of command lines: help, version, completion, answers for scripts."""

import contextlib
import io
import shutil
import subprocess

import pytest

from snaptrace import VERSION
from snaptrace.cli import asked_for, main

SHELLS = ("bash", "zsh", "fish")


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        (["help"], ["--help"]),
        (["help", "gate"], ["gate", "--help"]),
        (["help", "suite", "lock"], ["suite", "lock", "--help"]),
        (["gate", "--version"], ["--version"]),
        (["ls", "a=--version"], ["ls", "a=--version"]),
        (["x", "--", "--version"], ["x", "--", "--version"]),
    ],
)
def test_help_and_version_work_in_every_form(given, plain):
    """A person would try the usual forms and get an error."""
    assert asked_for(given) == plain


@pytest.mark.parametrize("name", ["gate", "suite", "collector", "replayd", "worker"])
def test_version_is_told_everywhere(name, capsys):
    """A bug report would name no release."""
    assert main([name, "--version"]) == 0
    assert VERSION in capsys.readouterr().out


def test_help_of_a_command_is_its_own(capsys):
    """`help gate` would print the list of commands."""
    assert main(["help", "gate"]) == 0
    assert "--canary" in capsys.readouterr().out


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    """Return every shell's completion script as a file."""
    folder = tmp_path_factory.mktemp("completion")
    found = {}
    for shell in SHELLS:
        with io.StringIO() as out, contextlib.redirect_stdout(out):
            assert main(["completion", shell]) == 0
            text = out.getvalue()
        found[shell] = folder / shell
        found[shell].write_text(text)
    return found


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_scripts_name_commands_and_options(scripts, shell):
    """Tab would complete a command of an earlier release."""
    text = scripts[shell].read_text()
    for word in ("epochs", "worst", "since-alert", "suite", "collector"):
        assert word in text, word


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_can_read_its_script(scripts, shell):
    """Every new terminal would begin with an error."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n", scripts[shell]], check=True)


def test_bash_completes_a_command(scripts):
    """The script would load and complete nothing."""
    name = "$(complete -p snaptrace | grep -o '_[^ ]*' | head -n 1)"
    ask = (
        f"source {scripts['bash']}; COMP_WORDS=(snaptrace ga); COMP_CWORD=1;"
        f" {name} snaptrace ga snaptrace; echo ${{COMPREPLY[@]}}"
    )
    done = subprocess.run(
        ["bash", "-c", ask], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["gate"]


def test_a_mistyped_store_is_named_and_not_made(tmp_path, capsys):
    """`no snapshots yet` and exit 0 would look like a quiet week."""
    wrong = tmp_path / "mistyped"
    assert main(["ls", "--set", f"store.url=file://{wrong}"]) == 2
    assert f"store.url: there is no folder {wrong}" in capsys.readouterr().err
    assert not wrong.exists()
