"""Stored pairs for a drill: the canaries' material, with its rewordings."""

import random
from collections.abc import Iterator
from itertools import cycle, islice

from canaries.material import instances
from msgspec.structs import replace

from replayd.drills.injuring import DrillPair
from replayd.drills.stored_pairs import StoredPairs

# Shares of the pairs: the material has far more of text.
SHARES = {"text": 0.5, "image": 0.25, "audio": 0.25}
# Files of `canaries/material`, each with the list that makes an instance of it.
FILES = (
    ("prose", "worse"),
    ("facts", "worse"),
    ("numbers", "worse"),
    ("tools", "worse"),
    ("languages", "worse"),
    ("citations", "worse"),
)
AGAIN_SHARE = 0.05  # of the pairs whose control was asked twice, as in a schedule


def stored(count: int, seed: int) -> StoredPairs:
    """Return `count` pairs; the control says the recording or a rewording of it."""
    rng = random.Random(seed)
    known = list(_all(rng))
    pairs: list[DrillPair] = []
    for modality, share in SHARES.items():
        own = [pair for pair in known if pair.case.modality == modality]
        pairs += islice(cycle(own), round(share * count))
    rng.shuffle(pairs)
    return StoredPairs(source="control", pairs=tuple(pairs))


def _all(rng: random.Random) -> Iterator[DrillPair]:
    none = frozenset[str]()
    found = [each for file, wrong in FILES for each in instances(file, wrong, none)]
    rng.shuffle(found)
    for each in found:
        first, second = rng.choice(each.same), rng.choice(each.same)
        pair = DrillPair(case=each.case, recorded=each.recorded, answer=first)
        twice = rng.random() < AGAIN_SHARE
        yield replace(pair, again=second) if twice else pair
