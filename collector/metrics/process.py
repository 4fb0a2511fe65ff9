"""Build and process of the relay: `…_build_info` and the standard `process_*` metrics.

Names and meanings are those of Prometheus' client libraries ("Writing client
libraries", standard and runtime collectors). Where there is no /proc they are left out.
"""

import os
import platform
import resource
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from collector.metrics.families import Family, counter, gauge
from snaptrace import VERSION
from snaptrace.runtime.telemetry import BUILD_INFO_HELP

_PROC: Final = Path("/proc")


class ProcessFamilies:
    """Facts about the relay process, read at each scrape."""

    def __init__(self, proc: Path = _PROC) -> None:
        self._stat, self._fds = proc / "self/stat", proc / "self/fd"
        self._ticks = os.sysconf("SC_CLK_TCK")
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._booted = _boot_time(proc / "stat")

    def families(self) -> Iterable[Family]:
        """Yield the build, and the process where the system shows it."""
        labels = (VERSION, platform.python_version())
        yield Family(
            "snaptrace_collector_build_info",
            "gauge",
            BUILD_INFO_HELP,
            ("version", "python"),
            ((labels, 1.0),),
        )
        try:
            # proc(5): the fields after the name, which may hold blanks and brackets.
            fields = self._stat.read_text().rpartition(")")[2].split()
            open_fds = sum(1 for _ in self._fds.iterdir())
        except OSError:
            return
        cpu = (int(fields[11]) + int(fields[12])) / self._ticks
        started = self._booted + int(fields[19]) / self._ticks
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        yield counter("process_cpu_seconds", "User and system CPU time.", (), {"": cpu})
        yield gauge(
            "process_resident_memory_bytes",
            "Resident memory.",
            int(fields[21]) * self._page,
        )
        yield gauge("process_virtual_memory_bytes", "Virtual memory.", int(fields[20]))
        yield gauge("process_start_time_seconds", "Unix time of the start.", started)
        yield gauge("process_open_fds", "Open file descriptors.", open_fds)
        yield gauge("process_max_fds", "Most open file descriptors.", limit)


def _boot_time(stat: Path) -> float:
    """Unix time of the machine's start; 0 where the system does not say."""
    try:
        for line in stat.read_text().splitlines():
            if line.startswith("btime "):
                return float(line.split()[1])
    except OSError:
        pass
    return 0.0
