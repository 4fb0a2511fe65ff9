"""`snaptrace completion`: the script that a shell completes commands with."""

import sys
from importlib import resources
from typing import Literal

from snaptrace.cli import application

Shell = Literal["bash", "zsh", "fish"]


def completion(shell: Shell) -> int:
    """Print a shell's completion script: commands, options and their values.

    Terms of filters too, as `snaptrace fields TERM` lists them.

    bash: source <(snaptrace completion bash), in ~/.bashrc

    zsh: snaptrace completion zsh > "${fpath[1]}/_snaptrace"

    fish: snaptrace completion fish > ~/.config/fish/completions/snaptrace.fish

    Parameters
    ----------
    shell
        bash, zsh or fish.
    """
    sys.stdout.write(
        application().generate_completion(prog_name="snaptrace", shell=shell)
    )
    filters = resources.files("snaptrace.cli").joinpath(f"filters.{shell}")
    sys.stdout.write(filters.read_text("utf-8"))
    return 0
