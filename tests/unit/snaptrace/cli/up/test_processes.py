"""`snaptrace.cli.up.processes`: restart, order of stop, logs."""

import asyncio
import os
import sys

import pytest
from fakes.waiting import until

from snaptrace.cli.up.processes import ProcessTree, Program, ended, free_ports

_WAIT = (
    "import signal, sys, time\n"
    "def end(*_):\n"
    "    open(sys.argv[1], 'a').write(sys.argv[2] + '\\n'); sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, end)\n"
    "print('up', flush=True)\n"
    "while True: time.sleep(0.05)\n"
)


def _program(name, out):
    argv = [sys.executable, "-c", _WAIT, str(out), name]
    return Program(name=name, argv=argv, environ=os.environ)


def _ups(tree, name):
    path = tree.log_path(name)
    return path.read_text().count("up") if path.exists() else 0


async def test_a_killed_program_is_started_again_and_sources_stop_first(tmp_path):
    """A crash in mid-run would end the show, or a source would outlive its sink."""
    out, exits = tmp_path / "order", []
    tree = ProcessTree(
        [_program("source", out), _program("sink", out)],
        tmp_path / "logs",
        lambda name, code: exits.append((name, code)),
    )
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(tree.run(stop))
        await until(lambda: _ups(tree, "source") and _ups(tree, "sink"))
        os.kill(tree.pids["sink"], 9)
        await until(lambda: _ups(tree, "sink") == 2)
        stop.set()
    assert exits == [("sink", -9)]
    assert out.read_text().split() == ["source", "sink"]


async def test_a_program_that_ignores_the_signal_is_killed(tmp_path):
    """Stopping would hang for ever on one stubborn child."""
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('up', flush=True)\n"
        "while True: time.sleep(0.05)\n"
    )
    stubborn = Program(
        name="stubborn", argv=[sys.executable, "-c", code], environ=os.environ
    )
    tree = ProcessTree([stubborn], tmp_path, lambda *_: None, stop_seconds=0.1)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(tree.run(stop))
        await until(lambda: _ups(tree, "stubborn"))
        stop.set()


async def test_only_programs_that_reload_hear_a_hangup(tmp_path):
    """The others would be killed by it."""
    code = (
        "import signal\n"
        "signal.signal(signal.SIGHUP, lambda *_: print('again', flush=True))\n"
        "signal.signal(signal.SIGTERM, lambda *_: exit(0))\n"
        "print('up', flush=True)\n"
        "while True: signal.pause()\n"
    )
    programs = [
        Program(
            name=name,
            argv=[sys.executable, "-c", code],
            environ=os.environ,
            reloads=name == "judge",
        )
        for name in ("relay", "judge")
    ]
    tree = ProcessTree(programs, tmp_path, lambda *_: None)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(tree.run(stop))
        await until(lambda: _ups(tree, "relay") and _ups(tree, "judge"))
        assert tree.reload() == ["judge"]
        await until(lambda: "again" in tree.log_path("judge").read_text())
        stop.set()
    assert "again" not in tree.log_path("relay").read_text()


@pytest.mark.parametrize(
    ("code", "said"),
    [(1, "exit code 1"), (-9, "killed by SIGKILL"), (-250, "killed by signal 250")],
)
def test_an_end_is_said_in_words(code, said):
    """A person would have to look up what -9 means."""
    assert ended(code) == said


def test_free_ports_differ():
    """Two programs would be told to listen on one port."""
    assert len(set(free_ports(6))) == 6
