"""What fuzz targets share: play for so long, keep what broke, say what was played."""

import argparse
import asyncio
import random
import sys
import time
from pathlib import Path


def play_for(limits, rng, keep, damaged, play):
    """Play damaged sessions; return how many. Keeps and raises what it finds.

    `limits` are seconds and sessions; `damaged` makes a session; `play` plays one in
    pieces of random sizes.
    """
    seconds, sessions = limits
    played = 0
    ends = time.monotonic() + seconds
    with asyncio.Runner() as runner:
        while played < sessions and time.monotonic() < ends:
            data, how = damaged(rng), rng.randrange(2**32)
            try:
                runner.run(play(data, random.Random(how)))
            except BaseException:
                keep.write_bytes(how.to_bytes(4, "big") + data)
                raise
            played += 1
    return played


def play_again(kept, play):
    """Play once more what a run has kept."""
    asyncio.run(play(kept[4:], random.Random(int.from_bytes(kept[:4], "big"))))


def from_command_line(description, run, failure, what, arguments):
    """Run a target from the command line; return its exit code."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    played = run(options.seconds, options.seed, Path(failure))
    sys.stdout.write(f"{played} damaged {what}, nothing found\n")
    return 0
