"""`snaptrace`: every command is there, says what it does, and errs in one line."""

import subprocess
import sys

import pytest

from snaptrace.cli import _COMMANDS, main


def _run(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "snaptrace", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
    )


@pytest.mark.parametrize("name", list(_COMMANDS))
def test_every_command_has_a_help_page(name, capsys):
    """A row of the table would point at nothing, or at a function without words."""
    assert main([name, "--help"]) == 0
    page = capsys.readouterr().out
    assert f"snaptrace {name}" in page
    assert len(page.splitlines()) > 3


def test_the_list_names_every_command(capsys):
    """A new user would not find half of the tool."""
    main(["--help"])
    page = capsys.readouterr().out
    assert [name for name in _COMMANDS if f"│ {name} " not in page] == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["ls"], 2, "store.url: not set"),
        (["ls", "--set", "store.url=ftp://x"], None, "error:"),
        (["replay", "--dry-run"], 2, "--all"),
        (["worst", "--set", "store.url=memory://"], 1, "nothing was judged"),
        (["erase", "user", "u", "--set", "store.url=memory://"], 2, "--yes"),
        (["import", "none.jsonl", "--set", "store.url=memory://"], 1, "none.jsonl"),
        (["gate", "--canary", "c", "--url", "http://127.0.0.1:1"], 3, "unknown"),
    ],
)
def test_a_mistake_is_one_line_and_an_exit_code(arguments, code, words, tmp_path):
    """A person would be shown a traceback; a script could not tell what happened."""
    done = _run(*arguments, cwd=tmp_path)
    assert done.returncode == code if code is not None else done.returncode != 0
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_program_refuses_a_mistake_by_its_path(tmp_path):
    """An operator would have to guess which of a hundred keys is wrong."""
    done = _run("collector", "--set", "collector.reservoir.sise=3", cwd=tmp_path)
    assert done.returncode == 2
    assert "collector.reservoir.sise: no such key" in done.stderr
