"""Benchmark targets before the sink: nothing, this collector, or a peer.

Peers are given by a path and left out where they are not there:
`--rotel` (the rotel-agent binary of the `rotel` wheel), `--otelcol`.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

_CPUCLOCK_SCHED = 2  # nanoseconds that the scheduler counted


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Target:
    """A running program, its address, and what it has used."""

    name: str
    address: str
    acknowledges: str  # when a client is told success
    process: subprocess.Popen | None = None
    folder: tempfile.TemporaryDirectory | None = None
    ready_seconds: float = 0.0  # from the start of the process; this collector only
    before: dict[str, float] = field(default_factory=dict)
    http_address: str = ""  # where it is another one

    def pids(self) -> list[int]:
        """Return the process and its children; the collector's sampler is one."""
        if self.process is None:
            return []
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def mark(self) -> None:
        """Start counting: CPU from now, and memory's high-water anew."""
        for pid in self.pids():
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        self.before = {str(pid): _cpu_seconds(pid) for pid in self.pids()}

    def used(self) -> dict[str, float]:
        """Return CPU seconds and memory high-water since `mark`, relay and sampler."""
        used = {"cpu_seconds": 0.0, "sampler_cpu_seconds": 0.0}
        used |= {"high_water_mib": 0.0, "sampler_high_water_mib": 0.0}
        for index, pid in enumerate(self.pids()):
            prefix = "sampler_" if index else ""
            since = self.before.get(str(pid), 0.0)
            used[f"{prefix}cpu_seconds"] += _cpu_seconds(pid) - since
            used[f"{prefix}high_water_mib"] += _high_water_mib(pid)
        return used

    def stop(self) -> None:
        """End the program."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        if self.folder is not None:
            self.folder.cleanup()


def _cpu_seconds(pid: int) -> float:
    """Return a process's processor time, of all its threads, user and system.

    By the kernel's clock of the process, whose number clock_getcpuclockid(3) makes: a
    short case takes fewer ticks of `/proc/PID/stat` than its figures have digits.
    """
    return time.clock_gettime(~pid << 3 | _CPUCLOCK_SCHED)


def _high_water_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def proportional_mib(pid: int) -> float:
    """Return resident memory with each shared page counted in parts: what a limit sees.

    Resident sets of two processes count the libraries that both share twice.
    """
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def direct(sink: str) -> Target:
    """The sink itself: what the client and the sink cost."""
    return Target("direct", sink, "at once")


def collector(sink: str, *settings: str) -> Target:
    """This collector, as an operator runs it."""
    folder = tempfile.TemporaryDirectory(prefix="bench")
    ports = Path(folder.name, "ports.json")
    given = (
        "collector.grpc.listen=127.0.0.1:0",
        "collector.http.listen=127.0.0.1:0",
        "collector.metrics.listen=127.0.0.1:0",
        f"collector.upstream.url=grpc://{sink}",
        f"collector.journal_dir={folder.name}",
        f"store.url=file://{folder.name}/store",
        *settings,
    )
    arguments = [part for setting in given for part in ("--set", setting)]
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "collector", "--ports-file", str(ports), *arguments],
        stderr=subprocess.DEVNULL if not os.environ.get("BENCH_LOGS") else None,
    )
    addresses = json.loads(_wait_for(ports))
    ready_seconds = time.monotonic() - started
    time.sleep(2.0)  # the sampling process starts too
    return Target(
        "collector",
        addresses["grpc"],
        "after the upstream did",
        process,
        folder,
        ready_seconds,
        http_address=addresses["http"],
    )


def rotel(sink: str, path: str) -> Target:
    """The Rust collector; batches by default, which is left on."""
    port, http_port = free_port(), free_port()
    process = subprocess.Popen(
        [
            path,
            "start",
            f"--otlp-grpc-endpoint=127.0.0.1:{port}",
            f"--otlp-http-endpoint=127.0.0.1:{http_port}",
            f"--otlp-exporter-endpoint=http://{sink}",
            "--otlp-exporter-protocol=grpc",
            "--otlp-exporter-compression=none",
            "--otlp-grpc-max-recv-msg-size-mib=64",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _wait_for_port(port)
    return Target(
        "rotel",
        f"127.0.0.1:{port}",
        "before the upstream did",
        process,
        http_address=f"127.0.0.1:{http_port}",
    )


def otelcol(sink: str, path: str) -> Target:
    """The OpenTelemetry Collector: receiver to exporter, queue off, so it waits too."""
    folder = tempfile.TemporaryDirectory(prefix="bench")
    port, http_port = free_port(), free_port()
    config = Path(folder.name, "config.yaml")
    config.write_text(
        f"""
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: 127.0.0.1:{port},
  max_recv_msg_size_mib: 64}}, http: {{endpoint: 127.0.0.1:{http_port}}}}}}}}}
exporters: {{otlp: {{endpoint: {sink}, tls: {{insecure: true}}, compression: none,
  sending_queue: {{enabled: false}}}}}}
service:
  telemetry: {{metrics: {{level: none}}, logs: {{level: error}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [otlp]}}}}
"""
    )
    process = subprocess.Popen(
        [path, "--config", str(config)], stderr=subprocess.DEVNULL
    )
    _wait_for_port(port)
    address = f"127.0.0.1:{port}"
    http_address = f"127.0.0.1:{http_port}"
    return Target(
        "otelcol",
        address,
        "after the upstream did",
        process,
        folder,
        http_address=http_address,
    )


def _wait_for(file: Path) -> str:
    deadline = time.monotonic() + 30
    while not file.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{file.name} was not written")
        time.sleep(0.01)
    return file.read_text()


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
