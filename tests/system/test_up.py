"""`snaptrace up`: one process tree that starts, reloads and ends as one."""

import os
import pty
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from snaptrace.cli.up.processes import free_ports

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]
ARM = {"url": "http://127.0.0.1:9/v1", "model": "m"}


class Up:
    """One `snaptrace up` in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        ports = [f"127.0.0.1:{port}" for port in free_ports(5)]
        self.ports = [int(each.rpartition(":")[2]) for each in ports]
        tree = {
            "collector": {
                "grpc": {"listen": ports[0]},
                "http": {"listen": ports[1]},
                "metrics": {"listen": ports[2]},
            },
            "replayd": {
                "metrics": {"listen": ports[3]},
                "page": {"listen": ports[4]},
                "judge_process": False,
                "arms": {
                    "production": {"role": "control", **ARM},
                    "canary": {"role": "canary", **ARM},
                },
            },
        }
        self.config = folder / "snaptrace.yaml"
        self.config.write_text(yaml.safe_dump(tree))

    def start(self, **more):
        argv = [sys.executable, "-m", "snaptrace", "up", "--no-board"]
        given = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **more}
        return subprocess.Popen(
            argv,
            cwd=self.folder,
            start_new_session=True,
            text=True,
            preexec_fn=hear_hangups,  # noqa: PLW1509 - it takes no lock
            **given,
        )

    def listens(self, port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def wait_listening(self):
        """Wait until both programs serve their metrics."""
        wait_for(lambda: all(self.listens(self.ports[n]) for n in (0, 1, 2, 3, 4)))

    def wait_gone(self):
        """Wait until nothing of the tree listens any more."""
        wait_for(lambda: not any(map(self.listens, self.ports)))


def hear_hangups():
    """Undo what a `nohup` around the tests hands down: to ignore hangups is kept."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def wait_for(met, seconds=60.0):
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "it did not happen in time"
        signal.sigtimedwait([], 0.05)


@pytest.fixture
def up(tmp_path):
    """Return a tree that is not started yet."""
    return Up(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_ends_everything(up, number):
    """If it failed, Ctrl-C would leave a program that spends money."""
    with up.start() as tree:
        up.wait_listening()
        tree.send_signal(number)
        assert tree.wait(60) == 0
    assert not any(map(up.listens, up.ports))


def test_a_killed_parent_orphans_nothing(up):
    """If it failed, `kill -9` or a crash would leave both programs on their ports."""
    with up.start() as tree:
        up.wait_listening()
        tree.kill()
        up.wait_gone()


def test_a_hangup_reloads_and_goes_on(up):
    """If it failed, SIGHUP would end `up` and leave its children behind."""
    with up.start() as tree:
        up.wait_listening()
        text = up.config.read_text()
        up.config.write_text(text.replace("model: m", "model: other"))
        os.killpg(tree.pid, signal.SIGHUP)
        log = up.folder / ".snaptrace" / "logs" / "replayd.log"
        wait_for(lambda: "configuration reloaded" in log.read_text())
        assert tree.poll() is None
        assert all(map(up.listens, up.ports))
        tree.terminate()
        assert tree.wait(60) == 0
        assert "replayd reads the configuration again" in tree.stderr.read()


def test_a_closed_terminal_ends_everything(up):
    """If it failed, closing a window would leave programs that spend money."""
    ours, theirs = pty.openpty()
    with up.start(stdin=theirs, stdout=theirs, stderr=theirs) as tree:
        os.close(theirs)
        up.wait_listening()
        os.close(ours)
        os.killpg(tree.pid, signal.SIGHUP)  # as the shell of that terminal does
        assert tree.wait(60) == 0
    up.wait_gone()


def test_a_dead_child_ends_the_tree_with_its_reason(up):
    """If it failed, half a tree would go on and look healthy."""
    with up.start() as tree:
        up.wait_listening()
        children = Path(f"/proc/{tree.pid}/task/{tree.pid}/children")
        first = int(children.read_text().split()[0])
        os.kill(first, signal.SIGKILL)
        assert tree.wait(60) == 1
        assert "ended (killed by SIGKILL)" in tree.stderr.read()
    up.wait_gone()


def test_a_taken_port_is_named_at_once_with_its_key_and_holder(up):
    """If it failed, a second start would wait for half a minute and name nothing."""
    with socket.create_server(("127.0.0.1", up.ports[0])), up.start() as tree:
        assert tree.wait(20) == 1
        said = tree.stderr.read()
    where = f"127.0.0.1:{up.ports[0]} (collector.grpc.listen) in use by"
    assert where in said
    assert f"pid {os.getpid()}" in said
    assert not (up.folder / ".snaptrace" / "logs").exists()


def test_a_second_start_names_the_first(up):
    """If it failed, two trees would share one journal."""
    with up.start() as first:
        up.wait_listening()
        with up.start() as second:
            assert second.wait(20) == 1
            assert f"already runs on .snaptrace (pid {first.pid})" in (
                second.stderr.read()
            )
        first.terminate()
        assert first.wait(60) == 0


def test_a_collector_alone_names_a_taken_port(up):
    """If it failed, a sidecar would drain for half a minute and blame its sampler."""
    with socket.create_server(("127.0.0.1", up.ports[0])):
        argv = [sys.executable, "-m", "snaptrace", "collector", "--strict"]
        argv += ["--config", str(up.config)]
        argv += ["--set", f"store.url=file://{up.folder}/store"]
        begun = time.monotonic()
        ended = subprocess.run(argv, capture_output=True, text=True, check=False)
        took = time.monotonic() - begun
    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1:{up.ports[0]}" in ended.stderr
    assert took < 20  # the drain alone is 25 s
