"""The image, built for real and run from its root: `make image-test`."""

import json
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from fakes.waiting import wait_until
from image_build import BUNDLE, RUN_PACKAGES, Builder, make_base

from snaptrace.cli import _COMMANDS, _PROGRAMS

pytestmark = [pytest.mark.image, pytest.mark.timeout(1800)]

# Read-only root, a /tmp of its own, no privileges: as Kubernetes would run it.
ENTER = """
mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"; mount -t tmpfs tmpfs "$1/tmp"
mount -t proc proc "$1/proc"; mount --bind /dev "$1/dev"; chmod 1777 "$1/tmp"
root=$1; shift
exec env -i PATH=/opt/snaptrace/bin HOME=/tmp PYTHONDONTWRITEBYTECODE=1 \
    /usr/sbin/chroot --userspec=65532:65532 "$root" "$@"
"""
MEBIBYTE = 2**20
LARGEST_IMAGE_BYTES = 250_000_000  # the base in it


@pytest.fixture(scope="session")
def builder(pytestconfig):
    for tool in ("buildah", "mmdebstrap"):
        assert shutil.which(tool), f"apt-get install {tool}"
    folder = pytestconfig.cache.mkdir("image")
    hook = f"--customize-hook={BUNDLE}"
    bases = {
        "build": make_base(folder, "build", "minbase", "ca-certificates"),
        "base": make_base(folder, "base", "extract", RUN_PACKAGES, hook),
    }
    made = Builder(folder)
    for name, tarball in bases.items():
        made.base(f"snaptrace-{name}", tarball)
    made.build(
        "snaptrace-test",
        BASE="localhost/snaptrace-base",
        BUILD_BASE="localhost/snaptrace-build",
        VERSION="0.0.1",
        REVISION="abc",
    )
    return made


@pytest.fixture(scope="session")
def root(builder):
    """Return the image's root file system, mounted."""
    container = builder.run("from", "localhost/snaptrace-test")
    yield builder.run("mount", container)
    builder.run("umount", container)
    builder.run("rm", container)


@pytest.fixture(scope="session")
def description(builder):
    return json.loads(builder.run("inspect", "--type", "image", "snaptrace-test"))


def started(root, *arguments):
    """Start a command inside the image's root."""
    command = ["unshare", "--mount", "sh", "-ec", ENTER, "sh", root, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finished(root, *arguments):
    process = started(root, *arguments)
    output, _ = process.communicate(timeout=120)
    return process.returncode, output.decode()


def wait_ready(process, port):
    """Return the seconds until the program said that it is ready."""
    began = time.monotonic()

    def is_ready():
        assert process.poll() is None, process.communicate()[0].decode()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1):
            return True

    wait_until(is_ready, 30)
    return time.monotonic() - began


def family(pid):
    """Return a process and all its descendants."""
    listing = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    found = [int(child) for child in listing.split()]
    return [pid, *(each for child in found for each in family(child))]


def memory_bytes(pid):
    """Return the proportional set size of a process and its descendants."""
    total = 0
    for each in family(pid):
        rollup = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        (line,) = [row for row in rollup if row.startswith("Pss:")]
        total += int(line.split()[1]) * 1024
    return total


def at_rest(pid):
    """Return memory once it has stopped growing."""
    before = 0
    for _ in range(20):
        now = memory_bytes(pid)
        if now - before < MEBIBYTE // 4:
            return now
        before = now
        time.sleep(1)
    return before


def test_describes_itself(description):
    """A scanner, or Kubernetes' check for root, finds nothing to go by."""
    config = description["OCIv1"]["config"]
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["snaptrace"]
    labels = config["Labels"]
    assert labels["org.opencontainers.image.version"] == "0.0.1"
    assert labels["org.opencontainers.image.revision"] == "abc"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert {"4317/tcp", "4318/tcp", "9464/tcp", "9465/tcp"} <= set(
        config["ExposedPorts"]
    )


def test_no_tools_to_build_with(root):
    """An intruder finds a compiler, a package installer or a shell of ours."""
    for tool in ("gcc", "cc", "ld", "strip", "make", "git"):
        assert not Path(root, "usr/bin", tool).exists()
    for left_over in ("opt/snaptrace/bin/pip", "opt/build", "src"):
        assert not Path(root, left_over).exists()


def test_everything_is_compiled(root):
    """A read-only root cannot keep bytecode: each start would compile anew."""
    for source in Path(root, "opt/snaptrace/lib").rglob("*.py"):
        compiled = source.parent / "__pycache__"
        assert list(compiled.glob(f"{source.stem}.cpython-*.pyc")), source


def bytes_below(folder):
    """Return what the files of a folder take, uncompressed."""
    run = subprocess.run(
        ["du", "--summarize", "--one-file-system", "--block-size=1", folder],
        capture_output=True,
        check=True,
    )
    return int(run.stdout.split()[0])


def test_size(root):
    """The image grew beyond what a pull in a cold cluster should take."""
    whole, ours = bytes_below(root), bytes_below(f"{root}/opt/snaptrace")
    print(f"\nimage: {whole / 1e6:.0f} MB, {ours / 1e6:.0f} MB of it ours")  # noqa: T201
    assert whole < LARGEST_IMAGE_BYTES


def test_commands_answer(root):
    """A module or a library was left out of the image."""
    for name in (*_PROGRAMS, *_COMMANDS):
        code, output = finished(root, "snaptrace", name, "--help")
        assert code == 0, output
    code, output = finished(root, "python3", "-c", "import os; open('/opt/x', 'w')")
    assert code != 0
    assert "Read-only file system" in output


def run_program(root, name, port, *settings, ready_seconds, memory_mebibytes):
    arguments = [part for setting in settings for part in ("--set", setting)]
    process = started(root, "snaptrace", name, *arguments)
    try:
        took = wait_ready(process, port)
        resting = at_rest(process.pid)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            page = answer.read()
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = process.wait(30)
        stopped = time.monotonic() - began
    finally:
        process.kill()
        process.communicate()
    rest = resting / MEBIBYTE
    print(f"\n{name}: ready {took:.2f} s, {rest:.1f} MiB, stopped {stopped:.2f} s")  # noqa: T201
    assert code == 0
    assert f"snaptrace_{name}_".encode() in page
    assert rest < memory_mebibytes
    assert took < ready_seconds


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_collector_runs(root):
    """It needs to write where it may not, or more memory than the chart asks for."""
    port = free_port()
    run_program(
        root,
        "collector",
        port,
        "collector.grpc.listen=127.0.0.1:0",
        "collector.http.listen=127.0.0.1:0",
        f"collector.metrics.listen=127.0.0.1:{port}",
        "collector.journal_dir=/tmp/journal",
        "store.url=file:///tmp/store",
        # Measured on idle cores it is far less; this bound must hold on busy ones.
        ready_seconds=10,
        memory_mebibytes=100,
    )


def test_replayd_runs(root):
    """Likewise; and a library of the statistics could be missing."""
    port = free_port()
    arm = {"url": "http://127.0.0.1:1/v1", "model": "m"}
    arms = {"next": {**arm, "role": "canary"}, "now": {**arm, "role": "control"}}
    run_program(
        root,
        "replayd",
        port,
        f"replayd.metrics.listen=127.0.0.1:{port}",
        "replayd.page.listen=127.0.0.1:0",
        f"replayd.arms={json.dumps(arms)}",
        "store.url=file:///tmp/store",
        ready_seconds=15,
        memory_mebibytes=160,
    )
