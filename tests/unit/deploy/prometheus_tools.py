"""promtool and a Prometheus server: from the PATH, else out of Debian's package.

The package is unpacked, never installed: no service appears on the machine.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path


def unpack(cache):
    """Return the folder with `promtool` and `prometheus`."""
    found = shutil.which("promtool"), shutil.which("prometheus")
    if all(found):
        return Path(found[0]).parent
    ready = Path(cache) / "unpacked"
    binaries = ready / "usr" / "bin"
    if binaries.is_dir():
        return binaries
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        package = download(Path(folder))
        staged = Path(folder) / "staged"
        subprocess.run(["dpkg-deb", "-x", package, staged], check=True)
        try:
            staged.rename(ready)
        except OSError:
            if not binaries.is_dir():  # another worker may have been first
                raise
    return binaries


def download(folder):
    """Fetch the package, by lists of our own: a fresh machine has none."""
    lists, archives = folder / "lists", folder / "archives"
    for each in (lists, archives):
        (each / "partial").mkdir(parents=True)
    options = ["-q", "-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={archives}"]
    for verb in (["update"], ["download", "prometheus"]):
        run = subprocess.run(
            ["apt-get", *options, *verb],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
    (package,) = folder.glob("prometheus_*.deb")
    return package
