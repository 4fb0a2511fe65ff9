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
        subprocess.run(
            ["apt-get", "-q", "download", "prometheus"],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        (package,) = Path(folder).glob("prometheus_*.deb")
        staged = Path(folder) / "staged"
        subprocess.run(["dpkg-deb", "-x", package, staged], check=True)
        try:
            staged.rename(ready)
        except OSError:
            if not binaries.is_dir():  # another worker may have been first
                raise
    return binaries
