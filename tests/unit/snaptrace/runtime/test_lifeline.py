"""`snaptrace.runtime.lifeline`: children stop however their parent ends."""

import os
import signal
import subprocess
import sys

import pytest

from snaptrace.runtime.lifeline import Lifeline, end_with_parent

_CHILD = (
    "import os, signal, sys, threading\n"
    "from snaptrace.runtime.lifeline import end_with_parent\n"
    "over = threading.Event()\n"
    "signal.signal(signal.SIGTERM, lambda *_: (print('stopped', flush=True),"
    " os._exit(0)))\n"
    "end_with_parent()\n"
    "print('up', 'SNAPTRACE_LIFELINE' in os.environ, flush=True)\n"
    "while True: over.wait(1)\n"
)
_PARENT = (
    "import os, subprocess, sys, time\n"
    "from snaptrace.runtime.lifeline import Lifeline\n"
    "line = Lifeline()\n"
    "child = subprocess.Popen([sys.executable, '-c', sys.argv[1]],\n"
    "    pass_fds=(line.reading,), env={**os.environ, **line.environment()},\n"
    "    start_new_session=True)\n"
    "child.wait()\n"
)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_stops_when_its_parent_is_killed(number):
    """If it failed, a killed `up` would leave programs behind that spend money."""
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, _CHILD], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout.readline() == "up False\n"
        parent.send_signal(number)
        # The child holds the pipe's other end: reading ends when it is gone.
        assert parent.stdout.read() == "stopped\n"


def test_a_program_started_alone_goes_on():
    """If it failed, a sidecar without `up` would end at its start."""
    environ = {}
    end_with_parent(environ)
    assert environ == {}


def test_a_closed_lifeline_leaves_no_descriptor():
    """If it failed, each demo in one process would leak a pipe."""
    line = Lifeline()
    line.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(line.reading)
