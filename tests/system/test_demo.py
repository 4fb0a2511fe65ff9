"""The main job as a new user starts it, with both programs killed in the middle."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(420)]

pytest.importorskip("rapidocr_onnxruntime", reason="no OCR wheel for this Python")
pytest.importorskip("pocketsphinx", reason="no speech wheel for this Python")


def _pids(folder, program):
    """Return the processes of one program of this demo."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if program.encode() in line and any(
                str(folder).encode() in p for p in line
            ):
                found.append(int(entry.name))
    return found


def _committed(config):
    """Return the numbers of all committed pairs, in order."""
    listing = subprocess.run(
        [sys.executable, "-m", "snaptrace", "results", "--config", config],
        capture_output=True,
        check=False,
    )
    return [json.loads(line)["number"] for line in listing.stdout.splitlines()]


def _kill_when(condition, folder, program):
    wait_until(condition, 120)
    victims = _pids(folder, program)
    assert victims
    for pid in victims:
        os.kill(pid, signal.SIGKILL)


def test_killed_in_the_middle_it_goes_on_without_a_wrong_count(tmp_path):
    """A crash would lose verdict state, or judge a pair twice."""
    folder = tmp_path / "demo"
    config = str(folder / "snaptrace.yaml")
    with (tmp_path / "stderr").open("wb") as stderr:
        demo = subprocess.Popen(
            [
                *(sys.executable, "-m", "snaptrace", "demo", "--regress", "image"),
                *("--format", "json", "--folder", str(folder), "--timeout", "300"),
            ],
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    try:
        _kill_when(lambda: len(_committed(config)) >= 5, folder, "collector")
        seen = len(_committed(config))
        _kill_when(lambda: len(_committed(config)) > seen, folder, "replayd")
        out, _ = demo.communicate(timeout=320)
    finally:
        demo.kill()
        for program in ("collector", "replayd"):
            for pid in _pids(folder, program):
                os.kill(pid, signal.SIGKILL)
    assert demo.returncode == 0, (tmp_path / "stderr").read_text()
    modalities = json.loads(out)["canaries"]["canary"]["modalities"]
    words = {name: found["verdict"] for name, found in modalities.items()}
    assert words["image"] == "regressed"
    assert "regressed" not in (words["text"], words["audio"])
    numbers = _committed(config)
    assert numbers == list(range(len(numbers)))
    folded = json.loads(out)["canaries"]["canary"]["number"]
    assert folded <= len(numbers)
    restarts = (tmp_path / "stderr").read_text()
    assert "collector ended with -9" in restarts
    assert "replayd ended with -9" in restarts
