"""`python -m snaptrace` is `snaptrace`."""

from snaptrace.cli import run

run()
