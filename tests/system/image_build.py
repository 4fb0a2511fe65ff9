"""Build the image without a daemon and without a registry.

buildah builds; a Debian made by mmdebstrap stands in for the base image. Both need
root, `apt-get install buildah mmdebstrap` and a Debian mirror.
"""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTEXT = (
    "Dockerfile",
    ".dockerignore",
    "LICENSE",
    "README.md",
    "collector",
    "pyproject.toml",
    "replayd",
    "requirements",
    "snaptrace",
)
# Python, its libraries and certificates: what a slim Python image has, and no shell.
RUN_PACKAGES = "base-files,ca-certificates,libstdc++6,netbase,python3,tzdata"
# What slim images leave out, too.
SLIM = [
    f"--dpkgopt=path-exclude=/usr/share/{part}/*"
    for part in ("doc", "info", "locale", "man")
]
SLIM.append("--dpkgopt=path-include=/usr/share/doc/*/copyright")
BUNDLE = (
    'mkdir -p "$1/etc/ssl/certs" "$1/tmp" "$1/proc" "$1/dev" '
    '&& cat "$1"/usr/share/ca-certificates/mozilla/*.crt '
    '> "$1/etc/ssl/certs/ca-certificates.crt" && chmod 1777 "$1/tmp"'
)


def make_base(folder, name, variant, packages, *hooks):
    """Return a Debian root as a tarball in `folder`, made once for each recipe."""
    recipe = [f"--variant={variant}", f"--include={packages}", *SLIM, *hooks]
    digest = hashlib.sha256("\0".join(recipe).encode()).hexdigest()[:12]
    target = folder / f"{name}-{digest}.tar"
    if target.exists():
        return target
    unfinished = target.with_suffix(".unfinished.tar")
    command = ["mmdebstrap", "--quiet", "--mode=root", *recipe]
    command += ["bookworm", str(unfinished)]
    subprocess.run(command, check=True, capture_output=True)
    return unfinished.rename(target)


class Builder:
    """buildah with a storage of its own, so that nothing of the machine is touched."""

    def __init__(self, folder):
        self.folder = Path(folder)
        for left_over in ("graph", "run"):
            shutil.rmtree(self.folder / left_over, ignore_errors=True)
        policy = {"default": [{"type": "insecureAcceptAnything"}]}
        (self.folder / "policy.json").write_text(json.dumps(policy))
        (self.folder / "registries.conf").write_text("")
        self._environment = os.environ | {
            "CONTAINERS_REGISTRIES_CONF": str(self.folder / "registries.conf"),
            "BUILDAH_ISOLATION": "chroot",
        }

    def run(self, verb, *arguments):
        """Run one buildah command; return what it says."""
        command = ["buildah", "--storage-driver", "vfs"]
        command += ["--root", str(self.folder / "graph")]
        command += ["--runroot", str(self.folder / "run"), verb]
        if verb in ("bud", "from"):
            command += ["--signature-policy", str(self.folder / "policy.json")]
        done = subprocess.run(
            [*command, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout.strip()

    def base(self, name, tarball):
        """Make an image out of a root tarball."""
        recipe = self.folder / f"{name}.Dockerfile"
        recipe.write_text(f"FROM scratch\nADD {tarball.name} /\n")
        self.run("bud", "--quiet", "--tag", name, "--file", str(recipe), tarball.parent)

    def build(self, name, **arguments):
        """Build the repository's Dockerfile."""
        context = self.folder / "context"
        shutil.rmtree(context, ignore_errors=True)
        context.mkdir()
        for part in CONTEXT:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, context / part)
            elif source.exists():
                shutil.copy(source, context / part)
        # The machine's own certificates: package mirrors may stand behind a proxy.
        pip = self.folder / "pip.conf"
        pip.write_text("[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n")
        options = ["--isolation", "chroot", "--network", "host"]
        options += ["--volume", "/etc/ssl/certs:/etc/ssl/certs:ro"]
        options += ["--volume", f"{pip}:/etc/pip.conf:ro"]
        for key, value in arguments.items():
            options += ["--build-arg", f"{key}={value}"]
        self.run("bud", *options, "--tag", name, str(context))
