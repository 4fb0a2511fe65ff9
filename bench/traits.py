"""Accuracy of `image.kind`: the demo's pictures, or a folder of labelled ones.

python bench/traits.py traits [--material DIR] [--enforce]

DIR holds a folder per kind (`chart`, `table`, …) with images. Nothing of the demo's
generator was seen when the model was fitted.
"""

import argparse
import random
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from replayd.decoding.bounds import UNKNOWN
from replayd.decoding.images import image_traits
from snaptrace.demo.pictures import draw

_HERE = Path(__file__).parent
_DRAWN = 200


def main(argv: list[str]) -> int:
    """Print the confusion table; 1 where a budget is not met."""
    parser = argparse.ArgumentParser()
    parser.add_argument("case", nargs="?", default="traits")
    parser.add_argument("--material", type=Path)
    parser.add_argument("--enforce", action="store_true")
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args(argv)
    pictures = _of_folder(arguments.material) if arguments.material else _drawn()
    began, found = time.process_time(), Counter[tuple[str, str]]()
    for kind, data in pictures:
        found[kind, image_traits(data).get("image.kind", UNKNOWN)] += 1
    total = sum(found.values())
    spent_ms = (time.process_time() - began) / max(total, 1) * 1000
    for (kind, told), count in sorted(found.items()):
        print(f"{kind:12} told {told:12} {count:5}")
    right = sum(count for (kind, told), count in found.items() if kind == told)
    named = sum(count for (_, told), count in found.items() if told != UNKNOWN)
    measured = {"right": right / total, "right_of_named": right / max(named, 1)}
    print(f"{total} pictures, {spent_ms:.0f} ms each, {measured}")
    case = tomllib.loads((_HERE / "cases" / f"{arguments.case}.toml").read_text())
    missed = [b for b in case["budget"] if measured[b["metric"]] < b["at_least"]]
    return int(bool(missed) and arguments.enforce)


def _drawn() -> Iterator[tuple[str, bytes]]:
    for number in range(_DRAWN):
        picture = draw(random.Random(number))
        yield picture.kind, picture.png


def _of_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.glob("*/*")):
        yield file.parent.name, file.read_bytes()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
